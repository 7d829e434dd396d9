// Reading, atomic writing, and compression of files.
#include "scenarios/files.hpp"

#include <array>
#include <atomic>  // lint: allow thread: the handler of a signal reads what is written here
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

namespace sibyl {

namespace {

std::string reason() { return std::generic_category().message(errno); }

[[noreturn]] void refuse_size(const std::string& name, const std::string& size, std::size_t most) {
  throw InputError(name, "", fmt::format("it has {} bytes; at most {} are read", size, most));
}

std::string read_stream(std::istream& in, const std::string& name, std::size_t most) {
  std::string text;
  std::string block(std::size_t{1} << 16U, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())), in.gcount() > 0) {
    text.append(block, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > most) refuse_size(name, fmt::format("more than {}", most), most);
  }
  if (in.bad()) throw FileError(name + ": cannot be read: " + reason());
  return text;
}

/// The names of temporary files, where the handler of a signal finds them.
struct Temporary {
  std::atomic<bool> taken{false};
  std::atomic<bool> named{false};
  std::array<char, PATH_MAX> path{};
};
static_assert(std::atomic<bool>::is_always_lock_free);

std::array<Temporary, 8>& temporaries() {
  // lint: allow global: a handler of signals is handed nothing
  static std::array<Temporary, 8> all;
  return all;
}

/// Names a temporary file for as long as it lives, and removes it unless it was kept.
class TemporaryName {
 public:
  explicit TemporaryName(std::string path) : path_(std::move(path)) {
    for (Temporary& each : temporaries()) {
      if (path_.size() >= each.path.size() || each.taken.exchange(true)) continue;
      place_ = &each;
      std::memcpy(each.path.data(), path_.c_str(), path_.size() + 1);
      each.named = true;
      break;
    }
  }
  ~TemporaryName() {
    if (!kept) unlink(path_.c_str());
    if (place_ == nullptr) return;
    place_->named = false;
    place_->taken = false;
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const char* c_str() const { return path_.c_str(); }
  bool kept = false;

 private:
  std::string path_;
  Temporary* place_ = nullptr;
};

/// An open file; closed at the end at the latest.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

[[noreturn]] void refuse_writing(const std::string& path, const std::string& why) {
  throw FileError(path + ": cannot be written: " + why);
}

void write_all(int fd, const std::string& path, std::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = write(fd, contents.data(), contents.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse_writing(path, reason());
    contents.remove_prefix(static_cast<std::size_t>(written));
  }
}

void close_written(Descriptor& file, const std::string& path) {
  if (close(std::exchange(file.fd, -1)) != 0) refuse_writing(path, reason());
}

/// What a chain of links leads to, whether it exists or not.
std::string end_of_links(const std::string& path) {
  namespace fs = std::filesystem;
  fs::path target = path;
  std::error_code error;
  for (int links = 0; fs::is_symlink(fs::symlink_status(target, error)); ++links) {
    if (links == 40) refuse_writing(path, "too many levels of symbolic links");
    const fs::path next = fs::read_symlink(target, error);
    if (error) refuse_writing(path, error.message());
    target = next.is_absolute() ? next : target.parent_path() / next;
  }
  return target.string();
}

std::string temporary_name(const std::string& target) {
  return target + fmt::format(".{}.tmp", getpid());
}

/// Makes a file beside `target`, and removes it. `path` stands for it in messages.
void try_beside(const std::string& target, const std::string& path) {
  const TemporaryName temporary(temporary_name(target));
  unlink(temporary.c_str());  // of an earlier process of this number
  const Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.fd < 0) refuse_writing(path, reason());
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most) {
  if (path == "-") {
    errno = 0;
    std::string text = read_stream(std::cin, "standard input", most);
    // The stream takes what cannot be read for the end.
    if (std::ferror(stdin) != 0) {
      throw FileError("standard input: cannot be read: " + reason());
    }
    return text;
  }
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    throw FileError(path + ": there is no such file");
  }
  if (std::filesystem::is_directory(status)) {
    throw FileError(path + ": is a folder, not a file");
  }
  if (std::filesystem::is_regular_file(status)) {
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > most) refuse_size(path, std::to_string(size), most);
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw FileError(path + ": cannot be opened: " + reason());
  return read_stream(in, path, most);
}

void write_file(const std::string& path, std::string_view contents) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw FileError(path + ": is a folder, not a file");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.fd < 0) refuse_writing(path, reason());
    write_all(file.fd, path, contents);
    close_written(file, path);
    return;
  }
  const std::string target = end_of_links(path);
  struct stat before {};
  const bool exists = stat(target.c_str(), &before) == 0;
  if (exists && faccessat(AT_FDCWD, target.c_str(), W_OK, AT_EACCESS) != 0) {
    refuse_writing(path, reason());
  }
  TemporaryName temporary(temporary_name(target));
  unlink(temporary.c_str());  // of an earlier process of this number
  Descriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.fd < 0) refuse_writing(path, reason());
  write_all(file.fd, path, contents);
  if (exists) {
    // Only a privileged user may give files away; others write their own.
    [[maybe_unused]] const int given = fchown(file.fd, before.st_uid, before.st_gid);
    if (fchmod(file.fd, before.st_mode & 07777U) != 0) refuse_writing(path, reason());
  }
  close_written(file, path);
  if (rename(temporary.c_str(), target.c_str()) != 0) refuse_writing(path, reason());
  temporary.kept = true;
}

