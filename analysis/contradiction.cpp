// Why operations cannot be put in an order: a circle of "has to come before".
//
// In the manner of Elle (Kingsbury and Alvaro, VLDB 2020) the reasons are those a person would
// give: real time, who read from whom, and what was overwritten when.
#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>

#include <fmt/core.h>

#include "analysis/check/patience.hpp"
#include "analysis/explain.hpp"
#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMaxOperations = 64;
constexpr std::size_t kStart = ~std::size_t{0};  // the initial state, as a writer

std::string saw(const Touch& touch) {
  if (touch.value.is_null() && !touch.key.empty())
    return fmt::format("found {} absent", key_words(touch.key));
  if (touch.key.empty()) return fmt::format("read {}", touch.value.text());
  return fmt::format("read {} = {}", key_words(touch.key), touch.value.text());
}

std::string sets(const Touch& touch) {
  const std::string what = touch.key.empty() ? "it" : key_words(touch.key);
  if (touch.value.is_null()) return fmt::format("removes {}", what);
  return fmt::format("sets {} to {}", what, touch.value.text());
}

enum class Why : std::uint8_t { none, real_time, reads_from, overwrites, overwritten };

/// One "has to come before", with its reason.
struct Edge {
  Why why = Why::none;
  Touch read;              ///< what was read, by the reader
  std::size_t writer = 0;  ///< whom it was read from
  std::size_t reader = 0;
  Touch other;  ///< overwrites, overwritten: what the other wrote
};

/// A read whose source is certain: only one operation, or only the initial state, can have been it.
struct Source {
  std::size_t reader = 0;
  std::size_t writer = 0;
  Touch read;
};

/// What an operation writes.
struct Write {
  std::size_t by = 0;
  const Touch* what = nullptr;
};

/// Who else in the whole history writes what was read: operations that are not in the part.
class Elsewhere {
 public:
  struct Source {
    std::int64_t call = FlatOperation::kNever;
    std::size_t operation = 0;  ///< in the whole history
  };

  Elsewhere(const Part& part, const Model& model, const std::vector<Footprint>& footprints,
            Patience& patience) {
    if (part.whole == nullptr) return;
    const FlatHistory& whole = *part.whole;
    for (const Footprint& each : footprints) {
      for (const Touch& read : each.reads) {
        reads_[read.key].push_back({read.value, whole.values.find(read.value), {}});
      }
    }
    for (std::uint32_t f = 0; f < whole.functions.size(); ++f) {
      const std::string& word = whole.functions.word(f);
      vague_.push_back(word == "add" || word == "append" || word == "delete");
      reading_.push_back(word == "read" || word == "get");
    }
    for (std::uint32_t key = 0; key < whole.keys.size(); ++key) {
      by_key_.push_back(of_key(whole.keys.word(key)));
    }
    by_key_.push_back(of_key(""));
    const std::set<std::size_t> shown(part.index.begin(), part.index.end());
    for (std::size_t i = 0; i < whole.operations.size(); ++i) {
      patience.step();
      const FlatOperation& op = whole.operations[i];
      if (op.outcome == OperationOutcome::fail || !may_tell(whole, op) || shown.count(i) > 0)
        continue;
      const Footprint footprint = model.footprint(unflat(whole, op));
      for (const Touch& write : footprint.writes) note(write.key, &write.value, {op.call, i});
      for (const std::string& key : footprint.unclear) note(key, nullptr, {op.call, i});
    }
  }

  /// The first by call that writes it, or may; nothing: nobody does.
  std::optional<Source> first(const Touch& read) const {
    const auto found = reads_.find(read.key);
    if (found == reads_.end()) return std::nullopt;
    for (const Read& each : found->second) {
      if (each.value != read.value) continue;
      if (each.first.call != FlatOperation::kNever) return each.first;
    }
    return std::nullopt;
  }

 private:
  struct Read {
    Value value;
    std::optional<ValueCode> code;
    Source first;
  };
  using Reads = std::vector<Read>;

  const Reads* of_key(const std::string& key) const {
    const auto found = reads_.find(key);
    return found == reads_.end() ? nullptr : &found->second;
  }

