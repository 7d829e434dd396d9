// Fuzzes the loader of histories in EDN.
#include "tests/fuzz/history_round_trip.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sibyl::fuzz::load_and_reload(data, size, "edn");
  return 0;
}
