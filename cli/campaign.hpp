// sibyl explore --campaign: many searches, as a table.
#pragma once

#include <string>

#include "cli/verbs.hpp"

namespace sibyl::cli {

/// Runs the campaign of the file and prints a row a search. Exit status: 1 when something is not as
/// the campaign expects, else 2 when something that it expects could not be decided, else 0; 130
/// after an interruption, with the rows so far.
int explore_campaign(const std::string& file, const Common& common, Io& io);

}  // namespace sibyl::cli
