// A member of a group that helps to order its messages and holds no state: with it f + 1 replicas
// bear f crashes, where the multicast needs 2f + 1 members.
#pragma once

#include <utility>

#include <boost/describe.hpp>

#include "protocols/multicast/multicast.hpp"
#include "sim/process.hpp"

namespace sibyl::partitioned {

/// Delivers what its group does, and leaves it at that. Recovers where the multicast does.
class Acceptor : public ProcessOf<Acceptor> {
 public:
  explicit Acceptor(multicast::AtomicMulticast amcast) : multicast(std::move(amcast)) {}

  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  multicast::AtomicMulticast multicast;
  bool silent = false;
  BOOST_DESCRIBE_CLASS(Acceptor, (), (multicast, silent), (), ())
};

}  // namespace sibyl::partitioned
