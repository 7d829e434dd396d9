// Judges a history while it is loaded.
#include "scenarios/histories/follow.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/check/parts.hpp"
#include "analysis/models/models.hpp"

namespace sibyl {

using analysis::FlatHistory;
using analysis::FlatOperation;

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
  look();
  if (!certain_) undecided_ = judge_->undecided();
  if (undecided_.empty() && judge_->bytes() > options_.max_bytes) {
    undecided_ = "the memory allowed was used up";
  }
  return !certain_;
}

void HistoryFollower::on_end(FlatHistory& history, bool has_events) {
  if (!has_events) {
    begin(history);
    follow(history);
  }
  if (judge_ && !certain_) {
    judge_->finish();
    look();
  }
  if (judge_ && undecided_.empty() && !certain_) undecided_ = judge_->undecided();
  judge_.reset();  // the history is about to move
}

/// Shows the events of whole operations, as a recorder would have.
void HistoryFollower::follow(FlatHistory& history) {
  if (const auto problem =
          analysis::ProblemSearch(history, *model_).look(0, history.operations.size())) {
    undecided_ = *problem;
    judge_.reset();
    return;
  }
  struct End {
    std::int64_t at;
    std::int64_t call;
    std::uint32_t op;
    bool is_end;
  };
  std::vector<End> ends;
  const std::vector<FlatOperation>& operations = history.operations;
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const FlatOperation& op = operations[i];
    const bool ends_known =
        op.outcome != OperationOutcome::unknown && op.ret != FlatOperation::kNever;
    // When it failed is not told: it never was.
    if (op.outcome == OperationOutcome::fail && (!ends_known || op.ret < op.call)) continue;
    ends.push_back({op.call, op.call, i, false});
    if (ends_known) ends.push_back({op.ret, op.call, i, true});
  }
  std::sort(ends.begin(), ends.end(), [](const End& a, const End& b) {
    return std::tie(a.at, a.call, a.op, a.is_end) < std::tie(b.at, b.call, b.op, b.is_end);
  });
  std::vector<std::uint32_t> numbers(operations.size(), 0);
  for (const End& each : ends) {
    if (judge_->violation() || !judge_->undecided().empty()) break;
    if (judge_->bytes() > options_.max_bytes || (options_.stop && options_.stop())) {
      undecided_ = "the time or memory allowed was used up";
      judge_.reset();
      return;
    }
    const FlatOperation& op = operations[each.op];
    if (each.is_end) {
      judge_->end(numbers[each.op], op);
    } else {
      numbers[each.op] = judge_->call(op);
    }
  }
}

void HistoryFollower::look() {
  if (certain_ || !judge_ || !judge_->violation()) return;
  const analysis::OnlineViolation& found = *judge_->violation();
  const FlatOperation& op = judge_->recorded(found.operation);
  certain_ = Certain{op.line, op.ret, op.line, found.event, found.failed};
  if (found.event <= lines_.size()) certain_->line = lines_[found.event - 1];
  proof_ = judge_->proof();
}

}  // namespace sibyl
