// Zones of texts.
#include "analysis/check/text_zones.hpp"

#include <algorithm>
#include <limits>
#include <optional>

#include "analysis/check/beginnings.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::uint32_t kNoEpoch = std::numeric_limits<std::uint32_t>::max();
constexpr std::int64_t kBeforeTime = std::numeric_limits<std::int64_t>::min();

/// The first return of some operations and their last call.
struct Span {
  std::int64_t first_return = FlatOperation::kNever;
  std::int64_t last_call = kBeforeTime;

  void add(const FlatOperation& op) { add(Span{end_of(op), op.call}); }
  void add(const Span& other) {
    first_return = std::min(first_return, other.first_return);
    last_call = std::max(last_call, other.last_call);
  }
  /// Whether real time puts one of these before one of the others.
  bool before(const Span& other) const { return first_return < other.last_call; }
};

/// What a write made of a text, and who got that.
struct TextVersion {
  std::size_t size = 0;
  Span write;
  Span gets;
};

/// What was put or appended, or there at first.
struct WrittenText {
  std::string_view text;
  const FlatOperation* op = nullptr;  ///< null: it was there at first
  bool begins = false;                ///< it is no append
  bool seen = false;
  std::uint32_t epoch = kNoEpoch;  ///< that it begins
};

struct TextEpoch {
  const WrittenText* first = nullptr;
  std::string_view longest;  ///< of the texts that were read
  std::size_t begin = 0;     ///< its versions
  std::size_t end = 0;
};

struct TextGet {
  const FlatOperation* op = nullptr;
  std::string_view text;
  std::uint32_t epoch = kNoEpoch;
};

class TextZones {
 public:
  TextZones(const FlatHistory& history, const std::vector<FlatOperation>& operations,
            const PlainView& view, const std::function<bool()>& stop)
      : history_(history), operations_(operations), view_(view), patience_(stop) {}

  ZoneAnswer judge(const std::vector<std::uint32_t>& part, std::string_view start) {
    collect(part, start);
    if (!find_epochs() || !find_versions() || !place_gets() || !order_versions()) return answer_;
    for (const std::vector<WrittenText>* some : {&written_, &clearing_}) {
      for (const WrittenText& each : *some) {
        if (!each.seen && each.op != nullptr && has_return(*each.op))
          clusters_.push_back({each.op->ret, each.op->call});
      }
    }
    return have_an_order() ? ZoneAnswer::holds : ZoneAnswer::violated;
  }

 private:
  void collect(const std::vector<std::uint32_t>& part, std::string_view start) {
    add({start, nullptr, true});
    for (const std::uint32_t i : part) {
      patience_.step();
      const FlatOperation& op = operations_[i];
      const std::string_view text = history_.values.text(op.value);
      const PlainKind kind = view_.kinds[op.f];
      if (kind != PlainKind::read) {
        add({text, &op, kind == PlainKind::write});
      } else if (has_return(op)) {
        gets_.push_back({&op, text});
      }
    }
    beginnings_.emplace(texts_);
  }

  void add(const WrittenText& written) {
    if (!written.text.empty()) {
      texts_.push_back(written.text);
      written_.push_back(written);
    } else if (written.begins) {  // else it changes nothing
      clearing_.push_back(written);
    }
  }

  bool fail(ZoneAnswer answer) {
    answer_ = answer;
    return false;
  }

  /// What a text begins with; null when that is not known or there is no such thing.
  WrittenText* beginning_of(std::string_view text) {
    if (!text.empty()) {
      const std::uint32_t first = beginnings_->only_beginning(text);
      if (first >= Beginnings::kSeveral) {
        fail(first == Beginnings::kNone ? ZoneAnswer::violated : ZoneAnswer::ambiguous);
        return nullptr;
      }
      if (written_[first].begins) return &written_[first];
    }
    if (clearing_.size() == 1) return &clearing_.front();
    fail(clearing_.empty() ? ZoneAnswer::violated : ZoneAnswer::ambiguous);
    return nullptr;
  }

