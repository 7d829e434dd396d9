// Judges a history while it is loaded.
#include "scenarios/histories/follow.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/check/parts.hpp"
#include "analysis/check/patience.hpp"
#include "analysis/models/models.hpp"

namespace sibyl {

using analysis::FlatHistory;
using analysis::FlatOperation;
using analysis::Patience;

namespace {

/// The call or the end of an operation of a history.
struct End {
  std::uint32_t word = 0;  ///< twice its place, +1 for an end
  std::uint32_t op() const { return word >> 1U; }
  bool is_end() const { return (word & 1U) != 0; }
  std::int64_t at(const std::vector<FlatOperation>& operations) const {
    return is_end() ? operations[op()].ret : operations[op()].call;
  }
};

}  // namespace

HistoryFollower::HistoryFollower(const std::string& model, analysis::OnlineOptions options)
    : model_(analysis::find_model(model)), options_(std::move(options)) {}

void HistoryFollower::begin(FlatHistory& history) {
  if (!judge_)
    judge_ = std::make_unique<analysis::OnlineJudge>(history, *model_, Value(), options_);
}

bool HistoryFollower::on_event(FlatHistory& history, std::uint32_t op, bool is_end,
                               std::size_t line) {
  if (!undecided_.empty()) return true;  // it is loaded all the same
  begin(history);
  const FlatOperation& shown = history.operations[op];
  // The judge numbers operations as the history does. An event is an instant of its own.
  if (is_end) {
    judge_->end(op, shown);
    judge_->pass(shown.ret + 1);
  } else {
    judge_->call(shown);
    judge_->pass(shown.call + 1);
  }
  lines_.push_back(static_cast<std::uint32_t>(line));
  look(history);
  if (!certain_) undecided_ = judge_->undecided();
  if (undecided_.empty() && judge_->bytes() > options_.max_bytes) {
    undecided_ = "the memory allowed was used up";
  }
  return !certain_;
}

void HistoryFollower::on_end(FlatHistory& history, bool has_events) {
  if (!has_events) {
    begin(history);
    try {
      follow(history);
    } catch (const analysis::TimeIsUp&) {
      undecided_ = "the time allowed was used up";
    }
    if (!undecided_.empty()) judge_.reset();
  }
  if (judge_ && !certain_) {
    judge_->finish();
    look(history);
  }
  if (judge_ && undecided_.empty() && !certain_) undecided_ = judge_->undecided();
  judge_.reset();  // the history is about to move
}

/// Shows the events of whole operations, as a recorder would have.
void HistoryFollower::follow(FlatHistory& history) {
  Patience patience(options_.stop);
  if (const auto problem =
          analysis::ProblemSearch(history, *model_).look(0, history.operations.size())) {
    undecided_ = *problem;
    return;
  }
  const std::vector<FlatOperation>& operations = history.operations;
  std::vector<End> ends;
  ends.reserve(2 * operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const FlatOperation& op = operations[i];
    const bool ends_known =
        op.outcome != OperationOutcome::unknown && op.ret != FlatOperation::kNever;
    // When it failed is not told: it never was.
    if (op.outcome == OperationOutcome::fail && (!ends_known || op.ret < op.call)) continue;
    ends.push_back({i << 1U});
    if (ends_known) ends.push_back({i << 1U | 1U});
  }
  std::sort(ends.begin(), ends.end(), [&](End a, End b) {
    patience.step();
    return std::tuple(a.at(operations), operations[a.op()].call, a.word) <
           std::tuple(b.at(operations), operations[b.op()].call, b.word);
  });
  std::vector<std::uint32_t> numbers(operations.size(), 0);
  places_.reserve(operations.size());
  for (const End each : ends) {
    if (judge_->violation() || !judge_->undecided().empty()) break;
    patience.step();
    if (judge_->bytes() > options_.max_bytes) {
      undecided_ = "the memory allowed was used up";
      return;
    }
    const FlatOperation& op = operations[each.op()];
    if (each.is_end()) {
      judge_->end(numbers[each.op()], op);
    } else {
      numbers[each.op()] = judge_->call(op);
      places_.push_back(each.op());
    }
  }
}

void HistoryFollower::look(const FlatHistory& history) {
  if (certain_ || !judge_ || !judge_->violation()) return;
  const analysis::OnlineViolation& found = *judge_->violation();
  const auto place_of = [&](std::uint32_t number) {
    return places_.empty() ? number : places_[number];
  };
  const std::uint32_t place = place_of(found.operation);
  const FlatOperation& op = history.operations[place];
  certain_ = Certain{op.line, op.ret, op.line, found.event, found.failed};
  if (found.event <= lines_.size()) certain_->line = lines_[found.event - 1];
  std::vector<std::uint32_t> numbers;
  proof_ = judge_->proof(&numbers);
  for (const std::uint32_t number : numbers) proof_places_.push_back(place_of(number));
  std::vector<std::int64_t> stamps(found.event + 1, 0);
  for (std::size_t i = 0; i < proof_places_.size(); ++i) {
    const FlatOperation& event = proof_.operations[i];
    const FlatOperation& stamp = history.operations[proof_places_[i]];
    stamps.at(static_cast<std::size_t>(event.call)) = stamp.call;
    if (event.ret != FlatOperation::kNever) {
      stamps.at(static_cast<std::size_t>(event.ret)) = stamp.ret;
    }
  }
  proof_.time_words = [stamps = std::move(stamps)](std::int64_t event) {
    return std::to_string(stamps.at(static_cast<std::size_t>(event)));
  };
}

Value HistoryFollower::in_history(const FlatHistory& history, Value witness) const {
  for (const char* const member : {"operations", "context"}) {
    const Value* const found = witness.find(member);
    if (found == nullptr || found->as_list() == nullptr) continue;
    Value::List list = *found->as_list();
    for (Value& item : list) {
      const auto in_proof = static_cast<std::size_t>(*item.find("operation")->as_int());
      const FlatOperation& op = history.operations[place_of(in_proof)];
      item.set("operation", static_cast<std::int64_t>(place_of(in_proof))).set("call", op.call);
      if (!was_open(in_proof)) {
        item.set("return", op.ret);
        continue;
      }
      item.set("open_then", true);
      if (op.outcome == OperationOutcome::unknown || op.ret == FlatOperation::kNever) continue;
      const bool failed = op.outcome == OperationOutcome::fail || op.refused;
      item.set("later", Value(Value::Object{{"outcome", failed ? "fail" : "ok"}, {"at", op.ret}}));
    }
    witness.set(member, std::move(list));
  }
  return witness;
}

}  // namespace sibyl
