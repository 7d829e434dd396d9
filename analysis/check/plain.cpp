// Histories as sets of registers.
#include "analysis/check/plain.hpp"

namespace sibyl::analysis {

namespace {

constexpr ValueCode kNobodysNull = kNobodysStart - 1;

}  // namespace

PlainView plain_view(const FlatHistory& history, std::string_view model, const Value& initial) {
  const bool kv = model == "kv";
  const std::string_view read = kv ? "get" : model == "register" ? "read" : "";
  const std::string_view write = kv ? "put" : model == "register" ? "write" : "";
  PlainView view;
  for (std::uint32_t f = 0; f < history.functions.size(); ++f) {
    const std::string& word = history.functions.word(f);
    view.kinds.push_back(word == read    ? PlainKind::read
                         : word == write ? PlainKind::write
                                         : PlainKind::other);
  }
  view.null_reads = kv ? history.values.find(Value("")).value_or(kNobodysNull) : kNullCode;
  for (std::uint32_t key = 0; key <= history.keys.size(); ++key) {
    const Value* start =
        initial.find(key < history.keys.size() ? history.keys.word(key) : std::string());
    const bool unset = start == nullptr || (kv && start->as_string() == nullptr);
    const bool empty = kv && !unset && start->as_string()->empty();
    view.initials.push_back(unset || empty ? view.null_reads
                                           : history.values.find(*start).value_or(kNobodysStart));
  }
  return view;
}

}  // namespace sibyl::analysis
