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

/// The pieces that the texts of a key consist of: what was put and appended. No piece begins with
/// another, so that a text can be taken apart in one way only.
class Pieces {
 public:
  /// Nothing when the key's texts cannot be taken apart.
  static std::optional<Pieces> of(const History& history, const std::string& key) {
    Pieces made;
    for (const Operation& op : history) {
      if (op.key != key || op.f == "get" || op.value.as_string() == nullptr) continue;
      made.all_.push_back(*op.value.as_string());
      (op.f == "put" ? made.puts_ : made.appends_).push_back(*op.value.as_string());
    }
    std::sort(made.all_.begin(), made.all_.end());
    for (std::size_t i = 0; i < made.all_.size(); ++i) {
      const std::string& piece = made.all_[i];
      if (piece.empty()) return std::nullopt;
      if (i + 1 < made.all_.size() && made.all_[i + 1].compare(0, piece.size(), piece) == 0)
        return std::nullopt;
    }
    for (const Operation& op : history) {
      if (op.key == key && op.f == "get" && !pending(op) && !made.split(op.value))
        return std::nullopt;
    }
    return made;
  }

  const std::vector<std::string>& appends() const { return appends_; }
  const std::vector<std::string>& puts() const { return puts_; }

  /// The pieces of a text, in order; nothing when it is no sequence of different pieces.
  std::optional<std::vector<std::string>> split(const Value& value) const {
    std::vector<std::string> found;
    std::set<std::string> used;
    const std::string text = value.as_string() == nullptr ? std::string() : *value.as_string();
    for (std::size_t at = 0; at < text.size();) {
      // The only candidate is the last piece that does not come after the rest.
      const std::string_view rest = std::string_view(text).substr(at);
      const auto after =
          std::upper_bound(all_.begin(), all_.end(), rest,
                           [](std::string_view r, const std::string& piece) { return r < piece; });
      if (after == all_.begin()) return std::nullopt;
      const std::string& piece = *(after - 1);
      if (rest.compare(0, piece.size(), piece) != 0 || !used.insert(piece).second)
        return std::nullopt;
      found.push_back(piece);
      at += piece.size();
    }
    return found;
  }

 private:
  std::vector<std::string> all_;  ///< sorted
  std::vector<std::string> appends_;
  std::vector<std::string> puts_;
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
      using Texts = std::vector<std::string>;
      reduce(part, pieces->puts(), [&](const Part& from, const Texts& gone) {
        const std::set<std::string> out(gone.begin(), gone.end());
        return change(from, [&](const Operation& op) { return after_put(op, key, *pieces, out); });
      });
      reduce(part, pieces->appends(), [&](const Part& from, const Texts& gone) {
        const std::set<std::string> out(gone.begin(), gone.end());
        return change(from, [&](const Operation& op) { return without(op, key, *pieces, out); });
      });
    }
  }

 private:
  /// The operation, unless it is one of these puts or read what one of them had begun.
  static std::optional<Operation> after_put(const Operation& op, const std::string& key,
                                            const Pieces& pieces,
                                            const std::set<std::string>& gone) {
    if (op.key != key || op.f == "append" || (op.f == "get" && pending(op))) return op;
    if (op.f == "put") {
      return gone.count(*op.value.as_string()) > 0 ? std::nullopt : std::optional(op);
    }
    const auto own = pieces.split(op.value);
    return !own->empty() && gone.count(own->front()) > 0 ? std::nullopt : std::optional(op);
  }

  static std::optional<Operation> without(const Operation& op, const std::string& key,
                                          const Pieces& pieces, const std::set<std::string>& gone) {
    if (op.key != key || op.f == "put") return op;
    if (op.f == "append") {
      return gone.count(*op.value.as_string()) > 0 ? std::nullopt : std::optional(op);
    }
    if (pending(op)) return op;
    std::string text;
    const auto own = pieces.split(op.value);
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
