// Operations tried on their objects.
#include "analysis/check/exact.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace sibyl::analysis {

Objects::Objects(const FlatHistory& history, const Value& initial)
    : history_(history), steps_(history) {
  initial_.value.assign(steps_.keys(), kNullCode);
  initial_.present.assign(steps_.keys(), false);
  if (const Value::Object* object = initial.as_object()) {
    existence_ = true;
    for (const auto& [word, value] : *object) {
      for (std::uint32_t key = 0; key < history.keys.size(); ++key) {
        if (history.keys.word(key) != word) continue;
        initial_.value[key] = steps_.code(value);
        initial_.present[key] = !value.is_null();
      }
    }
  }
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    const std::string& word = history.functions.word(f);
    existence_ = existence_ || word == "create" || word == "delete" || word == "move";
  }
  refusals_ = std::any_of(history.operations.begin(), history.operations.end(),
                          [](const FlatOperation& op) { return op.refused; });
}

bool Objects::take(Cells& cells, const StepEffect& step, bool open, bool in_command) {
  const std::uint32_t key = step.key;
  const bool missing = existence_ && in_command && !cells.present[key];
  switch (step.kind) {
    case StepKind::unknown:
      return false;
    case StepKind::none:
      return true;
    case StepKind::create:
    case StepKind::put:
      cells.present[key] = true;
      cells.value[key] = step.written;
      return true;
    case StepKind::remove:
      cells.present[key] = false;
      cells.value[key] = kNullCode;
      return true;
    case StepKind::read:
    case StepKind::get:
      return open || cells.value[key] == step.read;
    case StepKind::move:
      return !missing;
    case StepKind::cas:
      if (cells.value[key] != step.read) return open;
      [[fallthrough]];
    case StepKind::write:
      if (missing) return false;
      cells.present[key] = true;
      cells.value[key] = step.written;
      return true;
    case StepKind::add:
    case StepKind::append: {
      if (missing) return false;
      const std::optional<ValueCode> after = steps_.sum(step.kind, cells.value[key], step.operand);
      if (!after || (step.writes && *after != step.written)) return false;
      cells.present[key] = true;
      cells.value[key] = *after;
      return true;
    }
  }
  return false;
}

bool Objects::apply(Cells& cells, std::uint32_t op) {
  const FlatOperation& flat = history_.operations[op];
  const bool open = flat.outcome == OperationOutcome::unknown;
  const bool in_command = history_.functions.word(flat.f) == "command";
  if (flat.refused) return has_cause(cells, flat);
  bool fits = true;
  steps_.each(flat, [&](const StepEffect& step) {
    if (step.kind == StepKind::create) fits = fits && !cells.present[step.key];
  });
  steps_.each(flat,
              [&](const StepEffect& step) { fits = fits && take(cells, step, open, in_command); });
  return fits;
}

/// Whether something is so that the operation had to be refused.
bool Objects::has_cause(const Cells& cells, const FlatOperation& op) {
  bool cause = false;
  std::vector<bool> present = cells.present;
  steps_.each(op, [&](const StepEffect& step) {
    if (step.kind == StepKind::create) cause = cause || cells.present[step.key];
    if (step.kind == StepKind::cas) cause = cause || cells.value[step.key] != step.read;
  });
  steps_.each(op, [&](const StepEffect& step) {
    if (step.kind == StepKind::create) present[step.key] = true;
    if (step.kind == StepKind::remove) present[step.key] = false;
    const bool needs = step.kind == StepKind::read || step.kind == StepKind::write ||
                       step.kind == StepKind::add || step.kind == StepKind::append ||
                       step.kind == StepKind::move;
    cause = cause || (needs && !present[step.key]);
  });
  return cause;
}

bool Objects::pure(std::uint32_t op) {
  if (history_.operations[op].refused) return true;
  bool pure = true;
  steps_.each(history_.operations[op],
              [&](const StepEffect& step) { pure = pure && !step.writes && !step.opaque; });
  return pure;
}

bool replay(Objects& objects, const std::vector<std::uint32_t>& order) {
  Objects::Cells cells = objects.initial();
  return std::all_of(order.begin(), order.end(),
                     [&](std::uint32_t op) { return objects.apply(cells, op); });
}

