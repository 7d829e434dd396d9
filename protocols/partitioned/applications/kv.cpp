// The key-value application: an object is a key with a text.
//
//   get key; put key value; append key value; cas key expected value
// A get answers the text; append the text as it is now; cas (compare and set) the text that it
// found, and whether it wrote. Options: keys ("k0", "k1", …; empty texts at first).
#include <array>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

struct KvOptions {
  std::uint32_t keys = 0;
  static constexpr std::array kBounds{Bound{"keys", 0, kMostObjects}};
};
BOOST_DESCRIBE_STRUCT(KvOptions, (), (keys))

class KeyValue final : public Application {
 public:
  explicit KeyValue(const KvOptions& options) : options_(options) {}
  std::string_view name() const override { return "kv"; }

  std::vector<std::string> reads(const Work& work) const override {
    return work.request.f == "put" ? std::vector<std::string>{} : work.request.objects;
  }
  bool read_only(const Work& work) const override { return work.request.f == "get"; }

  Execution execute(const Work& work, Objects& values) const override;
  Value history(const Work& work, const Execution* done) const override;

  std::vector<std::string> commands() const override { return {"get", "put", "append", "cas"}; }

  Request read(std::string_view command, const Value& fields, const std::string& pointer,
               const std::vector<std::string>& /*known*/) const override {
    std::vector<std::string> members{"key"};
    if (command == "cas") members.emplace_back("expected");
    if (command != "get") members.emplace_back("value");
    check_fields(fields, pointer, members);
    Request request{std::string(command), {field_name(fields, pointer, "key")}, {}};
    Value::Object arguments;
    for (std::size_t i = 1; i < members.size(); ++i) {
      const Value* found = fields.find(members[i]);
      if (found == nullptr)
        throw ConfigError(pointer, "the member \"" + members[i] + "\" is missing");
      check(*found, pointer_to(pointer, members[i]));
      arguments.emplace_back(members[i], *found);
    }
    request.arguments = Content(Value(std::move(arguments)));
    return request;
  }

  void check(const Value& content, const std::string& pointer) const override {
    if (content.as_string() == nullptr) wrong_kind(pointer, content, "a string");
  }

  void populate(const Populate& add) const override {
    for (std::uint32_t i = 0; i < options_.keys; ++i) add(numbered("k", i), Content(""), i);
  }
  std::uint64_t keys() const override { return options_.keys; }
  std::vector<Share> standard_mix() const override {
    return {{"get", 50}, {"put", 50}, {"append", 0}, {"cas", 0}};
  }
  Generated generate(const Wish& wish) const override {
    Generated made;
    made.request.f = wish.kind;
    made.request.objects = {numbered("k", key_of(wish))};
    Value::Object arguments;
    if (wish.kind == "cas") arguments.emplace_back("expected", Value(""));
    if (wish.kind != "get") arguments.emplace_back("value", Value(wish.stamp));
    made.request.arguments = Content(Value(std::move(arguments)));
    return made;
  }

 private:
  KvOptions options_;
};

Execution KeyValue::execute(const Work& work, Objects& values) const {
  Execution done;
  const Request& r = work.request;
  if (r.objects.empty()) return done;
  const std::string& key = r.objects.front();
  Content& text = values[key];
  const std::string before = text.as_string() == nullptr ? "" : *text.as_string();
  const std::string& value = text_of(r.arguments, "value");
  if (r.f == "get") {
    done.result = Value(before);
  } else if (r.f == "put") {
    text = Content(value);
  } else if (r.f == "append") {
    text = Content(before + value);
    done.result = text;
  } else if (r.f == "cas") {
    if (before == text_of(r.arguments, "expected")) text = Content(value);
    done.result = Value(before);
  }
  done.text = key + "=" + text.text();
  return done;
}

Value KeyValue::history(const Work& work, const Execution* done) const {
  const Request& r = work.request;
  if (r.objects.empty()) return Value(Value::List{});
  const std::string& key = r.objects.front();
  const Value value(text_of(r.arguments, "value"));
  const Value result = done == nullptr ? Value() : Value(done->result);
  Value::List rows;
  if (r.f == "put") rows.push_back(row("write", key, value));
  if (r.f == "append") {
    rows.push_back(row("append", key, Value(Value::List{value, result})));
  }
  if (r.f == "get" || r.f == "cas") rows.push_back(row("read", key, result));
  // Under way it may still write; what it found decides that.
  const bool writes = done == nullptr || result == Value(text_of(r.arguments, "expected"));
  if (r.f == "cas" && writes) rows.push_back(row("write", key, value));
  return Value(std::move(rows));
}

}  // namespace

ApplicationPtr make_kv(const Value& options, const std::string& pointer,
                       std::size_t /*partitions*/) {
  KvOptions chosen;
  if (!options.is_null()) decode(options, pointer, chosen);
  return std::make_shared<KeyValue>(chosen);
}

}  // namespace sibyl::partitioned
