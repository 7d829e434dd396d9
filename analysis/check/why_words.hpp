// Cores of violations in words.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/check/why_ends.hpp"
#include "analysis/explain.hpp"

namespace sibyl::analysis {

/// What an operation is to a violation that it is shown with.
enum class WhyRole : std::uint8_t {
  core,    ///< without it there is none
  source,  ///< with it, and without any one of the core, there is none: what a read may have seen
  other,   ///< not told
};

/// A state for people: that of one object without a name is its value: "[1, 2]", "the value 2",
/// "the lock held"; of others "{x: 1, y: 2}". One line.
std::string state_in_words(const Value& state);

/// "core", "source", "other".
std::string_view why_role_name(WhyRole role);

/// The writes that are not shown, by what they wrote.
class WhyOthers {
 public:
  struct Writes {
    std::size_t count = 0;
    std::int64_t last_return = 0;  ///< FlatOperation::kNever: one never returned
  };
  /// One that returned at `ret`.
  void add(const Value& value, std::int64_t ret);
  /// Of a value.
  Writes of(const Value& value) const;
  /// Something else that may have had a part in it.
  void add_any() { any_ = true; }
  /// Whether there is any operation that is not shown and may have had a part in it.
  bool any() const { return any_ || !by_text_.empty(); }

 private:
  bool any_ = false;
  std::map<std::string, Writes> by_text_;
};

/// Puts the summary of plain reads and writes as a person would, where the core is one of the
/// common ones: a read of what nobody wrote, a read that missed a write, two reads in an order that
/// no writes explain. Else what explain() said stays.
/// `others`: the writes that are not shown.
void say_plainly(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles,
                 const WhyOthers& others);

/// Where a core is one operation, and others, by name, would have made it possible had they not
/// failed: says so. `by_values`: it has read a value, and they would have written that one.
void say_of_failed(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles,
                   const std::vector<std::string>& failed, bool by_values);

/// The same of texts that are appended to, by model "kv".
void say_of_texts(ViolationWords& told, const Part& window, const std::vector<WhyRole>& roles);

/// Why the operations that are not shown change nothing; a sentence. `plain`: all are plain reads
/// and writes of one key.
std::string others_in_words(const WhyOthers& others, const Part& window,
                            const std::vector<WhyRole>& roles, bool plain);

/// Each configuration shown as a sentence: "After line 1, line 5 (x = 4): line 7 read x = 3, but
/// x = 4."
std::vector<std::string> ends_in_words(const FinalConfigurations& ends, const Part& window);

}  // namespace sibyl::analysis
