// Reading a trace for a drawing.
#include "analysis/svg_scene.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "analysis/reading.hpp"
#include "analysis/svg_items.hpp"
#include "analysis/svg_limits.hpp"
#include "analysis/svg_nodes.hpp"
#include "analysis/svg_orders.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

constexpr std::size_t kMostTitle = 400;  // characters of a text for pointing at something
constexpr std::size_t kMostKinds = 7;  // of messages, before what they wrap is no longer told apart

/// Goes through the events once and keeps what is open.
class Reader {
 public:
  Reader(const Trace& trace, const std::vector<Finding>& findings, const SceneLimits& limits,
         const std::vector<Explanation>& explanations, const Excerpt* part)
      : trace_(trace), part_(part), limits_(limits), items_(trace) {
    if (part_ != nullptr) clamp_to_part();
    for (const Explanation& each : explanations) {
      lit_.insert(each.events.begin(), each.events.end());
      lit_.insert(each.context.begin(), each.context.end());
    }
    scene_.findings = findings;
    for (Finding& f : scene_.findings) f.summary = with_times(f.summary, trace);
    for (const Finding& f : findings) {
      if (f.verdict == Verdict::violated) witness_.insert(f.events.begin(), f.events.end());
    }
  }

  Scene read() {
    read_head();
    make_lanes();
    choose_kind_names();
    for (const TraceEvent& e : trace_.events) read_event(e);
    if (part_ == nullptr) scene_.orders = orders_of(trace_, items_, lanes_);
    finish();
    return std::move(scene_);
  }

  /// The numbered steps and their sentences; after read().
  static void tell(Scene& scene, const Trace& trace, const std::vector<Explanation>& explanations,
                   const std::map<NodeId, std::size_t>& lanes) {
    std::size_t n = 0;
    for (const Explanation& each : explanations) {
      Tale tale{"Why " + printable(each.property) + " is violated (#n: events of the trace)",
                {},
                printable(each.conclusion)};
      for (const CauseStep& step : each.steps) {
        const TraceEvent& e = trace.events[step.event - 1];
        tale.sentences.push_back(fmt::format("{}. {}: {}", ++n, time_words(e.at.ns), step.text));
        const auto lane = lanes.find(e.node);
        if (lane == lanes.end()) continue;
        const std::int64_t at = std::clamp(e.at.ns, scene.begin, scene.end);
        scene.markers.push_back({lane->second, at, n, step.text});
      }
      scene.tales.push_back(std::move(tale));
    }
  }
  const std::map<NodeId, std::size_t>& lanes() const { return lanes_; }

 private:
  using NodeObject = std::pair<std::size_t, std::string>;

  /// What came before the part's begin and lasts is drawn from there on.
  void clamp_to_part() {
    scene_.begin = scene_.end = trace_.events[part_->end - 1].at.ns;
    for (const EventId id : part_->events) {
      const TraceEvent& e = trace_.events[id - 1];
      if (e.kind != TraceKind::fault) scene_.begin = std::min(scene_.begin, e.at.ns);
    }
  }
  bool is_drawn(const TraceEvent& e) const { return part_ == nullptr || part_->has(e.id); }

  void read_head() {
    const std::string title = printable(text_field(trace_.scenario, "title"));
    const std::string id = printable(trace_.scenario_id);
    scene_.title = !title.empty() ? title : !id.empty() ? id : "A run";
    if (!title.empty() && !id.empty()) scene_.subtitle = id + ", ";
    scene_.subtitle +=
        fmt::format("seed {}, {}", trace_.seed, counted(trace_.events.size(), "event"));
    if (trace_.outcome == Outcome::deadline) {
      scene_.subtitle += ", stopped at its end time " + time_words(trace_.end.ns);
    } else if (trace_.outcome == Outcome::limit) {
      scene_.subtitle += ", cut off by a limit";
    }
    if (part_ != nullptr) scene_.subtitle += "; only " + part_->what;
  }

  /// The network, when faults hit it, is the first.
  void make_lanes() {
    NodeLanes made = lanes_of_nodes(trace_, witness_, part_, limits_);
    scene_.lanes = std::move(made.lanes);
    lanes_ = std::move(made.of);
    if (made.left_out == 0) return;
    scene_.omissions.push_back(counted(made.left_out, "node") + " left out: too many to be read.");
  }

