// The errors of reading and writing files: mistakes in what was given, and trouble with the files.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace sibyl {

/// A mistake in a scenario, trace or override. `what()` is the whole line for people:
/// "file.json: /network/default/loss: 1.5 is out of range: from 0 to 1". Exit status 65.
class InputError : public std::runtime_error {
 public:
  /// `place` is a JSON pointer, or "LINE:COLUMN" for a mistake in syntax; it may be empty.
  InputError(std::string where, std::string at, std::string why)
      : std::runtime_error(compose(where, at, why)),
        file(std::move(where)),
        place(std::move(at)),
        message(std::move(why)) {}

  std::string file;
  std::string place;
  std::string message;

 private:
  static std::string compose(const std::string& file, const std::string& place,
                             const std::string& message) {
    if (place.empty()) return file + ": " + message;
    return file + (place[0] == '/' ? ": " : ":") + place + ": " + message;
  }
};

/// A file that cannot be opened, read or written. Exit status 74.
struct FileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace sibyl
