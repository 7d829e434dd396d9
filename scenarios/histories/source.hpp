// Text that comes in blocks, from a file, standard input or memory, unpacked when it is zstd: what
// the loaders of histories read, so that a history takes no more memory than its operations.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/errors.hpp"

namespace sibyl {

/// The longest line, or form of EDN, that is read, in bytes.
inline constexpr std::size_t kLongestPiece = std::size_t{16} << 20U;

/// Bytes, one after the other.
class ByteSource {
 public:
  /// A file, or "-" for standard input. Throws FileError.
  static std::unique_ptr<ByteSource> open(const std::string& path);
  /// The text itself, which has to live as long.
  static std::unique_ptr<ByteSource> of_text(std::string_view text, std::string name);

  virtual ~ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  /// Puts at most `most` (at least 1) of the next bytes there; 0: the end. Throws FileError, and
  /// InputError for damaged zstd data.
  virtual std::size_t read(char* into, std::size_t most) = 0;
  /// How many bytes there are, if that is known beforehand.
  virtual std::optional<std::size_t> size() const { return std::nullopt; }
  /// For messages.
  const std::string& name() const { return name_; }

 protected:
  explicit ByteSource(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// The part of a source that has been read and not yet used.
class TextWindow {
 public:
  /// Reads a first line that is not blank, or a block, and unpacks from the beginning on when that
  /// begins as zstd does. Throws InputError for a byte order mark.
  explicit TextWindow(std::unique_ptr<ByteSource> source);

  /// What is there. Valid until the next more().
  std::string_view text() const { return {block_.data() + from_, to_ - from_}; }
  /// Appends at least a byte to it; false: there is no more.
  bool more();
  /// Leaves out the first `n` bytes.
  void drop(std::size_t n) {
    from_ += n;
    dropped_ += n;
  }
  /// Bytes that were dropped so far.
  std::size_t dropped() const { return dropped_; }
  const std::string& name() const { return source_->name(); }
  /// Whether it comes out of zstd data.
  bool is_unpacked() const { return is_unpacked_; }
  /// Of the text, if it is known.
  std::optional<std::size_t> size() const { return source_->size(); }
  /// All that is left, at most so many bytes. Throws InputError when there is more.
  std::string rest(std::size_t most);

 private:
  std::unique_ptr<ByteSource> source_;
  std::vector<char> block_;
  std::size_t from_ = 0;
  std::size_t to_ = 0;
  std::size_t dropped_ = 0;
  bool is_unpacked_ = false;
};

/// The lines of a text, without their ends ("\n"; the last may lack it).
class LineReader {
 public:
  explicit LineReader(TextWindow& window) : window_(window) {}
  /// The next line, valid until the next call; of several empty ones behind each other perhaps the
  /// last alone. Throws InputError for one that is too long.
  bool next(std::string_view& line);
  /// Of the line that was read last, from 1.
  std::size_t number() const { return number_; }

 private:
  TextWindow& window_;
  std::size_t number_ = 0;
};

}  // namespace sibyl
