// Volery, a store of small files as ZooKeeper's (C. E. Bezerra, F. Pedone, R. van Renesse, DSN
// 2014): an object is a node with data. setData is a local command, of one object; creates and
// deletes change which objects there are, so that S-SMR sends them to all partitions.
//
//   set_data path data; get_data path; creates and deletes as in every scenario
// Options: nodes ("n0", …), bytes (of each node's data, counted on the wire and not kept).
#include <array>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

struct VoleryOptions {
  std::uint32_t nodes = 0;
  std::uint32_t bytes = 100;
  static constexpr std::array kBounds{Bound{"nodes", 0, kMostObjects},
                                      Bound{"bytes", 0, 100'000'000}};
};
BOOST_DESCRIBE_STRUCT(VoleryOptions, (), (nodes, bytes))

/// How many of its own nodes a client remembers, to delete them.
constexpr std::size_t kMostRemembered = 64;

class Volery final : public Application {
 public:
  explicit Volery(const VoleryOptions& options) : options_(options) {}
  std::string_view name() const override { return "volery"; }

  std::vector<std::string> reads(const Work& work) const override {
    return read_only(work) ? work.request.objects : std::vector<std::string>{};
  }
  bool read_only(const Work& work) const override { return work.request.f == "get_data"; }

  Execution execute(const Work& work, Objects& values) const override {
    Execution done;
    const Request& r = work.request;
    if (r.objects.empty()) return done;
    const std::string& path = r.objects.front();
    Content& node = values[path];
    if (r.f == "set_data") node = file(text_of(r.arguments, "data"));
    if (r.f == "get_data") done.result = node;
    done.text = path + "=" + text_of(node, "data");
    return done;
  }

  /// A node that a scenario creates without a value is empty.
  Value shown(const Content& content) const override {
    return content.as_object() == nullptr ? Value("") : Value(text_of(content, "data"));
  }
  Value history(const Work& work, const Execution* done) const override {
    const Request& r = work.request;
    if (r.objects.empty()) return Value(Value::List{});
    const std::string& path = r.objects.front();
    if (r.f != "get_data") {
      return Value(Value::List{row("write", path, Value(text_of(r.arguments, "data")))});
    }
    return Value(Value::List{row("read", path, done == nullptr ? Value() : shown(done->result))});
  }

  std::vector<std::string> commands() const override { return {"set_data", "get_data"}; }

  Request read(std::string_view command, const Value& fields, const std::string& pointer,
               const std::vector<std::string>& /*known*/) const override {
    const bool sets = command == "set_data";
    check_fields(
        fields, pointer,
        sets ? std::vector<std::string>{"path", "data"} : std::vector<std::string>{"path"});
    Request request{std::string(command), {field_name(fields, pointer, "path")}, {}};
    if (sets) request.arguments = file(field_name(fields, pointer, "data"));
    return request;
  }

  void check(const Value& content, const std::string& pointer) const override {
    if (content.as_object() == nullptr)
      wrong_kind(pointer, content, R"(data such as {"data": "a"})");
    check_fields(content, pointer, {"data"});
    if (const Value* data = content.find("data"); data != nullptr && data->as_string() == nullptr) {
      wrong_kind(pointer_to(pointer, "data"), *data, "a string");
    }
  }

  void populate(const Populate& add) const override {
    for (std::uint32_t i = 0; i < options_.nodes; ++i) add(numbered("n", i), file(""), i);
  }
  std::uint64_t keys() const override { return options_.nodes; }
  std::vector<Share> standard_mix() const override {
    return {{"set_data", 99}, {"get_data", 0}, {"global", 1}};
  }

  /// A global command creates a node of the client's own, or deletes the oldest of those: in turn.
  Generated generate(const Wish& wish) const override {
    Generated made;
    if (wish.kind != "global") {
      made.request.f = wish.kind;
      made.request.objects = {numbered("n", key_of(wish))};
      if (wish.kind == "set_data") made.request.arguments = file(wish.stamp);
      return made;
    }
    if (wish.memory.as_list() == nullptr) wish.memory = Value(Value::List{});
    Value::List& own = *wish.memory.as_list();
    const bool erase = !own.empty() && (own.size() == kMostRemembered || wish.draws.below(2) == 0);
    made.kind = erase ? CommandKind::erase : CommandKind::create;
    if (erase) {
      made.object = *own.front().as_string();
      own.erase(own.begin());
    } else {
      made.object = "n." + std::string(wish.stamp);
      made.value = file(wish.stamp);
      own.emplace_back(made.object);
    }
    return made;
  }

 private:
  Content file(std::string_view data) const {
    return Content(Value(Value::Object{
        {"data", Value(data)}, {"bytes", Value(static_cast<std::int64_t>(options_.bytes))}}));
  }

  VoleryOptions options_;
};

}  // namespace

ApplicationPtr make_volery(const Value& options, const std::string& pointer,
                           std::size_t /*partitions*/) {
  VoleryOptions chosen;
  if (!options.is_null()) decode(options, pointer, chosen);
  return std::make_shared<Volery>(chosen);
}

}  // namespace sibyl::partitioned
