// Reads files and pipes in blocks, and unpacks zstd as it goes.
#include "scenarios/histories/source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "scenarios/files.hpp"

namespace sibyl {

namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20U;

[[noreturn]] void refuse_reading(const std::string& name, const char* what) {
  throw FileError(fmt::format("{}: {}: {}", name, what, std::generic_category().message(errno)));
}

/// Whether there is a whole line that is not blank.
bool has_line(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n,");
  return first != std::string_view::npos && text.find('\n', first) != std::string_view::npos;
}

/// A file or pipe of the operating system.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(const std::string& path)
      : ByteSource(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (fd_ < 0) refuse_reading(name(), "cannot be opened");
    struct stat status {};
    if (fstat(fd_, &status) != 0) return;
    if (S_ISREG(status.st_mode)) size_ = static_cast<std::size_t>(status.st_size);
    if (!S_ISDIR(status.st_mode)) return;
    ::close(fd_);
    throw FileError(name() + ": is a folder, not a file");
  }
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  std::size_t read(char* into, std::size_t most) override {
    for (;;) {
      const ssize_t n = ::read(fd_, into, most);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) refuse_reading(name(), "cannot be read");
    }
  }
  std::optional<std::size_t> size() const override { return size_; }

 private:
  int fd_;
  std::optional<std::size_t> size_;
};

class StandardInputSource final : public ByteSource {
 public:
  StandardInputSource() : ByteSource("standard input") {}
  /// What is there, also where a pipe holds less than a block and is open still.
  std::size_t read(char* into, std::size_t most) override {
    std::cin.peek();
    if (std::cin.good()) {
      const std::streamsize there = std::max<std::streamsize>(1, std::cin.rdbuf()->in_avail());
      std::cin.read(into, std::min(there, static_cast<std::streamsize>(most)));
      return static_cast<std::size_t>(std::cin.gcount());
    }
    if (std::cin.bad()) refuse_reading(name(), "cannot be read");
    return 0;
  }
};

class MemorySource final : public ByteSource {
 public:
  MemorySource(std::string_view text, std::string name)
      : ByteSource(std::move(name)), text_(text), size_(text.size()) {}
  std::size_t read(char* into, std::size_t most) override {
    const std::size_t n = std::min(most, text_.size());
    if (n != 0) std::memcpy(into, text_.data(), n);
    text_.remove_prefix(n);
    return n;
  }
  std::optional<std::size_t> size() const override { return size_; }

 private:
  std::string_view text_;
  std::size_t size_;
};

/// What zstd frames unpack to. The decoder keeps at most 128 MiB, zstd's own bound of a window.
/// Histories become 5 to 100 times as long; what becomes far longer than that is no history, and
/// would be read for hours.
class ZstdSource final : public ByteSource {
 public:
  /// `begun` is what was read of the source already.
  ZstdSource(std::unique_ptr<ByteSource> packed, std::string begun)
      : ByteSource(packed->name()),
        packed_(std::move(packed)),
        block_(std::move(begun)),
        filled_(block_.size()),
        stream_(ZSTD_createDStream(), ZSTD_freeDStream) {}

  std::size_t read(char* into, std::size_t most) override {
    ZSTD_outBuffer out{into, most, 0};
    while (out.pos == 0) {
      if (used_ == filled_ && !holds_more_ && !refill()) {
        if (is_whole_) return 0;
        refuse("the end is missing");
      }
      ZSTD_inBuffer in{block_.data(), filled_, used_};
      const std::size_t left = ZSTD_decompressStream(stream_.get(), &out, &in);
      packed_bytes_ += in.pos - used_;
      if (ZSTD_isError(left) != 0) refuse(ZSTD_getErrorName(left));
      unpacked_bytes_ += out.pos;
      if (unpacked_bytes_ > kMostUnasked && unpacked_bytes_ / kMostTimes > packed_bytes_) {
        throw InputError(
            name(), "",
            fmt::format("{} bytes of compressed data expand to more than {} times as many; no "
                        "history does (unpack it with zstd -d to have it read all the same)",
                        packed_bytes_, kMostTimes));
      }
      used_ = in.pos;
      is_whole_ = left == 0;
      holds_more_ = !is_whole_ && out.pos == out.size;
    }
    return out.pos;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    refuse_damaged_zstd(name(), what, packed_bytes_, unpacked_bytes_);
  }
  bool refill() {
    block_.resize(std::max(block_.size(), kBlock / 8));
    filled_ = packed_->read(block_.data(), block_.size());
    used_ = 0;
    return filled_ != 0;
  }

