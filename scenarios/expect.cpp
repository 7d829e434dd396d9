// Reads expectations and compares them with a run.
#include "scenarios/expect.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <boost/describe.hpp>

#include "analysis/properties.hpp"
#include "scenarios/fields.hpp"
#include "scenarios/scenario.hpp"

namespace sibyl {

// Their enumerators are names of the format; the headers of sim and analysis do not describe them.
BOOST_DESCRIBE_ENUM(Outcome, quiescent, deadline, limit)
namespace analysis {
BOOST_DESCRIBE_ENUM(Verdict, holds, violated, inconclusive)
}  // namespace analysis

namespace {

using analysis::Finding;
using analysis::Verdict;
using analysis::verdict_name;

constexpr std::int64_t kMostCounts = std::int64_t{1} << 53;

void read_properties(const Value& v, const std::string& pointer, const ProtocolInfo& protocol,
                     Expectations& expect) {
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object");
  for (const auto& [name, verdict] : *v.as_object()) {
    const std::string at = pointer_to(pointer, name);
    const auto found = std::find_if(expect.properties.begin(), expect.properties.end(),
                                    [&name = name](const auto& p) { return p.first == name; });
    const auto& besides = protocol.not_promised;
    if (found == expect.properties.end() &&
        std::find(besides.begin(), besides.end(), name) != besides.end()) {
      decode(verdict, at, expect.properties.emplace_back(name, Verdict::holds).second);
      continue;
    }
    if (found == expect.properties.end()) {
      if (analysis::find_property(name) != nullptr) {
        std::string known;
        for (const auto& own : protocol.judgeable()) known += (known.empty() ? "" : ", ") + own;
        throw ConfigError(
            at, fmt::format("\"{}\" is no property of the protocol \"{}\", which has {}", name,
                            protocol.name, known.empty() ? "none" : known));
      }
      unknown_name(at, name, protocol.judgeable(), "property");
    }
    decode(verdict, at, found->second);
  }
}

/// Refuses a name that is not among the known ones, where these are told.
void check_known(const std::string& pointer, const std::string& name, bool told,
                 const std::vector<std::string>& known, std::string_view what) {
  if (told && std::find(known.begin(), known.end(), name) == known.end()) {
    unknown_name(pointer, name, known, what);
  }
}

ExpectedReply read_reply(const std::string& label, const Value& v, const std::string& pointer) {
  ExpectedReply reply;
  reply.label = label;
  const Fields fields(v, pointer, {"reply", "reads", "called", "returned"});
  fields.read("reply", reply.reply);
  fields.read("called", reply.called);
  fields.read("returned", reply.returned);
  if (const Value* reads = fields.find("reads")) {
    if (reads->as_object() == nullptr) wrong_kind(fields.at("reads"), *reads, "an object");
    reply.reads = *reads->as_object();
  }
  if (reply.called && reply.returned && *reply.returned < *reply.called) {
    throw ConfigError(fields.at("returned"), "it would return before it is called");
  }
  return reply;
}

ExpectedCount read_count(const std::string& name, const Value& v, const std::string& pointer) {
  ExpectedCount count;
  count.name = name;
  if (v.as_object() == nullptr) {
    if (v.as_int() == nullptr) wrong_kind(pointer, v, "an integer, or an object with min and max");
    count.least = count.most = decode_int(v, pointer, 0, kMostCounts);
    return count;
  }
  const Fields fields(v, pointer, {"min", "max"});
  const Value* least = fields.find("min");
  const Value* most = fields.find("max");
  if (least == nullptr && most == nullptr) {
    throw ConfigError(pointer, "needs \"min\", \"max\", or both");
  }
  if (least != nullptr) count.least = decode_int(*least, fields.at("min"), 0, kMostCounts);
  count.most = kMostCounts;
  if (most != nullptr) count.most = decode_int(*most, fields.at("max"), 0, kMostCounts);
  if (count.least > count.most) {
    throw ConfigError(pointer, fmt::format("min {} is above max {}", count.least, count.most));
  }
  return count;
}

ExpectedDelivery read_delivery(const std::string& label, const Value& v, const std::string& pointer,
                               const std::vector<std::string>& nodes) {
  ExpectedDelivery delivery{label, {}};
  if (v.as_object() == nullptr) wrong_kind(pointer, v, "an object: node -> time");
  if (v.as_object()->empty()) throw ConfigError(pointer, "is empty: needs a node -> time at least");
  for (const auto& [node, at] : *v.as_object()) {
    check_known(pointer_to(pointer, node), node, true, nodes, "node that delivers");
    Time time;
    decode(at, pointer_to(pointer, node), time);
    delivery.at.emplace_back(node, time);
  }
  return delivery;
}

/// What the operation has read of `object`, or null.
const Value* value_read(const Operation& op, std::string_view object) {
  const Value::List* parts = op.value.as_list();
  if (op.f == "read" && op.key == object) return &op.value;
  if (parts == nullptr) return nullptr;
  for (const Value& part : *parts) {
    const Value::List* triple = part.as_list();
    if (triple == nullptr || triple->size() != 3) continue;
    if ((*triple)[0] == Value("read") && (*triple)[1] == Value(object)) return &(*triple)[2];
  }
  return nullptr;
}

/// By label and node, in ns.
using FirstDeliveries = std::map<std::pair<std::string, std::string>, std::int64_t>;

/// Of broadcasts, and of multicasts that their protocol names. O(events log events).
FirstDeliveries first_deliveries(const Trace& trace) {
  const auto part = [](const TraceEvent& e, const char* field) {
    const Value* found = e.data.find(field);
    return found == nullptr ? std::string() : found->text();
  };
  const auto name = [&](const TraceEvent& e) { return trace.nodes[e.node.value].name; };
  std::map<std::string, std::string> labels;  // by what tells items and messages apart
  FirstDeliveries found;
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::note) continue;
    const std::string item = part(e, "message") + "/" + part(e, "origin") + "/" + part(e, "number");
    if (e.name == "multicast::Named" || e.name == "note::Broadcast") {
      const Value* label = e.data.find("label");
      if (label != nullptr && label->as_string() != nullptr) labels[item] = *label->as_string();
    } else if (e.name == "note::Deliver" || e.name == "note::BroadcastDelivery") {
      const auto known = labels.find(item);
      if (known != labels.end()) found.emplace(std::pair(known->second, name(e)), e.at.ns);
    }
  }
  return found;
}

