// sibyl explore --liveness as a command.
#include <doctest/doctest.h>

#include <string>

#include "scenarios/json.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::liveness_test {

using namespace sibyl::test;
using sibyl::Value;

namespace {

const std::string kChapter = SIBYL_SOURCE_DIR "/scenarios/partitioned/";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Ran explored(const std::string& file, const std::string& id, std::vector<std::string> more) {
  std::vector<std::string> arguments{"explore", kChapter + file, "--only", id};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return sibyl_with(arguments);
}

}  // namespace

TEST_CASE("explore --liveness accuses what blocks, and not what goes on when it is healed") {
  const Ran good =
      explored("A1.json", "signals", {"--liveness", "--runs", "512", "--set", "/expect={}"});
  CHECK(good.status == 0);
  CHECK(has(good.out, "512: 0 violating, 0 inconclusive"));
  const Folder folder;
  const Ran bad = explored("C2.json", "ssmr-C2",
                           {"--liveness", "--runs", "64", "--causes", "1", "--property",
                            "termination", "-o", folder / "found"});
  CHECK(bad.status == 1);
  CHECK(has(bad.out, "termination in 64 runs"));
  CHECK(has(bad.out, "waits behind Cxy at P1"));
  const Ran again = sibyl_with({"run", folder / "found/ssmr-C2-termination-1.json", "--explain"});
  CHECK(again.status == 0);
  CHECK(has(again.out, "waits behind Cxy at P1"));
}

TEST_CASE("explore --liveness --core --within demands progress of these nodes in so many steps") {
  const auto late = [&](const std::string& core) {
    return explored("A1.json", "signals",
                    {"--liveness", "--within", "1", "--core", core, "--runs", "64", "--property",
                     "termination"});
  };
  const Ran client = late("c1,Px,Py");
  CHECK(client.status == 1);
  CHECK(has(client.out, "termination: no progress after the healing"));
  CHECK(late("Px,Py").status == 0);  // no client is in it
}

TEST_CASE("options of --liveness are refused where they mean nothing") {
  const auto refused = [](std::vector<std::string> more) {
    const Ran ran = explored("A1.json", "signals", std::move(more));
    CHECK(ran.status == 64);
    CHECK(ran.out == "");
    return ran.err;
  };
  CHECK(has(refused({"--within", "5"}), "--within goes with --liveness only"));
  CHECK(has(refused({"--core", "Px"}), "--core goes with --liveness only"));
  CHECK(has(refused({"--liveness", "--core", "Pz"}), "--core Pz: unknown node or group"));
  CHECK(has(refused({"--liveness", "--strategy", "exhaustive"}), "without --liveness"));
}

}  // namespace sibyl::liveness_test