  void choose_kind_names() {
    std::set<std::string> names;
    std::size_t drawn = 0;
    for (const TraceEvent& e : trace_.events) {
      if (!is_drawn_send(e)) continue;
      ++drawn;
      if (names.size() <= kMostKinds) names.insert(message_words(e));
    }
    short_kinds_ = names.size() > kMostKinds;
    draw_arrows_ = drawn <= limits_.arrows;
    if (!draw_arrows_) {
      scene_.omissions.push_back(
          fmt::format("The {} messages are not drawn: too many to be read.", drawn));
    }
  }

  bool is_drawn_send(const TraceEvent& e) const {
    return e.kind == TraceKind::send && is_drawn(e) && e.node != e.peer &&
           lanes_.count(e.node) != 0 && lanes_.count(e.peer) != 0;
  }

  void read_event(const TraceEvent& e) {
    switch (e.kind) {
      case TraceKind::send:
        return read_send(e);
      case TraceKind::receive:
      case TraceKind::lose:
        return read_arrival(e);
      case TraceKind::note:
        return read_note(e);
      case TraceKind::fault:
        return is_later(e) ? void() : read_fault(e);
      default:
        return;
    }
  }

  void read_send(const TraceEvent& e) {
    if (!draw_arrows_ || !is_drawn_send(e)) return;
    const std::string name = short_kinds_ ? short_name(e.name) : message_words(e);
    const auto known = kinds_.emplace(name, scene_.kinds.size());
    if (known.second) scene_.kinds.push_back(name);
    Arrow arrow;
    arrow.from_lane = lanes_.at(e.node);
    arrow.to_lane = lanes_.at(e.peer);
    arrow.from = arrow.to = see(e.at.ns);
    arrow.fate = Fate::under_way;
    arrow.kind = known.first->second;
    arrow.lit = lit_.count(e.id) != 0;
    arrow.label = items_.carried_by(e.data);
    arrow.title =
        shortened(fmt::format("{} from {} to {}, sent at {}; {}", message_words(e),
                              scene_.lanes[arrow.from_lane].name, scene_.lanes[arrow.to_lane].name,
                              time_words(e.at.ns), fields_words(e.data)),
                  kMostTitle);
    sends_[e.id] = scene_.arrows.size();
    scene_.arrows.push_back(std::move(arrow));
  }

  void read_arrival(const TraceEvent& e) {
    for (const EventId parent : e.parents) {
      const auto it = sends_.find(parent);
      if (it == sends_.end() || is_later(e)) continue;
      std::size_t index = it->second;
      if (scene_.arrows[index].fate != Fate::under_way) {  // duplicated by the network
        scene_.arrows.push_back(scene_.arrows[index]);
        index = scene_.arrows.size() - 1;
      }
      Arrow& arrow = scene_.arrows[index];
      arrow.to = see(e.at.ns);
      arrow.fate = e.kind == TraceKind::receive ? Fate::received : Fate::lost;
      if (arrow.fate == Fate::lost) {
        const bool has_own_why = e.data.find("lost_why") != nullptr;
        arrow.title += "; lost: " + printable(text_field(e.data, has_own_why ? "lost_why" : "why"));
      }
      return;
    }
  }

  void read_note(const TraceEvent& e) {
    const auto lane = lanes_.find(e.node);
    if (lane == lanes_.end()) return;
    const std::string name = short_name(e.name);
    if (!is_drawn(e)) return read_note_around(e, lane->second, name);
    if (name == "Invoke" || name == "ActionCall") return invoke(e, lane->second);
    if (name == "Return" || name == "ActionDone") return finish_operation(e);
    if (name == "ExecuteStart") return start_execution(e, lane->second);
    if (name == "ExecuteEnd") return end_execution(e, lane->second);
    if (name == "Broadcast" && items_.delivered_only()) return broadcast(e, lane->second);
    if (name == "BroadcastDelivery" && items_.delivered_only()) return deliver(e, lane->second);
    if (name == "Applied" && items_.any()) return apply(e, lane->second);
    if (name == "Output" || name == "Processed") return put_out(e, lane->second);
    if (name == "Propose" || name == "Decide") return agree(e, lane->second);
    read_object(e, lane->second, name);
  }