class Comparison {
 public:
  Comparison(const Expectations& expected, const Facts& facts)
      : expected_(expected), facts_(facts) {
    cut_short_ = facts.outcome == Outcome::limit && expected.outcome != Outcome::limit;
  }

  std::vector<Unmet> run(bool with_digest) {
    check_outcome();
    for (const Finding& finding : *facts_.findings) check_finding(finding);
    for (const auto& reply : expected_.replies) check_reply(reply);
    for (const auto& count : expected_.counters) check_count(count);
    if (!expected_.deliveries.empty()) {
      const auto found = first_deliveries(*facts_.trace);
      for (const auto& delivery : expected_.deliveries) check_delivery(delivery, found);
    }
    if (with_digest && expected_.digest && *expected_.digest != facts_.digest) {
      add(fmt::format("digest: {}, expected {}", facts_.digest, *expected_.digest), cut_short_);
    }
    return std::move(unmet_);
  }

 private:
  void add(std::string line, bool inconclusive) {
    unmet_.push_back({std::move(line), inconclusive});
  }

  void check_outcome() {
    if (expected_.outcome && *expected_.outcome != facts_.outcome) {
      add(fmt::format("outcome: {}, expected {}", outcome_name(facts_.outcome),
                      outcome_name(*expected_.outcome)),
          cut_short_);
    } else if (cut_short_) {
      add("outcome: " + facts_.limit, true);
    }
  }

  void check_finding(const Finding& finding) {
    const Verdict verdict = expected_.verdict_of(finding.property);
    if (finding.verdict == verdict) return;
    const bool undecided = finding.verdict == Verdict::inconclusive ||
                           (cut_short_ && finding.verdict == Verdict::holds);
    add(fmt::format("{}: {}, expected {}; {}", finding.property, verdict_name(finding.verdict),
                    verdict_name(verdict), finding.summary),
        undecided);
  }

  void check_reply(const ExpectedReply& expected) {
    const auto op = std::find_if(facts_.history->begin(), facts_.history->end(),
                                 [&](const Operation& o) { return o.label == expected.label; });
    const std::string what = fmt::format("reply of {}", expected.label);
    if (op == facts_.history->end()) {
      add(what + ": no operation has this label", cut_short_);
      return;
    }
    check_time(what + ": called", expected.called, op->call);
    if (!op->ret) {
      if (expected.reply || expected.returned || !expected.reads.empty()) {
        add(what + ": it never returned", cut_short_);
      }
      return;
    }
    if (expected.reply && *expected.reply != op->reply) {
      add(fmt::format("{}: \"{}\", expected \"{}\"", what, op->reply, *expected.reply), false);
    }
    for (const auto& [object, value] : expected.reads) {
      const Value* read = value_read(*op, object);
      if (read == nullptr) {
        add(fmt::format("{}: it reads no {}", what, object), false);
      } else if (*read != value) {
        add(fmt::format("{}: reads {} = {}, expected {}", what, object, read->text(), value.text()),
            false);
      }
    }
    check_time(what + ": returned", expected.returned, *op->ret);
  }

  void check_time(const std::string& what, const std::optional<Time>& expected,
                  std::int64_t found) {
    if (!expected || expected->ns == found) return;
    add(fmt::format("{} at {}, expected {}", what, format_duration({found}),
                    format_duration({expected->ns})),
        false);
  }

  void check_count(const ExpectedCount& expected) {
    const auto it = facts_.counters->find(expected.name);
    const std::int64_t found = it == facts_.counters->end() ? 0 : it->second;
    if (found >= expected.least && found <= expected.most) return;
    std::string right = fmt::format("{} to {}", expected.least, expected.most);
    if (expected.least == expected.most) right = std::to_string(expected.least);
    if (expected.most == kMostCounts) right = fmt::format("at least {}", expected.least);
    add(fmt::format("counter {}: {}, expected {}", expected.name, found, right),
        cut_short_ && found < expected.least);
  }

