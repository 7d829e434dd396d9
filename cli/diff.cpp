// sibyl diff: the first event at which two traces part.
#include <algorithm>
#include <array>
#include <memory>

#include <fmt/core.h>

#include "cli/verbs.hpp"
#include "scenarios/json.hpp"
#include "scenarios/report.hpp"
#include "scenarios/trace_file.hpp"
#include "scenarios/trace_source.hpp"

namespace sibyl::cli {

namespace {

struct DiffSettings {
  Common common;
  std::string a;
  std::string b;
  std::size_t context = 3;
};

std::string nodes_text(const Trace& trace) {
  std::string text;
  for (const TraceNode& node : trace.nodes) {
    text +=
        fmt::format("{}{} ({}, {})", text.empty() ? "" : ", ", node.name, node.role, node.group);
  }
  return text;
}

/// What the headers say differently, as (what, in A, in B).
std::vector<std::array<std::string, 3>> header_differences(const Trace& a, const Trace& b) {
  std::vector<std::array<std::string, 3>> found;
  const auto compare = [&](const char* what, const std::string& in_a, const std::string& in_b) {
    if (in_a != in_b) found.push_back({what, in_a, in_b});
  };
  compare("id", a.scenario_id, b.scenario_id);
  compare("seed", std::to_string(a.seed), std::to_string(b.seed));
  compare("scenario", to_json(a.scenario), to_json(b.scenario));
  compare("nodes", nodes_text(a), nodes_text(b));
  compare("outcome", std::string(outcome_name(a.outcome)), std::string(outcome_name(b.outcome)));
  compare("end_ns", std::to_string(a.end.ns), std::to_string(b.end.ns));
  compare("digest", a.digest, b.digest);
  return found;
}

std::string shortened(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

std::string line_of(const Trace& trace, std::size_t i) {
  return i < trace.events.size() ? trace_event_line(trace, trace.events[i])
                                 : "(the trace ends here)";
}

/// The place of the first event that differs; the length of both when there is none.
std::size_t first_difference(const Trace& a, const Trace& b) {
  const std::size_t common = std::min(a.events.size(), b.events.size());
  std::size_t i = 0;
  while (i < common && line_of(a, i) == line_of(b, i)) ++i;
  return i;
}

std::string difference_text(const DiffSettings& settings, const Trace& a, const Trace& b,
                            std::size_t at) {
  std::string out = fmt::format("event {} differs\n", at + 1);
  for (std::size_t i = at - std::min(at, settings.context); i < at; ++i)
    out += "  " + line_of(a, i) + "\n";
  const auto side = [&](char mark, const Trace& trace) {
    for (std::size_t i = at; i <= at + settings.context && (i == at || i < trace.events.size());
         ++i) {
      out += fmt::format("{} {}\n", mark, line_of(trace, i));
    }
  };
  side('-', a);
  side('+', b);
  return out;
}

int diff(const DiffSettings& settings, Io& io) {
  const AtOnce from_here_on(io);
  check_paths({settings.a, settings.b}, {{"-o", settings.common.out}});
  const Trace a = load_trace(settings.a);
  const Trace b = load_trace(settings.b);
  const auto headers = header_differences(a, b);
  const std::size_t at = first_difference(a, b);
  const bool events_part = at < a.events.size() || at < b.events.size();
  const bool differ = events_part || !headers.empty();
  if (settings.common.json) {
    Value::Object header;
    for (const auto& [what, in_a, in_b] : headers) {
      header.emplace_back(what, Value::List{Value(in_a), Value(in_b)});
    }
    Value v(Value::Object{{"equal", !differ}, {"header", std::move(header)}});
    if (!differ) v.set("events", static_cast<std::int64_t>(at)).set("digest", a.digest);
    if (events_part) {
      v.set("event", static_cast<std::int64_t>(at + 1));
      v.set("a", line_of(a, at));
      v.set("b", line_of(b, at));
    }
    emit(io, settings.common.out, to_json(v) + "\n");
    return differ ? kUnmet : kAsExpected;
  }
  std::string out;
  if (differ) out = fmt::format("- {}\n+ {}\n", settings.a, settings.b);
  for (const auto& [what, in_a, in_b] : headers) {
    out += fmt::format("header: {} differs\n- {}\n+ {}\n", what, shown(shortened(in_a)),
                       shown(shortened(in_b)));
  }
  if (events_part) {
    out += difference_text(settings, a, b, at);
  } else if (differ) {
    out += fmt::format("the {} events are equal\n", at);
  } else {
    out = fmt::format("equal: {} events, digest {}\n", at, a.digest);
  }
  if (differ || !settings.common.quiet) emit(io, settings.common.out, out);
  return differ ? kUnmet : kAsExpected;
}

}  // namespace

Action add_diff(CLI::App& verb, Io& io) {
  const auto settings = std::make_shared<DiffSettings>();
  verb.add_option("A", settings->a, "A trace (.jsonl, .jsonl.zst)")->required();
  verb.add_option("B", settings->b, "The trace to compare it with")->required();
  verb.add_option("--context", settings->context, "How many events to show before and after")
      ->check(number_up_to(1000));
  add_output_options(verb, settings->common);
  return [settings, &io] { return diff(*settings, io); };
}

}  // namespace sibyl::cli
