// Ideal signatures: a part of a message that says who vouches for it.
#pragma once

#include <boost/describe.hpp>

#include "sim/ids.hpp"

namespace sibyl {

/// `what`, signed by node `by`. Nobody can forge it: a faulty node may pass on, keep back or
/// duplicate another node's signed part, but it cannot change one (sim/mutation.hpp leaves it
/// alone) nor sign in another's name. A process must sign as itself: Signed<Vote>{context.self(),
/// vote}.
template <class T>
struct Signed {
  NodeId by;
  T what;
  friend bool operator==(const Signed&, const Signed&) = default;
  BOOST_DESCRIBE_CLASS(Signed, (), (by, what), (), ())
};

}  // namespace sibyl