namespace {

/// Sets of cells as numbers; equal numbers mean equal cells.
class CellNumbers {
 public:
  std::uint32_t number(const Objects::Cells& cells) {
    std::string text(reinterpret_cast<const char*>(cells.value.data()),
                     cells.value.size() * sizeof(ValueCode));
    for (const bool present : cells.present) text += present ? '1' : '0';
    bytes_ += text.size() + 64;
    const auto next = static_cast<std::uint32_t>(cells_.size());
    const auto [place, fresh] = numbers_.try_emplace(std::move(text), next);
    if (fresh) cells_.push_back(cells);
    return place->second;
  }
  const Objects::Cells& cells(std::uint32_t number) const { return cells_[number]; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<Objects::Cells> cells_;
  std::uint64_t bytes_ = 0;
};

class OrderFinder {
 public:
  OrderFinder(Objects& objects, const Accesses* accesses, const std::vector<bool>& must,
              const std::vector<bool>& may, const Sessions& sessions,
              const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges,
              const RealTime* time, OrderSearch& bounds)
      : objects_(objects), accesses_(accesses), must_(must), time_(time), bounds_(bounds) {
    const std::size_t n = must.size();
    for (const std::vector<std::uint32_t>& chain : sessions.chains) {
      std::vector<std::uint32_t> own;
      for (const std::uint32_t op : chain) {
        if (must[op] || may[op]) own.push_back(op);
      }
      if (!own.empty()) chains_.push_back(std::move(own));
    }
    done_.assign(chains_.size(), 0);
    waits_.assign(n, 0);
    after_.assign(n, {});
    for (const auto& [from, to] : edges) {
      if ((!must[from] && !may[from]) || (!must[to] && !may[to])) continue;
      if (!must[from]) continue;  // what need not happen holds nothing up
      ++waits_[to];
      after_[from].push_back(to);
    }
    left_ = static_cast<std::size_t>(std::count(must.begin(), must.end(), true));
    finished_.assign(n, false);
    if (accesses_ != nullptr) {
      readers_.assign(accesses_->writer.size(), 0);
      for (std::uint32_t op = 0; op < n; ++op) {
        if (must[op]) each_read(op, [&](Version v) { ++readers_[v]; });
      }
      current_.resize(accesses_->keys);
      for (Version v = 0; v < accesses_->keys; ++v) current_[v] = v;
    }
    state_ = numbers_.number(objects_.initial());
  }

  OrderFound run() {
    remember();
    std::size_t from = 0;
    for (;;) {
      if (left_ == 0) return OrderFound::yes;
      if (advance(from)) {
        from = 0;
        continue;
      }
      if (gave_up_) return OrderFound::gave_up;
      do {
        if (frames_.empty()) return OrderFound::no;
        from = frames_.back().chain + 1;
        forced_ = frames_.back().forced;
        back();
      } while (forced_);
    }
  }

  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> order;
    for (const Frame& frame : frames_) order.push_back(frame.op);
    return order;
  }

 private:
  struct Frame {
    std::size_t chain = 0;
    std::uint32_t op = 0;
    std::uint32_t state = 0;  ///< before
    std::uint32_t returned = 0;
    bool forced = false;
    std::vector<std::pair<std::uint32_t, Version>> current;  ///< before, by key
  };

  template <class Take>
  void each_read(std::uint32_t op, Take take) const {
    for (const KeyAccess* a = accesses_->begin(op); a != accesses_->end(op); ++a) {
      if (a->read != kNoVersion) take(a->read);
    }
  }

  bool ready(std::uint32_t op) const {
    return waits_[op] == 0 && (time_ == nullptr || time_->after[op] <= returned_);
  }

  bool spend() {
    const bool spent = ++bounds_.steps > bounds_.max_steps ||
                       numbers_.bytes() + memory_bytes_ > bounds_.max_bytes ||
                       (bounds_.steps % 1024 == 0 && bounds_.stop && bounds_.stop());
    gave_up_ = gave_up_ || spent;
    return !spent;
  }

  /// Whether what the operation overwrites is still to be read by another.
  bool overwrites_unread(std::uint32_t op) const {
    if (accesses_ == nullptr) return false;
    for (const KeyAccess* a = accesses_->begin(op); a != accesses_->end(op); ++a) {
      if (a->written == kNoVersion) continue;
      const std::uint32_t own = must_[op] && a->read == current_[a->key] ? 1 : 0;
      if (readers_[current_[a->key]] > own) return true;
    }
    return false;
  }

