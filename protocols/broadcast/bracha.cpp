// Reliable broadcast with Byzantine parties: see bracha.hpp.
#include "protocols/broadcast/bracha.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sibyl::bracha {

std::size_t Votes::count(NodeId from, const Value& content, bool only_first) {
  std::size_t place = 0;
  while (place < contents_.size() && !(contents_[place].first == content)) ++place;
  const auto behind = std::upper_bound(words_.begin(), words_.end(), from,
                                       [](NodeId id, const Word& word) { return id < word.from; });
  const bool spoke = behind != words_.begin() && std::prev(behind)->from == from;
  if (!spoke || !only_first) {
    if (place == contents_.size()) contents_.emplace_back(content, 0);
    ++contents_[place].second;
    words_.insert(behind, {from, static_cast<std::uint32_t>(place)});
  }
  return place < contents_.size() ? contents_[place].second : 0;
}

std::vector<Value> Votes::at(NodeId peer) const {
  std::vector<Value> said;
  for (const Word& word : words_) {
    if (word.from == peer) said.push_back(contents_[word.content].first);
  }
  return said;
}

void Votes::add_word(Hasher& h, const Word& word) const {
  hash_append(h, word.from);
  hash_append(h, contents_[word.content].first);
}

// With the peers numbered otherwise their order is another one: then the peers' words are summed
// up, each peer's in their order.
void Votes::hash_into(Hasher& h) const {
  h.add(words_.size());
  if (!h.renames()) {
    for (const Word& word : words_) add_word(h, word);
    return;
  }
  std::uint64_t sum = 0;
  for (auto at = words_.begin(); at != words_.end();) {
    Hasher one(h.renaming());
    for (const NodeId peer = at->from; at != words_.end() && at->from == peer; ++at) {
      add_word(one, *at);
    }
    sum += one.value();
  }
  h.add(sum);
}

std::uint32_t size_of(Quorum quorum, std::uint32_t n, std::uint32_t t) {
  switch (quorum) {
    case Quorum::n_minus_t:
      return n - t;
    case Quorum::over_half:
      return (n + t) / 2 + 1;
    case Quorum::two_t_plus_one:
      return 2 * t + 1;
    case Quorum::t_plus_one:
      return t + 1;
  }
  return n;
}

const std::vector<Variant>& variants() {
  static const std::vector<Variant> kVariants{
      {{"no-amplification",
        "READY from t + 1 parties does not make a party send READY: who delivers may stay alone "
        "(C-22)",
        {"agreement"}},
       {{"amplify", false}}},
      {{"echo-quorum-2t-plus-1",
        "ECHO and READY from 2t + 1 parties are enough also where n > 3t + 1: two such quorums "
        "need "
        "not have a correct party in common (C-23)",
        {"agreement"}},
       {{"echo_quorum", "two_t_plus_one"}, {"deliver_quorum", "two_t_plus_one"}}},
      {{"repeated-echoes-count",
        "each ECHO of a peer counts, not its first alone (C-25)",
        {"agreement"}},
       {{"one_echo_a_peer", false}}},
      {{"deliver-at-t-plus-1",
        "READY from t + 1 parties is enough to deliver, of whom one is correct (C-26)",
        {"agreement"}},
       {{"deliver_quorum", "t_plus_one"}}},
  };
  return kVariants;
}

}  // namespace sibyl::bracha

namespace sibyl::broadcast {

using bracha::Echo;
using bracha::Instance;
using bracha::Ready;
using bracha::Send;

// upon Broadcast(m): send SEND(m) to all.
Deliveries Bracha::broadcast(Context context, Value content) {
  context.send(parties_->all, Send{{{context.self(), ++sent}, std::move(content)}});
  return {};
}

Deliveries Bracha::receive(Context context, NodeId from, const Message& message) {
  const auto makes_sense = [&](const Item& item) {
    return parties_->has(from) && parties_->has(item.id.origin) && !item.content.is_null();
  };
  if (const auto* send = message.as<Send>()) {
    if (makes_sense(send->item)) on_send(context, from, send->item);
  } else if (const auto* echo = message.as<Echo>()) {
    if (makes_sense(echo->item)) on_echo(context, from, echo->item);
  } else if (const auto* ready = message.as<Ready>()) {
    if (makes_sense(ready->item)) return on_ready(context, from, ready->item);
  }
  return {};
}

// upon SEND(m) from the origin for the first time: send ECHO(m) to all.
void Bracha::on_send(Context& context, NodeId from, const Item& item) {
  if (from != item.id.origin) return;
  Instance& instance = instances[item.id];
  if (std::exchange(instance.echoed, true)) return;
  context.send(parties_->all, Echo{item});
}

// upon ECHO(m) from n - t parties: send READY(m) to all, once.
void Bracha::on_echo(Context& context, NodeId from, const Item& item) {
  const std::size_t votes =
      instances[item.id].echoes.count(from, item.content, options_.one_echo_a_peer);
  if (votes < quorum(options_.echo_quorum)) return;
  send_ready(context, item, "ready_by_echoes");
}

// upon READY(m) from t + 1 parties: send READY(m) to all, once.
// upon READY(m) from n - t parties: deliver m.
Deliveries Bracha::on_ready(Context& context, NodeId from, const Item& item) {
  Instance& instance = instances[item.id];
  const std::size_t votes = instance.readies.count(from, item.content, true);
  if (options_.amplify && votes > parties_->t) send_ready(context, item, "ready_by_readies");
  if (votes < quorum(options_.deliver_quorum) || std::exchange(instance.delivered, true)) return {};
  return {item};
}

void Bracha::send_ready(Context& context, const Item& item, const char* why) {
  if (std::exchange(instances[item.id].ready, true)) return;
  context.count(why);
  context.send(parties_->all, Ready{item});
}

std::uint32_t Bracha::quorum(bracha::Quorum quorum) const {
  return bracha::size_of(quorum, parties_->n(), parties_->t);
}

std::vector<std::string> bracha_counters() { return {"ready_by_echoes", "ready_by_readies"}; }

ProtocolInfo reliable_broadcast() {
  BroadcastProtocol p;
  p.name = "reliable-broadcast";
  p.line = "Bracha's double echo: all correct parties deliver the same or nothing, for n > 3t";
  p.variants = with_party_variants(bracha::variants());
  p.properties = {"validity", "integrity", "agreement"};
  p.alike = true;
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  p.read = made_with<bracha::Options>(
      p.variants, [](const SystemPtr& system, NodeId /*self*/, const bracha::Options& options) {
        return make_broadcast<Bracha>(system->parties, options);
      });
  p.sizes = {4, 4, 4, 5, 7};
  p.words = words_of<Send, Echo, Ready>();
  p.words.counters = bracha_counters();
  return broadcast_protocol(std::move(p));
}

}  // namespace sibyl::broadcast
