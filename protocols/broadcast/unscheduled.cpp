// Unscheduled consensus broadcast: see unscheduled.hpp.
#include "protocols/broadcast/unscheduled.hpp"

#include <algorithm>
#include <utility>

#include "protocols/broadcast/bracha.hpp"

namespace sibyl::broadcast {

using signed_flooding::Data;

// upon Broadcast(m): sign it, send it to all, and deliver it.
Deliveries SignedFlooding::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  is_new(item);
  if (signatures_) {
    context.send(parties_->others(self), Data{{self, item}});
  } else {
    context.send(parties_->others(self), signed_flooding::Hearsay{item});
  }
  return {item};
}

// upon an item that its origin has signed, for the first time: pass it on, and deliver it.
Deliveries SignedFlooding::receive(Context context, NodeId /*from*/, const Message& message) {
  const auto* data = message.as<Data>();
  const auto* hearsay = message.as<signed_flooding::Hearsay>();
  if (data != nullptr && signatures_) {
    const Item& item = data->item.what;
    if (data->item.by != item.id.origin || !is_new(item)) return {};
    context.send(parties_->others(context.self()), *data);
    return {item};
  }
  if (hearsay != nullptr && !signatures_) {
    if (!is_new(hearsay->item)) return {};
    context.send(parties_->others(context.self()), *hearsay);
    return {hearsay->item};
  }
  return {};
}

/// Notes an item that makes sense. Two contents of one number are two items.
bool SignedFlooding::is_new(const Item& item) {
  if (!parties_->has(item.id.origin) || item.content.is_null()) return false;
  std::vector<Value>& known = delivered[item.id];
  if (std::find(known.begin(), known.end(), item.content) != known.end()) return false;
  known.push_back(item.content);
  return true;
}

namespace {

const std::vector<Variant>& ucb_variants() {
  static const std::vector<Variant> kVariants = with_party_variants({
      {{"signed-flooding",
        "what its origin has signed is passed on and delivered: two items may have one number "
        "(C-20b)",
        {"agreement", "integrity"}},
       {{"backend", "signed_flooding"}}},
      {{"unsigned-flooding",
        "the same without signatures: any party can put words into another's mouth (C-20b)",
        {"integrity", "agreement"}},
       {{"backend", "signed_flooding"}, {"signatures", false}}},
  });
  return kVariants;
}

BroadcastPtr make(const SystemPtr& system, NodeId /*self*/, const UnscheduledOptions& options) {
  if (options.backend == Backend::bracha) {
    return make_broadcast<Bracha>(system->parties, bracha::Options());
  }
  return make_broadcast<SignedFlooding>(system->parties, options.signatures);
}

/// Signatures bear any number of faulty parties, quorums fewer than a third.
Tolerance tolerance(const Setup& setup, std::uint32_t (*most_faulty)(std::uint32_t)) {
  const auto options = read_options<UnscheduledOptions>(setup, ucb_variants());
  BroadcastProtocol any;
  any.most_faulty = most_faulty;
  const PartiesPtr parties = read_system(setup, any)->parties;
  std::uint32_t borne = parties->t;
  if (options.backend == Backend::bracha) borne = std::min(borne, most_faulty(parties->n()));
  return {borne, borne};
}

}  // namespace

ProtocolInfo consensus_broadcast() {
  BroadcastProtocol p;
  p.name = "consensus-broadcast";
  p.line = "unscheduled consensus broadcast (UCB), by Bracha's or by signed flooding";
  p.variants = ucb_variants();
  p.properties = {"validity", "integrity", "agreement"};
  p.alike = true;
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = FaultsBorne::byzantine;
  p.read = made_with<UnscheduledOptions>(p.variants, make);
  p.sizes = {4, 4, 4, 5, 7};
  p.words = words_of<bracha::Send, bracha::Echo, bracha::Ready, Data, signed_flooding::Hearsay>();
  p.words.counters = bracha_counters();
  const auto most_faulty = p.most_faulty;
  ProtocolInfo info = broadcast_protocol(std::move(p));
  info.tolerates = [most_faulty](const Setup& setup) { return tolerance(setup, most_faulty); };
  return info;
}

}  // namespace sibyl::broadcast
