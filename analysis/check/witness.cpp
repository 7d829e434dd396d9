// Violations in words.
#include "analysis/check/witness.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "analysis/check/stamps.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

constexpr std::size_t kMostSentences = 40;

class Explainer {
 public:
  explicit Explainer(const Evidence& evidence) : e_(evidence) {}

  Consistency run(const std::vector<std::uint32_t>& cycle) {
    for (const std::uint32_t op : cycle) name(op);
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      explain(cycle[i], cycle[(i + 1) % cycle.size()], kAnyRound);
    }
    found_.verdict = Verdict::violated;
    if (e_.names) found_.anomaly = anomaly(cycle);
    put_in_words(e_.history, {}, found_);
    return std::move(found_);
  }

  Consistency stale(std::uint32_t reader, std::uint32_t key, std::uint32_t writer) {
    const std::string by = name(reader);  // numbers go by the order of these calls
    const std::string after = name(writer);
    const std::string sentence =
        fmt::format("{} found {}, though it comes after {}, which wrote {}", by,
                    version_words(e_.history, e_.accesses, key), after, key_words(key));
    path(writer, reader, kAnyRound);
    found_.verdict = Verdict::violated;
    put_in_words(e_.history, {sentence}, found_);
    return std::move(found_);
  }

 private:
  static constexpr std::uint32_t kAnyRound = ~std::uint32_t{0};

  std::string name(std::uint32_t op) {
    auto& ops = found_.operations;
    auto place = std::find(ops.begin(), ops.end(), op);
    if (place == ops.end()) place = ops.insert(ops.end(), op);
    return fmt::format("T{}", place - ops.begin() + 1);
  }

  std::string key_words(std::uint32_t key) const {
    return key < e_.history.keys.size() ? analysis::key_words(e_.history.keys.word(key))
                                        : std::string("the object");
  }

  void say(std::uint32_t from, std::uint32_t to, EdgeKind kind, const std::string& because) {
    const auto same = [&](const Reason& r) { return r.from == from && r.to == to; };
    if (std::any_of(found_.cycle.begin(), found_.cycle.end(), same)) return;
    found_.cycle.push_back(
        {from, to, kind, fmt::format("{} before {}, because {}", name(from), name(to), because)});
  }

  /// One edge; inferences of earlier rounds only.
  void explain(std::uint32_t from, std::uint32_t to, std::uint32_t before_round) {
    if (found_.cycle.size() >= kMostSentences) return;
    name(from);
    name(to);
    const Inference* why = e_.inferred == nullptr ? nullptr : e_.inferred->why(from, to);
    if (why != nullptr && why->round < before_round) return infer(from, to, *why);
    if (by_versions(from, to)) return;
    if (in_session(from, to)) {
      return say(from, to, EdgeKind::session,
                 fmt::format("{} called {} after it",
                             process_in_words(e_.history, e_.history.operations[to]), name(to)));
    }
    if (e_.time != nullptr && e_.time->precedes(from, to)) {
      return say(from, to, EdgeKind::real_time,
                 fmt::format("it returned (at {}) before {} was called (at {})",
                             time_in_words(e_.history, e_.history.operations[from].ret), name(to),
                             time_in_words(e_.history, e_.history.operations[to].call)));
    }
    if (e_.time != nullptr && in_sequence(from, to)) {
      return say(from, to, EdgeKind::real_time,
                 fmt::format("{} called {} when it had returned (both at {})",
                             process_in_words(e_.history, e_.history.operations[to]), name(to),
                             time_in_words(e_.history, e_.history.operations[to].call)));
    }
    say(from, to, EdgeKind::inferred, "of what is given");
  }

  bool in_sequence(std::uint32_t from, std::uint32_t to) const {
    return one_before_other(e_.history.operations[from], from, e_.history.operations[to], to);
  }

  bool in_session(std::uint32_t from, std::uint32_t to) const {
    return e_.sessions != nullptr && e_.time == nullptr &&
           e_.sessions->precedes(e_.history, from, to);
  }

  bool by_versions(std::uint32_t from, std::uint32_t to) {
    const Accesses& all = e_.accesses;
    for (const KeyAccess* b = all.begin(to); b != all.end(to); ++b) {
      if (b->read == kNoVersion || all.writer[b->read] != from) continue;
      say(from, to, EdgeKind::write_read,
          fmt::format("{} read {}, which {} wrote", name(to),
                      version_words(e_.history, all, b->read), name(from)));
      return true;
    }
    for (const KeyAccess* a = all.begin(from); a != all.end(from); ++a) {
      if (a->written != kNoVersion && e_.next[a->written] == to) {
        say(from, to, EdgeKind::write_write,
            fmt::format("{} overwrote {}, which {} wrote", name(to),
                        version_words(e_.history, all, a->written), name(from)));
        return true;
      }
    }
    for (const KeyAccess* a = all.begin(from); a != all.end(from); ++a) {
      if (a->read != kNoVersion && e_.next[a->read] == to) {
        say(from, to, EdgeKind::read_write,
            fmt::format("{} read {}, which {} overwrote", name(from),
                        version_words(e_.history, all, a->read), name(to)));
        return true;
      }
    }
    return false;
  }

  void infer(std::uint32_t from, std::uint32_t to, const Inference& why) {
    const std::string key = key_words(why.key);
    for (const std::uint32_t op : {from, to, why.writer, why.reader, why.other}) {
      if (op != kNoOperation) name(op);  // numbers go by the order of these calls
    }
    const bool first = why.writer == kNoOperation;
    if (to == why.other) {  // the reader before another writer
      const std::string of =
          first ? "what was there at first" : "what " + name(why.writer) + " wrote";
      say(from, to, EdgeKind::read_write,
          fmt::format("{} read of {} {}, and {} wrote {} {}", name(from), key, of, name(to), key,
                      first ? "later than that" : "after " + name(why.writer)));
      if (!first) path(why.writer, why.other, why.round);
      return;
    }
    say(from, to, EdgeKind::write_write,
        fmt::format("both wrote {}, and {}, which read what {} wrote, comes after {}", key,
                    name(why.reader), name(to), name(from)));
    path(why.other, why.reader, why.round);
  }

  /// A shortest way by edges and by inferences of earlier rounds, each explained.
  void path(std::uint32_t from, std::uint32_t to, std::uint32_t before_round) {
    if (e_.graph == nullptr) return;
    std::map<std::uint32_t, std::uint32_t> via{{from, from}};
    std::vector<std::uint32_t> frontier{from};
    const auto reach = [&](std::uint32_t node, std::uint32_t next,
                           std::vector<std::uint32_t>& into) {
      if (via.emplace(next, node).second) into.push_back(next);
    };
    while (!frontier.empty() && via.count(to) == 0) {
      std::vector<std::uint32_t> next;
      for (const std::uint32_t node : frontier) {
        if (e_.time != nullptr && e_.time->precedes(node, to)) reach(node, to, next);
        if (in_session(node, to)) reach(node, to, next);
        for (const std::uint32_t* n = e_.graph->begin(node); n != e_.graph->end(node); ++n) {
          const Inference* why = e_.inferred == nullptr ? nullptr : e_.inferred->why(node, *n);
          if (why == nullptr || why->round < before_round) reach(node, *n, next);
        }
      }
      if (via.count(to) == 0 && e_.time != nullptr) {
        for (const std::uint32_t node : frontier) {
          for (const std::uint32_t n : e_.time->calls) {
            if (e_.time->precedes(node, n)) reach(node, n, next);
          }
        }
      }
      frontier = std::move(next);
    }
    if (via.count(to) == 0) return;
    std::vector<std::uint32_t> way{to};
    while (way.back() != from) way.push_back(via.at(way.back()));
    for (std::size_t i = 1; i + 1 < way.size();) {  // a session is one step
      const bool one_session = in_session(way[i + 1], way[i - 1]);
      if (!one_session) {
        ++i;
        continue;
      }
      way.erase(way.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (std::size_t i = way.size(); i-- > 1;) explain(way[i], way[i - 1], before_round);
  }

  /// The cycle's name by the kinds of its own edges.
  std::string anomaly(const std::vector<std::uint32_t>& cycle) const {
    std::size_t wr = 0;
    std::size_t rw = 0;
    bool timed = false;
    bool own = false;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const std::uint32_t from = cycle[i];
      const std::uint32_t to = cycle[(i + 1) % cycle.size()];
      for (const Reason& reason : found_.cycle) {
        if (reason.from != from || reason.to != to) continue;
        wr += reason.kind == EdgeKind::write_read ? 1 : 0;
        rw += reason.kind == EdgeKind::read_write ? 1 : 0;
        timed = timed || reason.kind == EdgeKind::real_time;
        own = own || reason.kind == EdgeKind::session;
        if (reason.kind == EdgeKind::inferred) return {};
      }
    }
    std::string out = rw > 1 ? "G2" : rw == 1 ? "G-single" : wr > 0 ? "G1c" : "G0";
    if (timed) return out + "-realtime";
    return own ? out + "-process" : out;
  }

  const Evidence& e_;
  Consistency found_;
};

