// What operations read and wrote, as versions.
#include "analysis/check/accesses.hpp"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "analysis/check/patience.hpp"
#include "analysis/check/stamps.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

/// An access before versions are known.
struct Raw {
  std::uint32_t key = 0;
  bool reads = false;
  bool writes = false;
  ValueCode read = kNullCode;
  ValueCode written = kNullCode;
};

/// A write that no version stands for: one of a failed operation, or not its operation's last.
struct Hidden {
  std::uint32_t key = 0;
  ValueCode value = kNullCode;
  std::uint32_t op = 0;
  bool failed = false;
};

/// Which version of a key has a value: by place where the values are integers close together,
/// else in a hash table with open addressing.
class VersionIndex {
 public:
  explicit VersionIndex(std::uint32_t keys) : dense_(keys) {}

  void announce(std::uint32_t key, ValueCode value) {
    Dense& d = dense_[key];
    ++d.count;
    if (!ValueCodes::is_small_integer(value)) {
      d.other = true;
      return;
    }
    d.least = std::min(d.least, value);
    d.most = std::max(d.most, value);
  }

  void prepare() {
    std::size_t cells = 0;
    std::size_t hashed = 0;
    for (Dense& d : dense_) {
      const std::uint64_t span = d.count == 0 ? 0 : std::uint64_t{d.most} - d.least + 1;
      d.in_table = d.other || span > 4 * std::uint64_t{d.count} + 16;
      d.base = cells;
      if (d.in_table) {
        hashed += d.count;
      } else {
        cells += span;
      }
    }
    cells_.assign(cells, kNoVersion);
    std::size_t size = 16;
    while (size < 2 * hashed) size *= 2;
    table_.assign(hashed == 0 ? 0 : size, {});
  }

  /// The version of that value, or kNoVersion.
  Version find(std::uint32_t key, ValueCode value) const {
    const Dense& d = dense_[key];
    if (d.in_table) return table_[slot(key, value)].version;
    const bool inside = d.count > 0 && value >= d.least && value <= d.most;
    return inside ? cells_[d.base + (value - d.least)] : kNoVersion;
  }

  /// Stores it; returns the version that has had the value before, or kNoVersion.
  Version insert(std::uint32_t key, ValueCode value, Version version) {
    const Dense& d = dense_[key];
    if (!d.in_table) {
      Version& cell = cells_[d.base + (value - d.least)];
      if (cell == kNoVersion) {
        cell = version;
        return kNoVersion;
      }
      return cell;
    }
    Entry& entry = table_[slot(key, value)];
    if (entry.version != kNoVersion) return entry.version;
    entry = {key, value, version};
    return kNoVersion;
  }

 private:
  struct Dense {
    ValueCode least = std::numeric_limits<ValueCode>::max();
    ValueCode most = 0;
    std::uint32_t count = 0;
    bool other = false;
    bool in_table = false;
    std::size_t base = 0;
  };
  struct Entry {
    std::uint32_t key = 0;
    ValueCode value = kNullCode;
    Version version = kNoVersion;
  };

  /// Where the pair is, or the free place for it.
  std::size_t slot(std::uint32_t key, ValueCode value) const {
    std::uint64_t h = (std::uint64_t{key} << 32U | value) * 0x9e3779b97f4a7c15U;
    h ^= h >> 29U;
    std::size_t at = h & (table_.size() - 1);
    while (table_[at].version != kNoVersion &&
           (table_[at].key != key || table_[at].value != value)) {
      at = (at + 1) & (table_.size() - 1);
    }
    return at;
  }

  std::vector<Dense> dense_;
  std::vector<Version> cells_;
  std::vector<Entry> table_;
};

class AccessReader {
 public:
  AccessReader(const FlatHistory& history, const Value& initial,
               const std::vector<std::uint32_t>& applied, const std::function<bool()>& stop)
      : history_(history),
        steps_(history),
        index_(steps_.keys()),
        opaque_(steps_.keys(), false),
        patience_(stop) {
    made_.keys = steps_.keys();
    made_.writer.assign(made_.keys, kNoOperation);
    for (std::uint32_t key = 0; key < made_.keys; ++key) made_.version_key.push_back(key);
    made_.value.assign(made_.keys, kNullCode);
    if (const Value::Object* object = initial.as_object()) {
      for (const auto& [word, value] : *object) set_initial(word, value);
    }
    made_.takes_part.assign(history.operations.size(), false);
    for (const std::uint32_t op : applied) {
      if (op < history.operations.size()) made_.takes_part[op] = true;
    }
  }

  Accesses run() {
    fold();
    if (made_.problem) return std::move(made_);
    number_versions();
    resolve();
    made_.codes = steps_.take_codes();
    return std::move(made_);
  }

 private:
  void set_initial(const std::string& word, const Value& value) {
    for (std::uint32_t key = 0; key < history_.keys.size(); ++key) {
      if (history_.keys.word(key) == word) made_.value[key] = steps_.code(value);
    }
  }

