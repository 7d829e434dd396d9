// Two bugs at once, of one property: a store drops what arrives while it is busy, and an index
// waits for ever when a search overtakes what it searches for.
#include <doctest/doctest.h>

#include <set>

#include "scenarios/exhaustive.hpp"
#include "sim/context.hpp"
#include "sim/notes.hpp"
#include "tests/search/search.hpp"

namespace two_bugs {

using namespace sibyl;

struct Put {
  std::uint64_t op = 0;
};
struct Insert {
  std::uint64_t op = 0;
};
struct Find {
  std::uint64_t op = 0;
};
struct Written {
  std::uint64_t op = 0;
};
struct Done {
  std::uint64_t op = 0;
};
BOOST_DESCRIBE_STRUCT(Put, (), (op))
BOOST_DESCRIBE_STRUCT(Insert, (), (op))
BOOST_DESCRIBE_STRUCT(Find, (), (op))
BOOST_DESCRIBE_STRUCT(Written, (), (op))
BOOST_DESCRIBE_STRUCT(Done, (), (op))

constexpr NodeId kStore{0};
constexpr NodeId kDisk{1};
constexpr NodeId kIndex{2};

/// Has the disk write each record. The first bug: no queue.
class Store : public ProcessOf<Store> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* put = message.as<Put>()) {
      if (busy) return;
      busy = true;
      client = from.value;
      context.note(note::ExecuteStart{put->op, ""});
      context.send(kDisk, *put);
    } else if (const auto* written = message.as<Written>()) {
      busy = false;
      context.note(note::ExecuteEnd{written->op, "", ""});
      context.send(NodeId{client}, Done{written->op});
    }
  }
  bool busy = false;
  std::uint32_t client = 0;
  BOOST_DESCRIBE_CLASS(Store, (), (busy, client), (), ())
};

class Disk : public ProcessOf<Disk> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* put = message.as<Put>()) context.send(from, Written{put->op});
  }
  BOOST_DESCRIBE_CLASS(Disk, (), (), (), ())
};

/// The second bug: a search for what is inserted later is begun and never ended.
class Index : public ProcessOf<Index> {
 public:
  void receive(Context& context, NodeId from, const Message& message) override {
    if (const auto* insert = message.as<Insert>()) {
      there = true;
      context.send(from, Done{insert->op});
    } else if (const auto* find = message.as<Find>()) {
      context.note(note::ExecuteStart{find->op, ""});
      if (!there) return;
      context.note(note::ExecuteEnd{find->op, "", ""});
      context.send(from, Done{find->op});
    }
  }
  bool there = false;
  BOOST_DESCRIBE_CLASS(Index, (), (there), (), ())
};

/// Calls once; the operation has the client's number.
template <class Request>
class Client : public ProcessOf<Client<Request>> {
 public:
  explicit Client(NodeId node) : server(node) {}
  void start(Context& context) override {
    context.note(note::Invoke{context.self().value, "", "call", "", {}});
    context.send(server, Request{context.self().value});
  }
  void receive(Context& context, NodeId /*from*/, const Message& message) override {
    if (const auto* done = message.as<Done>()) context.note(note::Return{done->op, "ok", {}});
  }
  NodeId server;
  BOOST_DESCRIBE_CLASS(Client, (), (server), (), ())
};

const search_test::Registered kRegistered(
    {"test-two-bugs",
     "a store and an index, each with a bug",
     {},
     {"termination"},
     "",
     [](const Setup&) {
       return std::vector<NodeSpec>{{{"store", "store", "store"}, make_process<Store>()},
                                    {{"disk", "disk", "disk"}, make_process<Disk>()},
                                    {{"index", "index", "index"}, make_process<Index>()},
                                    {{"C1", "client", "C1"}, make_process<Client<Put>>(kStore)},
                                    {{"C2", "client", "C2"}, make_process<Client<Put>>(kStore)},
                                    {{"C3", "client", "C3"}, make_process<Client<Insert>>(kIndex)},
                                    {{"C4", "client", "C4"}, make_process<Client<Find>>(kIndex)}};
     }});

}  // namespace two_bugs

namespace sibyl::search_test {

const char* const kTwoBugs = R"({
  "format": "sibyl-scenario/1", "id": "two-bugs",
  "protocol": {"name": "test-two-bugs"}, "network": {"default": {"delay": "1ms"}}
})";

TEST_CASE("two bugs of one property are reported as two causes, and as no more") {
  const ExhaustiveResult all = explore_exhaustively(load(kTwoBugs), {});
  CHECK(all.incomplete.empty());
  std::set<std::string> causes;
  for (const FoundCause& f : all.found) causes.insert(f.cause);
  CHECK(causes.size() == 2);
  const ExploreResult some = search(load(kTwoBugs), Strategy::swarm, 2000, {}, true);
  CHECK(some.found.size() == 2);
  for (const FoundCause& f : some.found) CHECK(causes.contains(f.cause));
}

}  // namespace sibyl::search_test
