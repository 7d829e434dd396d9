// Making a part that is not linearizable small.
#include "analysis/check/shrink.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "analysis/check/layers.hpp"
#include "analysis/check/registers.hpp"

namespace sibyl::analysis {

namespace {

/// What a part is taken apart into: its operations stay, with the pieces that their texts consist
/// of. Keys that cannot be taken apart have none.
class Pieces {
 public:
  /// The key's pieces by the texts of its appends; false when its texts cannot be taken apart.
  static std::optional<std::vector<std::string>> of(const History& history,
                                                    const std::string& key) {
    std::vector<std::string> pieces;
    for (const Operation& op : history) {
      if (op.key != key || op.f == "get") continue;
      if (op.f != "append" || op.value.as_string() == nullptr) return std::nullopt;
      pieces.push_back(*op.value.as_string());
    }
    std::sort(pieces.begin(), pieces.end());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (pieces[i].empty()) return std::nullopt;
      const bool begins =
          i + 1 < pieces.size() && pieces[i + 1].compare(0, pieces[i].size(), pieces[i]) == 0;
      if (begins) return std::nullopt;
    }
    for (const Operation& op : history) {
      if (op.key == key && op.f == "get" && !pending(op) && !split(op.value, pieces))
        return std::nullopt;
    }
    return pieces;
  }

  /// The pieces of a text, in order; nothing when it is no sequence of different pieces.
  static std::optional<std::vector<std::string>> split(const Value& value,
                                                       const std::vector<std::string>& pieces) {
    std::vector<std::string> found;
    std::set<std::string> used;
    const std::string text = value.as_string() == nullptr ? std::string() : *value.as_string();
    for (std::size_t at = 0; at < text.size();) {
      // No piece begins with another, so the last one not after the rest is the only candidate.
      const std::string_view rest = std::string_view(text).substr(at);
      const auto after =
          std::upper_bound(pieces.begin(), pieces.end(), rest,
                           [](std::string_view r, const std::string& piece) { return r < piece; });
      if (after == pieces.begin()) return std::nullopt;
      const std::string& piece = *(after - 1);
      if (rest.compare(0, piece.size(), piece) != 0 || !used.insert(piece).second)
        return std::nullopt;
      found.push_back(piece);
      at += piece.size();
    }
    return found;
  }
};

class Shrinker {
 public:
  Shrinker(const Model& model, const Bounds& bounds, std::uint64_t most_work)
      : model_(model), bounds_(bounds), work_left_(most_work) {}

  bool fails(const Part& part) {
    if (work_left_ < part.operations.size()) work_left_ = 0;
    if (work_left_ == 0 || (bounds_.stop && bounds_.stop())) return false;
    work_left_ -= part.operations.size();
    return judge_part(part, model_, bounds_) == Found::no;
  }

  bool tired() const { return work_left_ == 0; }

  void drop_values(Part& part) {
    reduce(part, model_.cuts(part.operations), [&](const Part& from, const auto& cuts) {
      return change(from, [&](const Operation& op) {
        std::optional<Operation> left = op;
        for (const Cut& cut : cuts) {
          if (left) left = model_.apply(*left, cut);
        }
        return left;
      });
    });
  }

  void drop_pure(Part& part) {
    std::vector<std::size_t> pure;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      if (model_.pure(part.operations[i])) pure.push_back(part.index[i]);
    }
    reduce(part, pure, [](const Part& from, const std::vector<std::size_t>& gone) {
      const std::set<std::size_t> out(gone.begin(), gone.end());
      Part rest;
      rest.initial = from.initial;
      rest.recorded = from.recorded;
      for (std::size_t i = 0; i < from.operations.size(); ++i) {
        if (out.count(from.index[i]) > 0) continue;
        rest.operations.push_back(from.operations[i]);
        rest.index.push_back(from.index[i]);
      }
      return rest;
    });
  }

  void drop_pieces(Part& part) {
    if (model_.name() != "kv") return;
    std::set<std::string> keys;
    for (const Operation& op : part.operations) {
      if (op.f == "append") keys.insert(op.key);
    }
    for (const std::string& key : keys) {
      if (const Value* start = part.initial.find(key); start != nullptr && *start != Value(""))
        continue;
      const auto pieces = Pieces::of(part.operations, key);
      if (!pieces) continue;
      reduce(part, *pieces, [&](const Part& from, const std::vector<std::string>& gone) {
        return change(from, [&](const Operation& op) {
          return without(op, key, *pieces, std::set<std::string>(gone.begin(), gone.end()));
        });
      });
    }
  }

 private:
  static std::optional<Operation> without(const Operation& op, const std::string& key,
                                          const std::vector<std::string>& pieces,
                                          const std::set<std::string>& gone) {
    if (op.key != key) return op;
    if (op.f == "append") {
      return gone.count(*op.value.as_string()) > 0 ? std::nullopt : std::optional(op);
    }
    if (pending(op)) return op;
    std::string text;
    const auto own = Pieces::split(op.value, pieces);
    for (const std::string& piece : *own) {
      if (gone.count(piece) == 0) text += piece;
    }
    Operation left = op;
    left.value = Value(std::move(text));
    return left;
  }

  template <typename Change>
  static Part change(const Part& part, Change&& changed) {
    Part rest;
    rest.initial = part.initial;
    rest.recorded = part.recorded;
    for (std::size_t i = 0; i < part.operations.size(); ++i) {
      std::optional<Operation> left = changed(part.operations[i]);
      if (!left) continue;
      rest.operations.push_back(std::move(*left));
      rest.index.push_back(part.index[i]);
    }
    return rest;
  }

  /// Takes away as many items as possible, in blocks of halving size.
  template <typename Item, typename Remove>
  void reduce(Part& part, std::vector<Item> items, Remove&& remove) {
    for (std::size_t block = (items.size() + 1) / 2; block > 0; block /= 2) {
      for (std::size_t from = 0; from < items.size() && !tired();) {
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
  const Bounds& bounds_;
  std::uint64_t work_left_;
};

}  // namespace

Found judge_part(const Part& part, const Model& model, const Bounds& bounds) {
  const FlatHistory history = flat(part.operations);
  std::vector<std::uint32_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), 0U);
  const PlainView view = plain_view(history, model.name(), part.initial);
  const bool plain =
      history.keys.size() <= 1 &&
      std::all_of(history.operations.begin(), history.operations.end(),
                  [&](const FlatOperation& op) { return view.kinds[op.f] != PlainKind::other; });
  if (plain && !all.empty()) {
    const std::size_t key = key_place(history.operations.front(), history.keys.size());
    return judge_register(history.operations, all, view, view.initials[key], false, bounds).found;
  }
  const auto steps = steps_of(history, history.operations, all, model, part.initial);
  return judge_layered(history.operations, all, *steps, false, bounds).found;
}

Part shrink(Part part, const Model& model, const Bounds& bounds, std::uint64_t most_work) {
  Shrinker shrinker(model, bounds, most_work);
  constexpr int kMostRounds = 4;
  for (int round = 0; round < kMostRounds && !shrinker.tired(); ++round) {
    const std::size_t before = part.operations.size();
    shrinker.drop_values(part);
    shrinker.drop_pieces(part);
    shrinker.drop_pure(part);
    if (round > 0 && part.operations.size() == before) break;
  }
  return part;
}

}  // namespace sibyl::analysis
