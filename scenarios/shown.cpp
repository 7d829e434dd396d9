// Observations as values.
#include "scenarios/shown.hpp"

#include <algorithm>
#include <utility>

#include "sim/fault.hpp"
#include "sim/lock_notes.hpp"
#include "sim/notes.hpp"

namespace sibyl {

namespace {
constexpr std::uint64_t kMix = 0xa0761d6478bd642fU;

void chain(std::uint64_t& into, std::uint64_t content) {
  into = fold_multiply(into ^ 0xe7037ed1a0b428dbU, content + 0x8ebc6af09c88c6e3U) + content;
}
}  // namespace

void Shown::add(const Observed& step) {
  const TypeInfo* const type = step.type;
  if (type == &kTypeInfo<note::Count>) return;
  const std::uint64_t content =
      fold_multiply(step.content ^ kMix, type->name_hash ^ static_cast<std::uint64_t>(step.kind));
  if (step.kind == TraceKind::lose) {
    const std::uint64_t link = std::uint64_t{step.node.value} << 32 | step.peer.value;
    const std::uint64_t one = fold_multiply(content, link ^ kMix);
    const auto place = std::lower_bound(lost_.begin(), lost_.end(), one);
    if (place == lost_.end() || *place != one) lost_.insert(place, one);
    return;
  }
  if (type == &kTypeInfo<note::Own> || type == &kTypeInfo<note::Disown> ||
      type == &kTypeInfo<note::LockTaken> || type == &kTypeInfo<note::LockReturned> ||
      type == &kTypeInfo<note::Touched> || type == &kTypeInfo<fault::Crash>) {
    chain(owned_, content ^ step.node.value);
  }
  if (type == &kTypeInfo<note::Return> || type == &kTypeInfo<note::ActionDone>) {
    returned_ += content;
  }
  std::uint64_t& mine = nodes_[std::min<std::size_t>(step.node.value, nodes_.size() - 1)];
  chain(mine, content);
  // Who creates or deletes an object meanwhile excuses who tries again.
  if (type == &kTypeInfo<note::TryAgain>) chain(mine, done_);
  if (type == &kTypeInfo<note::Invoke> || type == &kTypeInfo<note::ExecuteEnd> ||
      type == &kTypeInfo<note::Return>) {
    done_ += fold_multiply(content, step.node.value ^ kMix);
  }
  // A call, as of release, and a crash end what was held: who was granted a lock before?
  if (type == &kTypeInfo<note::Invoke> || type == &kTypeInfo<note::ActionCall> ||
      type == &kTypeInfo<fault::Crash>) {
    chain(mine, returned_);
  }
  const bool proposes = type == &kTypeInfo<note::Propose>;
  if (proposes || type == &kTypeInfo<note::Decide>) {
    // Only what was proposed before it was decided justifies a decision.
    auto agreement = std::lower_bound(proposed_.begin(), proposed_.end(),
                                      std::pair(step.subject, std::uint64_t{0}));
    const bool fresh = agreement == proposed_.end() || agreement->first != step.subject;
    if (proposes && fresh) agreement = proposed_.insert(agreement, {step.subject, 0});
    if (proposes) agreement->second += fold_multiply(content, step.node.value ^ kMix);
    if (!proposes) chain(mine, fresh ? 0 : agreement->second);
    return;
  }
  const auto place = std::lower_bound(multicast_.begin(), multicast_.end(), step.subject);
  const bool known = place != multicast_.end() && *place == step.subject;
  if (type == &kTypeInfo<note::Deliver> || type == &kTypeInfo<note::BroadcastDelivery>) {
    chain(mine, known ? 1 : 2);
  }
  if ((type == &kTypeInfo<note::Multicast> || type == &kTypeInfo<note::Broadcast>)&&!known) {
    multicast_.insert(place, step.subject);
  }
}

void Shown::hash_into(Hasher& h) const {
  for (const std::uint64_t n : nodes_) h.add(n);
  h.add(returned_);
  h.add(owned_);
  h.add(lost_.size());
  for (const std::uint64_t one : lost_) h.add(one);
  for (const std::uint64_t one : multicast_) h.add(one);
  for (const auto& [agreement, sum] : proposed_) {
    h.add(agreement);
    h.add(sum);
  }
}

void ShownRecorder::on_step(const Step& step) {
  if (step.kind == TraceKind::send || step.kind == TraceKind::receive ||
      step.kind == TraceKind::timer) {
    return;
  }
  if (step.type == &kTypeInfo<note::Count>) {
    hits.emplace_back(static_cast<const note::Count*>(step.body)->what);
    return;
  }
  shown_.add(observed_in(step));
}

void Shown::add(const Observed& step, const Renaming& renaming, std::size_t number) {
  const auto renamed = [&](NodeId n) {
    return n.value < renaming.size() ? NodeId{renaming[n.value]} : n;
  };
  Observed other = step;
  other.node = renamed(step.node);
  other.peer = renamed(step.peer);
  other.content = step.renamed[number];
  add(other);
}

std::uint32_t ShownTable::intern(Shown shown, std::vector<Shown> renamed) {
  Hasher h;
  shown.hash_into(h);
  const auto [it, fresh] = ids_.insert({h.value(), static_cast<std::uint32_t>(all_.size())});
  if (!fresh) return it->second;
  held_bytes_ += shown.memory_bytes() + sizeof(std::vector<Shown>);
  for (const Shown& one : renamed) held_bytes_ += one.memory_bytes();
  all_.push_back(std::move(shown));
  hashes_.push_back(h.value());
  for (const Shown& one : renamed) {
    Hasher r;
    one.hash_into(r);
    renamed_hashes_.push_back(r.value());
  }
  renamed_.push_back(std::move(renamed));
  return it->second;
}

std::uint32_t ShownTable::next(std::uint32_t shown, StepTable::ObservationId observation) {
  if (observation == 0) return shown;
  const std::uint64_t key = std::uint64_t{shown} << 32 | observation;
  const auto known = next_.find(key);
  if (known != next_.end()) return known->second;
  Shown after = all_[shown];
  std::vector<Shown> renamed = renamed_[shown];
  for (const Observed& o : steps_.observed(observation)) {
    after.add(o);
    for (std::size_t r = 0; r < renamed.size(); ++r) {
      renamed[r].add(o, steps_.renamings()[r], r);
    }
  }
  const std::uint32_t id = intern(std::move(after), std::move(renamed));
  next_.insert({key, id});
  return id;
}

}  // namespace sibyl
