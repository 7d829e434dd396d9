// Renumbers and retimes schedules.
#include "scenarios/shrink_schedule.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "scenarios/schedule_format.hpp"
#include "scenarios/shrink_things.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

constexpr std::size_t kMostAligned = 256;  ///< messages of one link and type

struct Likeness {
  std::int64_t equal = 0;
  std::int64_t all = 0;
};

void compare(const Value& a, const Value& b, Likeness& sum) {
  const Value::List* x = a.as_list();
  const Value::List* y = b.as_list();
  if (x != nullptr && y != nullptr) {
    for (std::size_t i = 0; i < std::min(x->size(), y->size()); ++i) compare((*x)[i], (*y)[i], sum);
    sum.all +=
        static_cast<std::int64_t>(std::max(x->size(), y->size()) - std::min(x->size(), y->size()));
    return;
  }
  if (a.as_object() != nullptr && b.as_object() != nullptr) {
    for (const auto& [key, inner] : *a.as_object()) {
      const Value* other = b.find(key);
      compare(inner, other == nullptr ? Value() : *other, sum);
    }
    return;
  }
  ++sum.all;
  sum.equal += a == b ? 1 : 0;
}

/// From 1 (nothing alike) to 1001.
std::int64_t likeness(const Value& a, const Value& b) {
  Likeness sum;
  compare(a, b, sum);
  return 1 + (sum.all == 0 ? 1000 : sum.equal * 1000 / sum.all);
}

/// For each event the operation that it stems from: the one called in the step that, from step to
/// message to step, led to it. Labels stay what they are when operations go; numbers do not.
std::vector<std::string> origins_of(const Trace& trace) {
  std::vector<std::string> origins(trace.events.size() + 1);
  for (const TraceEvent& e : trace.events) {
    if (e.id >= origins.size() || e.parents.empty() || e.parents.front() >= e.id) continue;
    if (e.name == "note::Invoke") {
      const Value* label = e.data.find("label");
      if (label != nullptr && label->as_string() != nullptr) {
        origins[e.parents.front()] = *label->as_string();
      }
    }
    origins[e.id] = origins[e.parents.front()];
  }
  return origins;
}

struct Sent {
  const Value* data;
  const std::string* origin;
};
using Messages = std::vector<Sent>;

std::int64_t likeness(const Sent& a, const Sent& b) {
  constexpr std::int64_t kSameOrigin = 2000;
  return likeness(*a.data, *b.data) + (*a.origin == *b.origin ? kSameOrigin : 0);
}

/// For each of `a` its counterpart in `b`, or b.size().
std::vector<std::size_t> alignment(const Messages& a, const Messages& b) {
  const std::size_t n = a.size();
  const std::size_t m = b.size();
  std::vector<std::vector<std::int64_t>> best(n + 1, std::vector<std::int64_t>(m + 1, 0));
  std::vector<std::vector<std::int64_t>> like(n, std::vector<std::int64_t>(m, 0));
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = m; j-- > 0;) {
      like[i][j] = likeness(a[i], b[j]);
      best[i][j] = std::max({best[i + 1][j + 1] + like[i][j], best[i + 1][j], best[i][j + 1]});
    }
  }
  std::vector<std::size_t> counterpart(n, m);
  for (std::size_t i = 0, j = 0; i < n && j < m;) {
    if (best[i][j] == best[i + 1][j + 1] + like[i][j]) {
      counterpart[i++] = j++;
    } else if (best[i][j] == best[i + 1][j]) {
      ++i;
    } else {
      ++j;
    }
  }
  return counterpart;
}

bool is_named(std::string_view type, std::string_view name) {
  if (type == name) return true;
  return type.size() > name.size() + 2 && type.ends_with(name) &&
         type.substr(type.size() - name.size() - 2, 2) == "::";
}

Messages messages_of(const Trace& trace, const std::vector<std::string>& origins,
                     const std::string& from, const std::string& to, const std::string& type) {
  Messages out;
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::send || !is_named(e.name, type)) continue;
    if (trace.nodes[e.node.value].name == from && trace.nodes[e.peer.value].name == to) {
      out.push_back({&e.data, &origins[e.id]});
    }
  }
  return out;
}

std::string text_at(const Value& v, std::string_view key) {
  const Value* found = v.find(key);
  return found == nullptr || found->as_string() == nullptr ? "" : *found->as_string();
}

