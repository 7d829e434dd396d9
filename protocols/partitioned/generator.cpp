// Workloads that are made as they are called.
#include "protocols/partitioned/generator.hpp"

#include <algorithm>
#include <utility>

#include "sim/decode.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioned {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMostWeight = 1'000'000;

void check_spec(const GeneratorSpec& spec, const std::string& pointer) {
  if (spec.think.ns < 0) {
    throw ConfigError(pointer_to(pointer, "think"), "a time must not be negative");
  }
  if (spec.duration && spec.duration->ns < 0) {
    throw ConfigError(pointer_to(pointer, "duration"), "a time must not be negative");
  }
  if (!spec.operations && !spec.duration) {
    throw ConfigError(pointer,
                      "nothing ends the workload: expected \"operations\" or \"duration\"");
  }
  if (!spec.rate) return;
  if (spec.outstanding != 1 || spec.think.ns != 0) {
    throw ConfigError(pointer_to(pointer, "rate"),
                      "an open loop waits for no replies: \"outstanding\" and \"think\" do not go "
                      "with \"rate\"");
  }
}

}  // namespace

std::size_t PlacementSpec::partition_of(std::string_view object, std::uint64_t number,
                                        std::uint64_t group, std::size_t partitions) const {
  if (placement == Placing::group) return group % partitions;
  if (placement == Placing::round_robin) return number % partitions;
  const std::uint64_t by_name = hash_text(object);
  if (placement == Placing::hash) return by_name % partitions;
  return Stream(seed ^ by_name, 0, 2).below(partitions);
}

void KeysSpec::decode_from(const Value& v, const std::string& pointer, KeysSpec& out) {
  out = KeysSpec{};
  if (v == Value("uniform")) return;
  if (v.as_object() == nullptr) wrong_kind(pointer, v, R"("uniform" or {"zipf": 0.95})");
  check_fields(v, pointer, {"zipf"});
  const Value* zipf = v.find("zipf");
  if (zipf == nullptr) throw ConfigError(pointer, "the member \"zipf\" is missing");
  out.exponent = fixed::Q32::from_double(decode_number(*zipf, pointer_to(pointer, "zipf"), 0, 64));
}

Generator::Generator(GeneratorSpec spec, ApplicationPtr application, const std::string& pointer)
    : spec_(std::move(spec)), application_(std::move(application)) {
  check_spec(spec_, pointer);
  const std::uint64_t keys = application_->keys();
  if (keys == 0) {
    throw ConfigError(pointer, "the application " + std::string(application_->name()) +
                                   " has nothing to generate commands about: its options at "
                                   "/deployment/application say how many objects there are");
  }
  if (keys > Distribution::kLargestTable) {
    throw ConfigError(pointer_to(pointer, "keys"), "found " + std::to_string(keys) +
                                                       " keys, expected at most " +
                                                       std::to_string(Distribution::kLargestTable));
  }
  const std::vector<Share> standard = application_->standard_mix();
  std::vector<std::string> kinds;
  for (const Share& share : standard) kinds.push_back(share.kind);
  const std::string at_mix = pointer_to(pointer, "mix");
  for (const auto& [kind, weight] : spec_.mix) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
      unknown_name(pointer_to(at_mix, kind), kind, kinds, "kind of command");
    }
    check_count(weight, 0, kMostWeight, at_mix, kind);
    mix_.push_back({kind, weight});
  }
  if (mix_.empty()) mix_ = standard;
  for (const Share& share : mix_) weights_ += share.weight;
  if (weights_ == 0) throw ConfigError(at_mix, "all weights are 0, expected one above");
  keys_ = spec_.keys.exponent.scaled == 0
              ? Distribution::uniform(0, static_cast<std::int64_t>(keys - 1))
              : Distribution::zipf(keys, spec_.keys.exponent);
  if (spec_.rate) pauses_ = Distribution::exponential(kSecond / *spec_.rate);
}

Generator::Made Generator::make(Draws& draws, std::string_view stamp, Value& memory) const {
  std::uint64_t drawn = draws.below(weights_);
  const Share* share = mix_.data();
  while (drawn >= share->weight) drawn -= (share++)->weight;
  const Wish wish{share->kind, stamp, &keys_, draws, memory};
  return {share->kind, application_->generate(wish)};
}

Duration Generator::pause(Draws& draws) const { return Duration{draws.sample(pauses_)}; }

bool Generator::goes_on(std::uint64_t made, Time now) const {
  if (made >= spec_.operations.value_or(kMostGenerated)) return false;
  return !spec_.duration || now.ns < spec_.duration->ns;
}

}  // namespace sibyl::partitioned
