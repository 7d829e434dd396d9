// The protocols that sibyl comes with: one line each.
#include <cassert>
#include <utility>

#include "protocols/broadcast/bracha.hpp"
#include "protocols/broadcast/naive.hpp"
#include "protocols/partitioned/partitioned.hpp"
#include "protocols/protocol.hpp"

namespace sibyl {

namespace {

std::vector<ProtocolInfo>& all() {
  // lint: allow global: the list of what there is, filled before the first run
  static std::vector<ProtocolInfo> list = {
      partitioned::ssmr(),
      partitioned::dssmr(),
      broadcast::naive_broadcast(),
      broadcast::flooding_broadcast(),
      broadcast::reliable_broadcast(),
  };
  return list;
}

}  // namespace

const std::vector<ProtocolInfo>& protocols() { return all(); }

const ProtocolInfo* find_protocol(std::string_view name) {
  for (const auto& p : all()) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

std::vector<std::string> ProtocolInfo::judgeable() const {
  std::vector<std::string> all = properties;
  all.insert(all.end(), not_promised.begin(), not_promised.end());
  return all;
}

void register_protocol(ProtocolInfo info) {
  assert(find_protocol(info.name) == nullptr);
  all().push_back(std::move(info));
}

}  // namespace sibyl
