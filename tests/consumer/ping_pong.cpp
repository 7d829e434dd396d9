// A protocol from outside sibyl's tree, whole: a client asks a server to count, `rounds` times.
#include "ping_pong.hpp"

#include "sim/context.hpp"
#include "sim/notes.hpp"

namespace ping_pong {

struct Ping {
  std::uint64_t number = 0;
};
struct Pong {
  std::uint64_t count = 0;
};
struct Workload {
  std::uint32_t rounds = 3;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (number))
BOOST_DESCRIBE_STRUCT(Pong, (), (count))
BOOST_DESCRIBE_STRUCT(Workload, (), (rounds))

constexpr sibyl::NodeId kServer{0};

class Server : public sibyl::ProcessOf<Server> {
 public:
  void receive(sibyl::Context& context, sibyl::NodeId from,
               const sibyl::Message& message) override {
    if (message.as<Ping>() != nullptr) context.send(from, Pong{++count});
  }
  std::uint64_t count = 0;
  BOOST_DESCRIBE_CLASS(Server, (), (count), (), ())
};

class Client : public sibyl::ProcessOf<Client> {
 public:
  explicit Client(std::uint64_t rounds) : left(rounds) {}
  void start(sibyl::Context& context) override {
    if (left == 0) return;
    context.note(sibyl::note::Invoke{left, "ping", "ping", "", {}});
    context.send(kServer, Ping{left});
  }
  void receive(sibyl::Context& context, sibyl::NodeId, const sibyl::Message& message) override {
    if (message.as<Pong>() == nullptr) return;
    context.note(sibyl::note::Return{left--, "ok", {}});
    start(context);
  }
  std::uint64_t left;
  BOOST_DESCRIBE_CLASS(Client, (), (left), (), ())
};

sibyl::ProtocolInfo protocol() {
  const auto build = [](const sibyl::Setup& setup) {
    Workload workload;
    if (!setup.workload.is_null()) decode(setup.workload, sibyl::kWorkloadPointer, workload);
    return std::vector<sibyl::NodeSpec>{
        {{"server", "server", "server"}, sibyl::make_process<Server>()},
        {{"client", "client", "client"}, sibyl::make_process<Client>(workload.rounds)}};
  };
  return {"ping-pong", "a client asks a server to count", {}, {"termination"}, "", build};
}

}  // namespace ping_pong