  /// Whether it may write what was read, and would be the first: by its codes alone, since most
  /// operations of a long history do not.
  bool may_tell(const FlatHistory& whole, const FlatOperation& op) const {
    const auto tells = [&](std::uint32_t key, std::uint32_t f, auto has) {
      const Reads* const reads = by_key_[std::min<std::size_t>(key, by_key_.size() - 1)];
      if (reads == nullptr || reading_[f]) return false;
      return std::any_of(reads->begin(), reads->end(), [&](const Read& each) {
        return op.call < each.first.call && (vague_[f] || (each.code && has(*each.code)));
      });
    };
    if (whole.functions.word(op.f) != "command" || op.key != FlatOperation::kNoKey) {
      return tells(op.key, op.f,
                   [&](ValueCode code) { return op.value == code || op.value2 == code; });
    }
    const std::size_t steps = op.value2 == FlatOperation::kWhole ? 0 : op.value2;
    for (std::size_t i = 0; i < steps; ++i) {
      const FlatStep& step = whole.steps[op.value + i];
      if (tells(step.key, step.f, [&](ValueCode code) { return step.value == code; })) return true;
    }
    return false;
  }

  /// `value` null: it may be any.
  void note(const std::string& key, const Value* value, const Source& source) {
    const auto found = reads_.find(key);
    if (found == reads_.end()) return;
    for (Read& each : found->second) {
      if ((value == nullptr || *value == each.value) && source.call < each.first.call)
        each.first = source;
    }
  }

  std::map<std::string, Reads> reads_;  ///< of the part, by key
  std::vector<const Reads*> by_key_;    ///< by number; the last: no key
  std::vector<bool> vague_;             ///< functions whose codes do not tell what they write
  std::vector<bool> reading_;           ///< functions that write nothing
};

class Circle {
 public:
  Circle(const Part& part, const Model& model, const std::function<bool()>& stop)
      : part_(part), model_(model), n_(part.operations.size()), patience_(stop) {
    for (const Operation& op : part.operations) {
      footprints_.push_back(model.footprint(op));
      const Footprint& made = footprints_.back();
      patience_.step(1 + made.reads.size() + made.writes.size());
      unclear_.insert(made.unclear.begin(), made.unclear.end());
    }
    for (std::size_t i = 0; i < n_; ++i) {
      for (const Touch& write : footprints_[i].writes) writes_[write.key].push_back({i, &write});
    }
    edges_.assign(n_ * n_, Edge{});
    unset_ = model.unset();
  }

  Contradiction find() {
    elsewhere_.emplace(part_, model_, footprints_, patience_);
    if (std::optional<Contradiction> odd = find_sources()) return *odd;
    add_direct();
    for (;;) {
      close();
      for (std::size_t a = 0; a < n_; ++a) {
        if (reach_[a * n_ + a]) return told(shortest_cycle());
      }
      if (!infer()) return {};
    }
  }

 private:
  std::string name(std::size_t op) const {
    return operation_name(part_.operations[op], part_.index[op]);
  }

  Value initial_of(const std::string& key) const {
    const Value* value = part_.initial.find(key);
    return value == nullptr ? unset_ : *value;
  }

  const std::vector<Write>& writes_of(const std::string& key) const {
    static const std::vector<Write> kNone;
    const auto found = writes_.find(key);
    return found == writes_.end() ? kNone : found->second;
  }

  /// Finds who was read from; a read of what nobody wrote is a contradiction by itself.
  std::optional<Contradiction> find_sources() {
    for (std::size_t r = 0; r < n_; ++r) {
      for (const Touch& read : footprints_[r].reads) {
        if (unclear_.count(read.key) != 0) continue;
        std::vector<std::size_t> writers;
        if (initial_of(read.key) == read.value) writers.push_back(kStart);
        for (const Write& write : writes_of(read.key)) {
          patience_.step();
          if (write.by != r && write.what->value == read.value) writers.push_back(write.by);
        }
        if (writers.empty()) {
          std::string sentence = unwritten(r, read);
          return Contradiction{sentence, {sentence}, {}};
        }
        if (writers.size() == 1) sources_.push_back({r, writers.front(), read});
      }
    }
    return std::nullopt;
  }

