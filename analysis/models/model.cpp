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

Machine::State Machine::intern(const Cells& cells) {
  constexpr std::size_t kBlock = 16'384;
  const std::uint32_t hash = hash_of(cells);
  const std::uint32_t known =
      numbers_.find(hash, [&](std::uint32_t state) { return same_cells(states_[state], cells); });
  if (known != NumberTable::kNone) return known;
  if (room_ < cells.size()) {
    block_ = room_ = std::max(kBlock, cells.size());
    blocks_.push_back(std::make_unique_for_overwrite<std::int32_t[]>(block_));
  }
  std::int32_t* const place = blocks_.empty() ? nullptr : blocks_.back().get() + (block_ - room_);
  std::copy(cells.begin(), cells.end(), place);
  room_ -= cells.size();
  const auto state = static_cast<State>(states_.size());
  states_.emplace_back(place, cells.size());
  numbers_.add(hash, state);
  bytes_ += 48 + cells.size() * sizeof(Cells::value_type);  // a place, and slots of the table
  return state;
}

void Machine::start_from(const Value& initial, std::int32_t unset) {
  Cells cells;
  for (const std::string& key : keys_) {
    const Value* value = initial.find(key);
    cells.push_back(value == nullptr ? unset : values_.intern(*value));
  }
  initial_ = intern(cells);
}

std::optional<Machine::State> Machine::step(State state, std::size_t op) {
  scratch_.assign(states_[state].begin(), states_[state].end());
  if (!apply(scratch_, op, nullptr)) return std::nullopt;
  if (same_cells(scratch_, states_[state])) return state;
  return intern(scratch_);
}

std::string Machine::why_not(State state, std::size_t op) {
  scratch_.assign(states_[state].begin(), states_[state].end());
  std::string why;
  apply(scratch_, op, &why);
  return why;
}

Value Machine::value_of(State state) const {
  Value::Object object;
  const std::span<const std::int32_t> cells = states_[state];
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
