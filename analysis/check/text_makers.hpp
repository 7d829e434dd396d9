// Which puts and appends can have made a text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "analysis/check/beginnings.hpp"
#include "analysis/check/code_table.hpp"
#include "analysis/check/operations.hpp"

namespace sibyl::analysis {

/// The puts and appends of one key of model "kv", by what they write.
class TextMakers {
 public:
  /// Of a text, as numbers of operations.
  struct Makers {
    std::vector<std::uint32_t> all;     ///< from a choice of these it was made, if at all
    std::vector<std::uint32_t> needed;  ///< these were in that choice, whatever it was
  };

  /// `writes`: numbers of operations. `start`: the text that the key has at first. The history and
  /// the text outlive this.
  TextMakers(const FlatHistory& history, const std::vector<FlatOperation>& operations,
             const std::vector<std::uint32_t>& writes, std::string_view start);

  /// By the texts alone, whatever the order of time. O(e log e) for e places where a piece fits, at
  /// the first time.
  const Makers& of(ValueCode text);

 private:
  /// Writes of one kind, by the text that they write.
  struct Kind {
    CodeTable codes;
    std::vector<std::string_view> texts;
    std::vector<std::vector<std::uint32_t>> operations;
    std::optional<Beginnings> beginnings;
  };
  /// What can have made a text from one place to another.
  struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    const std::vector<std::uint32_t>* operations = nullptr;
    bool begins = false;  ///< what was there at first, or a put
  };
  std::vector<Edge> edges_of(std::string_view text) const;
  static std::vector<Edge> to_the_end(std::vector<Edge> edges, std::size_t end);
  static Makers makers_of(const std::vector<Edge>& edges);

  const FlatHistory& history_;
  std::string_view start_;
  Kind puts_;
  Kind appends_;
  std::vector<std::uint32_t> clearing_;  ///< puts of ""
  std::vector<std::uint32_t> nobody_;    ///< who made what was there at first
  CodeTable known_;
  std::vector<Makers> found_;
};

}  // namespace sibyl::analysis