std::string_view edge_name(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::write_read:
      return "reads_from";
    case EdgeKind::write_write:
      return "overwritten";
    case EdgeKind::read_write:
      return "overwrites";
    case EdgeKind::real_time:
      return "real_time";
    case EdgeKind::session:
      return "session";
    case EdgeKind::inferred:
      break;
  }
  return "inferred";
}

/// An edge as data, by places among the operations; `sentence`: that of its reason in `because`.
Value edge_of(const Consistency& found, const Reason& reason, std::size_t sentence) {
  const auto place = [&](std::uint32_t op) {
    const auto at = std::find(found.operations.begin(), found.operations.end(), op);
    return static_cast<std::int64_t>(at - found.operations.begin());
  };
  Value out;
  out.set("before", place(reason.from)).set("after", place(reason.to));
  out.set("why", edge_name(reason.kind));
  return out.set("sentence", static_cast<std::int64_t>(sentence));
}

}  // namespace

void put_in_words(const FlatHistory& history, const std::vector<std::string>& said,
                  Consistency& found) {
  Value::List operations;
  for (std::size_t i = 0; i < found.operations.size(); ++i) {
    const FlatOperation& op = history.operations[found.operations[i]];
    const std::string text = operation_words(history, found.operations[i]);
    const std::string name = fmt::format("T{}", i + 1);
    found.words.push_back(
        fmt::format("{}: line {}, {}: {}", name, op.line, process_in_words(history, op), text));
    Value each;
    each.set("name", name).set("line", static_cast<std::int64_t>(op.line));
    each.set("operation", static_cast<std::int64_t>(found.operations[i]));
    each.set("process", history.processes.word(op.process)).set("text", text);
    each.set("call", op.call);
    each.set("return", op.ret == FlatOperation::kNever ? Value() : Value(op.ret));
    operations.push_back(std::move(each));
  }
  Value::List because;
  std::string sentences;
  for (const std::string& sentence : said) {
    sentences += (sentences.empty() ? "" : "; ") + sentence;
    because.emplace_back(sentence);
  }
  Value::List circle;
  for (const Reason& reason : found.cycle) {
    circle.push_back(edge_of(found, reason, because.size()));
    sentences += (sentences.empty() ? "" : "; ") + reason.sentence;
    because.emplace_back(reason.sentence);
  }
  std::string list;
  for (const std::string& each : found.words) list += (list.empty() ? "" : "; ") + each;
  found.summary =
      fmt::format("{}{}{}. {}.", found.anomaly, found.anomaly.empty() ? "" : ": ", sentences, list);
  if (!found.anomaly.empty()) found.witness.set("anomaly", found.anomaly);
  found.witness.set("operations", std::move(operations)).set("because", std::move(because));
  if (!circle.empty()) found.witness.set("circle", std::move(circle));
}

Consistency violated_by(const FlatHistory& history, const Anomaly& anomaly) {
  Consistency found;
  found.verdict = Verdict::violated;
  found.method = "values";
  found.anomaly = anomaly.name;
  found.operations = anomaly.operations;
  put_in_words(history, {anomaly.sentence}, found);
  return found;
}

Consistency violated_by_cycle(const Evidence& evidence, const std::vector<std::uint32_t>& cycle) {
  return Explainer(evidence).run(cycle);
}

Consistency violated_by_stale_read(const Evidence& evidence, std::uint32_t reader,
                                   std::uint32_t key, std::uint32_t writer) {
  return Explainer(evidence).stale(reader, key, writer);
}

Consistency violated_without_cycle(const FlatHistory& history,
                                   const std::vector<std::uint32_t>& operations,
                                   std::string sentence) {
  Consistency found;
  found.verdict = Verdict::violated;
  found.operations = operations;
  put_in_words(history, {std::move(sentence)}, found);
  return found;
}

Consistency undecided(std::string why) {
  Consistency found;
  found.verdict = Verdict::inconclusive;
  found.summary = std::move(why);
  return found;
}

}  // namespace sibyl::analysis
