// The schemas that concern histories.
#include "scenarios/histories/write.hpp"
#include "sibyl_embedded/check_schema.hpp"
#include "sibyl_embedded/history_schema.hpp"

namespace sibyl {

std::string_view history_schema() { return embedded::history_schema; }

std::string_view check_schema() { return embedded::check_schema; }

}  // namespace sibyl