  /// Of what is not in the part: how things that are in it end, and what nodes have.
  void read_note_around(const TraceEvent& e, std::size_t lane, const std::string& name) {
    const bool ends_call = name == "Return" || name == "ActionDone";
    const bool ends = ends_call || name == "ExecuteEnd";
    if (!is_later(e)) {
      if (ends_call) return finish_operation(e);
      if (name == "ExecuteEnd") return end_execution(e, lane);
      return read_object(e, lane, name);
    }
    if (!ends) return;
    const std::int64_t op = integer_field(e.data, "op", -1);
    if (const auto it = operations_.find(op); ends_call && it != operations_.end()) {
      later_.insert(it->second);
    }
    if (const auto it = executions_.find({lane, op}); !ends_call && it != executions_.end()) {
      later_.insert(it->second);
    }
  }

  /// What a node has, or knows where to find.
  void read_object(const TraceEvent& e, std::size_t lane, const std::string& name) {
    const std::string object = printable(text_field(e.data, "object"));
    if (name == "Own") open_bar(e, lane, object, false, object);
    if (name == "Initial") initial(e, lane, object);
    if (name == "Disown") close_bar(e, lane, object, false);
    if (name == "CacheDrop") close_bar(e, lane, object, true);
    if (name == "CacheFill") {
      close_bar(e, lane, object, true);
      const std::string where = printable(text_field(e.data, "where"));
      std::string label = where == "copy" ? "copy of " + object : "cache of " + object;
      if (where != "copy" && !where.empty()) label += " → " + where;
      open_bar(e, lane, object, true, std::move(label));
    }
  }

  void invoke(const TraceEvent& e, std::size_t lane) {
    Box box = box_at(e, lane);
    box.open = box.operation = true;
    const std::string name = printable(text_field(e.data, "label"));
    const Value* value = e.data.find("value");
    const Value* what = e.data.find("what");  // of an ActionCall, in words already
    const std::string call = what != nullptr
                                 ? printable(text_field(e.data, "what"))
                                 : call_words(text_field(e.data, "f"), text_field(e.data, "key"),
                                              value == nullptr ? Value() : *value);
    const bool says_more = !name.empty() && call.rfind(name, 0) != 0;
    box.label = !says_more ? call : call.empty() ? name : name + ": " + call;
    const std::int64_t op = integer_field(e.data, "op", -1);
    names_.emplace(op, name.empty() ? call : name);
    functions_.emplace(op, text_field(e.data, "f"));
    operations_.emplace(op, add_box(std::move(box)));
  }

  void finish_operation(const TraceEvent& e) {
    const std::int64_t op = integer_field(e.data, "op", -1);
    const auto it = operations_.find(op);
    if (it == operations_.end() || it->second == kNone || !scene_.boxes[it->second].open) return;
    Box& box = scene_.boxes[it->second];
    const Value* value = e.data.find("value");
    box.to = see(e.at.ns);
    box.open = false;
    mark(box, e);
    if (answered_.count(op) != 0) return;
    box.label += " → " + reply_words(text_field(e.data, "reply"), functions_.at(op),
                                     value == nullptr ? Value() : *value);
  }

  /// A replica applies a command: an execution that takes no time. Its own call that ends in the
  /// same instant is the same box.
  void apply(const TraceEvent& e, std::size_t lane) {
    const std::int64_t op = integer_field(e.data, "op", -1);
    const auto called = operations_.find(op);
    if (called != operations_.end() && called->second != kNone) {
      Box& box = scene_.boxes[called->second];
      if (box.open && box.lane == lane && box.from == e.at.ns) {
        mark(box, e);
        answered_.insert(op);
        applied_[lane] = {op, called->second};
        return;
      }
    }
    Box box = box_at(e, lane);
    box.label = items_.command(op);
    if (box.label.empty()) box.label = fmt::format("#{}", op);
    applied_[lane] = {op, add_box(std::move(box))};
  }

