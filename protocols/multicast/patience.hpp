// When a process of a multicast repeats itself: only while something is outstanding, ever more
// seldom, and not for ever, so that a run without work is quiescent and every run ends.
#pragma once

#include <algorithm>
#include <cstdint>

#include <boost/describe.hpp>

#include "protocols/broadcast/gave_up.hpp"
#include "sim/context.hpp"
#include "sim/time.hpp"

namespace sibyl::multicast {

struct PatienceOptions {
  Duration retry = milliseconds(50);  ///< the first wait; above 0. It doubles while nothing moves
  std::uint32_t tries = 12;           ///< waits without progress until it gives up; 0: no timers
};
BOOST_DESCRIBE_STRUCT(PatienceOptions, (), (retry, tries))

/// Waits double so often.
inline constexpr std::uint32_t kPatienceDoublings = 10;

/// The timer of one process.
struct Patience {
  TimerId timer;           ///< pending; none: of generation 0
  std::uint32_t idle = 0;  ///< waits that ended since the last progress

  /// The next wait is the first one again.
  void progress(Context& context) {
    if (idle > 0) stop(context);
    idle = 0;
  }
  /// upon the timer: it has fired. Whether the process may still do something about it.
  void fired() {
    timer = {};
    ++idle;
  }
  /// The end of every step: a timer is pending exactly while something is outstanding.
  template <class Tag>
  void keep(Context& context, bool outstanding, const PatienceOptions& options, Tag tag) {
    if (!outstanding || idle >= options.tries) return stop(context);
    if (timer.generation != 0) return;
    const std::int64_t factor = std::int64_t{1} << std::min(idle, kPatienceDoublings);
    std::int64_t wait = 0;
    if (__builtin_mul_overflow(options.retry.ns, factor, &wait)) wait = kNever.ns;
    timer = context.arm(Duration{wait}, tag);
  }
  /// The last step that the timer brings about: from now on it waits for others.
  void give_up(Context& context, bool outstanding, const PatienceOptions& options) const {
    if (outstanding && idle >= options.tries) {
      context.note(broadcast::gave_up(options.tries, "tries"));
    }
  }

 private:
  void stop(Context& context) {
    if (timer.generation != 0) context.cancel(timer);
    timer = {};
  }
};
BOOST_DESCRIBE_STRUCT(Patience, (), (timer, idle))

}  // namespace sibyl::multicast
