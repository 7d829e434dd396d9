// Runs verbs in-process, and gives tests a folder to write to.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "cli/io.hpp"

namespace sibyl::test {

/// Scenario files: one scenario (nodes P1.1, P1.2, P2, C1), and a base with a variant "slow".
inline const std::string kOne = SIBYL_SOURCE_DIR "/tests/scenarios/data/minimal.json";
inline const std::string kTwo = SIBYL_SOURCE_DIR "/tests/scenarios/data/two_variants.json";

struct Ran {
  int status;
  std::string out;
  std::string err;
  bool says(const std::string& words) const { return err.find(words) != std::string::npos; }
};

/// What a command line does; without a terminal.
inline Ran sibyl_with(const std::vector<std::string>& arguments, bool interrupted = false) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Io io{out, err};
  io.interrupted = [=] { return interrupted; };
  const int status = cli::run_program(arguments, io);
  return {status, out.str(), err.str()};
}

/// An empty folder that is gone at the end of the test.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sibyl_cli_test_" + std::to_string(getpid()));
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path / name).string(); }
};

}  // namespace sibyl::test
