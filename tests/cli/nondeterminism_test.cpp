// A planted source of nondeterminism: state that outlives a world. The digests give it away, and
// diff names the first event that it touches.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "protocols/protocol.hpp"
#include "scenarios/files.hpp"
#include "sim/context.hpp"
#include "tests/cli/verb_runner.hpp"

namespace planted {

using namespace sibyl;

struct Count {
  std::uint64_t number = 0;
};
BOOST_DESCRIBE_STRUCT(Count, (), (number))

std::uint64_t leak = 0;  // what no protocol may have: it remembers the run before

/// Passes a number to and fro; the tenth is counted across runs.
class Node : public ProcessOf<Node> {
 public:
  explicit Node(bool starts) : first(starts) {}
  void start(Context& context) override {
    if (first) context.send(NodeId{1}, Count{1});
  }
  void receive(Context& context, NodeId from, const Message& message) override {
    const std::uint64_t number = message.as<Count>()->number;
    if (number == 10) ++leak;
    if (number < 20) context.send(from, Count{number + 1 + (number == 10 ? leak % 2 : 0)});
  }
  bool first;
  BOOST_DESCRIBE_CLASS(Node, (), (first), (), ())
};

ProtocolInfo protocol() {
  const auto build = [](const Setup&) {
    return std::vector<NodeSpec>{{{"a", "node", "a"}, make_process<Node>(true)},
                                 {{"b", "node", "b"}, make_process<Node>(false)}};
  };
  return {"test-planted", "remembers the run before", {}, {"termination"}, "", build};
}

}  // namespace planted

using namespace sibyl;

TEST_CASE("a planted source of nondeterminism changes the digest, and diff finds where it begins") {
  register_protocol(planted::protocol());
  const test::Folder folder;
  const std::string file = folder / "planted.json";
  write_file(file, R"({"format": "sibyl-scenario/1", "id": "planted", "title": "Planted",
                       "protocol": {"name": "test-planted"}})");
  const std::string one = folder / "one.jsonl";
  const std::string two = folder / "two.jsonl";
  REQUIRE(test::sibyl_with({"run", file, "--trace", one}).status == 0);
  REQUIRE(test::sibyl_with({"run", file, "--trace", two}).status == 0);
  const test::Ran ran = test::sibyl_with({"diff", one, two});
  const std::string& difference = ran.out;
  CHECK(ran.status == 1);
  CHECK(difference.find("header: digest differs") != std::string::npos);
  // Two starts, then a send and a receive for each number: the answer to 10 is the first to differ.
  CHECK(difference.find("event 23 differs\n") != std::string::npos);
  CHECK(difference.find("\n- {\"id\":23,\"t\":10000000,\"kind\":\"send\"") != std::string::npos);
  CHECK(difference.find("\"data\":{\"number\":12}") != std::string::npos);
  CHECK(difference.find("\"data\":{\"number\":11}") != std::string::npos);
}
