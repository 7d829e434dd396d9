// A run that takes too much memory ends with one line that names the setting.
#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <new>
#include <sstream>
#include <string>

#include "cli/io.hpp"
#include "protocols/protocol.hpp"
#include "scenarios/files.hpp"
#include "sim/context.hpp"

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
  const auto file = std::filesystem::temp_directory_path() /
                    ("sibyl_memory_test_" + std::to_string(getpid()) + ".json");
  write_file(file.string(), R"({"format": "sibyl-scenario/1", "id": "greedy", "title": "Greedy",
                                "protocol": {"name": "test-greedy"}})");
  for (const std::string verb : {"run", "view"}) {
    std::ostringstream out;
    std::ostringstream err;
    cli::Io io{out, err};
    CHECK(cli::run_program({verb, file.string()}, io) == cli::kInternal);
    CHECK(out.str().empty());
    CHECK(err.str() ==
          "sibyl: out of memory; a lower \"limits.events\" (--set /limits/events=N) ends a run "
          "earlier\n");
  }
  std::filesystem::remove(file);
}
