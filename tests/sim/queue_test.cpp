// The event queue against a plain model, for several settings of its internal thresholds.
#include "sim/queue.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sim/random.hpp"

namespace sibyl::queue_test {
namespace {

/// What the queue promises, written as simply as possible: events by (at, id), and the instant that
/// is being taken apart as a list, to which what is pushed meanwhile is appended.
class Model {
 public:
  void push(const Event& e) {
    ++size_;
    if (!instant_.empty() && e.at == instant_.front().at) {
      instant_.push_back(e);
      return;
    }
    if (!instant_.empty() && e.at < instant_.front().at) {
      for (const Event& i : instant_) events_.emplace(std::pair(i.at, i.id), i);
      instant_.clear();
    }
    events_.emplace(std::pair(e.at, e.id), e);
  }
  std::int64_t next_time() const {
    return instant_.empty() ? events_.begin()->first.first : instant_.front().at;
  }
  std::size_t ready() {
    if (instant_.empty()) {
      const std::int64_t at = next_time();
      while (!events_.empty() && events_.begin()->first.first == at) {
        instant_.push_back(events_.begin()->second);
        events_.erase(events_.begin());
      }
    }
    return instant_.size();
  }
  const Event& peek(std::size_t n) const { return instant_[n]; }
  Event pop() {
    --size_;
    if (instant_.empty()) {
      const Event e = events_.begin()->second;
      events_.erase(events_.begin());
      return e;
    }
    const Event e = instant_.front();
    instant_.erase(instant_.begin());
    return e;
  }
  Event pop_nth(std::size_t n) {
    std::swap(instant_[n], instant_.front());
    return pop();
  }
  std::size_t size() const { return size_; }

 private:
  std::multimap<std::pair<std::int64_t, std::uint64_t>, Event> events_;
  std::vector<Event> instant_;
  std::size_t size_ = 0;
};

bool same(const Event& a, const Event& b) {
  return a.at == b.at && a.id == b.id && a.target == b.target && a.source == b.source &&
         a.data == b.data;
}

/// How the delays of a random run are spread.
struct Mix {
  std::int64_t longest;        ///< of ordinary delays
  std::int64_t grain;          ///< delays are multiples of it: ties
  std::size_t most;            ///< events pending
  bool chosen;                 ///< ties are taken by pop_nth
  std::uint64_t look_ahead;    ///< one step in so many looks at the next time and pushes before it
  std::uint64_t out_of_order;  ///< one push in so many has an id that was put aside before
};

/// A random run of queue and model side by side.
template <class Queue>
class Run {
 public:
  Run(const Mix& mix, std::uint64_t seed) : mix_(mix), random_(seed, 0, 0) {}

  void steps(int n) {
    for (int i = 0; i < n; ++i) step();
  }
  void drain() {
    while (model_.size() != 0) take();
    CHECK(queue_.empty());
  }
  /// A copy goes on like the original.
  Run copy() const { return *this; }
  bool agreed() const { return agreed_; }

 private:
  std::int64_t delay() {
    if (random_.below(64) == 0) return 0;
    const std::uint64_t scale = random_.below(16) == 0 ? 100 : 1;  // timeouts among messages
    const auto d = static_cast<std::int64_t>(
        random_.below(static_cast<std::uint64_t>(mix_.longest) * scale + 1));
    return d / mix_.grain * mix_.grain;
  }

  void push_at(std::int64_t at) {
    Event e{at, 0, static_cast<std::uint32_t>(random_.below(100)), 7, random_.next()};
    if (random_.below(mix_.out_of_order) == 0) put_aside_.push_back(++last_id_);
    if (!put_aside_.empty() && random_.below(mix_.out_of_order) == 0) {
      e.id = put_aside_.back();
      put_aside_.pop_back();
      queue_.push_out_of_order(e);
    } else {
      e.id = ++last_id_;
      queue_.push(e);
    }
    model_.push(e);
  }

  void take() {
    if (!mix_.chosen) {
      expect(same(queue_.pop(), popped(model_.pop())));
      return;
    }
    const std::size_t ready = model_.ready();
    expect(queue_.ready() == ready);
    if (queue_.ready() != ready) return;
    const std::size_t n = random_.below(ready);
    expect(same(queue_.peek(n), model_.peek(n)));
    expect(same(queue_.pop_nth(n), popped(model_.pop_nth(n))));
  }

  Event popped(const Event& e) {
    now_ = e.at;
    return e;
  }

  void step() {
    if (model_.size() == 0 || (model_.size() < mix_.most && random_.below(8) != 0)) {
      push_at(now_ + delay());
    }
    if (model_.size() == 0) return;
    if (mix_.look_ahead != 0 && random_.below(mix_.look_ahead) == 0) {
      const std::int64_t next = queue_.next_time();
      expect(next == model_.next_time());
      if (mix_.chosen && random_.below(2) == 0) expect(queue_.ready() == model_.ready());
      push_at(next);
      if (next > now_)
        push_at(now_ +
                static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next - now_))));
      push_at(next);
    }
    const std::int64_t probe = now_ + delay();
    if (queue_.none_until(probe)) expect(model_.next_time() > probe);
    if (random_.below(4) == 0) {  // a burst, as of a broadcast
      for (std::uint64_t k = random_.below(12); k > 0 && model_.size() < mix_.most; --k)
        push_at(now_ + delay());
    }
    take();
    expect(queue_.size() == model_.size());
  }

  void expect(bool fine) { agreed_ = agreed_ && fine; }

  Mix mix_;
  Stream random_;
  Queue queue_;
  Model model_;
  std::int64_t now_ = 0;
  std::uint64_t last_id_ = 0;
  std::vector<std::uint64_t> put_aside_;
  bool agreed_ = true;
};