/// The steps of a trace with new times.
class Retiming {
 public:
  Retiming(const Trace& trace, const std::set<std::int64_t>& called_at, std::int64_t least_ns,
           std::int64_t stretch)
      : trace_(trace),
        called_at_(called_at),
        least_(least_ns),
        stretch_(stretch),
        times_(trace.events.size() + 1, 0),
        last_(trace.nodes.size()) {}

  /// The trace with the new times, or nothing when there are none.
  std::optional<Trace> run() {
    for (std::size_t i = 0; i < trace_.events.size(); ++i) {
      const TraceEvent& e = trace_.events[i];
      if (e.id != i + 1) return std::nullopt;
      if (!time_of(e, i)) return std::nullopt;
    }
    Trace out = trace_;
    for (TraceEvent& e : out.events) e.at.ns = times_[e.id];
    out.end.ns = out.events.empty() ? 0 : *std::max_element(times_.begin(), times_.end());
    return out;
  }

 private:
  struct Last {
    std::int64_t at = -1;
    EventId cause = 0;  ///< the send of what was received; 0: something else
  };

  bool time_of(const TraceEvent& e, std::size_t i) {
    switch (e.kind) {
      case TraceKind::start:
        return place(e, i, times_of_start(e), 0);
      case TraceKind::receive:
        return receive(e, i);
      case TraceKind::timer:
        return timer(e, i);
      case TraceKind::fault:
        times_[e.id] = e.at.ns * stretch_;
        return true;
      case TraceKind::lose: {
        const EventId send = e.parents.empty() ? 0 : e.parents.front();
        times_[e.id] = e.at == trace_.events[send == 0 ? 0 : send - 1].at ? times_[send]
                                                                          : times_[send] + least_;
        return true;
      }
      case TraceKind::send:
      case TraceKind::note:
        times_[e.id] = e.parents.empty() ? 0 : times_[e.parents.front()];
        return true;
    }
    return false;
  }

  std::int64_t times_of_start(const TraceEvent& e) const { return e.at.ns * stretch_; }

  bool receive(const TraceEvent& e, std::size_t i) {
    if (e.parents.empty()) return false;
    const EventId send = e.parents.front();
    if (e.node == e.peer) return place(e, i, times_[send], send);
    std::int64_t at = times_[send] + least_;
    const Last& last = last_[e.node.value];
    // Of two events of one instant the one comes first that was caused first.
    const bool behind = at > last.at || (at == last.at && last.cause != 0 && last.cause < send &&
                                         times_[last.cause] < times_[send]);
    if (!behind) at = later_than(last.at);
    if (marks(i) && at <= mark_) at = later_than(mark_);
    return place(e, i, at, send);
  }

  bool timer(const TraceEvent& e, std::size_t i) {
    const EventId cause = e.parents.empty() ? 0 : e.parents.front();
    const std::int64_t before = cause == 0 ? 0 : trace_.events[cause - 1].at.ns;
    const std::int64_t at =
        called_at_.contains(e.at.ns) ? e.at.ns * stretch_ : times_[cause] + (e.at.ns - before);
    if (at < last_[e.node.value].at || (marks(i) && at < mark_)) return false;
    return place(e, i, at, 0);
  }

  std::int64_t later_than(std::int64_t at) const { return (at / least_ + 1) * least_; }

  /// Whether an operation is called or returns within the step.
  bool marks(std::size_t i) const {
    for (std::size_t k = i + 1; k < trace_.events.size(); ++k) {
      const TraceEvent& e = trace_.events[k];
      if (e.kind != TraceKind::send && e.kind != TraceKind::note) return false;
      if (e.name == "note::Invoke" || e.name == "note::Return") return true;
    }
    return false;
  }

  bool place(const TraceEvent& e, std::size_t i, std::int64_t at, EventId cause) {
    times_[e.id] = at;
    if (at < last_[e.node.value].at) return false;
    last_[e.node.value] = {at, cause};
    if (marks(i)) mark_ = std::max(mark_, at);
    return true;
  }

  const Trace& trace_;
  const std::set<std::int64_t>& called_at_;
  std::int64_t least_;
  std::int64_t stretch_;
  std::vector<std::int64_t> times_;
  std::vector<Last> last_;
  std::int64_t mark_ = -1;  ///< the last call or return so far
};

Value& value_in(Value& object, std::string_view key) {
  for (Value::Member& m : *object.as_object()) {
    if (m.first == key) return m.second;
  }
  return object;
}

