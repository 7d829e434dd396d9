// What can be inferred from reads.
#include "analysis/check/saturation.hpp"

#include <algorithm>
#include <map>

#include "analysis/check/patience.hpp"

namespace sibyl::analysis {

namespace {

/// The operations of one session that wrote a key, in its order.
struct Writers {
  std::uint32_t chain = 0;
  std::vector<std::uint32_t> ops;
};

class Saturation {
 public:
  Saturation(const Accesses& accesses, const Sessions& sessions, const RealTime* time,
             OrderGraph& graph, const std::function<bool()>& stop)
      : accesses_(accesses),
        sessions_(sessions),
        time_(time),
        graph_(graph),
        width_(sessions.chains.size()),
        writers_(accesses.keys),
        patience_(stop) {
    for (std::uint32_t c = 0; c < width_; ++c) {
      for (const std::uint32_t op : sessions.chains[c]) {
        for (const KeyAccess* a = accesses.begin(op); a != accesses.end(op); ++a) {
          if (a->written == kNoVersion) continue;
          std::vector<Writers>& of_key = writers_[a->key];
          if (of_key.empty() || of_key.back().chain != c) of_key.push_back({c, {}});
          of_key.back().ops.push_back(op);
        }
      }
    }
  }

  Saturated once() {
    const std::vector<std::uint32_t> order = graph_.sort(accesses_.takes_part, time_);
    if (has_cycle(order)) return std::move(made_);
    set_clocks(order);
    for (const std::uint32_t reader : order) {
      patience_.step();
      for (const KeyAccess* a = accesses_.begin(reader); a != accesses_.end(reader); ++a) {
        if (a->read == kNoVersion) continue;
        const std::uint32_t writer = accesses_.writer[a->read];
        for (const Writers& each : writers_[a->key]) {
          before_reader(reader, writer, *a, each, 1);
          const std::uint32_t first = each.ops.front();
          if (writer != kNoOperation || first == reader || !comes_before(first, reader)) continue;
          add(reader, first, {reader, writer, first, a->key, 1});
        }
      }
    }
    if (!has_cycle(graph_.sort(accesses_.takes_part, time_))) made_.order = order;
    return std::move(made_);
  }

  Saturated run() {
    for (std::uint32_t round = 1;; ++round) {
      std::vector<std::uint32_t> order = graph_.sort(accesses_.takes_part, time_);
      if (has_cycle(order)) return std::move(made_);
      set_clocks(order);
      const std::size_t before = made_.edges.size();
      for (const std::uint32_t op : order) {
        patience_.step();
        infer(op, round);
      }
      if (made_.edges.size() == before) {
        made_.order = std::move(order);
        return std::move(made_);
      }
    }
  }

 private:
  bool has_cycle(const std::vector<std::uint32_t>& order) {
    const auto all = static_cast<std::size_t>(
        std::count(accesses_.takes_part.begin(), accesses_.takes_part.end(), true));
    if (order.size() == all) return false;
    made_.end = Saturated::End::cycle;
    made_.cycle = graph_.short_cycle(time_);
    return true;
  }

  std::uint32_t* row(std::uint32_t op) { return clocks_.data() + op * width_; }

  void set_clocks(const std::vector<std::uint32_t>& order) {
    clocks_.assign(accesses_.takes_part.size() * width_, 0);
    std::vector<std::uint32_t> returned(width_, 0);  // what all returns so far come after
    std::vector<bool> done(accesses_.takes_part.size(), false);
    std::size_t returns = 0;
    std::size_t calls = 0;
    const auto join = [&](std::uint32_t* into, const std::uint32_t* from) {
      for (std::size_t c = 0; c < width_; ++c) into[c] = std::max(into[c], from[c]);
    };
    const auto call = [&] {
      while (calls < time_->calls.size() && time_->after[time_->calls[calls]] <= returns) {
        join(row(time_->calls[calls++]), returned.data());
      }
    };
    if (time_ != nullptr) call();
    for (const std::uint32_t op : order) {
      patience_.step();
      std::uint32_t* own = row(op);
      own[sessions_.chain[op]] = std::max(own[sessions_.chain[op]], sessions_.position[op]);
      for (const std::uint32_t* to = graph_.begin(op); to != graph_.end(op); ++to) {
        join(row(*to), own);
      }
      done[op] = true;
      while (time_ != nullptr && returns < time_->returns.size() && done[time_->returns[returns]]) {
        join(returned.data(), row(time_->returns[returns++]));
        call();
      }
    }
  }