const std::vector<Mix> kMixes = {
    {1'000'000, 1, 1024, false, 0, 1'000'000},  // the delays of the benchmarks
    {1'000, 1, 300, false, 0, 8},               // dense
    {40, 1, 500, false, 16, 8},                 // denser than one event a nanosecond
    {1'000'000'000'000, 1, 60, false, 16, 8},   // sparse: minutes
    {1'000'000, 250'000, 700, false, 16, 4},    // few instants, many ties
    {5'000'000'000, 1, 3000, false, 64, 16},
    {1'000'000, 250'000, 700, false, 16, 1'000'000},  // every id is younger than those before
    {1'000'000, 250'000, 700, true, 0, 1'000'000},
    {1'000'000, 250'000, 200, true, 16, 4},
    {30, 10, 100, true, 8, 4},
    {100'000, 1'000, 2000, true, 32, 8},
};

template <class Queue>
void agrees_with_the_model() {
  for (std::size_t m = 0; m < kMixes.size(); ++m) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      CAPTURE(m);
      CAPTURE(seed);
      Run<Queue> run(kMixes[m], seed);
      run.steps(3000);
      Run<Queue> twin = run.copy();
      run.steps(500);
      run.drain();
      CHECK(run.agreed());
      twin.steps(800);
      twin.drain();
      CHECK(twin.agreed());
    }
  }
}

Event at(std::int64_t time, std::uint64_t id) { return {time, id, 0, 0, 0}; }

}  // namespace

TEST_CASE("the queue gives events by time, then by id, as a plain model does") {
  agrees_with_the_model<EventQueue>();
}

TEST_CASE("the queue's internal thresholds change no order") {
  agrees_with_the_model<BasicEventQueue<1, 1, 1, 1>>();
  agrees_with_the_model<BasicEventQueue<2, 3, 1, 4>>();
  agrees_with_the_model<BasicEventQueue<3, 8, 4, 16>>();
  agrees_with_the_model<BasicEventQueue<5, 64, 64, 1000>>();
  agrees_with_the_model<BasicEventQueue<6, 1, 1, 0>>();
  agrees_with_the_model<BasicEventQueue<6, 17, 200, 20>>();
}

TEST_CASE("among equal times the older id goes first, also when it was pushed later") {
  EventQueue queue;
  queue.push(at(1000, 5));
  queue.push(at(1000, 8));
  queue.push_out_of_order(at(1000, 3));
  queue.push_out_of_order(at(1000, 6));
  std::vector<std::uint64_t> ids;
  while (!queue.empty()) ids.push_back(queue.pop().id);
  CHECK(ids == std::vector<std::uint64_t>{3, 5, 6, 8});
}

TEST_CASE("an event may be pushed before a time that was looked at already") {
  EventQueue queue;
  queue.push(at(1'000'000'000'000, 1));
  CHECK(queue.next_time() == 1'000'000'000'000);
  CHECK(queue.ready() == 1);
  for (std::uint64_t id = 2; id < 1000; ++id)
    queue.push(at(static_cast<std::int64_t>(2000 - id), id));
  CHECK(queue.next_time() == 1001);
  CHECK(queue.ready() == 1);
  std::int64_t last = 0;
  while (!queue.empty()) {
    const Event e = queue.pop();
    CHECK(e.at > last);
    last = e.at;
  }
  CHECK(last == 1'000'000'000'000);
}

TEST_CASE("the last representable instant is a time like any other") {
  EventQueue queue;
  queue.push(at(kNever.ns, 1));
  queue.push(at(0, 2));
  queue.push(at(kNever.ns - 1, 3));
  queue.push(at(kNever.ns, 4));
  CHECK(queue.none_until(-1));
  CHECK_FALSE(queue.none_until(0));
  std::vector<std::uint64_t> ids;
  while (!queue.empty()) ids.push_back(queue.pop().id);
  CHECK(ids == std::vector<std::uint64_t>{2, 3, 1, 4});
}

TEST_CASE("what is pushed at the instant in progress waits behind what was ready") {
  EventQueue queue;
  for (std::uint64_t id = 1; id <= 3; ++id) queue.push(at(70, id));
  CHECK(queue.ready() == 3);
  CHECK(queue.pop_nth(2).id == 3);  // the first takes its place
  queue.push(at(70, 4));
  CHECK(queue.ready() == 3);
  CHECK(queue.peek(0).id == 2);
  CHECK(queue.peek(1).id == 1);
  CHECK(queue.peek(2).id == 4);
}

TEST_CASE("every pending event is visited once, in the front and in the buckets") {
  EventQueue queue;
  for (std::uint64_t id = 1; id <= 500; ++id)
    queue.push(at(static_cast<std::int64_t>(id * id), id));
  for (int i = 0; i < 100; ++i) queue.pop();
  std::vector<std::uint64_t> ids;
  queue.for_each([&](const Event& e) { ids.push_back(e.id); });
  std::sort(ids.begin(), ids.end());
  REQUIRE(ids.size() == 400);
  CHECK(ids.front() == 101);
  CHECK(ids.back() == 500);
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("a queue that always holds few events does not grow") {
  EventQueue queue;
  std::int64_t now = 0;
  for (std::uint64_t id = 1; id <= 200'000; ++id) {
    queue.push(at(now + static_cast<std::int64_t>(id % 3), id));
    if (queue.size() > 4) now = queue.pop().at;
  }
  CHECK(queue.memory_bytes() < 64 * 1024);
}

}  // namespace sibyl::queue_test
