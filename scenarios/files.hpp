// Files: reading with a limit, and writing that leaves either the whole new file or the old one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scenarios/errors.hpp"

namespace sibyl {

/// The whole contents; "-" is standard input. A file of more than `most` bytes is refused, without
/// being read, by InputError; one that cannot be opened or read by FileError.
std::string read_file(const std::string& path, std::size_t most);

/// Writes to a temporary file in the same folder and renames it. Throws FileError; then the folder
/// is as it was. A file that exists keeps its mode, and its owner where that is allowed; one that
/// may not be written to is refused. A link stays a link, and what it points to is written, whether
/// it exists or not. A path that is no regular file (a pipe, /dev/null) is written to directly.
void write_file(const std::string& path, std::string_view contents);

/// Whether write_file can write the path, found out without changing it: an empty temporary file is
/// made beside it and removed. Throws FileError.
void check_writable(const std::string& path);
/// Whether files can be made in the folder, which is made if need be and, when it was not there,
/// removed again. Throws FileError.
void check_writable_folder(const std::string& path);

/// Removes the temporary files of all writes under way, for the handler of a signal that ends the
/// program: does only what such a handler may do.
void remove_temporary_files() noexcept;

/// Throws InputError (place `line`:1) when the text begins with a byte order mark, of UTF-8 or
/// UTF-16: editors and exports put one there, and a reader would name what follows as wrong.
void refuse_byte_order_mark(std::string_view text, const std::string& name, std::size_t line = 1);

/// The text compressed with zstd, and back. decompress throws InputError (file `name`) when the
/// data are damaged, or when the text has more than `most` bytes: at once where the data say so,
/// and at the latest when so many have been unpacked.
std::string zstd_compress(std::string_view text);
std::string zstd_decompress(std::string_view data, const std::string& name, std::size_t most);
/// Throws InputError: what is wrong behind so many bytes, of which so many were unpacked.
[[noreturn]] void refuse_damaged_zstd(const std::string& name, std::string_view what,
                                      std::uint64_t packed, std::uint64_t unpacked);
/// Whether the data begin as a zstd frame does, or are its first two or three bytes, which no text
/// in UTF-8 has: what is left of a frame that was cut off.
bool is_zstd(std::string_view data);

}  // namespace sibyl
