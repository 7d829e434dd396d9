// Calls gnuplot.
#include "cli/gnuplot.hpp"

#include <stdlib.h>  // mkstemp
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "scenarios/errors.hpp"

namespace sibyl::cli {

namespace {

/// A file for the script, removed at the end. Its name has nothing that a shell would read.
class ScriptFile {
 public:
  explicit ScriptFile(const std::string& script) {
    const int file = mkstemp(path_.data());
    if (file < 0) throw FileError("cannot make a temporary file for gnuplot in /tmp");
    std::FILE* out = fdopen(file, "w");
    const bool written = std::fwrite(script.data(), 1, script.size(), out) == script.size();
    if (std::fclose(out) != 0 || !written) throw FileError("cannot write a script for gnuplot");
  }
  ~ScriptFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  ScriptFile(const ScriptFile&) = delete;
  ScriptFile& operator=(const ScriptFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/sibyl-curves-XXXXXX";
};

/// What a command of the shell writes; whether it ended well.
bool output_of(const std::string& command, std::string& out) {
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  std::array<char, 4096> part{};
  for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    out.append(part.data(), n);
  }
  const int status = pclose(pipe);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

void check_gnuplot() {
  std::string ignored;
  if (output_of("command -v gnuplot", ignored)) return;
  throw FileError(
      "curves are drawn by gnuplot, which is not installed (Debian: gnuplot-nox); --curves FILE.gp "
      "writes the script alone");
}

std::string gnuplot(const std::string& script) {
  const ScriptFile file(script);
  std::string picture;
  if (!output_of("gnuplot " + file.path(), picture) || picture.empty()) {
    throw FileError("gnuplot could not draw the curves; --curves FILE.gp writes the script alone");
  }
  return picture;
}

}  // namespace sibyl::cli
