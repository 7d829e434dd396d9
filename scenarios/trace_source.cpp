// Reads trace files.
#include "scenarios/trace_source.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "analysis/properties.hpp"
#include "protocols/protocol.hpp"
#include "scenarios/files.hpp"
#include "scenarios/liveness.hpp"
#include "scenarios/loader.hpp"
#include "scenarios/trace_file.hpp"

namespace sibyl {

namespace {

/// The beginning of a regular file that says that it is something else than a trace: no more of it
/// need be read then. Else empty.
std::string beginning_of_other(const std::string& path) {
  std::error_code error;
  if (path == "-" || !std::filesystem::is_regular_file(path, error)) return {};
  std::string head(1000, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (in.bad()) return {};
  head.resize(static_cast<std::size_t>(in.gcount()));
  return is_zstd(head) || looks_like_trace(head) ? std::string() : head;
}

std::string shown_name(const std::string& path) { return path == "-" ? "standard input" : path; }

}  // namespace

std::variant<Trace, std::string> trace_or_text(const std::string& path) {
  if (!beginning_of_other(path).empty()) return read_file(path, kLargestScenario);
  const std::string name = shown_name(path);
  std::string text = read_file(path, kLargestTrace);
  const bool compressed = is_zstd(text);
  if (compressed) text = zstd_decompress(text, name, kLargestExpanded);
  if (compressed || looks_like_trace(text)) return parse_trace(text, name);
  return text;
}

Trace load_trace(const std::string& path) {
  std::string head = beginning_of_other(path);
  if (head.empty()) {
    std::variant<Trace, std::string> found = trace_or_text(path);
    if (Trace* trace = std::get_if<Trace>(&found)) return std::move(*trace);
    head = std::get<std::string>(found).substr(0, 1000);
  }
  refuse_byte_order_mark(head, shown_name(path));
  std::string besides = ": its first line is no header of format \"sibyl-trace/1\"";
  if (looks_like_history(head)) besides = " but a history; sibyl check judges those";
  if (head.find("\"sibyl-scenario/") != std::string::npos) {
    besides = " but a scenario; sibyl run with --trace makes a trace of it";
  }
  throw InputError(shown_name(path), "", "is no trace" + besides);
}

namespace {

/// The properties that a protocol promises, and those that the scenario of a trace names besides.
std::vector<std::string> demanded(const Value& scenario, const ProtocolInfo& protocol) {
  std::vector<std::string> names = protocol.properties;
  const auto add = [&](const std::string& name) {
    const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
    if (is_new && analysis::find_property(name) != nullptr) names.push_back(name);
  };
  const Value* expect = scenario.find("expect");
  const Value* named = expect == nullptr ? nullptr : expect->find("properties");
  if (named != nullptr && named->as_object() != nullptr) {
    for (const auto& [name, verdict] : *named->as_object()) add(name);
  }
  const Value* liveness = scenario.find("liveness");
  if (liveness != nullptr && liveness->find("rounds") != nullptr) add(kInRounds);
  return names;
}

}  // namespace

std::vector<analysis::Finding> findings_of(const Trace& trace, const std::function<bool()>& stop) {
  std::vector<analysis::Finding> findings;
  const Value* protocol = trace.scenario.find("protocol");
  const Value* name = protocol == nullptr ? nullptr : protocol->find("name");
  const ProtocolInfo* known =
      name == nullptr || name->as_string() == nullptr ? nullptr : find_protocol(*name->as_string());
  if (known != nullptr) {
    for (const auto& property : demanded(trace.scenario, *known)) {
      findings.push_back(analysis::check(property, trace, {stop}));
    }
    return findings;
  }
  for (const auto& property : analysis::properties()) {
    auto finding = analysis::check(property.name, trace, {stop});
    if (finding.verdict == analysis::Verdict::violated) findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace sibyl
