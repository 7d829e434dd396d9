// Writing files: modes, links, and what is left when a write fails or is cut short.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string>

#include "scenarios/files.hpp"

namespace sibyl::files_test {

namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("sibyl_files_test_" + std::to_string(getpid()));
  Folder() {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(path)) ++count;
    return count;
  }
};

mode_t mode_of(const std::string& path) {
  struct stat found {};
  REQUIRE(stat(path.c_str(), &found) == 0);
  return found.st_mode & 07777U;
}

/// Another user than the privileged one, who may write to everything; while it lives.
struct Unprivileged {
  Unprivileged() {
    if (privileged) REQUIRE(seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (privileged) REQUIRE(seteuid(0) == 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  bool privileged = geteuid() == 0;
};

extern "C" void on_signal(int /*signal*/) {
  remove_temporary_files();
  _exit(130);
}

}  // namespace

TEST_CASE("a file that is replaced keeps its mode; a new one gets the usual one") {
  const Folder folder;
  const std::string path = folder / "out";
  write_file(path, "one");
  const mode_t usual = mode_of(path);
  CHECK((usual & 0600U) == 0600U);
  for (const mode_t mode : {0600U, 0640U, 0755U, 0666U}) {
    REQUIRE(chmod(path.c_str(), mode) == 0);
    write_file(path, "two");
    CHECK(mode_of(path) == mode);
  }
  CHECK(read_file(path, 10) == "two");
}

TEST_CASE("a file that may not be written to is refused and stays as it is") {
  const Folder folder;
  REQUIRE(chmod(folder.path.c_str(), 0777) == 0);
  const std::string path = folder / "out";
  write_file(path, "one");
  REQUIRE(chmod(path.c_str(), 0444) == 0);
  {
    const Unprivileged other;
    CHECK_THROWS_WITH_AS(write_file(path, "two"),
                         (path + ": cannot be written: Permission denied").c_str(), FileError);
  }
  CHECK(read_file(path, 10) == "one");
  CHECK(folder.files() == 1);
}

TEST_CASE("what a link points to is written, whether it exists or not, and the link stays") {
  const Folder folder;
  fs::create_directories(folder.path / "sub");
  fs::create_symlink("sub/target", folder.path / "link");  // dangling, and relative
  fs::create_symlink("link", folder.path / "second");
  for (const std::string contents : {"one", "two"}) {
    write_file(folder / "second", contents);
    CHECK(fs::is_symlink(fs::symlink_status(folder.path / "link")));
    CHECK(fs::is_symlink(fs::symlink_status(folder.path / "second")));
    CHECK(read_file(folder / "sub/target", 10) == contents);
  }
  fs::create_symlink("b", folder.path / "a");
  fs::create_symlink("a", folder.path / "b");
  CHECK_THROWS_AS(write_file(folder / "a", "x"), FileError);
  fs::create_symlink("nowhere/target", folder.path / "lost");
  CHECK_THROWS_AS(write_file(folder / "lost", "x"), FileError);
}

TEST_CASE("a file that grows too large is an error that leaves nothing") {
  const Folder folder;
  const std::string path = folder / "out";
  write_file(path, "old");
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write_file(path, std::string(200'000, 'x'));
    } catch (const FileError&) {
      _exit(74);
    }
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 74);
  CHECK(read_file(path, 10) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("a signal in the middle of a write leaves the old file and no other") {
  const Folder folder;
  const std::string path = folder / "out";
  write_file(path, "old");
  const std::string large(std::size_t{96} << 20U, 'x');
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGTERM, on_signal);
    for (;;) write_file(path, large);  // until the signal comes
  }
  int status = 0;
  // Once the temporary file is there, the write is under way.
  while (folder.files() < 2 && waitpid(child, &status, WNOHANG) == 0) {
  }
  kill(child, SIGTERM);
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 130);
  CHECK(folder.files() == 1);
  const auto size = fs::file_size(path);
  CHECK((size == 3 || size == large.size()));
}

}  // namespace sibyl::files_test
