// What all models share: numbering of values and states.
#include "analysis/models/model.hpp"

#include <algorithm>

namespace sibyl::analysis {

std::int32_t ValueTable::intern(const Value& value) {
  const auto fresh = static_cast<std::int32_t>(values_.size());
  std::int32_t number = 0;
  if (const std::int64_t* integer = value.as_int()) {
    number = integers_.emplace(*integer, fresh).first->second;
  } else {
    std::string text = value.text();
    const std::uint64_t size = text.size();
    number = others_.emplace(std::move(text), fresh).first->second;
    if (number == fresh) bytes_ += 2 * size + 64;  // the text, and the value itself
  }
  if (number == fresh) values_.push_back(value);
  return number;
}

namespace {

std::uint32_t hash_of(std::span<const std::int32_t> cells) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::int32_t cell : cells) {
    hash ^= static_cast<std::uint32_t>(cell);
    hash *= 0x9e3779b97f4a7c15U;
    hash ^= hash >> 29U;
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

bool same_cells(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

std::span<const std::int32_t> Machine::keep(std::span<const std::int32_t> cells) {
  constexpr std::size_t kBlock = 16'384;
  if (room_ < cells.size()) {
    block_ = room_ = std::max(kBlock, cells.size());
    blocks_.push_back(std::make_unique_for_overwrite<std::int32_t[]>(block_));
  }
  if (cells.empty()) return {};
  std::int32_t* const place = blocks_.back().get() + (block_ - room_);
  std::copy(cells.begin(), cells.end(), place);
  room_ -= cells.size();
  bytes_ += cells.size() * sizeof(Cells::value_type);
  return {place, cells.size()};
}

Machine::Cells Machine::cells_of(State state) const {
  std::vector<const Change*> changes;
  auto found = changes_.find(state);
  for (; found != changes_.end(); found = changes_.find(state)) {
    changes.push_back(&found->second);
    state = found->second.parent;
  }
  Cells cells(states_[state].begin(), states_[state].end());
  for (auto each = changes.rbegin(); each != changes.rend(); ++each) {
    const Change& change = **each;
    const auto at = cells.begin() + change.at;
    const auto kept = std::min<std::size_t>(change.gone, change.fresh.size());
    std::copy_n(change.fresh.begin(), kept, at);
    const auto behind = at + static_cast<std::ptrdiff_t>(kept);
    if (change.gone > kept) {
      cells.erase(behind, at + change.gone);
    } else {
      cells.insert(behind, change.fresh.begin() + static_cast<std::ptrdiff_t>(kept),
                   change.fresh.end());
    }
  }
  return cells;
}

bool Machine::is_state(State state, const Cells& cells) const {
  const auto found = changes_.find(state);
  if (found == changes_.end()) return same_cells(states_[state], cells);
  return found->second.size == cells.size() && cells_of(state) == cells;
}

std::optional<Machine::Change> Machine::change_to(const Cells& cells, State parent) const {
  // A chain makes a state that is not held so many times dearer, and takes so many times less.
  constexpr std::uint32_t kDeepest = 32;
  constexpr std::size_t kLarge = 256;
  if (parent == kNoParent || cells.size() < kLarge) return std::nullopt;
  const auto before = changes_.find(parent);
  const std::uint32_t depth = before == changes_.end() ? 1 : before->second.depth + 1;
  if (depth > kDeepest) return std::nullopt;
  const std::size_t least = std::min(cells.size(), held_.size());
  const auto first = std::mismatch(cells.begin(), cells.end(), held_.begin(), held_.end()).first;
  const auto at = static_cast<std::size_t>(first - cells.begin());
  std::size_t behind = 0;
  while (behind < least - at &&
         cells[cells.size() - 1 - behind] == held_[held_.size() - 1 - behind]) {
    ++behind;
  }
  const std::size_t fresh = cells.size() - behind - at;
  if (fresh > cells.size() / 2) return std::nullopt;
  Change change;
  change.fresh = std::span(cells).subspan(at, fresh);
  change.parent = parent;
  change.at = static_cast<std::uint32_t>(at);
  change.gone = static_cast<std::uint32_t>(held_.size() - behind - at);
  change.size = static_cast<std::uint32_t>(cells.size());
  change.depth = depth;
  return change;
}

Machine::State Machine::intern(const Cells& cells, State parent) {
  const std::uint32_t hash = hash_of(cells);
  const std::uint32_t known =
      numbers_.find(hash, [&](std::uint32_t state) { return is_state(state, cells); });
  if (known != NumberTable::kNone) return known;
  const auto state = static_cast<State>(states_.size());
  if (std::optional<Change> change = change_to(cells, parent)) {
    change->fresh = keep(change->fresh);
    changes_.emplace(state, *change);
    states_.emplace_back();
    bytes_ += sizeof(Change) + 32;
  } else {
    states_.push_back(keep(cells));
  }
  numbers_.add(hash, state);
  bytes_ += 48;  // a place, and slots of the table
  return state;
}

void Machine::hold(State state) {
  if (state == held_state_) return;
  if (state == made_state_) {
    std::swap(held_, made_);
    std::swap(held_state_, made_state_);
    return;
  }
  if (changes_.empty() || changes_.find(state) == changes_.end()) {
    held_.assign(states_[state].begin(), states_[state].end());
  } else {
    held_ = cells_of(state);
  }
  held_state_ = state;
}

void Machine::start_from(const Value& initial, std::int32_t unset) {
  Cells cells;
  for (const std::string& key : keys_) {
    const Value* value = initial.find(key);
    cells.push_back(value == nullptr ? unset : values_.intern(*value));
  }
  initial_ = intern(cells, kNoParent);
}

std::optional<Machine::State> Machine::step(State state, std::size_t op) {
  hold(state);
  scratch_ = held_;
  if (!apply(scratch_, op, nullptr)) return std::nullopt;
  if (scratch_ == held_) return state;
  const State next = intern(scratch_, state);
  std::swap(made_, scratch_);
  made_state_ = next;
  return next;
}

std::string Machine::why_not(State state, std::size_t op) {
  hold(state);
  scratch_ = held_;
  std::string why;
  apply(scratch_, op, &why);
  return why;
}

Value Machine::value_of(State state) const {
  Value::Object object;
  const Cells cells = cells_of(state);
  for (const auto& [key, cell] : cells_by_key_) {
    const std::int32_t value = cells[static_cast<std::size_t>(cell)];
    if (value != kAbsent) object.emplace_back(key, values_.value(value));
  }
  return object;
}

std::int32_t Machine::cell_of(const std::string& key) {
  const auto [it, fresh] = cells_by_key_.emplace(key, static_cast<std::int32_t>(keys_.size()));
  if (fresh) keys_.push_back(key);
  return it->second;
}

std::string Machine::text_of(std::int32_t value) const {
  return value == kAbsent ? "absent" : values_.value(value).text();
}

Cuts::Cuts(std::span<const Cut> cuts) {
  for (const Cut& cut : cuts) {
    if (cut.value) {
      values_[cut.key].insert(cut.value->text());
    } else {
      keys_.insert(cut.key);
    }
  }
}

bool Cuts::leaves_out(const std::string& key, const Value& value) const {
  if (leaves_out(key)) return true;
  const auto found = values_.find(key);
  return found != values_.end() && found->second.count(value.text()) != 0;
}

std::optional<std::string> reply_problem(const Operation& op) {
  if (pending(op) || op.reply == "ok" || op.reply == "nok") return std::nullopt;
  return "the reply \"" + op.reply + "\" should be ok or nok";
}

std::vector<Cut> value_cuts(const Model& model, const History& history,
                            bool (*plain)(const Operation& op)) {
  std::set<std::string> mixed;
  std::map<std::pair<std::string, std::string>, Value> values;
  for (const Operation& op : history) {
    if (!plain(op)) {
      for (std::string& key : model.keys(op)) mixed.insert(std::move(key));
      continue;
    }
    const Footprint footprint = model.footprint(op);
    for (const Touch& t : footprint.reads)
      values.emplace(std::pair(t.key, t.value.text()), t.value);
    for (const Touch& t : footprint.writes)
      values.emplace(std::pair(t.key, t.value.text()), t.value);
  }
  std::vector<Cut> cuts;
  for (const auto& [where, value] : values) {
    if (mixed.count(where.first) == 0) cuts.push_back({where.first, value});
  }
  return cuts;
}

}  // namespace sibyl::analysis