  void complain(std::string name, std::string sentence, std::vector<std::uint32_t> operations) {
    if (!made_.anomaly) made_.anomaly = {std::move(name), std::move(sentence), operations};
  }
  void unclear(std::string why) {
    if (!made_.unclear) made_.unclear = std::move(why);
  }

  std::string key_words(std::uint32_t key) const {
    return key < history_.keys.size() ? analysis::key_words(history_.keys.word(key))
                                      : std::string("the object");
  }
  std::string text(std::uint32_t key, ValueCode value) const {
    return value == kNullCode ? key_words(key) + " unset"
                              : fmt::format("{} = {}", key_words(key), steps_.value(value).text());
  }

  /// Puts the steps of each operation together, key by key.
  void fold() {
    const std::size_t n = history_.operations.size();
    made_.first.reserve(n + 1);
    raw_.reserve(n + history_.steps.size());
    place_.assign(made_.keys, std::numeric_limits<std::uint32_t>::max());
    for (std::uint32_t i = 0; i < n && !made_.problem; ++i) {
      patience_.step();
      made_.first.push_back(static_cast<std::uint32_t>(raw_.size()));
      const FlatOperation& op = history_.operations[i];
      if (op.outcome == OperationOutcome::ok) {
        made_.takes_part[i] = true;
        if (op.ret < op.call || op.ret == FlatOperation::kNever) {
          made_.problem = fmt::format("line {}: it is ok, but returned {}", op.line,
                                      op.ret < op.call ? "before its call" : "never");
          return;
        }
      }
      if (op.value2 == FlatOperation::kWhole) {
        made_.problem =
            fmt::format("line {}: the value of a {} is {}", op.line, history_.functions.word(op.f),
                        history_.values.value(op.value).text());
        return;
      }
      // What made a refused operation fail is not told: only its objects can tell.
      if (op.refused) continue;
      steps_.each(op, [&](const StepEffect& step) { take(i, op, step); });
    }
    made_.first.push_back(static_cast<std::uint32_t>(raw_.size()));
  }

  void take(std::uint32_t i, const FlatOperation& op, const StepEffect& step) {
    if (step.kind == StepKind::unknown) {
      made_.problem = fmt::format("line {}: \"{}\" cannot be judged ({})", op.line,
                                  operation_words(history_, i), step_words());
      return;
    }
    if (op.outcome == OperationOutcome::fail) {
      if (step.writes) hidden_.push_back({step.key, step.written, i, true});
      return;
    }
    if (step.opaque) {
      opaque_[step.key] = true;
      unclear(fmt::format("line {}: what {} left in {} is not told", op.line,
                          step.kind == StepKind::add ? "an add" : "an append",
                          key_words(step.key)));
      return;
    }
    if (!step.reads && !step.writes) return;
    std::uint32_t& place = place_[step.key];
    if (place >= raw_.size() || place < made_.first[i] || raw_[place].key != step.key) {
      place = static_cast<std::uint32_t>(raw_.size());
      raw_.push_back({step.key, step.reads, step.writes, step.read, step.written});
      return;
    }
    Raw& raw = raw_[place];
    if (step.kind == StepKind::create && raw.writes && !raw.reads) {
      raw.reads = true;  // that it was not there when the command began
    } else if (step.reads && (raw.writes || raw.reads)) {
      const bool own = raw.writes && step.kind != StepKind::create;
      const ValueCode held = own ? raw.written : raw.read;
      if (held != step.read && op.outcome == OperationOutcome::ok && !opaque_[step.key]) {
        complain("internal",
                 fmt::format("T1 found {} after it had itself {} {}", text(step.key, step.read),
                             own ? "left" : "found", text(step.key, held)),
                 {i});
      }
    } else if (step.reads) {
      raw.reads = true;
      raw.read = step.read;
    }
    if (!step.writes) return;
    if (raw.writes && raw.written != step.written) {
      hidden_.push_back({step.key, raw.written, i, false});
    }
    raw.writes = true;
    raw.written = step.written;
  }

  void number_versions() {
    std::size_t writes = 0;
    for (const Raw& raw : raw_) {
      if (!raw.writes) continue;
      index_.announce(raw.key, raw.written);
      ++writes;
    }
    made_.writer.reserve(made_.keys + writes);
    made_.version_key.reserve(made_.keys + writes);
    made_.value.reserve(made_.keys + writes);
    index_.prepare();
    made_.all.resize(raw_.size());
    repeated_.assign(made_.keys, false);
    for (std::uint32_t i = 0; i + 1 < made_.first.size(); ++i) {
      patience_.step();
      for (std::uint32_t a = made_.first[i]; a < made_.first[i + 1]; ++a) {
        const Raw& raw = raw_[a];
        made_.all[a].key = raw.key;
        if (!raw.writes) continue;
        const auto version = static_cast<Version>(made_.writer.size());
        made_.all[a].written = version;
        made_.writer.push_back(i);
        made_.version_key.push_back(raw.key);
        made_.value.push_back(raw.written);
        const Version earlier = index_.insert(raw.key, raw.written, version);
        repeated_.push_back(earlier != kNoVersion);
        if (earlier != kNoVersion) repeated_[earlier] = true;
      }
    }
  }

