// The program as the operating system sees it: standard streams, signals, and the exit status.
#include "cli/program.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <streambuf>
#include <string>
#include <vector>

#include <unistd.h>

#include "cli/io.hpp"

namespace {

volatile std::sig_atomic_t interrupt_count = 0;

/// The first asks for an orderly end; the second ends at once.
extern "C" void on_interrupt(int /*signal*/) {
  interrupt_count = interrupt_count + 1;
  if (interrupt_count > 1) _exit(sibyl::cli::kInterrupted);
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
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has seen enough is no mistake
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  OutputBuffer buffer;
  std::ostream out(&buffer);
  const char* no_color = std::getenv("NO_COLOR");
  Io io{out,
        std::cerr,
        isatty(STDOUT_FILENO) == 1,
        no_color != nullptr && *no_color != '\0',
        running_program(argc > 0 ? argv[0] : "sibyl"),
        [] { return interrupt_count > 0; }};
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int status = run_program(arguments, io);
  out.flush();
  if (buffer.error() != 0 && buffer.error() != EPIPE) {
    std::cerr << "standard output: cannot be written: " << std::strerror(buffer.error()) << "\n";
    return status == kAsExpected ? static_cast<int>(kFileTrouble) : status;
  }
  return status;
}

}  // namespace sibyl::cli