  bool find_epochs() {
    for (TextGet& get : gets_) {
      patience_.step();
      WrittenText* const begins = beginning_of(get.text);
      if (begins == nullptr) return false;
      if (!begins->seen) {
        begins->seen = true;
        begins->epoch = static_cast<std::uint32_t>(epochs_.size());
        epochs_.emplace_back().first = begins;
      }
      get.epoch = begins->epoch;
      std::string_view& longest = epochs_[get.epoch].longest;
      if (get.text.size() > longest.size()) longest = get.text;
    }
    return true;
  }

  /// Takes the longest text of each epoch apart.
  bool find_versions() {
    for (TextEpoch& epoch : epochs_) {
      epoch.begin = versions_.size();
      add_version(*epoch.first, epoch.first->text.size());
      for (std::size_t at = epoch.first->text.size(); at < epoch.longest.size();) {
        patience_.step();
        const std::uint32_t next = beginnings_->only_beginning(epoch.longest.substr(at));
        if (next == Beginnings::kSeveral) return fail(ZoneAnswer::ambiguous);
        if (next == Beginnings::kNone || written_[next].begins || written_[next].seen)
          return fail(ZoneAnswer::violated);
        written_[next].seen = true;
        at += written_[next].text.size();
        add_version(written_[next], at);
      }
      epoch.end = versions_.size();
    }
    return true;
  }

  void add_version(const WrittenText& written, std::size_t size) {
    versions_.push_back({size, {}, {}});
    if (written.op != nullptr) versions_.back().write.add(*written.op);
  }

  bool place_gets() {
    for (const TextGet& get : gets_) {
      patience_.step();
      const TextEpoch& epoch = epochs_[get.epoch];
      const auto end = versions_.begin() + static_cast<std::ptrdiff_t>(epoch.end);
      const auto version = std::lower_bound(
          versions_.begin() + static_cast<std::ptrdiff_t>(epoch.begin), end, get.text.size(),
          [](const TextVersion& v, std::size_t s) { return v.size < s; });
      if (version == end || version->size != get.text.size() ||
          !epoch.longest.starts_with(get.text))
        return fail(ZoneAnswer::violated);
      version->gets.add(*get.op);
    }
    return true;
  }

  /// Within each epoch; what is known of it as a whole is a cluster.
  bool order_versions() {
    for (const TextEpoch& epoch : epochs_) {
      Span whole;
      for (std::size_t i = epoch.begin; i < epoch.end; ++i) {
        for (const Span& next : {versions_[i].write, versions_[i].gets}) {
          if (next.before(whole)) return fail(ZoneAnswer::violated);
          whole.add(next);
        }
      }
      if (epoch.first->op == nullptr) whole.first_return = kBeforeTime;
      clusters_.push_back(whole);
    }
    return true;
  }

  /// Whether no two clusters have to come before each other: of those with a smaller first return
  /// only the one with the latest call can be in the way, unless that and another are.
  bool have_an_order() {
    std::sort(clusters_.begin(), clusters_.end(),
              [](const Span& a, const Span& b) { return a.first_return < b.first_return; });
    Span latest;
    for (const Span& next : clusters_) {
      if (next.before(latest) && latest.before(next)) return false;
      if (next.last_call > latest.last_call) latest = next;
    }
    return true;
  }

  const FlatHistory& history_;
  const std::vector<FlatOperation>& operations_;
  const PlainView& view_;
  Patience patience_;
  std::vector<WrittenText> written_;      ///< texts that are not empty
  std::vector<WrittenText> clearing_;     ///< empty ones that may stand at the beginning of a text
  std::vector<std::string_view> texts_;   ///< of written_
  std::optional<Beginnings> beginnings_;  ///< of texts_
  std::vector<TextGet> gets_;
  std::vector<TextEpoch> epochs_;
  std::vector<TextVersion> versions_;
  std::vector<Span> clusters_;
  ZoneAnswer answer_ = ZoneAnswer::holds;
};

}  // namespace

ZoneAnswer judge_text_zones(const FlatHistory& history,
                            const std::vector<FlatOperation>& operations,
                            const std::vector<std::uint32_t>& part, const PlainView& view,
                            std::string_view start, const std::function<bool()>& stop) {
  try {
    return TextZones(history, operations, view, stop).judge(part, start);
  } catch (const TimeIsUp&) {
    return ZoneAnswer::ambiguous;
  }
}

}  // namespace sibyl::analysis
