// Variants as presets of options: one table a protocol, with the properties that each breaks.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/decode.hpp"
#include "sim/value.hpp"

namespace sibyl {

/// A variant, and the options that make it.
struct Variant {
  VariantInfo info;
  std::vector<std::pair<std::string, Value>> preset;  ///< option, value
};

inline std::vector<VariantInfo> infos_of(const std::vector<Variant>& variants) {
  std::vector<VariantInfo> infos;
  for (const Variant& variant : variants) infos.push_back(variant.info);
  return infos;
}

/// The options of a setup: its own over its variants' presets. Throws ConfigError, also when an
/// option is given that a variant sets, or that two variants set differently.
template <class Options>
Options read_options(const Setup& setup, const std::vector<Variant>& variants) {
  Value preset{Value::Object{}};
  std::map<std::string, std::string> set_by;
  for (const Variant& variant : variants) {
    if (!setup.has_variant(variant.info.name)) continue;
    for (const auto& [option, value] : variant.preset) {
      const Value* before = preset.find(option);
      if (before != nullptr && !(*before == value)) {
        throw ConfigError(kOptionsPointer, "the variants " + set_by[option] + " and " +
                                               variant.info.name + " set the option \"" + option +
                                               "\" to different values; take one of them");
      }
      preset.set(option, value);
      set_by[option] = variant.info.name;
    }
  }
  Options options;
  decode(preset, kOptionsPointer, options);
  if (setup.options.is_null()) return options;
  decode(setup.options, kOptionsPointer, options);
  for (const auto& [option, variant] : set_by) {
    if (setup.options.find(option) != nullptr) {
      throw ConfigError(pointer_to(kOptionsPointer, option),
                        "the variant " + variant + " sets this option to " +
                            preset.find(option)->text() + "; leave out the one or the other");
    }
  }
  return options;
}

}  // namespace sibyl