/// Multiplies durations that are times: members "at" of operations, and all of faults.
void stretch_times(Value& v, bool all, std::int64_t stretch, std::set<std::int64_t>& seen) {
  const auto scale = [&](Value& text) {
    try {
      const std::int64_t ns = parse_duration(*text.as_string(), "").ns;
      seen.insert(ns);
      if (ns <= (std::int64_t{1} << 53) / stretch) text = Value(format_duration({ns * stretch}));
    } catch (const ConfigError&) {
      return;  // a name
    }
  };
  if (Value::List* list = v.as_list()) {
    for (Value& inner : *list) stretch_times(inner, all, stretch, seen);
  } else if (Value::Object* object = v.as_object()) {
    for (auto& [key, inner] : *object) {
      if (inner.as_string() != nullptr && (all || key == "at")) {
        scale(inner);
      } else {
        stretch_times(inner, all, stretch, seen);
      }
    }
  }
}

}  // namespace

std::optional<Value> renumbered(const Value& document, const Trace& before, const Trace& after) {
  const Place place{"schedule", "decisions"};
  const Value* found = value_at(document, place);
  if (found == nullptr || found->as_list() == nullptr) return std::nullopt;
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<std::size_t>> aligned;
  const std::vector<std::string> origins_before = origins_of(before);
  const std::vector<std::string> origins_after = origins_of(after);
  Value::List decisions;
  bool changed = false;
  for (const Value& decision : *found->as_list()) {
    const std::string from = text_at(decision, "from");
    const std::string to = text_at(decision, "to");
    const std::string type = text_at(decision, "message");
    if (type.empty()) {
      decisions.push_back(decision);
      continue;
    }
    const auto [it, is_new] = aligned.try_emplace({from, to, type});
    if (is_new) {
      const Messages a = messages_of(before, origins_before, from, to, type);
      const Messages b = messages_of(after, origins_after, from, to, type);
      if (a.size() <= kMostAligned && b.size() <= kMostAligned) it->second = alignment(a, b);
    }
    const Value* nth = decision.find("nth");
    const std::size_t number =
        nth == nullptr || nth->as_int() == nullptr ? 1 : static_cast<std::size_t>(*nth->as_int());
    if (number > it->second.size()) {
      decisions.push_back(decision);
      continue;
    }
    const std::size_t now = it->second[number - 1] + 1;
    if (now > messages_of(after, origins_after, from, to, type).size()) {
      changed = true;
      continue;
    }
    changed = changed || now != number;
    Value moved = decision;
    if (now != 1) {
      moved.set("nth", Value(static_cast<std::int64_t>(now)));
    } else if (Value::Object* members = moved.as_object()) {
      std::erase_if(*members, [](const auto& m) { return m.first == "nth"; });
    }
    decisions.push_back(std::move(moved));
  }
  if (!changed) return std::nullopt;
  Value out = document;
  replace_at(out, place, Value(std::move(decisions)));
  return out;
}

std::optional<Value> retimed(const Scenario& scenario, const Trace& trace, std::int64_t least_ns,
                             std::int64_t stretch) {
  if (!scenario.schedule || least_ns <= 0) return std::nullopt;
  std::set<std::int64_t> called_at;
  Value document = scenario.document;
  for (const char* part : {"workload", "faults", "liveness"}) {
    if (const Value* found = document.find(part)) {
      Value copy = *found;
      stretch_times(copy, std::string_view(part) != "workload", stretch, called_at);
      document.set(part, std::move(copy));
    }
  }
  const auto told = Retiming(trace, called_at, least_ns, stretch).run();
  if (!told) return std::nullopt;
  Schedule schedule{scenario.schedule->otherwise, {}};
  for (const NamedDecision& d : scenario.schedule->decisions) {
    const Decision what = d.question.what;
    const bool order =
        what == Decision::delay || what == Decision::tie || what == Decision::arrival;
    if (!order) schedule.decisions.push_back(d);
  }
  for (NamedDecision& d : delays_of(*told)) {
    if (d.answer != least_ns) schedule.decisions.push_back(std::move(d));
  }
  document.set("ties", Value("insertion"));
  Value encoded = encode_schedule(schedule, trace.nodes);
  for (Value& d : *value_in(encoded, "decisions").as_list()) {
    if (const Value* delay = d.find("delay")) {
      d.set("delay", Value(format_duration(parse_duration(*delay->as_string(), ""))));
    }
  }
  document.set("schedule", std::move(encoded));
  return document;
}

}  // namespace sibyl
