// Eager reliable multicast: see reliable.hpp.
#include "protocols/multicast/reliable.hpp"

#include <algorithm>
#include <utility>

#include "sim/storage.hpp"

namespace sibyl::multicast {

void ReliableMulticast::recover(Context context) {
  const Message record = context.storage().read("reliable/lives");
  const auto* known = record.as<reliable::Lives>();
  life = (known == nullptr ? 0 : known->recoveries) + 1;
  context.store("reliable/lives", reliable::Lives{life});
  context.sync_storage();
}

bool ReliableMulticast::is_new(NodeId origin, std::uint64_t number) {
  const std::uint64_t of_life = number >> reliable::kLifeBits;
  const std::uint64_t in_life = number & ((std::uint64_t{1} << reliable::kLifeBits) - 1);
  return seen[{origin, of_life}].add(in_life);
}

std::optional<ReliableMulticast::Delivered> ReliableMulticast::multicast(Context context,
                                                                         std::vector<NodeId> to,
                                                                         Message payload) {
  const NodeId self = context.self();
  reliable::Data data{self, std::move(to), {}, std::move(payload)};
  std::optional<Delivered> own;
  std::vector<NodeId> others;
  for (const NodeId n : data.to) {
    data.numbers.push_back(life << reliable::kLifeBits | ++sent[n]);
    if (n != self) {
      others.push_back(n);
    } else if (is_new(self, data.numbers.back())) {
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
  if (!is_new(data->origin, number)) return std::nullopt;
  if (relays) {
    for (const NodeId n : data->to) {
      // The origin, if addressed, delivered when it multicast.
      if (n != self && n != data->origin) context.send_message(n, message);
    }
  }
  return Delivered{data->origin, data->payload};
}

}  // namespace sibyl::multicast
