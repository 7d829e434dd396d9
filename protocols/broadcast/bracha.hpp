// Reliable broadcast with Byzantine parties, by double echo.
//
// Source: Bracha, Asynchronous Byzantine agreement protocols, Information and Computation 75(2),
// 1987; Cachin, Guerraoui, Rodrigues, 2011, module 3.12 (algorithm 3.18); notes on consensus,
// chapter 9: the unscheduled broadcast (section C.3).
// Guarantees, with at most t Byzantine parties of n > 3t, however long messages take:
//   Validity 1   of a correct origin only what it broadcast is delivered (integrity);
//   Agreement    no two correct parties deliver different contents for one item;
//   Validity 2   what a correct origin broadcasts, all correct parties deliver (validity);
//   Propagation  what one correct party delivers, all do (agreement's second half).
// Does not guarantee: that the item of a faulty origin is ever delivered (scenario smr-C-27), nor
// any order.
// Cost of one broadcast: (n - 1)(2n + 1) messages (SEND n - 1, ECHO and READY n(n - 1) each), 3
// message delays; the last correct party delivers at most 2 delays after the first.
// Counters: "ready_by_echoes" and "ready_by_readies", by what READY was sent.
// Scenarios: smr-C-20 to smr-C-27. Their weakened forms are its variants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "sim/hash.hpp"

namespace sibyl::bracha {

/// The origin says m to all.
struct Send {
  broadcast::Item item;
};
/// "The origin said m to me."
struct Echo {
  broadcast::Item item;
};
/// "I know that no correct party will deliver anything but m."
struct Ready {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Send, (), (item))
BOOST_DESCRIBE_STRUCT(Echo, (), (item))
BOOST_DESCRIBE_STRUCT(Ready, (), (item))

/// How many parties have to say the same.
enum class Quorum : std::uint8_t {
  n_minus_t,       ///< as many as may be waited for
  over_half,       ///< more than (n + t) / 2: two such quorums have a correct party in common
  two_t_plus_one,  ///< of which t + 1 are correct
  t_plus_one,      ///< of which one is correct
};
BOOST_DESCRIBE_ENUM(Quorum, n_minus_t, over_half, two_t_plus_one, t_plus_one)

std::uint32_t size_of(Quorum quorum, std::uint32_t n, std::uint32_t t);

struct Options : broadcast::PartyOptions {
  Quorum echo_quorum = Quorum::n_minus_t;     ///< of ECHO(m), for READY(m)
  Quorum deliver_quorum = Quorum::n_minus_t;  ///< of READY(m), for its delivery
  bool amplify = true;                        ///< READY(m) from t + 1 is enough for READY(m)
  bool one_echo_a_peer = true;                ///< only a peer's first ECHO counts
};
BOOST_DESCRIBE_STRUCT(Options, (broadcast::PartyOptions),
                      (echo_quorum, deliver_quorum, amplify, one_echo_a_peer))

/// The variants: each leaves out or loosens one rule.
const std::vector<Variant>& variants();

/// Who has said what of one item. A value: equal if all have said the same, in whatever order.
class Votes {
 public:
  /// Counts what a peer says, or its first word alone; how many votes there are for it now. O(n) in
  /// small steps: a subset of n parties counts n^3 of them.
  std::size_t count(NodeId from, const Value& content, bool only_first);
  /// What a peer has said.
  std::vector<Value> at(NodeId peer) const;
  void hash_into(Hasher& h) const;

 private:
  struct Word {
    NodeId from;
    std::uint32_t content = 0;  ///< its place in contents_
  };
  void add_word(Hasher& h, const Word& word) const;

  std::vector<Word> words_;                              ///< by peer, then in the order of saying
  std::vector<std::pair<Value, std::size_t>> contents_;  ///< and how often each is said
};

/// What a party knows of one item.
struct Instance {
  Votes echoes;
  Votes readies;
  bool echoed = false;
  bool ready = false;
  bool delivered = false;
  /// Without what nothing depends on any more: ECHOs are counted for READY alone, and READYs for
  /// READY and the delivery.
  void hash_into(Hasher& h) const {
    h.add((echoed ? 1U : 0U) | (ready ? 2U : 0U) | (delivered ? 4U : 0U));
    if (!ready) echoes.hash_into(h);
    if (!ready || !delivered) readies.hash_into(h);
  }
};
BOOST_DESCRIBE_STRUCT(Instance, (), (echoes, readies, echoed, ready, delivered))

}  // namespace sibyl::bracha

namespace sibyl::broadcast {

class Bracha : public BroadcastOf<Bracha> {
 public:
  Bracha() = default;
  Bracha(PartiesPtr parties, bracha::Options options)
      : options_(options), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::map<ItemId, bracha::Instance> instances;
  BOOST_DESCRIBE_CLASS(Bracha, (), (sent, instances), (), ())

 private:
  void on_send(Context& context, NodeId from, const Item& item);
  void on_echo(Context& context, NodeId from, const Item& item);
  Deliveries on_ready(Context& context, NodeId from, const Item& item);
  void send_ready(Context& context, const Item& item, const char* why);
  std::uint32_t quorum(bracha::Quorum quorum) const;

  bracha::Options options_;
  PartiesPtr parties_;
};

/// The words that Bracha counts.
std::vector<std::string> bracha_counters();

ProtocolInfo reliable_broadcast();

}  // namespace sibyl::broadcast
