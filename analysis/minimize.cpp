// Making a violation of linearizability small.
#include <algorithm>
#include <map>
#include <set>

#include "analysis/explain.hpp"

namespace sibyl::analysis {

namespace {

std::vector<bool> pure_of(const Part& part, const Model& model) {
  std::vector<bool> pure;
  for (const Operation& op : part.operations) pure.push_back(model.pure(op));
  return pure;
}

constexpr std::size_t kReadable = 8;     // operations that a person takes in without help
constexpr std::size_t kExplicable = 64;  // operations among which contradiction() looks
constexpr std::size_t kLarge = 200;      // operations beyond which anything smaller is better

/// Removes things from parts as long as what is left is surely not linearizable.
class Minimizer {
 public:
  Minimizer(const Model& model, Budget& budget) : model_(model), budget_(budget) {}

  bool fails(const Part& part) {
    if (budget_.exhausted) return false;
    budget_.steps += part.operations.size();  // what it costs to compile them
    return search_part(part, model_, budget_).found == Found::no;
  }

  /// All after the first moment at which no linearization is possible any more. Beginnings of a
  /// linearizable history are linearizable, so that moment is found by bisection.
  void cut_end(Part& part) {
    const std::vector<Entry> entries = entries_of(part.operations);
    std::vector<std::size_t> ends;  // how many entries to keep: up to and with a return
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].is_return) ends.push_back(i + 1);
    }
    std::size_t low = 0;
    std::size_t high = ends.empty() ? 0 : ends.size() - 1;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (fails(beginning(part, entries, ends[middle]))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    if (ends.empty()) return;
    Part rest = beginning(part, entries, ends[high]);
    if (fails(rest)) part = std::move(rest);
  }

  /// All before a quiescent moment, from the one state that is possible then. The later the moment
  /// the better, but who overwrote what is read too late has to stay in sight, so a window that
  /// only says that a value came from nowhere is too small; moments are tried at growing distances
  /// from the end.
  void cut_beginning(Part& part) {
    const std::vector<Entry> entries = entries_of(part.operations);
    std::vector<std::size_t> quiet;  // entries before such a moment
    std::size_t open = 0;
    for (std::size_t i = 0; i + 1 < entries.size(); ++i) {
      open = entries[i].is_return ? open - 1 : open + 1;
      if (open == 0) quiet.push_back(i + 1);
    }
    std::optional<Part> fallback;
    for (std::size_t back = 1; back <= quiet.size() && !budget_.exhausted; back *= 2) {
      const std::set<std::size_t> before = called_before(entries, quiet[quiet.size() - back]);
      Part past = keep(part, [&](std::size_t i) { return before.count(i) > 0; });
      Part rest = keep(part, [&](std::size_t i) { return before.count(i) == 0; });
      if (!start_after(past, rest) || !fails(rest)) continue;
      const bool small = rest.operations.size() <= kExplicable;
      if (small && contradiction(rest, model_).reasons.size() != 1) {
        part = std::move(rest);
        return;
      }
      fallback = std::move(rest);
    }
    if (fallback && part.operations.size() > kLarge) part = std::move(*fallback);
  }

