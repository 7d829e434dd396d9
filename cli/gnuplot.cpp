// Calls gnuplot.
#include "cli/gnuplot.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>

#include "scenarios/errors.hpp"

namespace sibyl::cli {

namespace {

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

void close_all(const std::array<int, 2>& ends) {
  for (const int end : ends) close(end);
}

/// Writes `text` to one pipe, which it closes, while it reads the other until its end: neither side
/// may wait for the other with a full pipe.
bool exchange(std::string_view text, int to, int from, std::string& read_back) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);  // gnuplot may end early
  fcntl(to, F_SETFL, O_NONBLOCK);
  bool writing = true;
  bool good = true;
  std::array<char, 65536> part{};
  for (;;) {
    std::array<pollfd, 2> ends{pollfd{from, POLLIN, 0}, pollfd{writing ? to : -1, POLLOUT, 0}};
    if (poll(ends.data(), ends.size(), -1) < 0) {
      if (errno == EINTR) continue;
      good = false;
      break;
    }
    if (writing && ends[1].revents != 0) {
      const ssize_t n = write(to, text.data(), text.size());
      if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
      const bool broken = n < 0 && errno != EAGAIN && errno != EINTR;
      good = good && !broken;
      if (text.empty() || broken) {
        close(to);
        writing = false;
      }
    }
    if (ends[0].revents == 0) continue;
    const ssize_t n = read(from, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    read_back.append(part.data(), static_cast<std::size_t>(n));
  }
  if (writing) close(to);
  std::signal(SIGPIPE, before);
  return good;
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
  const std::string failed =
      "gnuplot could not draw the curves; --curves FILE.gp writes the script alone";
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe(in.data()) != 0) throw FileError(failed);
  if (pipe(out.data()) != 0) {
    close_all(in);
    throw FileError(failed);
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close_all(in);
    close_all(out);
    execlp("gnuplot", "gnuplot", "-", static_cast<char*>(nullptr));
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  std::string picture;
  const bool passed = child > 0 && exchange(script, in[1], out[0], picture);
  close(out[0]);
  int status = 0;
  const bool ended = child > 0 && waitpid(child, &status, 0) == child;
  if (!passed || !ended || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || picture.empty()) {
    throw FileError(failed);
  }
  return picture;
}

}  // namespace sibyl::cli
