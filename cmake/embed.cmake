# Script: writes INPUT's text into the header OUTPUT as the constant sibyl::embedded::NAME.
# The text is cut into pieces, since a string literal may have a bounded length only.
file(READ "${INPUT}" text HEX)
string(LENGTH "${text}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 80 piece)
  string(REGEX REPLACE "(..)" "\\\\x\\1" piece "${piece}")
  string(APPEND literals "    \"${piece}\"\n")
  math(EXPR at "${at} + 80")
endwhile()
if(literals STREQUAL "")
  set(literals "    \"\"\n")
endif()
math(EXPR bytes "${length} / 2")
file(WRITE "${OUTPUT}" "// Generated from a file of the source tree; do not edit.
#pragma once

#include <string_view>

namespace sibyl::embedded {

inline constexpr std::string_view ${NAME}{
${literals}    , ${bytes}};

}  // namespace sibyl::embedded
")