  /// Does the next operation that can go, of this chain or a later one, and leads to something new.
  /// One that must go and changes nothing goes at once.
  bool advance(std::size_t from) {
    for (std::size_t c = 0; from == 0 && c < chains_.size(); ++c) {
      if (done_[c] == chains_[c].size()) continue;
      const std::uint32_t op = chains_[c][done_[c]];
      if (!must_[op] || !ready(op) || !objects_.pure(op)) continue;
      if (!spend()) return false;
      Objects::Cells cells = numbers_.cells(state_);
      if (!objects_.apply(cells, op)) continue;
      enter(c, op, state_, true);
      return true;
    }
    for (std::size_t c = from; c < chains_.size(); ++c) {
      if (done_[c] == chains_[c].size()) continue;
      const std::uint32_t op = chains_[c][done_[c]];
      if (!ready(op) || overwrites_unread(op)) continue;
      if (!spend()) return false;
      Objects::Cells cells = numbers_.cells(state_);
      if (!objects_.apply(cells, op)) continue;
      const std::uint32_t next = numbers_.number(cells);
      if (!must_[op] && next == state_) continue;
      enter(c, op, next, false);
      if (remember()) return true;
      back();
    }
    return false;
  }

  void enter(std::size_t chain, std::uint32_t op, std::uint32_t next, bool forced) {
    Frame frame{chain, op, state_, returned_, forced, {}};
    if (accesses_ != nullptr) {
      if (must_[op]) each_read(op, [&](Version v) { --readers_[v]; });
      for (const KeyAccess* a = accesses_->begin(op); a != accesses_->end(op); ++a) {
        if (a->written == kNoVersion) continue;
        frame.current.emplace_back(a->key, current_[a->key]);
        current_[a->key] = a->written;
      }
    }
    frames_.push_back(std::move(frame));
    state_ = next;
    ++done_[chain];
    finished_[op] = true;
    if (must_[op]) {
      --left_;
      for (const std::uint32_t to : after_[op]) --waits_[to];
    }
    while (time_ != nullptr && returned_ < time_->returns.size() &&
           (finished_[time_->returns[returned_]] || !must_[time_->returns[returned_]])) {
      ++returned_;
    }
  }

  void back() {
    const Frame& frame = frames_.back();
    const std::uint32_t op = frame.op;
    if (accesses_ != nullptr) {
      if (must_[op]) each_read(op, [&](Version v) { ++readers_[v]; });
      for (const auto& [key, version] : frame.current) current_[key] = version;
    }
    state_ = frame.state;
    returned_ = frame.returned;
    --done_[frame.chain];
    finished_[op] = false;
    if (must_[op]) {
      ++left_;
      for (const std::uint32_t to : after_[op]) ++waits_[to];
    }
    frames_.pop_back();
  }

  bool remember() {
    std::string key(reinterpret_cast<const char*>(done_.data()),
                    done_.size() * sizeof(std::uint32_t));
    key.append(reinterpret_cast<const char*>(&state_), sizeof state_);
    memory_bytes_ += key.size() + 64;
    return memory_.insert(std::move(key)).second;
  }

  Objects& objects_;
  const Accesses* accesses_;
  const std::vector<bool>& must_;
  const RealTime* time_;
  OrderSearch& bounds_;
  std::vector<std::vector<std::uint32_t>> chains_;
  std::vector<std::uint32_t> done_;  ///< by chain: how many of it
  std::vector<std::uint32_t> waits_;
  std::vector<std::vector<std::uint32_t>> after_;
  std::vector<bool> finished_;
  std::vector<std::uint32_t> readers_;  ///< by version: those that are still to come
  std::vector<Version> current_;        ///< by key
  std::vector<Frame> frames_;
  CellNumbers numbers_;
  std::unordered_set<std::string> memory_;
  std::uint64_t memory_bytes_ = 0;
  std::uint32_t state_ = 0;
  std::uint32_t returned_ = 0;
  std::size_t left_ = 0;
  bool gave_up_ = false;
  bool forced_ = false;
};

}  // namespace

std::pair<OrderFound, std::vector<std::uint32_t>> find_order(
    Objects& objects, const Accesses* accesses, const std::vector<bool>& must,
    const std::vector<bool>& may, const Sessions& sessions,
    const std::vector<std::pair<std::uint32_t, std::uint32_t>>& edges, const RealTime* time,
    OrderSearch& bounds) {
  OrderFinder search(objects, accesses, must, may, sessions, edges, time, bounds);
  const OrderFound found = search.run();
  return {found, found == OrderFound::yes ? search.order() : std::vector<std::uint32_t>{}};
}

}  // namespace sibyl::analysis
