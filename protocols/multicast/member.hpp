// A process of the multicast family: it multicasts what its workload says, and delivers.
#pragma once

#include <cstdint>
#include <string>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "protocols/multicast/setup.hpp"
#include "sim/process.hpp"

namespace sibyl::multicast {

/// Timer: the time of an entry of the process's workload has come.
struct MulticastDue {
  std::uint64_t entry = 0;  ///< its place in System::entries
};
BOOST_DESCRIBE_STRUCT(MulticastDue, (), (entry))

/// Note: what the scenario calls the message that is multicast next.
struct Named {
  std::uint64_t message = 0;
  std::string label;
};
BOOST_DESCRIBE_STRUCT(Named, (), (message, label))

/// A member of a group, or a client.
class Member : public ProcessOf<Member> {
 public:
  Member(SystemPtr system, AtomicMulticast module)
      : multicast(std::move(module)), system_(std::move(system)) {}

  void start(Context& context) override;
  /// Goes on as a member, if the protocol can; it multicasts nothing more.
  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  AtomicMulticast multicast;
  bool retired = false;
  BOOST_DESCRIBE_CLASS(Member, (), (multicast, retired), (), ())

 private:
  SystemPtr system_;
};

}  // namespace sibyl::multicast
