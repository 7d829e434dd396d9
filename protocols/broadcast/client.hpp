// External clients of replicated state machines, and an external voter.
//
// Source: F. B. Schneider, ACM Computing Surveys 22(4), 1990, sections 3 and 4 (outputs, and voting
// on them); notes on that tutorial, "Voting Tolerance"; section F.5 of the specification.
//
//   client    upon call of x: send Request(x) to the parties
//             upon Reply(op, index, reply, value): accept it by the option "accept"
//   party     upon Request(x): broadcast x once (party.cpp); having applied it, send the Reply
//             of a client that is replicated itself: once enough of its replicas ask for the same
//   voter     upon enough replies of parties: pass the accepted one on to the client
//
// Guarantees, with at most F faulty replicas (the deployment's t) under a total order broadcast:
//   accept: votes       F + 1 identical replies by different replicas: what is accepted is what the
//                       correct ones have put out, since one of them is correct. 2F + 1 replicas
//                       are needed for there to be as many (Byzantine faults).
//   accept: first       the first reply: enough where replicas fail by stopping only; F + 1
//                       replicas.
// A client of 2f + 1 replicas, of which f may be faulty or have read something else: what f + 1 of
// them ask for is done (smr-F-9).
// Does not guarantee: that anything is done when no f + 1 of them ask for the same; anything with F
// + 1 Byzantine replicas (scenario smr-F-8); anything with a faulty external voter, which is a
// single point of failure (smr-F-7); that a request is done only after the client has made it: as
// requests are signed, a faulty party can broadcast none that the client does not make in the run
// (smr-forged-commands), but one that it makes later. What a faulty client is to ask for stands in
// the workload: what it changes on the way is not signed. Cost: one Request a contacted party, one
// Reply a replica (and one from the voter); the latency of voting is that of the (F + 1)-th fastest
// correct replica.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/describe.hpp>

#include "protocols/broadcast/calls.hpp"
#include "protocols/broadcast/setup.hpp"
#include "sim/process.hpp"
#include "sim/value.hpp"

namespace sibyl::broadcast {

/// From a client: the command, as content_of() makes it.
struct Request {
  Value content;
};
BOOST_DESCRIBE_STRUCT(Request, (), (content))

/// To a client: what the machine answered to operation `op` when it applied its `index`-th command.
struct Reply {
  std::uint64_t op = 0;
  std::uint64_t index = 0;
  std::string reply;
  Value value;
  friend bool operator==(const Reply&, const Reply&) = default;
};
BOOST_DESCRIBE_STRUCT(Reply, (), (op, index, reply, value))

/// How many identical replies it takes, with at most `t` faulty replicas.
std::size_t votes_needed(Accept accept, std::uint32_t t);

/// The replies to one operation: one vote a replica, the first that comes.
struct Ballot {
  std::map<NodeId, Reply> votes;  ///< by replica
  /// Whether this reply has got `needed` votes now. O(replicas).
  bool cast(NodeId replica, const Reply& reply, std::size_t needed);
};
BOOST_DESCRIBE_STRUCT(Ballot, (), (votes))

class Client : public ProcessOf<Client> {
 public:
  Client(SystemPtr system, PartyOptions options) : system_(std::move(system)), options_(options) {}

  void start(Context& context) override;
  /// It does not know what it had called: it calls nothing more.
  void recover(Context& /*context*/) override {}
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  Calls calls;
  Ballot ballot;  ///< on the command that is open
  BOOST_DESCRIBE_CLASS(Client, (), (calls, ballot), (), ())

 private:
  bool reports(NodeId self, std::uint64_t op) const;
  bool accepts(NodeId from, const Reply& reply);
  void call_what_is_due(Context& context);

  SystemPtr system_;
  PartyOptions options_;
};

/// Votes for the clients.
class Voter : public ProcessOf<Voter> {
 public:
  Voter(SystemPtr system, PartyOptions options) : system_(std::move(system)), options_(options) {}

  void receive(Context& context, NodeId from, const Message& message) override;

  std::map<std::uint64_t, Ballot> ballots;  ///< by operation
  std::set<std::uint64_t> decided;
  BOOST_DESCRIBE_CLASS(Voter, (), (ballots, decided), (), ())

 private:
  SystemPtr system_;
  PartyOptions options_;
};

}  // namespace sibyl::broadcast
