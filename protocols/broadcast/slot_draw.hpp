// Draws what is particular to protocols in slots: how many parties are faulty, and faulty parties
// that keep back what they say until a later slot.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "protocols/broadcast/scheduled.hpp"
#include "protocols/protocol.hpp"
#include "sim/random.hpp"

namespace sibyl::broadcast {

/// In half of the drawings of draw_parties(): other faulty parties instead of the drawn ones, up to
/// as many as the options bear: `below_a_third`, or all but two.
Drawn draw_in_slots(Drawn drawn, const SlotOptions& options, bool below_a_third, Stream& stream);

/// broadcast_protocol() for a protocol in slots. As many parties may be faulty as the deployment
/// says: what an agreement does not bear is refused.
template <class Options>
ProtocolInfo protocol_in_slots(BroadcastProtocol protocol) {
  const auto shared = std::make_shared<const BroadcastProtocol>(protocol);
  ProtocolInfo info = broadcast_protocol(std::move(protocol));
  info.tolerates = [shared](const Setup& setup) {
    const std::uint32_t t = read_system(setup, *shared)->parties->t;
    return Tolerance{t, t};
  };
  info.relies_on = [shared, model = info.relies_on](const Setup& setup) {
    Model bounds = model(setup);
    const auto options = read_options<Options>(without_variants(setup), shared->variants);
    bounds.max_drift = options.max_drift;
    bounds.max_trans = options.max_trans;
    bounds.max_comp = options.max_comp;
    return bounds;
  };
  info.draw = [shared, draw = info.draw](const Setup& setup, Stream& stream, unsigned size) {
    Drawn drawn = draw(setup, stream, size);
    const Options options = read_options<Options>(setup, shared->variants);
    bool below_a_third = false;
    if constexpr (requires { options.agreement; }) {
      below_a_third = options.agreement == Agreement::king;
    }
    if constexpr (requires { options.inputs; }) {
      below_a_third = below_a_third || options.inputs != Options{}.inputs;
    }
    return draw_in_slots(std::move(drawn), options, below_a_third, stream);
  };
  return info;
}

}  // namespace sibyl::broadcast
