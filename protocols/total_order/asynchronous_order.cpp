// Asynchronous total order: see asynchronous_order.hpp.
#include "protocols/total_order/asynchronous_order.hpp"

#include <algorithm>
#include <optional>

#include "protocols/total_order/sealed.hpp"
#include "sim/decode.hpp"
#include "sim/hash.hpp"

namespace sibyl::total_order {

using agreement::AgreementPtr;
using agreement::CommonSubset;
using asynchronous_order::Data;
using asynchronous_order::Encryption;
using asynchronous_order::kMostAhead;
using asynchronous_order::Options;
using asynchronous_order::Proposals;
using asynchronous_order::Share;

namespace {

constexpr std::uint8_t kSubsets = 1;  ///< the instance is the epoch

/// The origin's signature, ideally: what changes an item does not know how to make one.
std::int64_t signature(const Item& item) {
  Hasher h;
  h.add(0x5167);
  hash_append(h, item);
  return static_cast<std::int64_t>(h.value());
}

common_subset::Options subset_options(const Options& options) {
  return {options.agreement,        options.ucb,   options.seen,
          options.seen_names_block, options.zeros, options.ends};
}

std::optional<Item> item_in(const Value& written, const broadcast::Parties& parties) {
  const Value::List* fields = written.as_list();
  if (fields == nullptr || fields->size() != 4) return std::nullopt;
  const std::int64_t* origin = (*fields)[0].as_int();
  const std::int64_t* number = (*fields)[1].as_int();
  const std::int64_t* mark = (*fields)[3].as_int();
  if (origin == nullptr || number == nullptr || mark == nullptr) return std::nullopt;
  if (*origin < 0 || *origin >= parties.n()) return std::nullopt;
  Item item{{{static_cast<std::uint32_t>(*origin)}, static_cast<std::uint64_t>(*number)},
            (*fields)[2]};
  if (item.content.is_null() || *mark != signature(item)) return std::nullopt;
  return item;
}

}  // namespace

Value block_of(const std::vector<Item>& items) {
  Value::List block;
  for (const Item& item : items) {
    block.emplace_back(Value::List{Value(static_cast<std::int64_t>(item.id.origin.value)),
                                   Value(static_cast<std::int64_t>(item.id.number)), item.content,
                                   Value(signature(item))});
  }
  return Value(std::move(block));
}

std::vector<Item> items_in(const Value& block, const broadcast::Parties& parties) {
  std::vector<Item> items;
  const Value::List* list = block.as_list();
  if (list == nullptr) return items;
  for (const Value& written : *list) {
    if (auto item = item_in(written, parties)) items.push_back(std::move(*item));
  }
  return items;
}

// upon Broadcast(x): sign x, send it to all.
Deliveries AsynchronousOrder::broadcast(Context context, Value content) {
  const NodeId self = context.self();
  const Item item{{self, ++sent}, std::move(content)};
  is_new(item);
  context.send(parties_->others(self), Data{{self, item}});
  return proceed(context);
}

// upon x, signed by its origin, for the first time: pass it on; UnQueued += x.
Deliveries AsynchronousOrder::receive(Context context, NodeId from, const Message& message) {
  if (!parties_->has(from)) return {};
  if (const auto* data = message.as<Data>()) {
    const Item& item = data->item.what;
    if (data->item.by != item.id.origin || !is_new(item)) return {};
    context.send(parties_->others(context.self()), *data);
  } else if (const auto* share = message.as<Share>()) {
    if (share->epoch < epoch || share->epoch - epoch > kMostAhead) return {};
    shares[share->epoch].insert(from);
  } else if (context.route_to(kSubsets, message)) {
    on_subset_message(context, from, message);
  }
  return proceed(context);
}

/// Notes an item that makes sense. Two contents of one number are two items, until one is
/// delivered.
bool AsynchronousOrder::is_new(const Item& item) {
  if (!parties_->has(item.id.origin) || item.content.is_null()) return false;
  std::vector<Value>& contents = known[item.id];
  if (std::find(contents.begin(), contents.end(), item.content) != contents.end()) return false;
  contents.push_back(item.content);
  if (queued.count(item.id) == 0) unqueued.push_back(item);
  return true;
}

void AsynchronousOrder::on_subset_message(Context& context, NodeId from, const Message& message) {
  const std::uint32_t of_epoch = CommonSubset::number_of(message, parties_->n());
  const bool past = of_epoch < epoch;
  if (past ? subsets.count(of_epoch) == 0 : of_epoch - epoch > kMostAhead) return;
  on_outputs(of_epoch,
             subset(of_epoch)().receive(context.child(kSubsets, of_epoch), from, message));
  if (past) drop_if_finished(of_epoch);
}

AgreementPtr& AsynchronousOrder::subset(std::uint32_t of_epoch) {
  AgreementPtr& subset = subsets[of_epoch];
  if (!subset) {
    subset = agreement::make_agreement<CommonSubset>(parties_, of_epoch, subset_options(options_));
  }
  return subset;
}

void AsynchronousOrder::on_outputs(std::uint32_t of_epoch, const agreement::Outputs& outputs) {
  for (const agreement::Output& output : outputs) agreed.emplace(of_epoch, output.value);
}

// upon epoch e - 1 being delivered, with UnQueued \ Queued not empty, or when somebody else's block
// of epoch e has come: propose UnQueued \ Queued.
// upon the subset of epoch e, opened: Queue its union; e := e + 1.
Deliveries AsynchronousOrder::proceed(Context& context) {
  Deliveries deliveries;
  while (true) {
    if (!begun && epoch_is_wanted()) {
      begun = true;
      context.count("epoch");
      const Value block = next_block(context);
      on_outputs(epoch, subset(epoch)().input(context.child(kSubsets, epoch), block));
    }
    const auto members = agreed.find(epoch);
    if (!begun || members == agreed.end() || !open_to_all(context)) return deliveries;
    deliver(members->second, deliveries);
    context.count("delivered_epoch");
    agreed.erase(members);
    shares.erase(epoch);
    begun = false;
    shared = false;
    drop_if_finished(epoch++);
  }
}

bool AsynchronousOrder::epoch_is_wanted() const {
  if (!unqueued.empty()) return true;
  const auto others = subsets.find(epoch);
  return others != subsets.end() && static_cast<const CommonSubset&>(*others->second).has_block();
}

/// The block that the party proposes.
Value AsynchronousOrder::next_block(Context& context) const {
  Value block = block_of(options_.proposals == Proposals::full ? unqueued : sample(context));
  if (options_.encryption == Encryption::none) return block;
  return Value(seal(block, epoch));
}

std::vector<Item> AsynchronousOrder::sample(Context& context) const {
  std::vector<Item> from(unqueued.begin(),
                         unqueued.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(
                                                unqueued.size(), options_.batch)));
  std::vector<Item> chosen;
  const std::size_t most = std::max(1U, options_.batch / parties_->n());
  while (chosen.size() < most && !from.empty()) {
    const auto at =
        from.begin() + static_cast<std::ptrdiff_t>(context.choose(Decision::protocol, from.size()));
    chosen.push_back(std::move(*at));
    from.erase(at);
  }
  return chosen;
}

