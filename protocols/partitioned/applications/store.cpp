// The store, the default application: an object is an integer, a command is a list of steps that
// read, write and add. What its commands are called, "read" and "write" among them, is said in
// setup.cpp.
//
// Options: objects ("x0", …, of 0), groups, crossing (percent of the generated pairs, which take
// from one object and give to another, that are over two groups).
#include <array>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

struct StoreOptions {
  std::uint32_t objects = 0;    ///< "x0", "x1", …, of 0
  std::uint32_t groups = 1;     ///< of objects that belong together
  std::uint32_t crossing = 10;  ///< percent of pairs over two groups
  static constexpr std::array kBounds{Bound{"objects", 0, kMostObjects},
                                      Bound{"groups", 1, kMostObjects}, Bound{"crossing", 0, 100}};
};
BOOST_DESCRIBE_STRUCT(StoreOptions, (), (objects, groups, crossing))

class Store final : public Application {
 public:
  explicit Store(const StoreOptions& options) : options_(options) {}
  std::string_view name() const override { return "store"; }

  std::vector<std::string> objects(const Work& work) const override {
    return objects_of(work.steps);
  }
  std::vector<std::string> reads(const Work& work) const override {
    return objects_read(work.steps);
  }
  std::vector<std::string> writes(const Work& work) const override {
    return objects_written(work.steps);
  }
  bool read_only(const Work& work) const override { return objects_written(work.steps).empty(); }

  /// Takes the steps one after the other; sums wrap. O(steps * log values).
  Execution execute(const Work& work, Objects& values) const override;
  Value history(const Work& work, const Execution* done) const override;

  /// Its commands are those of every scenario: see Operation.
  std::vector<std::string> commands() const override { return {}; }
  Request read(std::string_view /*command*/, const Value& /*fields*/,
               const std::string& /*pointer*/,
               const std::vector<std::string>& /*known*/) const override {
    return {};
  }
  void check(const Value& content, const std::string& pointer) const override {
    std::int64_t number = 0;
    decode(content, pointer, number);
  }

  void populate(const Populate& add) const override {
    for (std::uint32_t i = 0; i < options_.objects; ++i) add(numbered("x", i), 0, group_of(i));
  }
  std::uint64_t keys() const override { return options_.objects; }
  std::vector<Share> standard_mix() const override {
    return {{"read", 50}, {"write", 40}, {"add", 0}, {"pair", 10}};
  }
  Generated generate(const Wish& wish) const override {
    const auto key = key_of(wish);
    Generated made;
    const auto step = [&](StepKind f, std::uint64_t k, std::int64_t value) {
      made.steps.push_back({f, numbered("x", k), value});
    };
    if (wish.kind == "read") {
      step(StepKind::read, key, 0);
    } else if (wish.kind == "pair") {  // takes from one and gives to the other
      step(StepKind::add, key, -1);
      step(StepKind::add, partner(key, wish.draws), 1);
    } else {
      const bool write = wish.kind == "write";
      const auto value = static_cast<std::int64_t>(1 + wish.draws.below(1000));
      step(write ? StepKind::write : StepKind::add, key, value);
    }
    return made;
  }

 private:
  std::uint64_t group_of(std::uint64_t key) const { return key % options_.groups; }
  std::uint64_t partner(std::uint64_t key, Draws& draws) const {
    return partner_of(key, {options_.objects, options_.groups}, options_.crossing, draws);
  }

  StoreOptions options_;
};

Execution Store::execute(const Work& work, Objects& values) const {
  Execution done;
  for (const Step& step : work.steps) {
    std::optional<std::int64_t> result;
    Content& value = values[step.object];
    const std::int64_t* before = value.as_int();
    if (step.f == StepKind::write) {
      value = step.value;
    } else {
      result = before == nullptr ? 0 : *before;
      if (step.f == StepKind::add) {
        result = static_cast<std::int64_t>(static_cast<std::uint64_t>(*result) +
                                           static_cast<std::uint64_t>(step.value));
        value = *result;
      }
    }
    if (!done.text.empty()) done.text += ", ";
    done.text += step.object + "=" + value.text();
    done.results.push_back(result);
  }
  return done;
}

Value Store::history(const Work& work, const Execution* done) const {
  Value::List rows;
  for (std::size_t i = 0; i < work.steps.size(); ++i) {
    const Step& step = work.steps[i];
    Value result;
    if (done != nullptr && i < done->results.size() && done->results[i]) {
      result = Value(*done->results[i]);
    }
    if (step.f == StepKind::read) {
      rows.push_back(row("read", step.object, std::move(result)));
    } else if (step.f == StepKind::write) {
      rows.push_back(row("write", step.object, Value(step.value)));
    } else {
      rows.push_back(row("add", step.object, Value(Value::List{Value(step.value), result})));
    }
  }
  return Value(std::move(rows));
}

}  // namespace

ApplicationPtr make_store(const Value& options, const std::string& pointer,
                          std::size_t partitions) {
  StoreOptions chosen;
  chosen.groups = static_cast<std::uint32_t>(partitions);
  if (!options.is_null()) decode(options, pointer, chosen);
  return std::make_shared<Store>(chosen);
}

}  // namespace sibyl::partitioned
