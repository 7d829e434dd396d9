// The protocols that sibyl comes with: one line each.
#include <cassert>
#include <utility>

#include "protocols/agreement/ben_or.hpp"
#include "protocols/agreement/binary_agreement.hpp"
#include "protocols/agreement/common_subset.hpp"
#include "protocols/agreement/crusader.hpp"
#include "protocols/agreement/non_terminating_agreement.hpp"
#include "protocols/agreement/weak_agreement.hpp"
#include "protocols/broadcast/bracha.hpp"
#include "protocols/broadcast/causal.hpp"
#include "protocols/broadcast/fifo.hpp"
#include "protocols/broadcast/fixed_sequencer.hpp"
#include "protocols/broadcast/lamport.hpp"
#include "protocols/broadcast/multi_paxos.hpp"
#include "protocols/broadcast/naive.hpp"
#include "protocols/broadcast/pbft.hpp"
#include "protocols/broadcast/real_time.hpp"
#include "protocols/broadcast/replica_ids.hpp"
#include "protocols/broadcast/rotating_leader.hpp"
#include "protocols/broadcast/scheduled.hpp"
#include "protocols/broadcast/timestamped.hpp"
#include "protocols/broadcast/unscheduled.hpp"
#include "protocols/multicast/protocols.hpp"
#include "protocols/partitioned/oracle_designs.hpp"
#include "protocols/partitioned/partitioned.hpp"
#include "protocols/protocol.hpp"
#include "protocols/replication/ideal_protocol.hpp"
#include "protocols/total_order/asynchronous_order.hpp"

namespace sibyl {

namespace {

std::vector<ProtocolInfo>& all() {
  // clang-format off
  // lint: allow global: the list of what there is, filled before the first run
  static std::vector<ProtocolInfo> list = {
      partitioned::ssmr(),
      partitioned::dssmr(),
      partitioned::dynastar_smr(),
      partitioned::create_everywhere(),
      partitioned::location_broker(),
      partitioned::static_attribute(),
      partitioned::shared_cache_store(),
      broadcast::naive_broadcast(),
      broadcast::flooding_broadcast(),
      broadcast::reliable_broadcast(),
      broadcast::fixed_sequencer(),
      replication::ideal_rsm(),
      broadcast::fifo_broadcast(),
      broadcast::causal_broadcast(),
      broadcast::lamport_order(),
      broadcast::real_time_order(),
      broadcast::replica_ids_order(),
      broadcast::scheduled_broadcast(),
      broadcast::rotating_leader(),
      broadcast::fixed_leader(),
      broadcast::multi_paxos(),
      broadcast::consensus_broadcast(),
      broadcast::timestamped_broadcast(),
      agreement::weak_agreement(),
      agreement::non_terminating_agreement(),
      agreement::ben_or_agreement(),
      agreement::binary_agreement_protocol(),
      agreement::binding_crusader_agreement(),
      broadcast::pbft(),
      agreement::common_subset_protocol(),
      total_order::asynchronous_order_protocol(),
      multicast::ideal_multicast(),
      multicast::skeen_multicast(),
      multicast::ft_skeen_multicast(),
      multicast::white_box_multicast(),
      multicast::global_order_multicast(),
  };
  // clang-format on
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
