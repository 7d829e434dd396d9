// A party that agrees: it gives its module the input that its workload says, and reports what the
// module puts out. Which protocol it runs is the module's business.
#pragma once

#include <cstdint>
#include <string>

#include <boost/describe.hpp>

#include "protocols/agreement/agreement.hpp"
#include "protocols/agreement/setup.hpp"
#include "sim/process.hpp"

namespace sibyl::agreement {

/// A timer: it is time to propose.
struct InputDue {};
BOOST_DESCRIBE_STRUCT(InputDue, (), ())

class Participant : public ProcessOf<Participant> {
 public:
  Participant(SystemPtr system, AgreementPtr agreement, std::uint64_t least)
      : module(std::move(agreement)), system_(std::move(system)), least_(least) {}

  void start(Context& context) override;
  /// A party that has crashed stays silent for good: its votes are forgotten.
  void recover(Context& context) override;
  void receive(Context& context, NodeId from, const Message& message) override;
  void timer(Context& context, const Message& tag) override;

  AgreementPtr module;
  bool retired = false;
  BOOST_DESCRIBE_CLASS(Participant, (), (module, retired), (), ())

 private:
  void propose(Context& context);
  static void report(Context& context, const Outputs& outputs);

  SystemPtr system_;
  std::uint64_t least_;
};

/// The name of an instance in notes.
std::string instance_name(std::uint64_t instance);

}  // namespace sibyl::agreement
