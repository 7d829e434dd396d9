// Depth-first search over states as lists of numbers.
//
// A state is: the number of each node's state; the number of what the checkers have been shown; how
// many things are due at once (starts, messages to oneself), and those; the messages in flight, by
// where they queue.
#include "scenarios/state_search.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/hash.hpp"

namespace sibyl {

namespace {
constexpr std::size_t kPathCounts = std::size_t{1} << 14;
constexpr std::size_t kNowhere = ~std::size_t{0};
constexpr int kToShift = 40;
constexpr std::uint64_t kFromOthers = std::uint64_t{1} << 39;
constexpr std::uint64_t kInOrder = std::uint64_t{1} << 38;

std::vector<std::string> roles_of(const World& world) {
  std::vector<std::string> roles;
  for (const TraceNode& n : world.nodes()) roles.push_back(n.role);
  return roles;
}
/// Every way to exchange the nodes of the groups; none when there is but one.
std::vector<Renaming> renamings_of(const StateSearchOptions& options, std::size_t nodes) {
  constexpr std::size_t kMost = 5040;
  Renaming same(nodes);
  std::iota(same.begin(), same.end(), 0U);
  std::vector<Renaming> all{same};
  for (const std::vector<NodeId>& group : options.symmetric) {
    std::vector<NodeId> order = group;
    std::sort(order.begin(), order.end());
    const std::vector<NodeId> places = order;
    const std::vector<Renaming> before = all;
    std::vector<Renaming> with;
    do {
      for (Renaming renaming : before) {
        for (std::size_t i = 0; i < order.size(); ++i) renaming[places[i].value] = order[i].value;
        with.push_back(std::move(renaming));
      }
    } while (with.size() <= kMost && std::next_permutation(order.begin(), order.end()));
    if (with.size() <= kMost) all = std::move(with);
  }
  if (all.size() == 1) all.clear();
  return all;
}

}  // namespace

StateSearch::StateSearch(const World& root, const StateSearchOptions& options, bool by_time,
                         Listener& listener)
    : options_(options),
      config_(root.config()),
      descriptions_(root.nodes()),
      network_(root.config().network, roles_of(root)),
      by_time_(by_time),
      time_in_state_(by_time || options.deadline != kNever),
      start_(root.now().ns),
      listener_(listener),
      steps_(root, by_time, renamings_of(options, root.nodes().size())),
      shown_(root.nodes().size() + 1, steps_),
      nodes_(static_cast<std::uint32_t>(root.nodes().size())),
      head_(nodes_ + 2),
      values_ahead_(descriptions_),
      path_counts_(kPathCounts) {
  // The time, and what else a step might see, differ along the path of a lone step.
  options_.reduce = options_.reduce && options_.merge && !by_time;
}

StateSearch::End StateSearch::run() {
  for (;;) {
    const End end = search_once();
    if (end != End::complete || reduction_was_justified()) return end;
    states = transitions = depth = ends = cycles = 0;
    depth_reached = queue_reached = not_continued = came_back_exchanged = false;
    visited_ = StateSet();
    values_ahead_ = ValuesAhead(descriptions_);
    listener_.again();
  }
}

StateSearch::End StateSearch::search_once() {
  next_.clear();
  for (std::uint32_t i = 0; i < nodes_; ++i) next_.push_back(steps_.initial({i}));
  next_.push_back(0);
  const auto& at_once = steps_.due_at_once();
  next_.push_back(static_cast<std::uint32_t>(at_once.size()));
  next_.insert(next_.end(), at_once.begin(), at_once.end());
  std::sort(next_.begin() + head_, next_.end());
  for (const StepTable::MessageId m : steps_.in_flight()) put(m);
  next_now_ = start_;
  const std::uint64_t hash = hash_of_next();
  const std::uint64_t least = least_hash(hash);
  visited_.insert(least);
  states = 1;
  if (options_.states == 0) {
    states = 0;
    return End::states;
  }
  if (too_much_pending()) {
    path_steps_ = 0;
    queue_reached = true;
    listener_.cut_off();
    return End::complete;
  }
  push_next(hash, least);
  std::uint64_t looks = 0;
  while (!stack_.empty()) {
    if (full_) return End::states;
    if (++looks % 1024 == 0) {
      if (memory_bytes() > options_.memory) return End::memory;
      if (options_.tick && options_.tick()) return End::stopped;
    }
    if (steps_.clock_read() && !by_time_) return End::clock_read;
    if (steps_.common_asked()) return End::common_asked;
    advance();
  }
  return End::complete;
}

std::size_t StateSearch::memory_bytes() const {
  constexpr std::size_t kMapNode = 64;
  return visited_.bytes() + values_ahead_.bytes() + words_.capacity() * sizeof(std::uint32_t) +
         stack_.capacity() * sizeof(Frame) + steps_.memory_bytes() + shown_.memory_bytes() +
         ignored_.size() * kMapNode + (channels_.capacity() + views_.capacity()) * 8 +
         (options_.others ? options_.others() : 0);
}

/// Two words a multiplication. The numbers depend on the order of the search, which is the same in
/// every run.
std::uint64_t StateSearch::hash_of_next() const {
  std::uint64_t h = 0x2d358dccaa6c78a5U;
  std::size_t i = 0;
  for (; i + 1 < next_.size(); i += 2) {
    const std::uint64_t two = std::uint64_t{next_[i]} << 32 | next_[i + 1];
    h = fold_multiply(h ^ two, 0xa0761d6478bd642fU) + two;
  }
  if (i < next_.size()) h = fold_multiply(h ^ next_[i], 0xe7037ed1a0b428dbU);
  if (time_in_state_)
    h = fold_multiply(h ^ static_cast<std::uint64_t>(next_now_), 0x589965cc75374cc3U);
  return fold_multiply(h ^ next_.size(), 0x8ebc6af09c88c6e3U);
}

/// The least of the hashes of the state with nodes exchanged, which is the same for all of these;
/// `hash` where no nodes can be.
std::uint64_t StateSearch::least_hash(std::uint64_t hash) const {
  if (steps_.renamings().empty()) return hash;
  const auto mix = [](std::uint64_t what, std::uint64_t place) {
    return fold_multiply(what ^ 0xa0761d6478bd642fU, place + 0x8ebc6af09c88c6e3U);
  };
  std::uint64_t least = ~std::uint64_t{0};
  const std::vector<Renaming>& renamings = steps_.renamings();
  for (std::size_t r = 0; r < renamings.size(); ++r) {
    std::uint64_t sum = mix(shown_.hash(next_[nodes_], r), 1);
    for (std::uint32_t i = 0; i < nodes_; ++i) {
      sum += mix(steps_.hash_of_state(next_[i], r), (renamings[r][i] + 1U) << 2U);
    }
    std::uint64_t before = 0;  // in the same queue
    for (std::size_t place = head_; place < next_.size(); ++place) {
      const std::uint32_t m = next_[place];
      const bool at_once = place < head_ + next_[head_ - 1];
      const bool waits = !at_once && (channels_[m] & kInOrder) != 0;
      const bool behind = waits && place > head_ && channels_[next_[place - 1]] == channels_[m];
      before = behind ? before + 1 : 0;
      sum += mix(steps_.hash_of_message(m, r), before << 2U | (at_once ? 2U : 3U));
    }
    least = std::min(least, sum);
  }
  return time_in_state_ ? mix(least, static_cast<std::uint64_t>(next_now_)) : least;
}

// --- the path

void StateSearch::push_next(std::uint64_t hash, std::uint64_t least) {
  Frame frame;
  frame.hash = hash;
  frame.least = least;
  frame.now = next_now_;
  frame.offset = static_cast<std::uint32_t>(words_.size());
  frame.length = static_cast<std::uint32_t>(next_.size());
  frame.cursor = head_;
  words_.insert(words_.end(), next_.begin(), next_.end());
  frame.due = kNever.ns;
  if (steps_.any_timers()) {
    for (std::uint32_t i = 0; i < nodes_; ++i) {
      frame.due = std::min(frame.due, steps_.first_due(next_[i]));
    }
    // What is later than the deadline, or than time itself, does not happen.
    const std::int64_t at = saturating_add(next_now_, frame.due);
    if (at == kNever.ns || at > options_.deadline.ns) {
      frame.late = frame.due != kNever.ns;
      frame.due = kNever.ns;
    }
  }
  ++path_counts_[least % kPathCounts];
  frame.may_end = frame.due == kNever.ns && !frame.late && may_end();
  if (options_.reduce) find_ample(frame);
  stack_.push_back(frame);
  depth = std::max<std::uint64_t>(depth, stack_.size() - 1);
}

void StateSearch::pop() {
  const Frame& top = stack_.back();
  --path_counts_[top.least % kPathCounts];
  words_.resize(top.offset);
  const ValuesAhead::Values ahead = top.ahead;
  if (options_.binding) values_ahead_.keep(top.least, ahead);
  stack_.pop_back();
  if (options_.binding && !stack_.empty()) lies_ahead(ahead);
}

/// Of the state that the step of the newest one leads to.
void StateSearch::lies_ahead(ValuesAhead::Values values) {
  Frame& top = stack_.back();
  const auto all = static_cast<ValuesAhead::Values>(values | top.output.values);
  top.ahead = static_cast<ValuesAhead::Values>(top.ahead | all);
  path_steps_ = stack_.size();
  if (top.output.first && ValuesAhead::two(all)) listener_.unbound();
}

/// The place of the state on the path, its nodes exchanged perhaps; or kNowhere.
std::size_t StateSearch::place_on_path(std::uint64_t least) const {
  if (path_counts_[least % kPathCounts] == 0) return kNowhere;
  for (std::size_t place = stack_.size(); place-- > 0;) {
    if (stack_[place].least == least) return place;
  }
  return kNowhere;
}

std::vector<PathStep> StateSearch::path() const {
  std::vector<PathStep> path;
  for (std::size_t i = 0; i < path_steps_; ++i) {
    const Frame& f = stack_[i];
    PathStep step;
    step.to = {f.taken.node};
    step.slot = f.taken.slot;
    if (f.taken.is_timer) {
      step.kind = PathStep::Kind::timer;
    } else {
      const StepTable::Handed& handed = steps_.handed(f.taken.message);
      step.kind = f.taken.at_once ? PathStep::Kind::at_once : PathStep::Kind::arrival;
      step.from = handed.from;
      step.start = handed.start;
      if (!handed.start) step.content = handed.message.hash();
    }
    const auto answers = steps_.answers(f.first_answer, f.answers);
    step.answers.assign(answers.begin(), answers.end());
    path.push_back(std::move(step));
  }
  return path;
}

bool StateSearch::luck_since(std::size_t place) const {
  return std::any_of(stack_.begin() + static_cast<std::ptrdiff_t>(place), stack_.end(),
                     [](const Frame& f) { return f.luck; });
}

// --- alternatives

/// The first alternative at or behind the cursor, which is moved to it.
bool StateSearch::find_alternative(Frame& frame, Alternative& found) const {
  const std::uint32_t* words = state_of(frame);
  const std::uint32_t at_once = words[head_ - 1];
  for (; frame.cursor < frame.length; ++frame.cursor) {
    const std::uint32_t place = frame.cursor;
    const bool now = place < head_ + at_once;
    if (at_once != 0 && !now) {  // the rest has to wait
      frame.cursor = frame.length;
      break;
    }
    const bool twice = place > head_ && words[place - 1] == words[place];
    if (now ? twice : !may_arrive(words, place)) continue;
    found = {};
    found.at_once = now;
    found.place = place;
    found.message = words[place];
    found.node = steps_.handed(found.message).to.value;
    return true;
  }
  if (frame.due == kNever.ns || (at_once != 0 && frame.due != 0)) return false;
  return find_timer(frame, frame.cursor - frame.length, found);
}

/// The `number`-th of the timers that are due first.
bool StateSearch::find_timer(const Frame& frame, std::uint32_t number, Alternative& found) const {
  const std::uint32_t* words = state_of(frame);
  for (std::uint32_t i = 0; i < nodes_; ++i) {
    if (steps_.first_due(words[i]) != frame.due) continue;
    for (const StepTable::Timer& t : steps_.timers(words[i])) {
      if (t.left != frame.due || number-- != 0) continue;
      found = {};
      found.is_timer = true;
      found.node = i;
      found.slot = t.slot;
      return true;
    }
  }
  return false;
}

/// Whether the message at the place is the first where it queues, its node free to take it, and no
/// copy of it stands before it.
bool StateSearch::may_arrive(const std::uint32_t* words, std::uint32_t place) const {
  const std::uint64_t mine = channels_[words[place]];
  const std::uint32_t first = head_ + words[head_ - 1];
  if (place > first) {
    const bool in_order = (mine & kInOrder) != 0;
    if (in_order ? channels_[words[place - 1]] == mine : words[place - 1] == words[place]) {
      return false;
    }
  }
  if (!config_.own_in_turn || (mine & kFromOthers) == 0) return true;
  std::uint32_t group = place;
  while (group > first && channels_[words[group - 1]] >> kToShift == mine >> kToShift) --group;
  return (channels_[words[group]] & kFromOthers) != 0;
}

/// Where a message queues. Sorted by it, a node's messages stand together, its own first.
std::uint64_t StateSearch::channel(StepTable::MessageId message) {
  while (channels_.size() <= message) {
    const auto& handed = steps_.handed(static_cast<StepTable::MessageId>(channels_.size()));
    const bool own = handed.from == handed.to;
    std::uint64_t c = std::uint64_t{handed.to.value} << kToShift;
    if (!own) {
      c |= kFromOthers;
      if (config_.mailbox != 0) {
        c |= kInOrder;
      } else if (network_.profile(handed.from, handed.to).fifo) {
        c |= kInOrder | (handed.from.value + 1);
      }
    }
    channels_.push_back(c);
  }
  return channels_[message];
}

std::span<const StepTable::Outcome> StateSearch::outcomes(const Frame& frame,
                                                          const Alternative& a) {
  const std::uint32_t state = state_of(frame)[a.node];
  if (a.is_timer) {
    steps_.set_now(frame.now + frame.due);
    return steps_.fire(steps_.later(state, frame.due), a.slot);
  }
  steps_.set_now(frame.now);
  return steps_.receive(state, a.message);
}

bool StateSearch::ignored_for_good(StepTable::StateId state, StepTable::MessageId message) {
  const auto [it, fresh] = ignored_.insert({std::uint64_t{state} << 32 | message, false});
  if (fresh) it->second = steps_.stays_ignored(state, message);
  return it->second;
}

/// Steps made since may lead a node to where it does not ignore a message any more.
bool StateSearch::reduction_was_justified() {
  bool justified = true;
  for (auto& [key, ignored] : ignored_) {
    if (!ignored) continue;
    ignored = steps_.stays_ignored(static_cast<StepTable::StateId>(key >> 32),
                                   static_cast<StepTable::MessageId>(key));
    justified = justified && ignored;
  }
  return justified;
}

/// A message that is ignored for good is enough. A full mailbox would notice that it is gone.
/// A lone message of a node to itself, whose receipt nobody else notices, is enough, too.
void StateSearch::find_ample(Frame& frame) {
  if (next_[head_ - 1] != 0) return;
  for (std::uint32_t place = head_; place < frame.length && config_.mailbox == 0; ++place) {
    const std::uint32_t node = steps_.handed(next_[place]).to.value;
    if (!ignored_for_good(next_[node], next_[place])) continue;
    if (!may_arrive(next_.data(), place)) continue;
    frame.only = frame.cursor = place;
    return;
  }
  if (!config_.own_in_turn) return;
  for (std::uint32_t place = head_; place < frame.length; ++place) {
    const std::uint64_t mine = channels_[next_[place]];
    if ((mine & kFromOthers) != 0) continue;
    const bool alone = (place == head_ || channels_[next_[place - 1]] != mine) &&
                       (place + 1 == frame.length || channels_[next_[place + 1]] != mine);
    if (!alone) continue;
    const std::uint32_t before = next_[steps_.handed(next_[place]).to.value];
    if (!steps_.timers(before).empty()) continue;  // one may fire first
    const auto all = steps_.receive(before, next_[place]);
    const bool unseen = std::all_of(all.begin(), all.end(), [&](const StepTable::Outcome& o) {
      return o.silent && (!options_.invariant || view(o.next) == view(before));
    });
    if (!unseen) continue;
    frame.only = frame.cursor = place;
    return;
  }
}

/// Whether everything that is left in the newest state may stay away; something is left.
bool StateSearch::may_end() const {
  if (next_.size() == head_ || next_[head_ - 1] != 0) return false;
  return std::all_of(next_.begin() + head_, next_.end(), [&](StepTable::MessageId m) {
    return steps_.may_stay_away(steps_.handed(m).from, steps_.handed(m).to);
  });
}

// --- steps

void StateSearch::put(StepTable::MessageId message) {
  const std::uint64_t mine = channel(message);
  const auto begin = next_.begin() + static_cast<std::ptrdiff_t>(head_ + next_[head_ - 1]);
  auto place = next_.end();
  std::size_t same = 0;
  if ((mine & kInOrder) != 0) {
    while (place != begin && channels_[*(place - 1)] > mine) --place;
    for (auto p = place; p != begin && channels_[*(p - 1)] == mine; --p) ++same;
  } else {
    while (place != begin && (channels_[*(place - 1)] > mine ||
                              (channels_[*(place - 1)] == mine && *(place - 1) > message))) {
      --place;
    }
  }
  if (config_.mailbox != 0 && (mine & kInOrder) != 0 && same >= config_.mailbox) {
    if (options_.observed) next_[nodes_] = shown_.next(next_[nodes_], steps_.loss_of(message));
    return;
  }
  next_.insert(place, message);
}

/// The state that the step leads to, into next_.
void StateSearch::build(const Frame& frame, const Alternative& a,
                        const StepTable::Outcome& outcome) {
  const std::uint32_t* words = state_of(frame);
  next_.assign(words, words + frame.length);
  next_now_ = frame.now;
  if (a.is_timer) {
    next_now_ = saturating_add(next_now_, frame.due);
    if (frame.due != 0) {
      for (std::uint32_t i = 0; i < nodes_; ++i) next_[i] = steps_.later(next_[i], frame.due);
    }
  } else {
    next_.erase(next_.begin() + a.place);
    if (a.at_once) --next_[head_ - 1];
  }
  next_[a.node] = outcome.next;
  if (options_.observed) next_[nodes_] = shown_.next(next_[nodes_], outcome.observed);
  for (const StepTable::MessageId m : steps_.own(outcome)) {
    if (config_.own_in_turn) {
      put(m);
      continue;
    }
    const auto begin = next_.begin() + head_;
    const auto end = begin + next_[head_ - 1];
    ++next_[head_ - 1];
    next_.insert(std::upper_bound(begin, end, m), m);
  }
  for (const StepTable::MessageId m : steps_.sent(outcome)) put(m);
}

void StateSearch::end_here() {
  const Frame& top = stack_.back();
  next_.assign(state_of(top), state_of(top) + top.length);
  next_now_ = top.now;
  path_steps_ = stack_.size() - 1;
  ++ends;
  bool for_ever = false;  // what is due when time itself ends forbids conclusions
  for (std::uint32_t i = 0; i < nodes_; ++i) {
    for_ever = for_ever || !steps_.timers(next_[i]).empty();
  }
  const bool deadline = top.late && options_.deadline != kNever;
  listener_.ended(deadline ? Outcome::deadline : for_ever ? Outcome::limit : Outcome::quiescent);
}

/// Takes the next step of the newest state, or goes back.
void StateSearch::advance() {
  Frame& top = stack_.back();
  Alternative a;
  if (top.may_end && !top.found_one) end_here();
  const bool enough = top.only != 0 && top.cursor != top.only;
  if (enough || !find_alternative(top, a)) {
    if (!top.found_one) end_here();
    pop();
    return;
  }
  top.found_one = true;
  const auto all = outcomes(top, a);
  const StepTable::Outcome outcome = all[top.outcome];
  if (++top.outcome == all.size()) {
    top.outcome = 0;
    ++top.cursor;
  }
  top.taken = a;
  top.first_answer = outcome.first_answer;
  top.answers = outcome.answers;
  top.luck = outcome.by_luck;
  build(top, a, outcome);
  ++transitions;
  if (options_.binding) top.output = values_ahead_.of(steps_.observed(outcome.observed));
  if (outcome.observed != 0) {
    for (const Observed& o : steps_.observed(outcome.observed)) {
      if (!o.counted.empty()) listener_.hit(o.counted);
    }
  }
  enter();
}

/// As World::pending() counts.
bool StateSearch::too_much_pending() const {
  std::size_t pending = next_.size() - head_;
  for (std::uint32_t i = 0; steps_.any_timers() && i < nodes_; ++i) {
    pending += steps_.timers(next_[i]).size();
  }
  return pending > options_.queue;
}

void StateSearch::enter() {
  path_steps_ = stack_.size();
  const std::uint64_t hash = hash_of_next();
  const std::uint64_t least = least_hash(hash);
  const std::size_t before = place_on_path(least);
  if (before != kNowhere) {
    Frame& top = stack_.back();
    if (top.only != 0) {  // a lone step must not put the others off for ever
      top.only = 0;       // and once more, for its other outcomes
      top.cursor = head_;
      top.outcome = 0;
    }
    if (stack_[before].hash != hash) {
      came_back_exchanged = true;
      return;
    }
    ++cycles;
    listener_.returned(before);
    not_continued = not_continued || !options_.merge;
    return;
  }
  const bool fresh = visited_.insert(least);
  if (fresh) {
    if (states == options_.states) {
      full_ = true;
      return;
    }
    ++states;
    if (options_.invariant && !holds()) listener_.broken();
  }
  if (!fresh && options_.merge) {
    if (options_.binding) lies_ahead(values_ahead_.after(least));
    return;
  }
  if (too_much_pending()) {
    queue_reached = true;
    listener_.cut_off();
    return;
  }
  if (stack_.size() > options_.depth) {
    depth_reached = true;
    listener_.cut_off();
    return;
  }
  push_next(hash, least);
}

// --- invariants

std::uint64_t StateSearch::view(StepTable::StateId state) {
  while (views_.size() <= state) {
    const auto id = static_cast<StepTable::StateId>(views_.size());
    views_.push_back(options_.invariant->view(steps_.node(id), steps_.process(id)));
  }
  return views_[state];
}

bool StateSearch::holds() {
  all_views_.clear();
  for (std::uint32_t i = 0; i < nodes_; ++i) all_views_.push_back(view(next_[i]));
  return options_.invariant->holds(all_views_);
}

}  // namespace sibyl
