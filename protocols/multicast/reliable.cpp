// Eager reliable multicast: see reliable.hpp.
#include "protocols/multicast/reliable.hpp"

#include <algorithm>
#include <utility>

namespace sibyl::multicast {

std::optional<ReliableMulticast::Delivered> ReliableMulticast::multicast(Context context,
                                                                         std::vector<NodeId> to,
                                                                         Message payload) {
  const NodeId self = context.self();
  reliable::Data data{self, std::move(to), {}, std::move(payload)};
  std::optional<Delivered> own;
  std::vector<NodeId> others;
  for (const NodeId n : data.to) {
    data.numbers.push_back(++sent[n]);
    if (n != self) {
      others.push_back(n);
    } else if (seen[self].add(data.numbers.back())) {
      own = Delivered{self, data.payload};
    }
  }
  context.send(others, std::move(data));
  return own;
}

std::optional<ReliableMulticast::Delivered> ReliableMulticast::receive(Context context,
                                                                       NodeId /*from*/,
                                                                       const Message& message) {
  const auto* data = message.as<reliable::Data>();
  if (data == nullptr) return std::nullopt;
  const NodeId self = context.self();
  const auto place = std::find(data->to.begin(), data->to.end(), self);
  if (place == data->to.end() || data->numbers.size() != data->to.size()) return std::nullopt;
  const std::uint64_t number = data->numbers[static_cast<std::size_t>(place - data->to.begin())];
  if (!seen[data->origin].add(number)) return std::nullopt;
  if (relays) {
    for (const NodeId n : data->to) {
      // The origin, if addressed, delivered when it multicast.
      if (n != self && n != data->origin) context.send_message(n, message);
    }
  }
  return Delivered{data->origin, data->payload};
}

}  // namespace sibyl::multicast