// upon the subset of epoch e: send a share for its blocks to all.
// upon shares from t + 1 parties: open them.
bool AsynchronousOrder::open_to_all(Context& context) {
  if (options_.encryption == Encryption::none) return true;
  if (!shared) {
    shared = true;
    shares[epoch].insert(context.self());
    context.send(parties_->others(context.self()), Share{epoch});
  }
  return shares[epoch].size() > parties_->t;
}

/// The union of the blocks, each item once, sorted by origin and number. Of several contents that
/// a faulty origin gives one number, the first as text counts.
void AsynchronousOrder::deliver(const Value& members, Deliveries& deliveries) {
  std::map<ItemId, Value> all;
  for (const Value& member : *members.as_list()) {
    const Value& written = member.as_list()->back();
    const bool sealed = options_.encryption == Encryption::threshold;
    for (const Item& item :
         items_in(sealed ? open(written, epoch).value_or(Value()) : written, *parties_)) {
      if (queued.count(item.id) > 0) continue;
      const auto [at, fresh] = all.emplace(item.id, item.content);
      if (!fresh && item.content.text() < at->second.text()) at->second = item.content;
    }
  }
  for (const auto& [id, content] : all) {
    queued.insert(id);
    deliveries.push_back({id, content});
  }
  unqueued.erase(std::remove_if(unqueued.begin(), unqueued.end(),
                                [&](const Item& item) { return queued.count(item.id) > 0; }),
                 unqueued.end());
}