  /// The broadcast of an item takes no time; its delivery at the same place and instant, either.
  void broadcast(const TraceEvent& e, std::size_t lane) {
    Box box = item_box(e, lane);
    box.operation = true;
    box.label = "broadcasts " + items_.item_of(e.data);
    broadcast_[lane] = {add_box(std::move(box)), items_.item_of(e.data)};
  }

  void deliver(const TraceEvent& e, std::size_t lane) {
    const std::string name = items_.delivery(e.data);
    const auto own = broadcast_.find(lane);
    if (own != broadcast_.end() && own->second.first != kNone && own->second.second == name) {
      Box& box = scene_.boxes[own->second.first];
      if (box.from == e.at.ns) {
        box.label = "broadcasts and delivers " + name;
        box.witness = box.witness || witness_.count(e.id) != 0;
        box.lit = box.lit || lit_.count(e.id) != 0;
        broadcast_.erase(own);
        return;
      }
    }
    Box box = item_box(e, lane);
    box.label = name;
    add_box(std::move(box));
  }

  Box item_box(const TraceEvent& e, std::size_t lane) {
    Box box;
    box.lane = lane;
    box.from = box.to = see(e.at.ns);
    box.item = true;
    box.witness = witness_.count(e.id) != 0;
    box.lit = lit_.count(e.id) != 0;
    return box;
  }

  void put_out(const TraceEvent& e, std::size_t lane) {
    const auto it = applied_.find(lane);
    if (it == applied_.end() || it->second.second == kNone) return;
    Box& box = scene_.boxes[it->second.second];
    box.label += items_.answers(it->second.first, e.data);
    mark(box, e);
  }

  /// An input of an agreement, or what it puts out.
  void agree(const TraceEvent& e, std::size_t lane) {
    Box box = box_at(e, lane);
    box.label = agreement_words(e);
    box.agreement = true;
    add_box(std::move(box));
  }

  void start_execution(const TraceEvent& e, std::size_t lane) {
    Box box = box_at(e, lane);
    box.open = true;
    const std::int64_t op = integer_field(e.data, "op", -1);
    box.label = printable(text_field(e.data, "label"));
    if (box.label.empty() && names_.count(op) != 0) box.label = names_.at(op);
    // Operations are counted from 1: what is of none has its result for a name.
    if (box.label.empty() && op != 0) box.label = fmt::format("#{}", op);
    executions_[{lane, op}] = add_box(std::move(box));
  }

