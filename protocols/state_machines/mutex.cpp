// The mutex: a lock a key, granted in the order of the requests.
//
// Source: the notes on F. B. Schneider's tutorial, ACM Computing Surveys 22(4), 1990; section F.3
// of the specification. Commands:
//   acquire    answered when the lock is granted: at once, or by the step that passes it on
//   release    answered at once, before the grant to the next
//   expire id  with "lease" only: whoever measures the time says that the grant of the acquire with
//              this id is over. It is a command, ordered as all others: a replica that looked at
//              its own clock would be no deterministic machine. A late one takes the lock from
//              nobody, since the id is that of an earlier grant.
// Guarantees: mutual exclusion (between a grant and the release, or the expiry, nobody else is
// granted the lock), grants in the order of the acquires, no starvation if every holder releases,
// grants to those only who asked, once for each time. A client holds or waits for a lock at most
// once: what it asks for besides is refused, since queueing behind itself it would wait for ever.
// Does not guarantee: that a client whose lease has expired knows it; without "lease", that the
// lock is ever free again after a crash of its holder.
//
// Two options weaken it to what the notes say, for showing what comes of it:
//   holder_check: false   a release by somebody else is obeyed: mutual exclusion is broken (F-5)
//   alternatives: false   the notes' two guarded commands of acquire read as statements one after
//                         the other: who is granted the lock is then also put in the queue, and
//                         granted it again without having asked
#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "protocols/state_machines/machines.hpp"
#include "sim/decode.hpp"

namespace sibyl::state_machines {

namespace {

struct MutexOptions {
  bool holder_check = true;  ///< releases by others than the holder are refused
  bool lease = false;        ///< there is the command expire
  bool alternatives = true;  ///< of the two guards of acquire one is taken
  friend bool operator==(const MutexOptions&, const MutexOptions&) = default;
};
BOOST_DESCRIBE_STRUCT(MutexOptions, (), (holder_check, lease, alternatives))

/// A request that is granted, or waits.
struct Request {
  std::string client;
  std::uint64_t id = 0;  ///< of the acquire
  friend bool operator==(const Request&, const Request&) = default;
};
BOOST_DESCRIBE_STRUCT(Request, (), (client, id))

Value to_state(const Request& request) {
  return Value::List{request.client, static_cast<std::int64_t>(request.id)};
}

Output grant(const Request& request) { return {request.client, request.id, "ok", {}, ""}; }

struct Mutex {
  MutexOptions options;  ///< the same all the time, so no part of the state
  std::optional<Request> user;
  std::deque<Request> waiting;  ///< first come, first served
  friend bool operator==(const Mutex&, const Mutex&) = default;

  /// {user: [client, id of its acquire], waiting: [[client, id], …]}
  Value state() const {
    Value::List queue;
    for (const Request& request : waiting) queue.push_back(to_state(request));
    return Value::Object{{"user", user ? to_state(*user) : Value()}, {"waiting", std::move(queue)}};
  }

  std::vector<Output> apply(const Command& c) {
    if (c.f == "acquire") return acquire(c);
    if (c.f == "release") return release(c);
    if (c.f == "expire" && options.lease) return expire(c);
    if (c.f == "expire") return {refused(c, "expire needs the option \"lease\"")};
    return {unknown_command(c, "mutex")};
  }

  std::vector<Output> acquire(const Command& c) {
    if (user && user->client == c.client) return {refused(c, c.client + " holds it already")};
    if (std::any_of(waiting.begin(), waiting.end(),
                    [&](const Request& r) { return r.client == c.client; })) {
      return {refused(c, c.client + " waits for it already")};
    }
    const Request request{c.client, c.id};
    const bool was_free = !user;
    std::vector<Output> outputs;
    if (!user) {
      outputs.push_back(grant(request));
      user = request;
    }
    // Read as statements, the second guard sees what the first one's command has done.
    if (options.alternatives ? !was_free : user.has_value()) waiting.push_back(request);
    return outputs;
  }

  std::vector<Output> release(const Command& c) {
    if (options.holder_check && (!user || user->client != c.client)) {
      return {refused(c, user ? "it is held by " + user->client : "nobody holds it")};
    }
    std::vector<Output> outputs{accepted(c)};
    pass_on(outputs);
    return outputs;
  }

  std::vector<Output> expire(const Command& c) {
    const std::int64_t* id = c.value.as_int();
    if (id == nullptr) {
      return {
          refused(c, fmt::format("found {}, expected the id of the acquire", c.value.kind_name()))};
    }
    if (!user || user->id != static_cast<std::uint64_t>(*id)) {
      return {refused(c, fmt::format("{} is not granted now", *id))};
    }
    std::vector<Output> outputs{accepted(c, c.value)};
    pass_on(outputs);
    return outputs;
  }

  void pass_on(std::vector<Output>& outputs) {
    user.reset();
    if (waiting.empty()) return;
    user = waiting.front();
    waiting.pop_front();
    outputs.push_back(grant(*user));
  }
};
BOOST_DESCRIBE_STRUCT(Mutex, (), (user, waiting))

}  // namespace

StateMachineInfo mutex() {
  return {"mutex",
          "a lock a key, granted in the order of the requests; options: holder_check, lease, "
          "alternatives",
          {"acquire", "release", "expire"},
          [](const Value& found, const std::string& pointer) {
            MutexOptions options;
            if (!found.is_null()) decode(found, pointer, options);
            return make_machine<Keyed<Mutex>>(Mutex{options, {}, {}});
          }};
}

}  // namespace sibyl::state_machines