  /// A read of a value that nobody wrote, of these at least.
  std::string unwritten(std::size_t reader, const Touch& read) const {
    const std::string what = read.key.empty() ? "it" : key_words(read.key);
    const Value first = initial_of(read.key);
    const bool removed = read.value.is_null();
    const std::string start =
        fmt::format("{} {}, but {} was {} at first and ", name(reader), saw(read), what,
                    first.is_null() ? "absent" : first.text());
    const std::optional<Elsewhere::Source> other = elsewhere_->first(read);
    if (other && other->call > end_of(reader)) {
      return start + fmt::format("{}, the first to {}, was called only after it had ended",
                                 name_elsewhere(other->operation),
                                 removed ? "remove it" : "write " + read.value.text());
    }
    return start + fmt::format("{} {}", other ? "none of these" : "nothing",
                               removed ? "removes it" : "writes " + read.value.text());
  }

  std::string name_elsewhere(std::size_t op) const {
    const FlatOperation& flat = part_.whole->operations[op];
    return part_.whole->recorded == nullptr ? fmt::format("line {}", flat.line)
                                            : operation_name(unflat(*part_.whole, flat), op);
  }

  std::int64_t end_of(std::size_t op) const { return part_.whole->operations[part_.index[op]].ret; }

  /// " from Cx", ", the initial state": where a read comes from; "of these", where some other
  /// operation that had been called in time writes the same.
  std::string source_of(const Edge& e) const {
    const std::optional<Elsewhere::Source> other = elsewhere_->first(e.read);
    const bool of_these = other && other->call <= end_of(e.reader);
    if (e.writer == kStart) {
      return of_these ? ", the initial state, which none of these writes" : ", the initial state";
    }
    return of_these ? fmt::format(", which of these only {} writes", name(e.writer))
                    : " from " + name(e.writer);
  }

  bool add(std::size_t a, std::size_t b, Why why, const Source& from, const Touch& other) {
    Edge& slot = edges_[a * n_ + b];
    if (slot.why != Why::none) return false;
    slot = {why, from.read, from.writer, from.reader, other};
    return true;
  }

  void add_direct() {
    for (std::size_t a = 0; a < n_; ++a) {
      for (std::size_t b = 0; b < n_; ++b) {
        if (ended_before(part_, a, b)) add(a, b, Why::real_time, {b, a, {}}, {});
      }
    }
    for (const Source& s : sources_) {
      if (s.writer == kStart) continue;
      add(s.writer, s.reader, Why::reads_from, s, {});
    }
  }

  void close() {
    reach_.assign(n_ * n_, false);
    for (std::size_t i = 0; i < n_ * n_; ++i) reach_[i] = edges_[i].why != Why::none;
    for (std::size_t k = 0; k < n_; ++k) {
      patience_.step(n_);
      for (std::size_t a = 0; a < n_; ++a) {
        if (!reach_[a * n_ + k]) continue;
        for (std::size_t b = 0; b < n_; ++b) {
          if (reach_[k * n_ + b]) reach_[a * n_ + b] = true;
        }
      }
    }
  }

  /// Another writer of the same key comes before the writer or after the reader, never between.
  bool infer() {
    bool added = false;
    for (const Source& s : sources_) {
      for (const auto& [other, write] : writes_of(s.read.key)) {
        patience_.step();
        if (other == s.reader || other == s.writer) continue;
        if (s.writer == kStart || reach_[s.writer * n_ + other]) {
          added |= add(s.reader, other, Why::overwrites, s, *write);
        } else if (reach_[other * n_ + s.reader]) {
          added |= add(other, s.writer, Why::overwritten, s, *write);
        }
      }
    }
    return added;
  }

  std::vector<std::size_t> shortest_cycle() const {
    std::vector<std::size_t> best;
    for (std::size_t start = 0; start < n_; ++start) {
      if (!reach_[start * n_ + start]) continue;
      std::vector<std::size_t> parent(n_, kStart);
      std::queue<std::size_t> queue;
      queue.push(start);
      while (!queue.empty() && parent[start] == kStart) {
        const std::size_t a = queue.front();
        queue.pop();
        for (std::size_t b = 0; b < n_; ++b) {
          if (edges_[a * n_ + b].why == Why::none || parent[b] != kStart) continue;
          parent[b] = a;
          queue.push(b);
        }
      }
      std::vector<std::size_t> cycle;
      std::size_t at = start;
      do {
        cycle.push_back(at);
        at = parent[at];
      } while (at != start);
      std::reverse(cycle.begin() + 1, cycle.end());
      if (best.empty() || cycle.size() < best.size()) best = cycle;
    }
    return best;
  }

