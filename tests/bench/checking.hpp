// How long checking takes beside the baseline: what `sibyl bench --histories` prints.
#pragma once

#include <string>

namespace sibyl::bench {

/// Prints a table of histories with the CPU time of sibyl's check and of wing_gong(), the medians
/// of `rounds` interleaved ones; the baseline gets `seconds` for each history.
void report_checking(int rounds, double seconds);

/// Writes the histories of that table as JSON Lines into the folder, which has to be there, and
/// prints a line of JSON for each: file, values, keys, clients, operations, history, model. False:
/// a file could not be written, and standard error says which.
bool write_histories(const std::string& folder);

/// Loads a history and judges it `rounds` times, without an explanation, in one thread, and prints
/// a line of JSON: verdict, method, cpu_ms (the median, of judging alone), and in KiB peak_kb (what
/// the process had at most) and operations_kb (of these the history's operations). Throws
/// FileError, InputError. Precondition: there is a model of that name.
void judge_file(const std::string& path, const std::string& model, int rounds);

}  // namespace sibyl::bench
