// Payloads as values: see payloads.hpp.
#include "protocols/multicast/payloads.hpp"

#include "sim/decode.hpp"
#include "sim/ids.hpp"

namespace sibyl::multicast {

Message Payloads::read(const Value& written) const {
  if (written.is_null()) return {};
  try {
    return literal_message(written, "", {nodes, kNobody, types});
  } catch (const ConfigError&) {
    return {};  // a faulty process's
  }
}

}  // namespace sibyl::multicast