  bool comes_before(std::uint32_t a, std::uint32_t b) {
    return row(b)[sessions_.chain[a]] >= sessions_.position[a];
  }

  void infer(std::uint32_t reader, std::uint32_t round) {
    for (const KeyAccess* a = accesses_.begin(reader); a != accesses_.end(reader); ++a) {
      if (a->read == kNoVersion) continue;
      const std::uint32_t writer = accesses_.writer[a->read];
      for (const Writers& each : writers_[a->key]) {
        before_reader(reader, writer, *a, each, round);
        after_writer(reader, writer, *a, each, round);
      }
    }
  }

  /// The last of them that comes before the reader comes before the writer, too.
  void before_reader(std::uint32_t reader, std::uint32_t writer, const KeyAccess& a,
                     const Writers& each, std::uint32_t round) {
    if (writer == kNoOperation) return;  // then the other rule says it
    const std::uint32_t known = row(reader)[each.chain];
    auto last = std::partition_point(each.ops.begin(), each.ops.end(), [&](std::uint32_t op) {
      return sessions_.position[op] <= known;
    });
    while (last != each.ops.begin() && (*(last - 1) == reader || *(last - 1) == writer)) --last;
    if (last == each.ops.begin()) return;
    const std::uint32_t other = *(last - 1);
    if (!comes_before(other, writer)) add(other, writer, {reader, writer, other, a.key, round});
  }

  /// The reader comes before the first of them that comes after the writer.
  void after_writer(std::uint32_t reader, std::uint32_t writer, const KeyAccess& a,
                    const Writers& each, std::uint32_t round) {
    auto first = each.ops.begin();
    if (writer != kNoOperation) {
      first = std::partition_point(each.ops.begin(), each.ops.end(), [&](std::uint32_t op) {
        return op == writer || !comes_before(writer, op);
      });
    }
    while (first != each.ops.end() && (*first == reader || *first == writer)) ++first;
    if (first == each.ops.end() || comes_before(reader, *first)) return;
    add(reader, *first, {reader, writer, *first, a.key, round});
  }

  void add(std::uint32_t from, std::uint32_t to, const Inference& why) {
    if (!made_.because.emplace(std::uint64_t{from} << 32U | to, why).second) return;
    made_.edges.emplace_back(from, to);
    graph_.add(from, to);
  }

  const Accesses& accesses_;
  const Sessions& sessions_;
  const RealTime* time_;
  OrderGraph& graph_;
  std::size_t width_;
  std::vector<std::vector<Writers>> writers_;  ///< by key
  std::vector<std::uint32_t> clocks_;          ///< one row an operation, one number a session
  Saturated made_;
  Patience patience_;
};

bool clocks_fit(const Accesses& accesses, const Sessions& sessions, std::uint64_t max_bytes) {
  return std::uint64_t{accesses.takes_part.size()} * sessions.chains.size() *
             sizeof(std::uint32_t) <=
         max_bytes;
}

Saturated gave_up() {
  Saturated none;
  none.end = Saturated::End::gave_up;
  return none;
}

}  // namespace

Saturated saturate(const Accesses& accesses, const Sessions& sessions, const RealTime* time,
                   OrderGraph& graph, std::uint64_t max_bytes, const std::function<bool()>& stop) {
  if (!clocks_fit(accesses, sessions, max_bytes)) return gave_up();
  try {
    return Saturation(accesses, sessions, time, graph, stop).run();
  } catch (const TimeIsUp&) {
    return gave_up();
  }
}

Saturated causal_order_of_writes(const Accesses& accesses, const Sessions& sessions,
                                 OrderGraph& graph, std::uint64_t max_bytes,
                                 const std::function<bool()>& stop) {
  if (!clocks_fit(accesses, sessions, max_bytes)) return gave_up();
  try {
    return Saturation(accesses, sessions, nullptr, graph, stop).once();
  } catch (const TimeIsUp&) {
    return gave_up();
  }
}

}  // namespace sibyl::analysis
