// The program as the operating system sees it: standard streams, signals, and the exit status.
#include "cli/program.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <streambuf>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "cli/io.hpp"
#include "scenarios/files.hpp"

namespace {

// Written by the signal's handler, read by every thread that runs a scenario.
std::atomic<int> interrupt_count{0};
static_assert(std::atomic<int>::is_always_lock_free);

std::atomic<bool> end_at_once{false};

/// The first asks for an orderly end, unless there is nothing worth one; the second ends at once.
extern "C" void on_interrupt(int /*signal*/) {
  if (interrupt_count.fetch_add(1) == 0 && !end_at_once) return;
  sibyl::remove_temporary_files();
  constexpr std::string_view kWords = "sibyl: interrupted\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kWords.data(), kWords.size());
  _exit(sibyl::cli::kInterrupted);
}

/// Takes the place of a standard stream that is closed, so that no file gets its number and is
/// written to or read from in its stead. To use it is an error, as it is to use a closed one.
void keep_place(int stream, int flags) {
  if (fcntl(stream, F_GETFD) >= 0) return;
  [[maybe_unused]] const int place = open("/dev/null", flags);
}

/// Standard output, with the error that ended it.
class OutputBuffer final : public std::streambuf {
 public:
  OutputBuffer() { setp(buffer_.data(), buffer_.data() + buffer_.size()); }
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
    return traits_type::not_eof(c);
  }
  int sync() override {
    const char* at = pbase();
    while (at < pptr() && error_ == 0) {
      const ssize_t written = write(STDOUT_FILENO, at, static_cast<std::size_t>(pptr() - at));
      if (written >= 0) {
        at += written;
      } else if (errno != EINTR) {
        error_ = errno;
      }
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return error_ == 0 ? 0 : -1;
  }

 private:
  std::array<char, std::size_t{1} << 16U> buffer_{};
  int error_ = 0;
};

std::string running_program(const char* argument) {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string(argument) : path.string();
}

}  // namespace

namespace sibyl::cli {

int program_main(int argc, char** argv) {
  keep_place(STDIN_FILENO, O_WRONLY);
  keep_place(STDOUT_FILENO, O_RDONLY);
  keep_place(STDERR_FILENO, O_RDONLY);
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has seen enough is no mistake
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error like others
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::ios::sync_with_stdio(false);  // a block of input at a time
  OutputBuffer buffer;
  std::ostream out(&buffer);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread yet, and nothing sets variables
  const char* no_color = std::getenv("NO_COLOR");
  Io io{out,
        std::cerr,
        isatty(STDOUT_FILENO) == 1,
        isatty(STDERR_FILENO) == 1,
        no_color != nullptr && *no_color != '\0',
        running_program(argc > 0 ? argv[0] : "sibyl"),
        [] { return interrupt_count > 0; },
        [](bool at_once) { end_at_once = at_once; }};
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int status = run_program(arguments, io);
  out.flush();
  if (buffer.error() != 0 && buffer.error() != EPIPE) {
    std::cerr << "standard output: cannot be written: "
              << std::generic_category().message(buffer.error()) << "\n";
    // Whatever the verdict is, nobody has got it. A mistake or an interruption stays what it is.
    const bool verdict = status == kAsExpected || status == kUnmet || status == kInconclusive;
    return verdict ? static_cast<int>(kFileTrouble) : status;
  }
  return status;
}

}  // namespace sibyl::cli
