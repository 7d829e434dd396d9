// The program gnuplot, which draws curves.
#pragma once

#include <string>

namespace sibyl::cli {

/// Throws FileError that says what to install when there is no gnuplot on the path.
void check_gnuplot();

/// What gnuplot writes to standard output for a script: a picture. Throws FileError.
std::string gnuplot(const std::string& script);

}  // namespace sibyl::cli
