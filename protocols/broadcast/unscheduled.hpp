// Unscheduled consensus broadcast (UCB): nobody knows whether or when the origin says something.
//
// Source: notes on consensus, chapter 9; section C.3 of the specification of broadcast and
// agreement. Back ends, one each:
//   bracha           reliable broadcast (bracha.hpp), n > 3t, any delays: all that UCB asks for;
//   signed_flooding  the origin signs, everybody passes on what is new: any t < n, any delays. All
//                    correct parties hold an item one delay after the first of them, but two items
//                    that a faulty origin gives one number are two items: propagation without
//                    agreement. Enough for the inputs of a total order.
// A third one, for any t < n in a synchronous network, is a protocol of its own: timestamped.hpp.
// Guarantees: validity, integrity; with bracha agreement and propagation. Does not guarantee that
// the item of a faulty origin is ever delivered, nor any order.
// Cost of one broadcast: bracha (n - 1)(2n + 1) messages and 3 delays; signed_flooding n(n - 1)
// messages and 1 delay.
// Scenarios: smr-C-20 to smr-C-27 for bracha, smr-C-20b for signed_flooding.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <boost/describe.hpp>

#include "protocols/broadcast/broadcast.hpp"
#include "protocols/broadcast/setup.hpp"
#include "protocols/protocol.hpp"
#include "sim/signed.hpp"

namespace sibyl::signed_flooding {

struct Data {
  Signed<broadcast::Item> item;
};
/// The same without a signature (variant unsigned-flooding).
struct Hearsay {
  broadcast::Item item;
};
BOOST_DESCRIBE_STRUCT(Data, (), (item))
BOOST_DESCRIBE_STRUCT(Hearsay, (), (item))

}  // namespace sibyl::signed_flooding

namespace sibyl::broadcast {

enum class Backend : std::uint8_t { bracha, signed_flooding };
BOOST_DESCRIBE_ENUM(Backend, bracha, signed_flooding)

struct UnscheduledOptions : PartyOptions {
  Backend backend = Backend::bracha;
  bool signatures = true;  ///< of signed_flooding; false: what is passed on is believed
};
BOOST_DESCRIBE_STRUCT(UnscheduledOptions, (PartyOptions), (backend, signatures))

class SignedFlooding : public BroadcastOf<SignedFlooding> {
 public:
  SignedFlooding() = default;
  SignedFlooding(PartiesPtr parties, bool signatures)
      : signatures_(signatures), parties_(std::move(parties)) {}

  std::uint64_t next_number() const override { return sent + 1; }
  Deliveries broadcast(Context context, Value content) override;
  Deliveries receive(Context context, NodeId from, const Message& message) override;

  std::uint64_t sent = 0;
  std::map<ItemId, std::vector<Value>> delivered;  ///< contents, in order of delivery
  BOOST_DESCRIBE_CLASS(SignedFlooding, (), (sent, delivered), (), ())

 private:
  bool is_new(const Item& item);

  bool signatures_ = true;
  PartiesPtr parties_;
};

ProtocolInfo consensus_broadcast();

}  // namespace sibyl::broadcast
