// sibyl check: cores as drawings.
#include "cli/check_draw.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "analysis/core_view.hpp"
#include "cli/verbs.hpp"
#include "scenarios/report.hpp"

namespace sibyl::cli {

void check_drawing(const std::string& path) {
  if (path.empty() || path.ends_with(".svg") || path.ends_with(".txt")) return;
  throw UsageError(fmt::format("--draw {}: the file's end says what to draw: .svg or .txt", path));
}

void draw_core(const std::string& path, const std::string& title, const std::string& summary,
               const Value& witness, const Trace* trace, bool quiet, Io& io) {
  if (path.empty()) return;
  if (!analysis::has_core(witness)) {
    io.err << "sibyl: there is no core of a violation to draw; " << path << " was not written\n";
    return;
  }
  analysis::CoreHead head{title, summary, {}, trace != nullptr};
  for (std::size_t i = 0; trace != nullptr && i < trace->nodes.size(); ++i) {
    head.clients[std::to_string(i)] = trace->nodes[i].name;
  }
  const bool svg = path.ends_with(".svg");
  emit(io, path, svg ? core_svg(head, witness) : core_text(head, witness));
  if (!quiet) io.err << fmt::format("sibyl: drawn in {}: {}\n", shown(path), shown(title));
}

void draw_trace(const std::string& path, const Trace& trace,
                const std::vector<analysis::Finding>& findings, bool quiet, Io& io) {
  const auto violated = [](const analysis::Finding& each) {
    return each.verdict == analysis::Verdict::violated && analysis::has_core(each.witness);
  };
  const auto found = std::find_if(findings.begin(), findings.end(), violated);
  if (found == findings.end()) return draw_core(path, "", "", Value(), &trace, quiet, io);
  draw_core(path, fmt::format("{}: {} is violated", trace.scenario_id, found->property),
            found->summary, found->witness, &trace, quiet, io);
}

std::string anomaly_in_words(const std::string& name) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"G0", "Write cycle"},
      {"G1a", "Aborted read"},
      {"G1b", "Intermediate read"},
      {"G1c", "Circular information flow"},
      {"G-single", "Single anti-dependency cycle"},
      {"G2", "Anti-dependency cycle"}};
  constexpr std::pair<std::string_view, std::string_view> kEnds[] = {
      {"-realtime", " with real time"}, {"-process", " with the order of a process"}};
  std::string_view base = name;
  std::string_view end;
  for (const auto& [suffix, words] : kEnds) {
    if (!base.ends_with(suffix)) continue;
    base.remove_suffix(suffix.size());
    end = words;
  }
  for (const auto& [known, words] : kNames) {
    if (known == base) return fmt::format("{}{} ({})", words, end, name);
  }
  return name;
}

Value with_events(Value witness, const History& recorded) {
  const Value* const found = witness.find("operations");
  if (found == nullptr || found->as_list() == nullptr) return witness;
  Value::List operations = *found->as_list();
  for (Value& item : operations) {
    const Value* const place = item.find("operation");
    if (place == nullptr || place->as_int() == nullptr) continue;
    const Operation& op = recorded.at(static_cast<std::size_t>(*place->as_int()));
    item.set("call_event", static_cast<std::int64_t>(op.call_event));
    if (op.return_event == 0) continue;
    item.set("return_event", static_cast<std::int64_t>(op.return_event));
  }
  witness.set("operations", std::move(operations));
  return witness;
}

}  // namespace sibyl::cli
