// Linearizability judged while a history grows.
#include "analysis/check/online_judge.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/core.h>

namespace sibyl::analysis {

OnlineJudge::OnlineJudge(FlatHistory& history, const Model& model, Value initial,
                         OnlineOptions options)
    : history_(history),
      model_(model),
      initial_(std::move(initial)),
      options_(std::move(options)),
      ended_(1, 0) {
  if (model_.name() == "kv") view_.null_reads = history_.values.code(std::string_view());
}

std::uint32_t OnlineJudge::call(const FlatOperation& op) {
  pass(op.call);
  const auto number = static_cast<std::uint32_t>(placed_.size());
  FlatOperation open = op;
  open.outcome = OperationOutcome::unknown;
  open.ret = FlatOperation::kNever;
  open.refused = false;
  placed_.push_back(open);
  instant_.push_back({number, kCall});
  return number;
}

void OnlineJudge::end(std::uint32_t number, const FlatOperation& op) {
  pass(op.ret);
  instant_.push_back({number, static_cast<std::uint32_t>(ends_.size())});
  ends_.push_back(op);
}

void OnlineJudge::pass(std::int64_t at) {
  if (at == now_) return;
  flush();
  now_ = at;
}

void OnlineJudge::finish() {
  flush();
  if (!violation_) settle();
}

/// Judges what parts have put off, since one may have been violated earlier than another.
void OnlineJudge::settle() {
  for (const Part& part : parts_) {
    if (!part.search) continue;
    const OnlinePart::Answer answer = part.search->finish();
    if (answer == OnlinePart::Answer::violated) note_violation(part.search->at());
    if (answer == OnlinePart::Answer::gave_up) note_undecided();
  }
}

/// Puts the instant's events in order: calls, returns by their operations' numbers, failures.
void OnlineJudge::order_instant() {
  const auto rank = [&](const Event& event) {
    const bool fails = event.is_end() && ends_[event.end].outcome == OperationOutcome::fail;
    return std::tuple(event.is_end(), fails, event.is_end() ? event.op : 0U);
  };
  std::stable_sort(instant_.begin(), instant_.end(),
                   [&](const Event& a, const Event& b) { return rank(a) < rank(b); });
}

/// Finds the parts in which a process called something at the instant at which another of its
/// operations returned. Zones have no order but that of stamps, so they are searched from now on.
void OnlineJudge::find_sequences() {
  using Touched = std::tuple<std::size_t, std::uint32_t, bool, std::uint32_t>;
  std::vector<Touched> touched;  // part, process, whether it is an end, operation
  for (const Event& event : instant_) {
    if (event.is_end() && ends_[event.end].outcome == OperationOutcome::fail) continue;
    const FlatOperation& op = placed_[event.op];
    touched.emplace_back(place_of(op), op.process, event.is_end(), event.op);
  }
  std::sort(touched.begin(), touched.end());
  for (std::size_t from = 0, to = 0; from < touched.size(); from = to) {
    const auto [place, process, is_end, first] = touched[from];
    bool several = false;
    bool ended = false;
    for (; to < touched.size() && std::get<0>(touched[to]) == place &&
           std::get<1>(touched[to]) == process;
         ++to) {
      several = several || std::get<3>(touched[to]) != first;
      ended = ended || std::get<2>(touched[to]);
    }
    if (is_end || !several || !ended || !sequenced_.insert(place).second) continue;
    Part& part = parts_[place];
    if (part.zones) search_from_now(part, static_cast<std::int64_t>(ended_.size()) - 1);
  }
}

void OnlineJudge::flush() {
  if (instant_.size() > 1) {
    order_instant();
    find_sequences();
  }
  instant_begins_ = static_cast<std::int64_t>(ended_.size());
  for (const Event& event : instant_) {
    if (violation_) break;
    take(event);
  }
  instant_.clear();
  ends_.clear();
  sequenced_.clear();
}

/// The kinds of functions that are new.
void OnlineJudge::look_at_words() {
  if (view_.kinds.size() == history_.functions.size()) return;
  const PlainView view = plain_view(history_, model_.name(), Value());
  view_.kinds = view.kinds;
}

std::size_t OnlineJudge::place_of(const FlatOperation& op) {
  std::size_t place = 0;
  if (model_.one_key()) place = op.key == FlatOperation::kNoKey ? 0 : std::size_t{op.key} + 1;
  if (place >= parts_.size()) parts_.resize(std::max(place + 1, 2 * parts_.size()));
  return place;
}

void OnlineJudge::take(const Event& event) {
  look_at_words();
  FlatOperation& op = placed_[event.op];
  const std::size_t place = place_of(op);
  Part& part = parts_[place];
  const auto at = static_cast<std::int64_t>(ended_.size());
  const bool in_sequence = sequenced_.count(place) != 0;
  const std::int64_t stamp = in_sequence ? instant_begins_ : at;
  ended_.push_back(2 * event.op + (event.is_end() ? 1 : 0));
  const std::uint64_t before = part.bytes();
  if (event.is_end()) {
    const std::int64_t call = op.call;
    const bool another = op.value != ends_[event.end].value;
    op = ends_[event.end];
    op.call = call;
    op.ret = stamp;
    // What was thought to be written is not what was.
    if (another && view_.kinds[op.f] == PlainKind::write) {
      if (part.zones) search_from_now(part, at - 1);
      part.search->doubt();
    }
  } else {
    op.call = stamp;
  }
  if (!part.zones && !part.search) {
    const bool plain = view_.kinds[op.f] != PlainKind::other && model_.one_key();
    if (plain && !in_sequence) {
      const Value* start = initial_.find(
          op.key == FlatOperation::kNoKey ? std::string() : history_.keys.word(op.key));
      const bool unset = start == nullptr || start->is_null();
      part.zones =
          std::make_unique<OnlineZones>(unset ? view_.null_reads : history_.values.code(*start));
    } else {
      search_from_now(part, 0);
    }
  }
  if (part.zones) {
    take_in_zones(part, event);
  } else if (!event.is_end()) {
    part.search->called(event.op);
  } else {
    const bool failed = op.outcome == OperationOutcome::fail;
    answered(failed ? part.search->failed(event.op, at) : part.search->returned(event.op, at),
             *part.search);
  }
  bytes_ += (event.is_end() ? 0 : sizeof(FlatOperation)) + sizeof(ended_.front());
  bytes_ += part.bytes() - before;
}

std::uint64_t OnlineJudge::Part::bytes() const {
  return ops.capacity() * sizeof(ops.front()) + (zones ? sizeof(OnlineZones) + zones->bytes() : 0) +
         (search ? sizeof(OnlinePart) + search->bytes() : 0);
}

void OnlineJudge::take_in_zones(Part& part, const Event& event) {
  const FlatOperation& op = placed_[event.op];
  const std::int64_t at = event.is_end() ? op.ret : op.call;
  if (!event.is_end()) part.ops.push_back(event.op);
  const bool failed = op.outcome == OperationOutcome::fail;
  const bool is_read = view_.kinds[op.f] == PlainKind::read;
  using Answer = OnlineZones::Answer;
  Answer answer = Answer::fine;
  if (view_.kinds[op.f] == PlainKind::other) {
    answer = Answer::ambiguous;
  } else if (!is_read) {
    const ValueCode value = view_.value_of(op);
    answer = !event.is_end() ? part.zones->write_called(value, at)
             : failed        ? part.zones->write_failed(value)
                             : part.zones->write_returned(value, at);
  } else if (event.is_end() && !failed) {
    answer = part.zones->read_returned(view_.value_of(op), op.call, at);
  }
  if (answer == Answer::violated) {
    note_violation(at);
    settle();
  }
  if (answer == Answer::ambiguous) {
    search_from_now(part, at);
  } else if (part.zones->is_full()) {
    drop_closed(part, at);
  }
}

/// Leaves out of a part's zones what no operation that is open can concern any more.
void OnlineJudge::drop_closed(Part& part, std::int64_t now) {
  const auto is_open_read = [&](std::uint32_t i) {
    return placed_[i].outcome == OperationOutcome::unknown &&
           view_.kinds[placed_[i].f] == PlainKind::read;
  };
  std::size_t& first = part.first_open;
  while (first < part.ops.size() && !is_open_read(part.ops[first])) ++first;
  part.zones->drop_closed(first < part.ops.size() ? placed_[part.ops[first]].call : now);
}

/// Hands a part over to the search; all before the event at `before`, a call, was fine.
void OnlineJudge::search_from_now(Part& part, std::int64_t before) {
  const OnlineGround ground{history_, placed_, model_, view_, options_};
  std::erase_if(part.ops,
                [&](std::uint32_t i) { return placed_[i].outcome == OperationOutcome::fail; });
  part.search = std::make_unique<OnlinePart>(ground, initial_);
  part.search->take_over(part.ops, before);
  part.zones.reset();
  part.ops = {};
}

void OnlineJudge::answered(OnlinePart::Answer answer, const OnlinePart& part) {
  if (answer == OnlinePart::Answer::gave_up) note_undecided();
  if (answer != OnlinePart::Answer::violated) return;
  note_violation(part.at());
  settle();
}

void OnlineJudge::note_undecided() {
  if (!undecided_.empty()) return;
  undecided_ = fmt::format("after event {} a search came to its bounds", ended_.size() - 1);
}

void OnlineJudge::note_violation(std::int64_t at) {
  const auto event = static_cast<std::uint64_t>(at);
  if (violation_ && violation_->event <= event) return;
  const std::uint32_t op = ended_[event] / 2;
  violation_ = {op, placed_[op].outcome == OperationOutcome::fail, event, ended_.size() - 1};
}

FlatHistory OnlineJudge::proof(std::vector<std::uint32_t>* numbers) const {
  if (!violation_) return {};
  const std::uint32_t key = placed_[violation_->operation].key;
  return beginning(violation_->event, model_.one_key() ? &key : nullptr, numbers);
}

FlatHistory OnlineJudge::beginning(std::uint64_t events) const {
  return beginning(events, nullptr, nullptr);
}

FlatHistory OnlineJudge::beginning(std::uint64_t events, const std::uint32_t* key,
                                   std::vector<std::uint32_t>* numbers) const {
  FlatHistory made;  // all but the operations
  made.steps = history_.steps;
  made.functions = history_.functions;
  made.keys = history_.keys;
  made.processes = history_.processes;
  made.values = history_.values;
  made.recorded = history_.recorded;
  std::vector<bool> called(placed_.size(), false);
  std::vector<bool> ended(placed_.size(), false);
  for (std::uint64_t at = 1; at <= events; ++at)
    ((ended_[at] & 1U) != 0 ? ended : called)[ended_[at] >> 1U] = true;
  for (std::size_t i = 0; i < placed_.size(); ++i) {
    FlatOperation op = placed_[i];
    if (!called[i] || (key != nullptr && op.key != *key)) continue;
    if (op.outcome == OperationOutcome::fail && ended[i]) continue;
    if (op.outcome != OperationOutcome::ok || !ended[i]) {
      op.outcome = OperationOutcome::unknown;
      op.ret = FlatOperation::kNever;
      op.refused = false;
    }
    made.operations.push_back(op);
    if (numbers != nullptr) numbers->push_back(static_cast<std::uint32_t>(i));
  }
  return made;
}

}  // namespace sibyl::analysis