void AsynchronousOrder::drop_if_finished(std::uint32_t of_epoch) {
  const auto at = subsets.find(of_epoch);
  if (at == subsets.end()) return;
  if (static_cast<const CommonSubset&>(*at->second).finished()) subsets.erase(at);
}

namespace {

std::vector<Variant> order_variants() {
  std::vector<Variant> own{
      {{"flooding",
        "blocks are flooded, and approved when 2t + 1 parties have seen one of the proposer: not "
        "all have seen the same (E-7)",
        {"total_order"}},
       {{"ucb", "flooding"}}},
      {{"flooding-named",
        "blocks are flooded; SEEN names the block, and is passed on from an echo quorum",
        {}},
       {{"ucb", "flooding"}, {"seen", "over_half"}, {"seen_names_block", Value(true)}}},
      {{"no-seen", "a block is approved when it is delivered here", {}}, {{"seen", "none"}}},
      {{"honey-badger",
        "samples of the oldest items, sealed until the subset is agreed on; no SEEN",
        {}},
       {{"seen", "none"}, {"proposals", "sampled"}, {"encryption", "threshold"}}},
      {{"sampled",
        "the same, not sealed: who orders the messages can keep an item out for long (E-9)",
        {}},
       {{"seen", "none"}, {"proposals", "sampled"}}},
      {{"hbbft-coins", "the coins of the first rounds are fixed: 1, 0, by chance", {}},
       {{"agreement",
         Value(Value::Object{{"coin", Value(Value::Object{{"kind", "scheduled"}})}})}}},
  };
  for (const Variant& mutant : common_subset::mutants()) {
    const std::string& name = mutant.info.name;
    if (name == "early-zeros") continue;  // a smaller union breaks no promise of an order
    own.push_back(mutant);
    own.back().info.breaks = name == "no-zeros" ? std::vector<std::string>{"validity"}
                                                : std::vector<std::string>{"total_order"};
  }
  return broadcast::with_party_variants(std::move(own));
}

broadcast::Made made_order(const Setup& setup, const std::vector<Variant>& variants) {
  const auto options = read_options<Options>(setup, variants);
  common_subset::check(subset_options(options), kOptionsPointer);
  if (options.batch != Options{}.batch && options.proposals == Proposals::full) {
    throw ConfigError(pointer_to(kOptionsPointer, "batch"),
                      "is of sampled proposals alone: set \"proposals\" to \"sampled\"");
  }
  return {options, [options](const broadcast::SystemPtr& system, NodeId /*self*/) {
            return broadcast::make_broadcast<AsynchronousOrder>(system->parties, options);
          }};
}

}  // namespace

ProtocolInfo asynchronous_order_protocol() {
  broadcast::BroadcastProtocol p;
  p.name = "asynchronous-order";
  p.line =
      "a total order without time: epochs, each with a common subset of the parties' blocks; "
      "for n > 3t";
  p.variants = order_variants();
  p.properties = {"validity",      "integrity",  "agreement",      "total_order",   "termination",
                  "replica_state", "rsm_safety", "rsm_liveness_1", "rsm_liveness_2"};
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.faults = broadcast::FaultsBorne::byzantine;
  p.read = [variants = p.variants](const Setup& setup) { return made_order(setup, variants); };
  p.sizes = {4};
  p.drawn_steps = 8000;  // several epochs; one run in seven takes more than 2000
  p.words = common_subset::words();
  const Words own = words_of<Data, Share>();
  const auto add = [](auto& to, const auto& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  add(p.words.messages, own.messages);
  add(p.words.fields, own.fields);
  add(p.words.literals, own.literals);
  add(p.words.counters, std::vector<std::string>{"epoch", "delivered_epoch"});
  return broadcast::broadcast_protocol(std::move(p));
}

}  // namespace sibyl::total_order
