// Histories for the tests of sibyl check.
#pragma once

#include <string>
#include <vector>

#include "scenarios/files.hpp"
#include "tests/cli/verb_runner.hpp"

namespace sibyl::test {

/// A line of a history about x that returned.
inline std::string line(int process, const std::string& f, const std::string& value, int call,
                        int ret) {
  return "{\"process\":" + std::to_string(process) + ",\"f\":\"" + f +
         "\",\"key\":\"x\",\"value\":" + value + ",\"call\":" + std::to_string(call) +
         ",\"return\":" + std::to_string(ret) + ",\"outcome\":\"ok\"}\n";
}

inline const std::string kGood = line(0, "write", "1", 1, 2) + line(1, "read", "1", 3, 4);
inline const std::string kStale = line(0, "write", "1", 1, 2) + line(1, "write", "2", 3, 4) +
                                  line(2, "read", "1", 5, 6) + line(0, "read", "2", 7, 8);

/// sibyl check with the text as FILE, and the options.
inline Ran checked(const std::string& text, std::vector<std::string> options,
                   const std::string& name = "h.jsonl") {
  const Folder folder;
  const std::string path = folder / name;
  write_file(path, text);
  options.insert(options.begin(), {"check", path});
  return sibyl_with(options);
}

}  // namespace sibyl::test
