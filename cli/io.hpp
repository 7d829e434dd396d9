// What a verb talks to: output, terminal, interruption. Handed in, so that tests run verbs
// in-process.
#pragma once

#include <functional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sibyl::cli {

/// Exit statuses, as users and other programs rely on them.
enum Status : int {
  kAsExpected = 0,
  kUnmet = 1,         ///< a property is violated, an expectation is not met, two traces differ
  kInconclusive = 2,  ///< a limit was reached
  kUsage = 64,
  kBadInput = 65,
  kInternal = 70,
  kFileTrouble = 74,
  kInterrupted = 130,
};

/// A command line that does not make sense. Exit status 64.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Io {
  std::ostream& out;  ///< data
  std::ostream& err;  ///< words
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool no_color = false;          ///< the environment has NO_COLOR
  std::string program = "sibyl";  ///< path of the running binary
  std::function<bool()> interrupted = [] { return false; };
  /// Told true: an interruption ends the program at once, with nothing half-written. Else it is
  /// for the verb to ask whether there was one, and to end in order. See AtOnce.
  std::function<void(bool)> end_at_once = [](bool) {};
};

/// While it lives there is nothing worth keeping or reporting when an interruption comes. Throws
/// Interrupted (scenarios/runner.hpp) when there was one before.
class AtOnce {
 public:
  explicit AtOnce(Io& io);
  ~AtOnce() { io_.end_at_once(false); }
  AtOnce(const AtOnce&) = delete;
  AtOnce& operator=(const AtOnce&) = delete;

 private:
  Io& io_;
};

/// Runs one command line, without the program's name. Returns the exit status; throws nothing.
int run_program(const std::vector<std::string>& arguments, Io& io);

/// Writes data to the file, whole or not at all; "" and "-" are io.out. Throws FileError.
void emit(Io& io, const std::string& path, std::string_view data);

}  // namespace sibyl::cli
