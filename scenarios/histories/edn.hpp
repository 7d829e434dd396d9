// Reads EDN (extensible data notation, as Clojure prints it): forms to Values, and the forms of a
// text one by one. Source: https://github.com/edn-format/edn
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "scenarios/histories/source.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// What is wrong with a form, and where (from 0) in its text.
struct EdnMistake {
  std::size_t at = 0;
  std::string text;
};

/// Reads forms from a text. At most 64 levels of nesting. Throws EdnMistake.
class EdnReader {
 public:
  explicit EdnReader(std::string_view text) : text_(text) {}

  /// White space, commas, comments, and what is discarded by #_.
  void skip_space();
  bool at_end() { return skip_space(), at_ == text_.size(); }
  std::size_t position() const { return at_; }
  /// The next character, 0 at the end.
  char peek() { return at_end() ? '\0' : text_[at_]; }
  /// Takes the character if it comes next.
  bool take(char c);

  /// The next form. nil, booleans, integers of 64 bits, decimal fractions and strings are what they
  /// are in Values; a keyword is the string ":name"; a character a string; vectors and lists are
  /// lists; a set is a list in order; a map an object, ordered by its keys. Tags are left out.
  /// Symbols and other numbers are mistakes.
  Value value() { return value(0); }
  /// Passes over any form, also one that value() would refuse.
  void skip() { skip(0); }
  /// A keyword, without its colon; `expected` says what would be right.
  std::string_view keyword(std::string_view expected);
  /// Passes over "#tag" before a form.
  void skip_tag();

  [[noreturn]] void refuse(std::size_t at, std::string message) const;
  /// What stands there, in quotes and not at length; for messages.
  std::string found(std::size_t at) const;

 private:
  Value value(int depth);
  void skip(int depth);
  void enter(int depth) const;
  std::string_view token();
  std::string string();
  std::string character();
  Value number(std::string_view token, std::size_t at) const;
  Value atom();
  Value::List list(char close, int depth, std::size_t opened);
  Value map(int depth, std::size_t opened);
  void append_escape(std::string& out);
  unsigned hex4();

  std::string_view text_;
  std::size_t at_ = 0;
};

/// The forms of a text, or those of the one vector that it is.
class FormReader {
 public:
  explicit FormReader(TextWindow& window) : window_(window) {}
  /// The next form (valid until the next call), which has to begin with '{' or a tag.
  /// Throws InputError with line and column.
  bool next(std::string_view& form);
  /// Throws InputError for a mistake in the form that was read last.
  [[noreturn]] void refuse(const EdnMistake& mistake) const;
  /// Where the form that was read last begins, from 1.
  std::size_t line() const { return line_; }

 private:
  /// The next character that is neither space nor comment; false: there is none.
  bool skip_space();
  void step(std::size_t n);
  /// The character there, reading on if need be; '\0' at the end.
  char at(std::size_t place);
  std::size_t form_length();
  [[noreturn]] void refuse_here(const std::string& message) const;

  TextWindow& window_;
  std::string_view form_;
  std::size_t line_ = 1;  ///< of the window's first character
  std::size_t column_ = 1;
  std::size_t form_column_ = 1;
  std::size_t next_line_ = 1;
  bool begun_ = false;
  bool in_vector_ = false;
};

/// Whether the bytes are valid UTF-8. O(n).
bool is_utf8(std::string_view text);

}  // namespace sibyl