  void end_execution(const TraceEvent& e, std::size_t lane) {
    const auto it = executions_.find({lane, integer_field(e.data, "op", -1)});
    if (it == executions_.end()) return;
    if (it->second != kNone) {
      Box& box = scene_.boxes[it->second];
      box.to = see(e.at.ns);
      box.open = false;
      mark(box, e);
      const std::string result = printable(text_field(e.data, "result"));
      if (!result.empty()) box.label += (box.label.empty() ? "" : " → ") + result;
    }
    executions_.erase(it);
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  /// At an event, which takes no time.
  Box box_at(const TraceEvent& e, std::size_t lane) {
    Box box;
    box.lane = lane;
    box.from = box.to = see(e.at.ns);
    mark(box, e);
    return box;
  }

  void mark(Box& box, const TraceEvent& e) const {
    box.witness = box.witness || witness_.count(e.id) != 0;
    box.lit = box.lit || lit_.count(e.id) != 0;
  }

  std::size_t add_box(Box box) {
    if (scene_.boxes.size() >= limits_.boxes) {
      ++boxes_left_out_;
      return kNone;
    }
    scene_.boxes.push_back(std::move(box));
    return scene_.boxes.size() - 1;
  }

  void open_bar(const TraceEvent& e, std::size_t lane, const std::string& object, bool cache,
                std::string label) {
    auto& open = cache ? caches_ : owned_;
    const auto added = open.emplace(NodeObject{lane, object}, scene_.bars.size());
    if (!added.second) return;
    scene_.bars.push_back({lane, see(e.at.ns), -1, cache, object, std::move(label), ""});
  }

  void initial(const TraceEvent& e, std::size_t lane, const std::string& object) {
    open_bar(e, lane, object, false, object);
    const Value* value = e.data.find("value");
    if (value == nullptr) return;
    scene_.bars[owned_.at({lane, object})].label =
        object + ", initially " + printable(value->text());
  }

  void close_bar(const TraceEvent& e, std::size_t lane, const std::string& object, bool cache) {
    auto& open = cache ? caches_ : owned_;
    const auto it = open.find({lane, object});
    if (it == open.end()) return;
    scene_.bars[it->second].to = see(e.at.ns);
    open.erase(it);
  }

  void read_fault(const TraceEvent& e) {
    const std::string name = short_name(e.name);
    std::size_t lane = 0;  // the network
    if (concerns_node(name)) {
      auto it = lanes_.find(e.node);
      for (const auto& [node, number] : lanes_) {
        if (e.node != kNobody || node_name(trace_, node) != text_field(e.data, "node")) continue;
        it = lanes_.find(node);
      }
      if (it == lanes_.end()) return;
      lane = it->second;
    } else if (!is_drawn(e)) {
      return;
    }
    const std::string what = fault_words(name);
    const std::int64_t at = see(e.at.ns);
    if (is_drawn(e) && e.at.ns >= scene_.begin) {
      scene_.marks.push_back(
          {lane, at, what, what + " at " + time_words(e.at.ns) + ": " + fields_words(e.data)});
    }
    if (name == "Crash") {
      end_outage(lane, false, at);  // a crash ends a pause
      begin_outage(lane, true, at);
      crash(e, lane);
    }
    if (name == "Pause") begin_outage(lane, false, at);
    if (name == "Recover") end_outage(lane, true, at);
    if (name == "Resume") end_outage(lane, false, at);
    if (name != "Recover") return;
    const Value* storage = e.data.find("storage");
    const bool* kept = storage == nullptr ? nullptr : storage->as_bool();
    for (const std::string& object : interrupted_[lane]) {
      if (kept == nullptr || *kept) open_bar(e, lane, object, false, object);
    }
    interrupted_.erase(lane);
  }

  /// What is down cannot be paused, and what is paused not paused again.
  void begin_outage(std::size_t lane, bool crashed, std::int64_t at) {
    if (!outages_.emplace(lane, scene_.outages.size()).second) return;
    scene_.outages.push_back({lane, at, -1, crashed});
  }

  void end_outage(std::size_t lane, bool crashed, std::int64_t at) {
    const auto open = outages_.find(lane);
    if (open == outages_.end() || scene_.outages[open->second].crashed != crashed) return;
    scene_.outages[open->second].to = at;
    outages_.erase(open);
  }

  /// Where a node crashes its executions end (they stay marked as unfinished), its caches are
  /// gone, and its objects are not available until it recovers.
  void crash(const TraceEvent& e, std::size_t lane) {
    for (const bool cache : {false, true}) {
      std::vector<std::string> objects;
      for (const auto& [key, bar] : cache ? caches_ : owned_) {
        if (key.first == lane) objects.push_back(key.second);
      }
      for (const std::string& object : objects) close_bar(e, lane, object, cache);
      if (!cache) interrupted_[lane] = std::move(objects);
    }
    for (auto it = executions_.begin(); it != executions_.end();) {
      if (it->first.first != lane) {
        ++it;
        continue;
      }
      if (it->second != kNone) stopped_[it->second] = e.at.ns;
      it = executions_.erase(it);
    }
  }

  void finish() {
    if (scene_.begin > scene_.end) scene_.begin = scene_.end = 0;
    // Steps of explanations stand at their times, also where what happens then is not drawn.
    for (const EventId id : lit_) {
      if (id >= 1 && id <= trace_.events.size()) see(trace_.events[id - 1].at.ns);
    }
    if (part_ == nullptr) cut_tail(scene_, last_lit());
    if (part_ != nullptr) {
      std::erase_if(scene_.bars, [&](const Bar& bar) { return bar.to == scene_.begin; });
      std::erase_if(scene_.outages, [&](const Outage& o) { return o.to == scene_.begin; });
    }
    for (std::size_t i = 0; i < scene_.boxes.size(); ++i) {
      Box& box = scene_.boxes[i];
      const auto stopped = stopped_.find(i);
      if (box.open) box.to = stopped == stopped_.end() ? scene_.end : stopped->second;
      const bool later = later_.count(i) != 0;
      if (box.open)
        box.label += later ? " → later" : box.operation ? " → no reply" : " → unfinished";
      const std::string span =
          box.open ? " from " + time_words(box.from)
                   : fmt::format(" from {} to {}", time_words(box.from), time_words(box.to));
      box.title = shortened(box.label + span, kMostTitle);
    }
    for (Bar& bar : scene_.bars) {
      const bool open = bar.to < 0;
      if (open) bar.to = scene_.end;
      bar.title = shortened(
          fmt::format("{} at {}, from {}{}", bar.label, scene_.lanes[bar.lane].name,
                      time_words(bar.from), open ? " until the end" : " to " + time_words(bar.to)),
          kMostTitle);
    }
    for (Outage& o : scene_.outages) {
      if (o.to < 0) o.to = scene_.end;
    }
    for (Arrow& a : scene_.arrows) {
      if (a.fate == Fate::under_way) a.to = scene_.end;
    }
    limit_bars(scene_, limits_);
    make_windows(scene_, limits_);
    if (boxes_left_out_ > 0) {
      scene_.omissions.push_back(
          fmt::format("{} later operations and executions left out: "
                      "too many to be read.",
                      boxes_left_out_));
    }
  }

  /// When the last event of the explanations was.
  std::int64_t last_lit() const {
    const bool any = !lit_.empty() && *lit_.rbegin() <= trace_.events.size();
    return any ? trace_.events[*lit_.rbegin() - 1].at.ns : scene_.begin;
  }

  /// Remembers that something is drawn at this time.
  std::int64_t see(std::int64_t at) {
    if (part_ != nullptr) return std::clamp(at, scene_.begin, scene_.end);
    scene_.begin = seen_ ? std::min(scene_.begin, at) : at;
    scene_.end = seen_ ? std::max(scene_.end, at) : at;
    seen_ = true;
    return at;
  }

  /// Whether it happens after all that is drawn.
  bool is_later(const TraceEvent& e) const { return part_ != nullptr && e.id > part_->end; }

  const Trace& trace_;
  const Excerpt* part_;
  SceneLimits limits_;
  Items items_;
  Scene scene_;
  bool seen_ = false;
  bool short_kinds_ = false;
  bool draw_arrows_ = true;
  std::size_t boxes_left_out_ = 0;
  std::set<EventId> witness_;
  std::set<EventId> lit_;  ///< belongs to an explanation
  std::map<NodeId, std::size_t> lanes_;
  std::map<std::string, std::size_t> kinds_;
  std::map<EventId, std::size_t> sends_;            ///< arrow by send
  std::map<std::int64_t, std::string> names_;       ///< of operations
  std::map<std::int64_t, std::string> functions_;   ///< of operations
  std::set<std::size_t> later_;                     ///< boxes that end after all that is drawn
  std::map<std::int64_t, std::size_t> operations_;  ///< box by operation
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> executions_;  ///< open, by lane
  std::map<std::size_t, std::pair<std::int64_t, std::size_t>> applied_;  ///< last, and box, by lane
  std::map<std::size_t, std::pair<std::size_t, std::string>> broadcast_;  ///< last box and item
  std::set<std::int64_t> answered_;              ///< operations whose box tells the answer already
  std::map<std::size_t, std::int64_t> stopped_;  ///< boxes ended by a crash
  std::map<NodeObject, std::size_t> owned_;      ///< open bars
  std::map<NodeObject, std::size_t> caches_;
  std::map<std::size_t, std::vector<std::string>> interrupted_;  ///< objects of crashed nodes
  std::map<std::size_t, std::size_t> outages_;                   ///< open, by lane
};

}  // namespace

Scene scene_of(const Trace& trace, const std::vector<Finding>& findings, const SceneLimits& limits,
               const std::vector<Explanation>& explanations, const Excerpt* part) {
  Reader reader(trace, findings, limits, explanations, part);
  Scene scene = reader.read();
  Reader::tell(scene, trace, explanations, reader.lanes());
  return scene;
}

}  // namespace sibyl::analysis::svg