void check_writable(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw FileError(path + ": is a folder, not a file");
  }
  if (std::filesystem::exists(status) && faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
    refuse_writing(path, reason());
  }
  const bool written_directly =
      std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  if (!written_directly) try_beside(end_of_links(path), path);
}

void check_writable_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::exists(status)) {
    if (!fs::is_directory(status)) throw FileError(path + ": is a file, not a folder");
    return try_beside((fs::path(path) / "try").string(), path);
  }
  // From the one that is missing first to the folder itself; what was made goes again.
  std::vector<fs::path> missing;
  for (fs::path p = fs::absolute(path, error).lexically_normal(); !p.empty(); p = p.parent_path()) {
    if (!p.has_filename()) continue;  // the slash at the end
    if (fs::exists(fs::status(p, error))) break;
    missing.push_back(p);
  }
  std::vector<fs::path> made;
  const auto remove_made = [&] {
    std::error_code ignored;
    for (auto p = made.rbegin(); p != made.rend(); ++p) fs::remove(*p, ignored);
  };
  try {
    for (auto p = missing.rbegin(); p != missing.rend(); ++p) {
      if (!fs::create_directory(*p, error) && error) {
        throw FileError(path + ": cannot be made: " + error.message());
      }
      made.push_back(*p);
    }
    try_beside((fs::path(path) / "try").string(), path);
  } catch (const FileError&) {
    remove_made();
    throw;
  }
  remove_made();
}

void remove_temporary_files() noexcept {
  for (const Temporary& each : temporaries()) {
    if (each.named) unlink(each.path.data());
  }
}

void refuse_byte_order_mark(std::string_view text, const std::string& name, std::size_t line) {
  const bool is_utf8 = text.starts_with("\xef\xbb\xbf");
  if (!is_utf8 && !text.starts_with("\xff\xfe") && !text.starts_with("\xfe\xff")) return;
  throw InputError(name, fmt::format("{}:1", line),
                   is_utf8 ? "it begins with a byte order mark (BOM: the bytes EF BB BF), expected "
                             "UTF-8 without one (tail -c +4 leaves it out)"
                           : "it begins with the byte order mark (BOM) of UTF-16, expected UTF-8 "
                             "without one (iconv -f UTF-16 -t UTF-8)");
}

std::string zstd_compress(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  constexpr int kLevel = 3;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw FileError(std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

void refuse_damaged_zstd(const std::string& name, std::string_view what, std::uint64_t packed,
                         std::uint64_t unpacked) {
  throw InputError(
      name, "",
      fmt::format("damaged zstd data: {} (behind byte {} of it, {} unpacked); expected "
                  "what zstd -t accepts: copy or compress it again",
                  what, packed, unpacked));
}

std::string zstd_decompress(std::string_view data, const std::string& name, std::size_t most) {
  const auto refuse_expanded = [&](const std::string& size) {
    throw InputError(name, "",
                     fmt::format("it expands to {} bytes; of compressed data at most {} are read "
                                 "(unpack it with zstd -d to read more)",
                                 size, most));
  };
  const unsigned long long announced = ZSTD_getFrameContentSize(data.data(), data.size());
  const bool is_known =
      announced != ZSTD_CONTENTSIZE_UNKNOWN && announced != ZSTD_CONTENTSIZE_ERROR;
  if (is_known && announced > most) refuse_expanded(std::to_string(announced));
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                             ZSTD_freeDStream);
  std::string text;
  std::string block(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{data.data(), data.size(), 0};
  std::size_t left = 1;
  bool full = false;
  while (in.pos < in.size || full) {
    ZSTD_outBuffer out{block.data(), block.size(), 0};
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      refuse_damaged_zstd(name, ZSTD_getErrorName(left), in.pos, text.size());
    }
    text.append(block, 0, out.pos);
    if (text.size() > most) refuse_expanded(fmt::format("more than {}", most));
    full = out.pos == out.size;
  }
  if (left != 0) refuse_damaged_zstd(name, "the end is missing", in.pos, text.size());
  return text;
}

bool is_zstd(std::string_view data) {
  constexpr std::string_view kMagic = "\x28\xb5\x2f\xfd";
  return data.size() >= 2 && data.substr(0, 4) == kMagic.substr(0, data.size());
}

}  // namespace sibyl