  /// Keys and values, then operations that change nothing.
  void drop_parts(Part& part) {
    reduce(part, model_.cuts(part.operations),
           [&](const Part& from, const std::vector<Cut>& cuts) { return without(from, cuts); });
    std::vector<std::size_t> pure;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      if (model_.pure(part.operations[i])) pure.push_back(part.index[i]);
    }
    reduce(part, pure, [&](const Part& from, const std::vector<std::size_t>& gone) {
      return keep(from, [&](std::size_t i) {
        return std::find(gone.begin(), gone.end(), from.index[i]) == gone.end();
      });
    });
  }

 private:
  template <typename Keep>
  static Part keep(const Part& part, Keep&& wanted) {
    Part rest;
    rest.initial = part.initial;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      if (!wanted(i)) continue;
      rest.operations.push_back(part.operations[i]);
      rest.index.push_back(part.index[i]);
    }
    return rest;
  }

  static std::set<std::size_t> called_before(const std::vector<Entry>& entries, std::size_t count) {
    std::set<std::size_t> ops;
    for (std::size_t i = 0; i < count; ++i) ops.insert(entries[i].op);
    return ops;
  }

  static Part beginning(const Part& part, const std::vector<Entry>& entries, std::size_t count) {
    const std::set<std::size_t> called = called_before(entries, count);
    std::set<std::size_t> returned;
    for (std::size_t i = 0; i < count; ++i) {
      if (entries[i].is_return) returned.insert(entries[i].op);
    }
    Part cut = part;
    for (std::size_t i = 0; i < cut.operations.size(); ++i) {
      if (returned.count(i) > 0) continue;
      cut.operations[i].outcome = OperationOutcome::unknown;
      cut.operations[i].ret.reset();
    }
    return keep(cut, [&](std::size_t i) { return called.count(i) > 0; });
  }

  /// Makes `rest` start in the state in which `past` ends; false when several are possible.
  bool start_after(const Part& past, Part& rest) {
    const auto machine = model_.compile(past.operations, past.initial);
    const auto end = only_end_state(*machine, past.operations, pure_of(past, model_), budget_);
    if (!end) return false;
    const Value reached = machine->value_of(*end);
    std::set<std::string> concerned;
    for (const Operation& op : past.operations) {
      for (std::string& key : model_.keys(op)) concerned.insert(std::move(key));
    }
    Value::Object initial;
    if (past.initial.as_object() != nullptr) {
      for (const Value::Member& member : *past.initial.as_object()) {
        const bool replaced = concerned.count(member.first) > 0 || reached.find(member.first);
        if (!replaced) initial.push_back(member);
      }
    }
    for (const Value::Member& member : *reached.as_object()) initial.push_back(member);
    std::sort(initial.begin(), initial.end(),
              [](const Value::Member& a, const Value::Member& b) { return a.first < b.first; });
    rest.initial = std::move(initial);
    return true;
  }

  Part without(const Part& part, const std::vector<Cut>& cuts) const {
    Part rest;
    rest.initial = part.initial;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      std::optional<Operation> left = part.operations[i];
      for (const Cut& cut : cuts) {
        if (left) left = model_.apply(*left, cut);
      }
      if (!left) continue;
      rest.operations.push_back(std::move(*left));
      rest.index.push_back(part.index[i]);
    }
    return rest;
  }

  /// Takes away as many items as possible, in blocks of halving size.
  template <typename Item, typename Remove>
  void reduce(Part& part, std::vector<Item> items, Remove&& remove) {
    for (std::size_t block = items.size(); block > 0 && !items.empty(); block /= 2) {
      for (std::size_t from = 0; from < items.size() && !budget_.exhausted;) {
        const std::size_t to = std::min(items.size(), from + block);
        const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(to);
        Part rest = remove(part, std::vector<Item>(begin, end));
        if (fails(rest)) {
          part = std::move(rest);
          items.erase(begin, end);
        } else {
          from = to;
        }
      }
    }
  }

  const Model& model_;
  Budget& budget_;
};

}  // namespace

Part part_of(const History& history, const std::vector<std::size_t>& indices,
             const std::map<std::string, Value>& initial, const Model& model) {
  Part part;
  part.recorded = &history;
  std::set<std::string> keys;
  for (const std::size_t i : indices) {
    part.operations.push_back(history[i]);
    part.index.push_back(i);
    for (std::string& key : model.keys(history[i])) keys.insert(std::move(key));
  }
  const bool all = std::any_of(indices.begin(), indices.end(),
                               [&](std::size_t i) { return model.joins_all(history[i]); });
  if (all) {
    for (const auto& [key, value] : initial) keys.insert(key);
  }
  Value::Object concerned;
  for (const std::string& key : keys) {
    if (const auto it = initial.find(key); it != initial.end()) concerned.push_back(*it);
  }
  part.initial = std::move(concerned);
  return part;
}

SearchResult search_part(const Part& part, const Model& model, Budget& budget) {
  const auto machine = model.compile(part.operations, part.initial);
  return search(*machine, part.operations, pure_of(part, model), budget);
}

Part smallest_window(Part part, const Model& model, const LinearizabilityOptions& options,
                     std::uint64_t& steps) {
  Budget budget{options.explain_steps, options.max_states, options.stop, 0, false};
  Minimizer minimizer(model, budget);
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds && !budget.exhausted; ++round) {
    const std::size_t before = part.operations.size();
    minimizer.cut_end(part);
    if (part.operations.size() > kReadable) minimizer.cut_beginning(part);
    minimizer.drop_parts(part);
    if (round > 0 && part.operations.size() == before) break;
  }
  steps += budget.steps;
  return part;
}

}  // namespace sibyl::analysis
