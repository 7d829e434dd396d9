// Seeded, recorded and replayed answers.
#include "sim/choices.hpp"

#include <array>

#include "sim/pending.hpp"

namespace sibyl {

namespace {
constexpr std::array<std::string_view, kDecisions> kNames = {
    "tie",  "delay", "loss",      "duplicate", "service",   "fault",    "unsynced",
    "coin", "order", "placement", "workload",  "byzantine", "protocol", "arrival"};

std::string who(NodeId node) {
  return node == kNobody ? std::string("the world") : "node " + std::to_string(node.value);
}
}  // namespace

std::string_view decision_name(Decision d) { return kNames[static_cast<std::size_t>(d)]; }

std::optional<Decision> decision_from(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Decision>(i);
  }
  return std::nullopt;
}

std::size_t Choices::pick_event(EventQueue& /*queue*/, std::size_t ready) {
  return static_cast<std::size_t>(pick({Decision::tie, kNobody}, ready));
}

std::size_t Choices::pick_arrival(const Arrivals& arrivals) {
  return static_cast<std::size_t>(pick({Decision::arrival, kNobody}, arrivals.size()));
}

const Held& Arrivals::message(std::size_t i) const { return in_flight[places[i]]; }

void SeededChoices::add_streams(std::size_t index) {
  while (streams_.size() <= index) {
    const auto node = static_cast<std::uint32_t>(streams_.size() / kDecisions);
    const auto purpose = static_cast<std::uint32_t>(streams_.size() % kDecisions);
    streams_.emplace_back(seed_, node, purpose);
  }
}

std::uint64_t SeededChoices::common(std::uint64_t key, std::uint64_t options) const {
  constexpr auto kPurpose = static_cast<std::uint32_t>(Decision::coin);
  Stream of_seed(seed_, kNobody.value, kPurpose);
  return Stream(of_seed.next() ^ key, kNobody.value, kPurpose).below(options);
}

std::uint64_t RecordingChoices::pick(Question q, std::uint64_t options) {
  const std::uint64_t answer = inner_.pick(q, options);
  decided_.push_back({q.what, q.node, options, static_cast<std::int64_t>(answer)});
  return answer;
}

std::int64_t RecordingChoices::draw(Question q, const Distribution& d) {
  const std::int64_t answer = inner_.draw(q, d);
  decided_.push_back({q.what, q.node, 0, answer});
  return answer;
}

bool RecordingChoices::chance(Question q, Probability p) {
  const bool answer = inner_.chance(q, p);
  decided_.push_back({q.what, q.node, 2, answer ? 1 : 0});
  return answer;
}

std::size_t RecordingChoices::pick_event(EventQueue& queue, std::size_t ready) {
  const std::size_t answer = inner_.pick_event(queue, ready);
  decided_.push_back({Decision::tie, kNobody, ready, static_cast<std::int64_t>(answer)});
  return answer;
}

const Decided* ReplayChoices::expect(Question q, std::uint64_t options) {
  if (next_ == list_.size()) {
    if (then_ != nullptr) return nullptr;
    throw ReplayMismatch(next_, "the list of " + std::to_string(list_.size()) +
                                    " decisions is used up, but the run asks for another: " +
                                    std::string(decision_name(q.what)) + " at " + who(q.node));
  }
  const Decided& d = list_[next_];
  if (d.what != q.what || d.node != q.node || d.options != options) {
    throw ReplayMismatch(next_, "decision " + std::to_string(next_) + " of the list is " +
                                    std::string(decision_name(d.what)) + " at " + who(d.node) +
                                    " among " + std::to_string(d.options) +
                                    ", but the run asks for " + std::string(decision_name(q.what)) +
                                    " at " + who(q.node) + " among " + std::to_string(options));
  }
  if (options != 0 && (d.answer < 0 || static_cast<std::uint64_t>(d.answer) >= options)) {
    throw ReplayMismatch(next_, "decision " + std::to_string(next_) + " answers " +
                                    std::to_string(d.answer) + ", which is not below its " +
                                    std::to_string(options) + " options");
  }
  ++next_;
  return &d;
}

std::uint64_t ReplayChoices::pick(Question q, std::uint64_t options) {
  const Decided* d = expect(q, options);
  return d != nullptr ? static_cast<std::uint64_t>(d->answer) : then_->pick(q, options);
}

std::int64_t ReplayChoices::draw(Question q, const Distribution& dist) {
  const Decided* d = expect(q, 0);
  if (d == nullptr) return then_->draw(q, dist);
  if (d->answer < dist.minimum() || d->answer > dist.maximum()) {
    throw ReplayMismatch(next_ - 1, "decision " + std::to_string(next_ - 1) + " answers " +
                                        std::to_string(d->answer) + ", outside " + dist.text());
  }
  return d->answer;
}

bool ReplayChoices::chance(Question q, Probability p) {
  const Decided* d = expect(q, 2);
  return d != nullptr ? d->answer != 0 : then_->chance(q, p);
}

std::size_t ReplayChoices::pick_event(EventQueue& queue, std::size_t ready) {
  const Decided* d = expect({Decision::tie, kNobody}, ready);
  return d != nullptr ? static_cast<std::size_t>(d->answer) : then_->pick_event(queue, ready);
}

}  // namespace sibyl
