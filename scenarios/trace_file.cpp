// Writes and reads traces.
#include "scenarios/trace_file.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "scenarios/expect.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/files.hpp"
#include "scenarios/json.hpp"
#include "scenarios/scenario.hpp"
#include "sibyl_version.hpp"

namespace sibyl {

namespace {

Value node_name(const Trace& trace, NodeId node) {
  if (node == kNobody) return {};
  if (node.value < trace.nodes.size()) return Value(trace.nodes[node.value].name);
  return count_value(node.value);
}

std::optional<Outcome> outcome_from(std::string_view name) {
  for (const Outcome o : {Outcome::quiescent, Outcome::deadline, Outcome::limit}) {
    if (outcome_name(o) == name) return o;
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Trace read() {
    if (text_.empty()) throw InputError(name_, "1:1", "the header is missing");
    header(next_line());
    while (at_ < text_.size()) {
      event(next_line());
    }
    if (trace_.events.size() != announced_) {
      throw InputError(name_, fmt::format("{}:1", line_ + 1),
                       fmt::format("the header announces {} events, and there are {}", announced_,
                                   trace_.events.size()));
    }
    return std::move(trace_);
  }

 private:
  Value next_line() {
    ++line_;
    const auto end = text_.find('\n', at_);
    const std::string_view line = text_.substr(at_, end - at_);
    if (end == std::string_view::npos) {
      throw InputError(name_, fmt::format("{}:{}", line_, line.size() + 1),
                       "the end of the line is missing: the file was cut off");
    }
    at_ = end + 1;
    try {
      return parse_json(line, name_, {kLargestTrace, 128}, line_);
    } catch (const InputError& e) {
      if (e.place.empty() || e.place[0] != '/') throw;
      throw InputError(name_, fmt::format("{}:1", line_), e.place + ": " + e.message);
    }
  }

  /// Decodes with the line's number as the place of every mistake.
  template <class F>
  void in_line(F decode_line) {
    try {
      decode_line();
    } catch (const ConfigError& e) {
      const std::string at = e.pointer.empty() ? "" : e.pointer + ": ";
      throw InputError(name_, fmt::format("{}:1", line_), at + e.what());
    }
  }

  void header(const Value& v) {
    in_line([&] {
      const Fields fields(v, "",
                          {"format", "version", "id", "seed", "digest", "outcome", "end_ns",
                           "pending", "events", "nodes", "scenario"});
      std::string format;
      std::string outcome;
      fields.require("format", format);
      if (format != kTraceFormat) {
        throw ConfigError("/format", fmt::format("found \"{}\", expected \"{}\"",
                                                 format.substr(0, 60), kTraceFormat));
      }
      std::string version;  // of the program that wrote it: any
      if (fields.read("version", version)) {
        check_shown("/version", version);
        if (version.empty()) throw ConfigError("/version", "must not be empty");
      }
      trace_.seed =
          static_cast<std::uint64_t>(decode_int(fields.get("seed"), "/seed", 0, kLargestSeed));
      fields.require("id", trace_.scenario_id);
      check_shown("/id", trace_.scenario_id);
      fields.require("digest", trace_.digest);
      if (!trace_.digest.empty()) check_digest(trace_.digest, "/digest");
      fields.require("outcome", outcome);
      const auto known = outcome_from(outcome);
      if (!known) unknown_name("/outcome", outcome, {"quiescent", "deadline", "limit"}, "outcome");
      trace_.outcome = *known;
      trace_.end.ns = decode_int(fields.get("end_ns"), "/end_ns", 0, kNever.ns);
      if (const Value* p = fields.find("pending"); p != nullptr && !p->is_null()) {
        fields.require("pending", trace_.pending.emplace());
      }
      fields.require("events", announced_);
      trace_.scenario = fields.get("scenario");
      if (trace_.scenario.as_object() == nullptr && !trace_.scenario.is_null()) {
        wrong_kind("/scenario", trace_.scenario, "an object, or null");
      }
      nodes(fields.get("nodes"));
    });
  }

  /// What people are shown of a trace has no control characters.
  static void check_shown(const std::string& pointer, const std::string& text) {
    const bool bad = std::any_of(text.begin(), text.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte < 0x20 || byte == 0x7f;
    });
    if (bad) throw ConfigError(pointer, "must not have control characters");
  }

  void nodes(const Value& v) {
    if (v.as_list() == nullptr) wrong_kind("/nodes", v, "a list");
    for (std::size_t i = 0; i < v.as_list()->size(); ++i) {
      const Fields fields((*v.as_list())[i], pointer_to("/nodes", i),
                          {"name", "role", "group", "faulty"});
      TraceNode node;
      fields.require("name", node.name);
      fields.require("role", node.role);
      fields.require("group", node.group);
      fields.read("faulty", node.faulty);
      if (node.name.empty()) throw ConfigError(fields.at("name"), "a node needs a name");
      check_shown(fields.at("name"), node.name);
      const NodeId id{static_cast<std::uint32_t>(i)};
      if (!ids_.emplace(node.name, id).second) {
        throw ConfigError(fields.at("name"), fmt::format("two nodes are called \"{}\"", node.name));
      }
      trace_.nodes.push_back(std::move(node));
    }
  }

  NodeId node(const Fields& fields, std::string_view key) const {
    const Value* found = fields.find(key);
    if (found == nullptr || found->is_null()) return kNobody;
    std::string name;
    decode(*found, fields.at(key), name);
    const auto it = ids_.find(name);
    if (it != ids_.end()) return it->second;
    std::vector<std::string> known;
    for (const TraceNode& each : trace_.nodes) known.push_back(each.name);
    unknown_name(fields.at(key), name, known, "node");
  }

  /// Only a fault may happen at no node; what concerns a message has two ends.
  static void check_ends(const TraceEvent& e) {
    const bool of_message =
        e.kind == TraceKind::send || e.kind == TraceKind::receive || e.kind == TraceKind::lose;
    if (e.node == kNobody && e.kind != TraceKind::fault) {
      throw ConfigError("/node", fmt::format("a {} happens at a node", trace_kind_name(e.kind)));
    }
    if (of_message != (e.peer != kNobody)) {
      throw ConfigError("/peer", fmt::format("a {} has {} peer", trace_kind_name(e.kind),
                                             of_message ? "one" : "no"));
    }
  }

  void event(const Value& v) {
    in_line([&] {
      const Fields fields(v, "", {"id", "t", "kind", "node", "peer", "parents", "name", "data"});
      TraceEvent e;
      std::string kind;
      fields.require("id", e.id);
      if (e.id != trace_.events.size() + 1) {
        throw ConfigError("/id", fmt::format("found {}, expected {}: events are numbered from 1",
                                             e.id, trace_.events.size() + 1));
      }
      e.at.ns = decode_int(fields.get("t"), "/t", 0, kNever.ns);
      if (!trace_.events.empty() && e.at < trace_.events.back().at) {
        throw ConfigError("/t", "earlier than the event before it");
      }
      if (e.at > trace_.end) throw ConfigError("/t", "later than the end that the header gives");
      fields.require("kind", kind);
      const auto known = trace_kind_from(kind);
      if (!known) {
        unknown_name("/kind", kind, {"start", "send", "receive", "lose", "timer", "note", "fault"},
                     "kind");
      }
      e.kind = *known;
      e.node = node(fields, "node");
      e.peer = node(fields, "peer");
      check_ends(e);
      fields.read("parents", e.parents);
      for (const EventId parent : e.parents) {
        if (parent == 0 || parent >= e.id) {
          throw ConfigError("/parents", fmt::format("{} is no earlier event", parent));
        }
      }
      fields.require("name", e.name);
      if (const Value* data = fields.find("data")) e.data = *data;
      trace_.events.push_back(std::move(e));
    });
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
  std::uint64_t announced_ = 0;
  Trace trace_;
  std::map<std::string, NodeId> ids_;
};

}  // namespace

std::string trace_header_line(const Trace& trace) {
  Value::List nodes;
  for (const TraceNode& node : trace.nodes) {
    Value::Object members{{"name", node.name}, {"role", node.role}, {"group", node.group}};
    if (node.faulty) members.emplace_back("faulty", true);
    nodes.push_back(Value(std::move(members)));
  }
  return to_json(Value::Object{{"format", kTraceFormat},
                               {"version", SIBYL_VERSION},
                               {"id", trace.scenario_id},
                               {"seed", count_value(trace.seed)},
                               {"digest", trace.digest},
                               {"outcome", outcome_name(trace.outcome)},
                               {"end_ns", trace.end.ns},
                               {"pending", trace.pending ? count_value(*trace.pending) : Value()},
                               {"events", count_value(trace.events.size())},
                               {"nodes", std::move(nodes)},
                               {"scenario", trace.scenario}});
}

std::string trace_event_line(const Trace& trace, const TraceEvent& event) {
  Value::List parents;
  for (const EventId parent : event.parents) parents.push_back(count_value(parent));
  Value::Object members{{"id", count_value(event.id)},
                        {"t", event.at.ns},
                        {"kind", trace_kind_name(event.kind)},
                        {"node", node_name(trace, event.node)}};
  if (event.peer != kNobody) members.emplace_back("peer", node_name(trace, event.peer));
  members.emplace_back("parents", std::move(parents));
  members.emplace_back("name", event.name);
  if (!event.data.is_null()) members.emplace_back("data", event.data);
  return to_json(Value(std::move(members)));
}

std::string trace_text(const Trace& trace) {
  std::string text = trace_header_line(trace) + "\n";
  for (const TraceEvent& event : trace.events) text += trace_event_line(trace, event) + "\n";
  return text;
}

Trace parse_trace(std::string_view text, const std::string& name) {
  return Reader(text, name).read();
}

bool looks_like_trace(std::string_view text) {
  return format_member(text).starts_with("sibyl-trace/");
}

bool looks_like_history(std::string_view text) { return text.starts_with("{\"process\":"); }

std::string packed_for(const std::string& path, std::string text) {
  return std::string_view(path).ends_with(".zst") ? zstd_compress(text) : std::move(text);
}

}  // namespace sibyl