  /// The reason of an edge from a to b.
  std::string reason(std::size_t a, std::size_t b) const {
    const Edge& e = edges_[a * n_ + b];
    switch (e.why) {
      case Why::real_time:
        return fmt::format("{} had ended before {} began", name(a), name(b));
      case Why::reads_from:
        return fmt::format("{} {}{}", name(b), saw(e.read), source_of(e));
      case Why::overwrites:
        if (e.writer == kStart) {
          return fmt::format("{} {}{}, and {} {}", name(a), saw(e.read), source_of(e), name(b),
                             sets(e.other));
        }
        return fmt::format("{} {}{}, and {}, which comes after {}, {}", name(a), saw(e.read),
                           source_of(e), name(b), name(e.writer), sets(e.other));
      case Why::overwritten:
        return fmt::format("{} {}{}, and {}, which comes before {}, {}", name(e.reader),
                           saw(e.read), source_of(e), name(a), name(e.reader), sets(e.other));
      case Why::none:
        break;
    }
    return {};
  }

  CircleEdge edge_of(std::size_t a, std::size_t b) const {
    const Edge& e = edges_[a * n_ + b];
    CircleEdge out{a, b, "real_time", {}, {}, {}};
    if (e.why == Why::real_time) return out;
    out.why = e.why == Why::reads_from   ? "reads_from"
              : e.why == Why::overwrites ? "overwrites"
                                         : "overwritten";
    out.key = e.read.key;
    out.reader = e.reader;
    if (e.writer != kStart) out.writer = e.writer;
    return out;
  }

  /// The circle in words. The commonest one, of two, is told in one breath.
  Contradiction told(const std::vector<std::size_t>& cycle) const {
    Contradiction result;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const std::size_t a = cycle[i];
      const std::size_t b = cycle[(i + 1) % cycle.size()];
      result.reasons.push_back(fmt::format("{} before {}: {}", name(a), name(b), reason(a, b)));
      result.circle.push_back(edge_of(a, b));
    }
    for (std::size_t i = 0; i < 2 && cycle.size() == 2; ++i) {
      const std::size_t a = cycle[i];
      const std::size_t b = cycle[1 - i];
      if (edges_[a * n_ + b].why != Why::real_time) continue;
      const Edge& back = edges_[b * n_ + a];
      if (back.why == Why::overwrites) {
        result.sentence = fmt::format("{} {}, but {}, which {}, had ended before {} began", name(b),
                                      saw(back.read), name(a), sets(back.other), name(b));
      } else if (back.why == Why::reads_from) {
        result.sentence = fmt::format(
            "{} {}, but {}, the only one {}to write it, began after {} had ended", name(a),
            saw(back.read), name(b), elsewhere_->first(back.read) ? "of these " : "", name(a));
      }
    }
    if (!result.sentence.empty()) return result;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      parts.push_back(reason(cycle[i], cycle[(i + 1) % cycle.size()]));
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      result.sentence += (i == 0 ? "" : "; ") + parts[i];
    }
    return result;
  }

  const Part& part_;
  const Model& model_;
  std::size_t n_;
  std::vector<Footprint> footprints_;
  std::map<std::string, std::vector<Write>> writes_;  ///< by key, in the order of operations
  std::set<std::string> unclear_;
  Patience patience_;
  std::optional<Elsewhere> elsewhere_;
  Value unset_;
  std::vector<Source> sources_;
  std::vector<Edge> edges_;  ///< n x n
  std::vector<bool> reach_;  ///< its transitive closure
};

}  // namespace

Contradiction contradiction(const Part& part, const Model& model,
                            const std::function<bool()>& stop) {
  if (part.operations.size() > kMaxOperations) return {};
  try {
    return Circle(part, model, stop).find();
  } catch (const TimeIsUp&) {
    return {};
  }
}

}  // namespace sibyl::analysis
