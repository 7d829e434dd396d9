// A run that takes too much memory ends with one line that names the setting.
#include <doctest/doctest.h>

#include <new>
#include <string>

#include "protocols/protocol.hpp"
#include "scenarios/files.hpp"
#include "sim/context.hpp"
#include "tests/cli/verb_runner.hpp"

namespace greedy {

using namespace sibyl;

/// Finds no memory.
struct Node : ProcessOf<Node> {
  void start(Context& /*context*/) override { throw std::bad_alloc(); }
  void receive(Context& /*context*/, NodeId /*from*/, const Message& /*message*/) override {}
};
BOOST_DESCRIBE_STRUCT(Node, (), ())

ProtocolInfo protocol() {
  const auto build = [](const Setup&) {
    return std::vector<NodeSpec>{{{"a", "node", "a"}, make_process<Node>()}};
  };
  return {"test-greedy", "finds no memory", {}, {"termination"}, "", build};
}

}  // namespace greedy

using namespace sibyl;

TEST_CASE("without memory, run and view end with 70 and one line that names limits.events") {
  register_protocol(greedy::protocol());
  const test::Folder folder;
  const std::string file = folder / "greedy.json";
  write_file(file, R"({"format": "sibyl-scenario/1", "id": "greedy", "title": "Greedy",
                                "protocol": {"name": "test-greedy"}})");
  for (const std::string verb : {"run", "view"}) {
    const test::Ran ran = test::sibyl_with({verb, file});
    CHECK(ran.status == cli::kInternal);
    CHECK(ran.out.empty());
    CHECK(ran.err ==
          "sibyl: out of memory; a lower \"limits.events\" (--set /limits/events=N) ends a run "
          "earlier\n");
  }
}