  /// Finds what each operation that takes part has read; unknown ones take part once their writes
  /// were read.
  void resolve() {
    std::vector<std::uint32_t> late;
    const auto of = [&](std::uint32_t i) {
      patience_.step();
      for (std::uint32_t a = made_.first[i]; a < made_.first[i + 1]; ++a) {
        if (!raw_[a].reads) continue;
        made_.all[a].read = found(i, raw_[a]);
        if (made_.all[a].read == kNoVersion) continue;
        const std::uint32_t writer = made_.writer[made_.all[a].read];
        if (writer == kNoOperation || made_.takes_part[writer]) continue;
        made_.takes_part[writer] = true;
        late.push_back(writer);
      }
    };
    const auto n = static_cast<std::uint32_t>(history_.operations.size());
    std::vector<bool> done = made_.takes_part;
    for (std::uint32_t i = 0; i < n; ++i) {
      if (done[i]) of(i);
    }
    while (!late.empty()) {
      const std::uint32_t i = late.back();
      late.pop_back();
      of(i);
    }
  }

  Version found(std::uint32_t i, const Raw& raw) {
    const std::uint32_t key = raw.key;
    if (opaque_[key]) return kNoVersion;
    Version version = index_.find(key, raw.read);
    // What it wrote itself it has not found: it says what was there before.
    const bool own = version != kNoVersion && !repeated_[version] && made_.writer[version] == i;
    if (own) version = kNoVersion;
    if (raw.read == made_.value[key]) {
      if (version == kNoVersion) return key;
      unclear(repeated_words(i, raw, "was there at first and was written, too"));
      return kNoVersion;
    }
    if (version == kNoVersion) {
      nobody_left(i, raw, own);
      return kNoVersion;
    }
    if (repeated_[version]) {
      unclear(repeated_words(i, raw, "was written more than once"));
      return kNoVersion;
    }
    return version;
  }

  std::string repeated_words(std::uint32_t i, const Raw& raw, std::string_view what) const {
    return fmt::format("line {} found {}, which {}", history_.operations[i].line,
                       text(raw.key, raw.read), what);
  }

  void nobody_left(std::uint32_t i, const Raw& raw, bool own) {
    if (made_.anomaly) return;  // one is told
    const std::string what = text(raw.key, raw.read);
    const Hidden* source = nullptr;
    for (const Hidden& each : hidden_) {
      if (each.key != raw.key || each.value != raw.read) continue;
      const auto& ops = history_.operations;
      if (each.failed && one_before_other(ops[i], i, ops[each.op], each.op)) continue;
      if (source == nullptr || (source->failed && !each.failed)) source = &each;
    }
    if (source == nullptr ? own : source->op == i) {
      complain("internal", fmt::format("T1 found {} before it wrote that itself", what), {i});
    } else if (source == nullptr) {
      complain("garbage read", fmt::format("T1 found {}, which nobody wrote", what), {i});
    } else if (source->failed) {
      complain("G1a", fmt::format("T1 found {}, which T2 would have written, but T2 failed", what),
               {i, source->op});
    } else {
      complain("G1b", fmt::format("T1 found {}, which T2 left only between two of its steps", what),
               {i, source->op});
    }
  }

  const FlatHistory& history_;
  StepReader steps_;
  VersionIndex index_;
  Accesses made_;
  std::vector<Raw> raw_;
  std::vector<std::uint32_t> place_;  ///< by key: its access in `raw_`, where it is the operation's
  std::vector<bool> opaque_;          ///< by key
  std::vector<bool> repeated_;        ///< by version
  std::vector<Hidden> hidden_;
  Patience patience_;
};

}  // namespace

Accesses read_accesses(const FlatHistory& history, const Value& initial,
                       const std::vector<std::uint32_t>& applied,
                       const std::function<bool()>& stop) {
  return AccessReader(history, initial, applied, stop).run();
}

std::string version_words(const FlatHistory& history, const Accesses& accesses, Version version) {
  const std::uint32_t key = accesses.version_key[version];
  const std::string word =
      key < history.keys.size() ? key_words(history.keys.word(key)) : "the object";
  const ValueCodes& codes = accesses.codes ? *accesses.codes : history.values;
  const Value text = codes.value(accesses.value[version]);
  return text.is_null() ? word + " unset" : fmt::format("{} = {}", word, text.text());
}

}  // namespace sibyl::analysis
