// Choices: the one interface through which everything that could happen otherwise is decided. The
// world asks; a seed, a recorded list, or a search answers. Nothing else in the program is
// nondeterministic.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sim/distribution.hpp"
#include "sim/ids.hpp"
#include "sim/queue.hpp"
#include "sim/random.hpp"

namespace sibyl {

/// What is being decided. The number is also the purpose of the random stream that a seed answers
/// from.
enum class Decision : std::uint8_t {
  tie,        ///< which of the events of one instant goes next
  delay,      ///< how long a message takes
  loss,       ///< whether a message is lost
  duplicate,  ///< whether it arrives twice
  service,    ///< how long a CPU works on a message
  fault,      ///< when and where a drawn fault happens
  unsynced,   ///< whether an unsynced write survives a crash
  coin,       ///< what a protocol's coin shows
  order,      ///< what an ideal functionality orders next
  placement,  ///< where a protocol puts something
  workload,   ///< what a client does next
  byzantine,  ///< what a faulty node does
  protocol,   ///< any other choice of a protocol
  arrival,    ///< which message in flight arrives next, where delays do not decide
};
inline constexpr std::size_t kDecisions = 14;

std::string_view decision_name(Decision d);
std::optional<Decision> decision_from(std::string_view name);

struct TypeInfo;
struct Held;

/// Who asks what. `node` is the node whose step it is (kNobody: the world). About the fate of a
/// message it is the sender; the receiver and the type are given too.
struct Question {
  Decision what = Decision::protocol;
  NodeId node = kNobody;
  NodeId peer = kNobody;
  const TypeInfo* type = nullptr;
  std::uint64_t key = 0;  ///< of what all nodes have in common (Context::common): which of them
};

/// What may happen next where any message in flight may arrive (TieRule::any): the messages, in the
/// order in which they were sent, and behind them, if `time_passes`, that time goes on to the next
/// timer or timed fault.
struct Arrivals {
  const std::vector<Held>& in_flight;
  const std::vector<std::uint32_t>& places;  ///< in in_flight, of those that may arrive now
  bool time_passes = false;
  std::size_t size() const { return places.size() + (time_passes ? 1 : 0); }
  /// Precondition: i < places.size().
  const Held& message(std::size_t i) const;
};

/// Answers the world's questions. Implementations: SeededChoices, RecordingChoices, ReplayChoices
/// here; searches elsewhere.
class Choices {
 public:
  virtual ~Choices() = default;
  /// One of `options` >= 1 alternatives: a number below `options`.
  virtual std::uint64_t pick(Question q, std::uint64_t options) = 0;
  /// A number with the given distribution; it must lie within the distribution's support.
  virtual std::int64_t draw(Question q, const Distribution& d) = 0;
  /// True with probability p.
  virtual bool chance(Question q, Probability p) = 0;
  /// Which of the events that are due at one instant goes next. By default any, by pick().
  virtual std::size_t pick_event(EventQueue& queue, std::size_t ready);
  /// Which of `arrivals` comes next. By default any, by pick().
  virtual std::size_t pick_arrival(const Arrivals& arrivals);
};

/// Answers from random streams keyed by (seed, node, decision): an additional question in one place
/// moves no answer elsewhere. What nodes have in common is a function of seed and key.
class SeededChoices final : public Choices {
 public:
  explicit SeededChoices(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t pick(Question q, std::uint64_t options) override {
    if (options <= 1) return 0;
    return q.key != 0 ? common(q.key, options) : stream(q).below(options);
  }
  std::int64_t draw(Question q, const Distribution& d) override { return d.sample(stream(q)); }
  bool chance(Question q, Probability p) override { return stream(q).chance(p.scaled); }

 private:
  Stream& stream(Question q) {
    const std::size_t index =
        (static_cast<std::size_t>(q.node.value + 1) & 0xffffffU) * kDecisions +
        static_cast<std::size_t>(q.what);
    if (index >= streams_.size()) [[unlikely]]
      add_streams(index);
    return streams_[index];
  }
  void add_streams(std::size_t index);
  std::uint64_t common(std::uint64_t key, std::uint64_t options) const;

  std::uint64_t seed_;
  std::vector<Stream> streams_;  ///< by (node + 1, decision); kNobody comes first
};

/// One answered question.
struct Decided {
  Decision what = Decision::protocol;
  NodeId node = kNobody;
  std::uint64_t options = 0;  ///< how many alternatives there were; 0: a drawn number, 2 for chance
  std::int64_t answer = 0;
  friend bool operator==(const Decided&, const Decided&) = default;
};

/// Writes down every question and the answer that another Choices gives.
class RecordingChoices final : public Choices {
 public:
  explicit RecordingChoices(Choices& inner) : inner_(inner) {}
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  const std::vector<Decided>& decided() const { return decided_; }

 private:
  Choices& inner_;
  std::vector<Decided> decided_;
};

/// A recorded list met a question that it does not answer. `what()` says where it parts and how.
struct ReplayMismatch : std::runtime_error {
  ReplayMismatch(std::size_t position, const std::string& why)
      : std::runtime_error(why), index(position) {}
  std::size_t index;  ///< of the decision in the list
};

/// Answers from a recorded list. When it is used up, goes on with `then`; without one, throws
/// ReplayMismatch. A question of another kind, node or number of options throws ReplayMismatch too.
class ReplayChoices final : public Choices {
 public:
  explicit ReplayChoices(std::vector<Decided> list, Choices* then = nullptr)
      : list_(std::move(list)), then_(then) {}
  std::uint64_t pick(Question q, std::uint64_t options) override;
  std::int64_t draw(Question q, const Distribution& d) override;
  bool chance(Question q, Probability p) override;
  std::size_t pick_event(EventQueue& queue, std::size_t ready) override;
  std::size_t used() const { return next_; }

 private:
  const Decided* expect(Question q, std::uint64_t options);
  std::vector<Decided> list_;
  Choices* then_;
  std::size_t next_ = 0;
};

}  // namespace sibyl
