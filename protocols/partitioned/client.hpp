// What the clients of all protocols of the store have: a session, a multicast to send commands by,
// and, of most, what is known of the operations under way and where objects are taken to be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/partitioned/command.hpp"
#include "protocols/partitioned/options.hpp"
#include "protocols/partitioned/session.hpp"
#include "sim/context.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

/// A client: calls the operations of its session, one attempt each. Crash-stop: one that is started
/// again does not know what it had called, and stays silent.
class Caller : public Process {
 public:
  Caller(SystemPtr system, std::string name, multicast::AtomicMulticast amcast)
      : multicast(std::move(amcast)),
        session(system, name),
        system_(std::move(system)),
        name_(std::move(name)) {}

  void start(Context& context) override;
  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  Session session;
  bool silent = false;  ///< crashed once
  BOOST_DESCRIBE_CLASS(Caller, (), (multicast, session, silent), (), ())

 protected:
  /// Before the first operation.
  virtual void prepare(Context& /*context*/) {}
  /// An operation has just been called.
  virtual void called(Context& context, const Operation& o) = 0;
  /// What servers say to clients.
  virtual void answered(Context& context, NodeId from, const Message& message) = 0;

  const System& system() const { return *system_; }
  const std::string& name() const { return name_; }
  /// The name of the oracle's group. Precondition: there is an oracle.
  const std::string& oracle_group() const { return system_->groups->names[*system_->oracle]; }
  /// To groups that are sorted, each once; or to groups of these names.
  void amcast(Context& context, std::vector<multicast::GroupIndex> groups, Message command);
  void amcast(Context& context, const std::set<std::string>& groups, Message command);

 private:
  SystemPtr system_;
  std::string name_;
};

/// Gives a client its copying and hashing, as ProcessOf does.
template <class Self>
class CallerOf : public Caller {
 public:
  using Caller::Caller;
  Process* clone() const override { return new Self(static_cast<const Self&>(*this)); }
  void add_to(Hasher& h) const override { hash_append(h, static_cast<const Self&>(*this)); }
};

/// A client that keeps an `Errand` for each operation under way, with the number of the present
/// `attempt`: answers to earlier ones are left aside, and of several replicas' the first counts.
template <class Self, class Errand>
class ErrandClient : public CallerOf<Self> {
 public:
  using CallerOf<Self>::CallerOf;

  std::map<std::uint64_t, Errand> errands;  ///< by operation
  BOOST_DESCRIBE_CLASS(ErrandClient, (Caller), (errands), (), ())

 protected:
  /// An operation and what is known of it; both stay where they are until it returns.
  struct Going {
    const Operation& o;
    Errand& errand;
  };

  Going begin(const Operation& o) {
    Errand& errand = errands[o.op];
    errand.objects = o.objects();
    return {o, errand};
  }
  /// What an answer to that attempt is about; none when it comes too late.
  std::optional<Going> going(std::uint64_t op, std::uint32_t attempt) {
    const auto it = errands.find(op);
    if (it == errands.end() || it->second.attempt != attempt) return std::nullopt;
    return Going{*this->session.find(op), it->second};
  }
  /// The operation returns. Ends both references.
  void end(Context& context, Going g, Verdict verdict, const Reply* reply) {
    const std::uint64_t op = g.o.op;
    errands.erase(op);
    this->session.give_back(context, op, verdict, reply);
  }
};

/// Where a client takes objects to be. Changes of location are noted.
class LocationCache {
 public:
  /// What the workload says that this client believes at first.
  void fill(Context& context, const System& system, const std::string& client,
            std::uint64_t version);
  void remember(Context& context, const std::string& object, const Place& place);
  void forget(Context& context, const std::string& object);
  void clear(Context& context);
  const Place* find(const std::string& object) const;

  std::map<std::string, Place> places;
  BOOST_DESCRIBE_CLASS(LocationCache, (), (places), (), ())
};

}  // namespace sibyl::partitioned