  static constexpr std::uint64_t kMostTimes = 1000;
  static constexpr std::uint64_t kMostUnasked = std::uint64_t{64} << 20U;

  std::unique_ptr<ByteSource> packed_;
  std::string block_;
  std::uint64_t packed_bytes_ = 0;
  std::uint64_t unpacked_bytes_ = 0;
  std::size_t filled_;
  std::size_t used_ = 0;
  bool is_whole_ = true;     ///< at the end of a frame
  bool holds_more_ = false;  ///< output that comes without new input
  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
};

}  // namespace

std::unique_ptr<ByteSource> ByteSource::open(const std::string& path) {
  if (path == "-") return std::make_unique<StandardInputSource>();
  return std::make_unique<FileSource>(path);
}

std::unique_ptr<ByteSource> ByteSource::of_text(std::string_view text, std::string name) {
  return std::make_unique<MemorySource>(text, std::move(name));
}

TextWindow::TextWindow(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {
  while (text().size() < 4 && more()) {
  }
  is_unpacked_ = is_zstd(text());
  if (is_unpacked_) {
    source_ = std::make_unique<ZstdSource>(std::move(source_), std::string(text()));
    from_ = to_ = 0;
    more();
  }
  // A pipe may bring less than what a format is told by.
  while (!has_line(text()) && text().size() < kBlock && more()) {
  }
  refuse_byte_order_mark(text(), name());
}

bool TextWindow::more() {
  if (from_ != 0) {
    std::memmove(block_.data(), block_.data() + from_, to_ - from_);
    to_ -= from_;
    from_ = 0;
  }
  // A longer piece doubles the room, so that reading it is linear.
  const std::size_t known = source_->size().value_or(kBlock);
  const std::size_t room = std::clamp(known + 1, kBlock / 256, kBlock);
  if (block_.size() - to_ < room / 2) block_.resize(std::max(room, 2 * block_.size()));
  const std::size_t n = source_->read(block_.data() + to_, block_.size() - to_);
  to_ += n;
  return n != 0;
}

std::string TextWindow::rest(std::size_t most) {
  std::string all;
  do {
    all.append(text());
    drop(text().size());
    if (all.size() > most) {
      throw InputError(name(), "",
                       fmt::format("it has more than {} bytes; no more are read of it", most));
    }
  } while (more());
  return all;
}

bool LineReader::next(std::string_view& line) {
  const std::size_t empty = std::min(window_.text().find_first_not_of('\n'), window_.text().size());
  if (empty > 1) {
    window_.drop(empty - 1);
    number_ += empty - 1;
  }
  std::size_t seen = 0;
  for (;;) {
    const std::string_view text = window_.text();
    const void* end =
        seen == text.size() ? nullptr : std::memchr(text.data() + seen, '\n', text.size() - seen);
    const std::size_t length =
        end == nullptr ? text.size()
                       : static_cast<std::size_t>(static_cast<const char*>(end) - text.data());
    if (length > kLongestPiece) {
      throw InputError(
          window_.name(), fmt::format("{}:1", number_ + 1),
          fmt::format("the line has more than {} bytes; an operation is shorter", kLongestPiece));
    }
    if (end != nullptr) {
      line = text.substr(0, length);
      window_.drop(length + 1);
      ++number_;
      return true;
    }
    seen = length;
    if (window_.more()) continue;
    if (seen == 0) return false;
    line = window_.text();
    window_.drop(line.size());
    ++number_;
    return true;
  }
}

}  // namespace sibyl