  void check_delivery(const ExpectedDelivery& expected, const FirstDeliveries& found) {
    for (const auto& [node, time] : expected.at) {
      const std::string what = fmt::format("{} is delivered by {}", expected.label, node);
      const auto at = found.find({expected.label, node});
      if (at == found.end()) {
        add(fmt::format("{}: never, expected at {}", what, format_duration({time.ns})), cut_short_);
      } else {
        check_time(what, time, at->second);
      }
    }
  }

  const Expectations& expected_;
  const Facts& facts_;
  bool cut_short_ = false;
  std::vector<Unmet> unmet_;
};

}  // namespace

Verdict Expectations::verdict_of(std::string_view property) const {
  const auto named = std::find_if(properties.begin(), properties.end(),
                                  [&](const auto& each) { return each.first == property; });
  return named == properties.end() ? Verdict::holds : named->second;
}

Expectations decode_expect(const Value* v, const std::string& pointer, const ProtocolInfo& protocol,
                           const Setup& setup, const std::vector<TraceNode>& nodes) {
  Expectations expect;
  for (const auto& name : protocol.properties) {
    expect.properties.emplace_back(name, Verdict::holds);
  }
  if (v == nullptr) return expect;
  const Fields fields(*v, pointer,
                      {"outcome", "properties", "replies", "counters", "deliveries", "digest"});
  fields.read("outcome", expect.outcome);
  if (const Value* properties = fields.find("properties")) {
    read_properties(*properties, fields.at("properties"), protocol, expect);
  }
  if (const Value* replies = fields.find("replies")) {
    const std::string at = fields.at("replies");
    if (replies->as_object() == nullptr) wrong_kind(at, *replies, "an object");
    std::vector<std::string> labels;
    if (protocol.labels) labels = protocol.labels(setup);
    for (const auto& [label, reply] : *replies->as_object()) {
      check_known(pointer_to(at, label), label, protocol.labels != nullptr, labels,
                  "label of an operation");
      expect.replies.push_back(read_reply(label, reply, pointer_to(at, label)));
      const auto& word = expect.replies.back().reply;
      const auto& known = protocol.words.replies;
      if (!word) continue;
      check_known(pointer_to(pointer_to(at, label), "reply"), *word, !known.empty(), known,
                  "reply");
    }
  }
  if (const Value* counters = fields.find("counters")) {
    const std::string at = fields.at("counters");
    if (counters->as_object() == nullptr) wrong_kind(at, *counters, "an object");
    for (const auto& [name, count] : *counters->as_object()) {
      const auto& known = protocol.words.counters;
      check_known(pointer_to(at, name), name, !known.empty(), known, "counter");
      expect.counters.push_back(read_count(name, count, pointer_to(at, name)));
    }
  }
  if (const Value* deliveries = fields.find("deliveries")) {
    const std::string at = fields.at("deliveries");
    if (deliveries->as_object() == nullptr) wrong_kind(at, *deliveries, "an object");
    const bool told = protocol.delivered != nullptr || !protocol.words.messages.empty();
    std::vector<std::string> labels;
    if (protocol.delivered) labels = protocol.delivered(setup);
    if (told && labels.empty()) {
      throw ConfigError(
          at, fmt::format("runs of \"{}\" deliver nothing that has a label", protocol.name));
    }
    std::vector<std::string> names;  // of those that deliver
    for (const TraceNode& node : nodes) {
      const bool beside = node.role == "client" || node.role == "sequencer";
      if (!protocol.delivered || !beside) names.push_back(node.name);
    }
    for (const auto& [label, when] : *deliveries->as_object()) {
      const std::string place = pointer_to(at, label);
      check_known(place, label, told, labels, "label of a broadcast");
      expect.deliveries.push_back(read_delivery(label, when, place, names));
    }
  }
  fields.read("digest", expect.digest);
  if (expect.digest) check_digest(*expect.digest, fields.at("digest"));
  return expect;
}

void check_digest(std::string_view digest, const std::string& pointer) {
  if (digest.size() != 32 ||
      digest.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
    throw ConfigError(pointer, "a digest has 32 lower-case hexadecimal digits");
  }
}

std::vector<std::string> judged_properties(const Scenario& scenario,
                                           const std::vector<std::string>& asked) {
  std::vector<std::string> all;
  for (const auto& [name, verdict] : scenario.expect.properties) all.push_back(name);
  for (const std::string& name : asked) {
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  if (scenario.rounds && std::find(all.begin(), all.end(), kInRounds) == all.end()) {
    all.emplace_back(kInRounds);
  }
  return all;
}

std::vector<Unmet> unmet_expectations(const Expectations& expected, const Facts& facts,
                                      bool with_digest) {
  return Comparison(expected, facts).run(with_digest);
}

}  // namespace sibyl
