// Reading, atomic writing, and compression of files.
#include "scenarios/files.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>

#include <fmt/core.h>
#include <unistd.h>
#include <zstd.h>

namespace sibyl {

namespace {

std::string reason() { return std::strerror(errno); }

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

void write_directly(const std::string& path, const std::string& shown, std::string_view contents) {
  errno = 0;
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  if (out) out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  if (out) out.close();
  if (!out) throw FileError(shown + ": cannot be written: " + reason());
}

}  // namespace

std::string read_file(const std::string& path, std::size_t most) {
  if (path == "-") return read_stream(std::cin, "standard input", most);
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
    write_directly(path, path, contents);
    return;
  }
  // A link stays a link: what it points to is replaced.
  std::string target = path;
  if (std::filesystem::exists(status)) {
    const auto real = std::filesystem::canonical(path, error);
    if (!error) target = real.string();
  }
  const std::string temporary = target + fmt::format(".{}.tmp", getpid());
  try {
    write_directly(temporary, path, contents);
  } catch (const FileError&) {
    std::filesystem::remove(temporary, error);
    throw;
  }
  std::filesystem::rename(temporary, target, error);
  if (error) {
    const std::string why = error.message();
    std::filesystem::remove(temporary, error);
    throw FileError(path + ": cannot be written: " + why);
  }
}

std::string zstd_compress(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  constexpr int kLevel = 3;
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), kLevel);
  if (ZSTD_isError(size) != 0) throw FileError(std::string("zstd: ") + ZSTD_getErrorName(size));
  out.resize(size);
  return out;
}

std::string zstd_decompress(std::string_view data, const std::string& name, std::size_t most) {
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
      throw InputError(name, "", std::string("damaged zstd data: ") + ZSTD_getErrorName(left));
    }
    text.append(block, 0, out.pos);
    if (text.size() > most) refuse_size(name, fmt::format("more than {}", most), most);
    full = out.pos == out.size;
  }
  if (left != 0) throw InputError(name, "", "damaged zstd data: the end is missing");
  return text;
}

bool is_zstd(std::string_view data) { return data.substr(0, 4) == "\x28\xb5\x2f\xfd"; }

}  // namespace sibyl
