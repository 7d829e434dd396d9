// The calls and returns of a part in the order of time.
#include "analysis/check/events.hpp"

#include <algorithm>
#include <tuple>

#include "analysis/check/stamps.hpp"

namespace sibyl::analysis {

namespace {

struct Timed {
  std::int64_t at;
  std::uint32_t op;  ///< its place in the part
};

class EventsOf {
 public:
  EventsOf(const std::vector<FlatOperation>& operations, const std::vector<std::uint32_t>& part,
           Patience& patience)
      : operations_(operations), part_(part), patience_(patience) {}

  PartEvents run(const std::vector<bool>& counts) {
    for (std::uint32_t i = 0; i < part_.size(); ++i) {
      if (!counts[i]) continue;
      calls_.push_back({op(i).call, i});
      if (has_return(op(i))) returns_.push_back({op(i).ret, i});
    }
    const auto earlier = [&](const Timed& a, const Timed& b) {
      patience_.step();
      return a.at != b.at ? a.at < b.at : rank(a.op) < rank(b.op);
    };
    if (!std::is_sorted(calls_.begin(), calls_.end(), earlier))
      std::sort(calls_.begin(), calls_.end(), earlier);
    std::sort(returns_.begin(), returns_.end(), earlier);
    merge();
    return std::move(made_);
  }

 private:
  const FlatOperation& op(std::uint32_t i) const { return operations_[part_[i]]; }

  std::tuple<std::int64_t, std::int64_t, std::uint32_t> rank(std::uint32_t i) const {
    return {op(i).call, end_of(op(i)), part_[i]};
  }

  void merge() {
    made_.events.reserve(calls_.size() + returns_.size());
    std::size_t call = 0;
    for (std::size_t from = 0, to = 0; from < returns_.size(); from = to) {
      const std::int64_t at = returns_[from].at;
      const auto take_call = [&] { made_.events.push_back({calls_[call++].op << 1U}); };
      while (call < calls_.size() && calls_[call].at < at) take_call();
      const std::size_t touching = call;
      while (call < calls_.size() && calls_[call].at == at) take_call();
      for (; to < returns_.size() && returns_[to].at == at; ++to)
        made_.events.push_back({(returns_[to].op << 1U) | 1U});
      if (touching < call) look(at, touching, call, from, to);
    }
    for (; call < calls_.size(); ++call) made_.events.push_back({calls_[call].op << 1U});
  }

  /// The sequences of an instant: of each process those of its operations that end there, then one
  /// by one those that begin and end there, then those that only begin there.
  void look(std::int64_t at, std::size_t call, std::size_t calls_end, std::size_t ret,
            std::size_t returns_end) {
    std::vector<std::uint32_t> ops;
    for (; ret < returns_end; ++ret) ops.push_back(returns_[ret].op);
    for (; call < calls_end; ++call) {
      if (end_of(op(calls_[call].op)) != at) ops.push_back(calls_[call].op);
    }
    if (ops.size() < 2) return;
    std::stable_sort(ops.begin(), ops.end(), [&](std::uint32_t a, std::uint32_t b) {
      patience_.step();
      return op(a).process < op(b).process;
    });
    for (std::size_t from = 0, to = 0; from < ops.size(); from = to) {
      while (to < ops.size() && op(ops[to]).process == op(ops[from]).process) ++to;
      if (to - from > 1) add_sequences(at, &ops[from], to - from);
    }
  }

  void add_sequences(std::int64_t at, const std::uint32_t* ops, std::size_t count) {
    const auto base = static_cast<std::uint32_t>(made_.touching.size());
    const auto place = [&](std::size_t i) { return base + static_cast<std::uint32_t>(i); };
    std::size_t from = 0;  // what those at `next` have to come after
    std::size_t next = 0;
    while (next < count && op(ops[next]).call < at) ++next;
    const std::size_t before = made_.sequences.size();
    for (; next < count && end_of(op(ops[next])) == at; from = next++) {
      if (from < next) made_.sequences.push_back({place(from), place(next), place(next + 1)});
    }
    if (from < next && next < count)
      made_.sequences.push_back({place(from), place(next), place(count)});
    if (made_.sequences.size() > before)
      made_.touching.insert(made_.touching.end(), ops, ops + count);
  }

  const std::vector<FlatOperation>& operations_;
  const std::vector<std::uint32_t>& part_;
  Patience& patience_;
  std::vector<Timed> calls_;
  std::vector<Timed> returns_;
  PartEvents made_;
};

}  // namespace

PartEvents events_of(const std::vector<FlatOperation>& operations,
                     const std::vector<std::uint32_t>& part, const std::vector<bool>& counts,
                     Patience& patience) {
  return EventsOf(operations, part, patience).run(counts);
}

}  // namespace sibyl::analysis
