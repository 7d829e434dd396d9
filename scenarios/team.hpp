// The threads of a search. Each has a worker of its own, which lives and ends in its thread, since
// worlds do not go from one thread to another; what a worker does is told by the number of an item,
// so that results do not depend on which thread does it.
#pragma once

#include <algorithm>
#include <atomic>  // lint: allow thread: many worlds, each in one thread
#include <barrier>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <system_error>
#include <thread>  // lint: allow thread: the same
#include <utility>
#include <vector>

namespace sibyl {

template <class Worker>
class Team {
 public:
  /// `make` is called once in every thread, at the first block, and must not throw. `cpu`: CPU
  /// seconds of the calling thread; may be empty. Where fewer threads can be started than `jobs`
  /// says, those there are do the work.
  Team(unsigned jobs, std::function<double()> cpu, std::function<std::unique_ptr<Worker>()> make)
      : cpu_(std::move(cpu)),
        workers_(std::max(1U, jobs)),
        errors_(workers_.size()),
        seconds_(workers_.size()),
        meet_(static_cast<std::ptrdiff_t>(workers_.size())) {
    for (std::size_t i = 1; i < workers_.size(); ++i) try {
        threads_.emplace_back([this, i, make] {
          const std::unique_ptr<Worker> own = make();
          workers_[i] = own.get();
          for (;;) {
            meet_.arrive_and_wait();
            if (done_) return;
            work(i);
            meet_.arrive_and_wait();
          }
        });
      } catch (const std::system_error&) {
        meet_.arrive_and_drop();
      }
    mine_ = make();
    workers_[0] = mine_.get();
  }
  ~Team() {
    done_ = true;
    meet_.arrive_and_wait();
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  /// Does items 0 … count - 1, `share` at a time, and waits for all. Rethrows what one has thrown.
  void block(std::size_t count, std::size_t share,
             std::function<void(Worker&, std::size_t item)> one) {
    count_ = count;
    share_ = share;
    one_ = std::move(one);
    next_ = 0;
    meet_.arrive_and_wait();
    work(0);
    meet_.arrive_and_wait();
    for (const std::exception_ptr& error : errors_) {
      if (error) std::rethrow_exception(error);
    }
  }

  /// CPU seconds of all blocks so far, of all threads.
  double seconds() const {
    double sum = 0;
    for (const double s : seconds_) sum += s;
    return sum;
  }
  /// The worker of the calling thread.
  Worker& mine() { return *mine_; }
  /// Visits all workers, between blocks: they may be read, and no more.
  template <class Visit>
  void each(Visit visit) const {
    for (const Worker* worker : workers_) {
      if (worker != nullptr) visit(*worker);
    }
  }

 private:
  void work(std::size_t me) {
    const double before = cpu_ ? cpu_() : 0;
    try {
      for (std::size_t i = next_.fetch_add(share_); i < count_; i = next_.fetch_add(share_)) {
        const std::size_t end = std::min(i + share_, count_);
        for (std::size_t k = i; k < end; ++k) one_(*workers_[me], k);
      }
    } catch (...) {
      errors_[me] = std::current_exception();
    }
    if (cpu_) seconds_[me] += cpu_() - before;
  }

  std::function<double()> cpu_;
  std::vector<Worker*> workers_;
  std::size_t count_ = 0;
  std::size_t share_ = 1;
  std::function<void(Worker&, std::size_t)> one_;
  std::atomic<std::size_t> next_{0};
  bool done_ = false;
  std::vector<std::exception_ptr> errors_;
  std::vector<double> seconds_;
  std::barrier<> meet_;
  std::unique_ptr<Worker> mine_;
  std::vector<std::jthread> threads_;  // lint: allow thread: the same
};

}  // namespace sibyl
