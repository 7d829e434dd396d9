// A subset of TPC-C, as DynaStar's authors have run it (ICDCS 2019): NewOrder, Payment, Delivery,
// OrderStatus, StockLevel, 45, 43, 4, 4 and 4 percent. After TPC Benchmark C, revision 5.11.
//
// Objects are rows: warehouse "w1", district "w1.d1" (with its latest orders and those that wait
// for delivery), customer "w1.d1.c1", stock "w1.s1". What a transaction inserts (orders, lines,
// history) is in the district, so that inserts create no objects. Items never change and are a
// function, the same everywhere. Rows of a warehouse belong together.
//
//   new_order warehouse district customer lines    lines: [[item, supplying warehouse, quantity]]
//   payment warehouse district customer amount [customer_warehouse customer_district]
//   delivery warehouse                             the oldest order of every district
//   order_status warehouse district customer
//   stock_level warehouse district threshold       among the items of the latest orders
// Options: warehouses (default: as many as partitions; 0: none), districts, customers (a district),
// items, remote_lines and remote_payments (percent), orders_kept (20), waiting_kept: a
// district holds so many orders that wait; further ones push out the oldest, undelivered.
// Where this departs from TPC-C: sizes are small by default; items are drawn uniformly, customers
// by the workload's keys, not by NURand; amounts are integers; customers are never chosen by last
// name.
#include <algorithm>
#include <array>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

struct TpccOptions {
  std::uint32_t warehouses = 1;
  std::uint32_t districts = 10;
  std::uint32_t customers = 30;
  std::uint32_t items = 100;
  std::uint32_t remote_lines = 1;
  std::uint32_t remote_payments = 15;
  std::uint32_t orders_kept = 20;
  std::uint32_t waiting_kept = 100;
  static constexpr std::array kBounds{
      Bound{"warehouses", 0, 1000},   Bound{"districts", 1, 100},
      Bound{"customers", 1, 100'000}, Bound{"items", 1, 100'000},
      Bound{"remote_lines", 0, 100},  Bound{"remote_payments", 0, 100},
      Bound{"orders_kept", 1, 1000},  Bound{"waiting_kept", 1, 10'000}};
};
BOOST_DESCRIBE_STRUCT(TpccOptions, (),
                      (warehouses, districts, customers, items, remote_lines, remote_payments,
                       orders_kept, waiting_kept))

std::string warehouse_name(std::int64_t w) { return "w" + std::to_string(w); }
std::string district_name(std::int64_t w, std::int64_t d) {
  return warehouse_name(w) + ".d" + std::to_string(d);
}
std::string customer_name(std::int64_t w, std::int64_t d, std::int64_t c) {
  return district_name(w, d) + ".c" + std::to_string(c);
}
std::string stock_name(std::int64_t w, std::int64_t item) {
  return warehouse_name(w) + ".s" + std::to_string(item);
}
std::int64_t price_of(std::int64_t item) { return 1 + item * 7919 % 100; }

/// The number at a place of a list, or 0.
std::int64_t at(const Value& list, std::size_t place) {
  const Value::List* all = list.as_list();
  if (all == nullptr || place >= all->size() || (*all)[place].as_int() == nullptr) return 0;
  return *(*all)[place].as_int();
}

const Value::List& rows_of(const Value& object, std::string_view member) {
  static const Value::List kNone;
  const Value* found = object.find(member);
  return found == nullptr || found->as_list() == nullptr ? kNone : *found->as_list();
}

/// Appends to a list of an object, of which the latest `kept` stay.
void record(Content& object, std::string_view member, Value entry, std::size_t kept) {
  for (auto& [key, value] : *object.as_object()) {
    if (key != member || value.as_list() == nullptr) continue;
    Value::List& list = *value.as_list();
    list.push_back(std::move(entry));
    if (list.size() > kept) list.erase(list.begin());
    return;
  }
  object.set(member, Value(Value::List{std::move(entry)}));
}

void add_to(Content& object, std::string_view member, std::int64_t amount) {
  object.set(member, Value(int_of(object, member) + amount));
}

class Tpcc final : public Application {
 public:
  explicit Tpcc(const TpccOptions& options) : options_(options) {}
  std::string_view name() const override { return "tpcc"; }

  /// What the answer depends on; the rest is changed by its owners alone.
  std::vector<std::string> reads(const Work& work) const override {
    const Request& r = work.request;
    const Content& a = r.arguments;
    if (r.f == "new_order") return {district_name(int_of(a, "w"), int_of(a, "d"))};
    if (r.f == "payment") {
      return {customer_name(int_of(a, "cw"), int_of(a, "cd"), int_of(a, "c"))};
    }
    return r.objects;
  }
  bool read_only(const Work& work) const override {
    return work.request.f == "order_status" || work.request.f == "stock_level";
  }
  bool finds_objects(const Work& work) const override {
    return work.request.f == "delivery" || work.request.f == "stock_level";
  }
  bool reads_found(const Work& work) const override { return work.request.f == "stock_level"; }

  std::vector<std::string> touches(const Work& work, const Objects& values) const override {
    const Request& r = work.request;
    std::vector<std::string> all = r.objects;
    const std::int64_t w = int_of(r.arguments, "w");
    if (r.f == "delivery") {
      for (const std::string& district : districts_of(w)) {
        if (const auto it = values.find(district); it != values.end()) {
          const Value::List& waiting = rows_of(it->second, "waiting");
          if (!waiting.empty()) all.push_back(customer_of(district, waiting.front()));
        }
      }
    } else if (r.f == "stock_level") {
      const auto it = values.find(district_name(w, int_of(r.arguments, "d")));
      if (it != values.end()) {
        for (const std::string& stock : stock_of(w, it->second)) all.push_back(stock);
      }
    } else {
      return all;
    }
    return sorted(std::move(all));
  }

  Execution execute(const Work& work, Objects& values) const override {
    const Request& r = work.request;
    Counted counted(values);
    Execution done;
    Value answer;
    if (r.f == "new_order") answer = new_order(counted, values, r.arguments);
    if (r.f == "payment") answer = payment(counted, r.arguments);
    if (r.f == "delivery") answer = delivery(counted, values, int_of(r.arguments, "w"));
    if (r.f == "order_status") answer = order_status(counted, r.arguments);
    if (r.f == "stock_level") answer = stock_level(counted, values, r.arguments);
    done.text = r.f + " " + answer.text();
    done.result = std::move(counted).result(std::move(answer));
    return done;
  }

  Value shown(const Content& content) const override { return {int_of(content, "updates")}; }
  /// While a new order or payment is under way, the warehouse's row counts as one to be changed
  /// only by a payment.
  Value history(const Work& work, const Execution* done) const override {
    std::vector<std::string> changed = work.request.objects;
    if (work.request.f == "new_order") {
      std::erase(changed, warehouse_name(int_of(work.request.arguments, "w")));
    }
    return Counted::history(changed, read_only(work), done);
  }

  std::vector<std::string> commands() const override {
    return {"new_order", "payment", "delivery", "order_status", "stock_level"};
  }
  Request read(std::string_view command, const Value& fields, const std::string& pointer,
               const std::vector<std::string>& known) const override;
  void check(const Value& /*content*/, const std::string& pointer) const override {
    throw ConfigError(pointer,
                      "the rows of tpcc are those that it makes: \"generate\": {} at /deployment");
  }
  /// Deliveries look for customers, and the stock level for stock.
  Lifetimes lifetimes() const override { return Lifetimes::fixed; }

  void populate(const Populate& add) const override {
    const auto fresh = [](Value::Object members) {
      members.emplace(members.begin(), "updates", Value(0));
      return Content(Value(std::move(members)));
    };
    for (std::int64_t w = 1; w <= options_.warehouses; ++w) {
      const auto group = static_cast<std::uint64_t>(w - 1);
      add(warehouse_name(w), fresh({{"paid", Value(0)}}), group);
      for (std::int64_t d = 1; d <= options_.districts; ++d) {
        add(district_name(w, d),
            fresh({{"next", Value(1)},
                   {"paid", Value(0)},
                   {"orders", Value(Value::List{})},
                   {"waiting", Value(Value::List{})}}),
            group);
        for (std::int64_t c = 1; c <= options_.customers; ++c) {
          add(customer_name(w, d, c), fresh({{"balance", Value(0)}, {"last", Value(0)}}), group);
        }
      }
      for (std::int64_t i = 1; i <= options_.items; ++i) {
        add(stock_name(w, i), fresh({{"quantity", Value(50)}, {"orders", Value(0)}}), group);
      }
    }
  }
  std::uint64_t keys() const override {
    return std::uint64_t{options_.warehouses} * options_.districts * options_.customers;
  }
  std::vector<Share> standard_mix() const override {
    return {{"new_order", 45},
            {"payment", 43},
            {"delivery", 4},
            {"order_status", 4},
            {"stock_level", 4}};
  }
  Generated generate(const Wish& wish) const override;

 private:
  std::vector<std::string> districts_of(std::int64_t w) const {
    std::vector<std::string> names;
    for (std::int64_t d = 1; d <= options_.districts; ++d) names.push_back(district_name(w, d));
    return sorted(std::move(names));
  }
  /// Of a waiting order: [number, customer, amount].
  static std::string customer_of(const std::string& district, const Value& waiting) {
    return district + ".c" + std::to_string(at(waiting, 1));
  }
  /// The stock rows of the items of the latest orders: [number, customer, amount, items].
  static std::vector<std::string> stock_of(std::int64_t w, const Value& district) {
    std::vector<std::string> names;
    for (const Value& order : rows_of(district, "orders")) {
      const Value::List* parts = order.as_list();
      if (parts == nullptr || parts->size() < 4 || (*parts)[3].as_list() == nullptr) continue;
      for (const Value& item : *(*parts)[3].as_list()) {
        if (item.as_int() != nullptr) names.push_back(stock_name(w, *item.as_int()));
      }
    }
    return sorted(std::move(names));
  }
  static Request request_of(std::string_view f, Value::Object arguments,
                            std::vector<std::string> objects) {
    return {std::string(f), sorted(std::move(objects)), Content(Value(std::move(arguments)))};
  }
  Request request(std::string_view f, Value::Object arguments) const;

  Value new_order(Counted& counted, const Objects& values, const Content& a) const;
  static Value payment(Counted& counted, const Content& a);
  Value delivery(Counted& counted, const Objects& values, std::int64_t w) const;
  static Value order_status(Counted& counted, const Content& a);
  static Value stock_level(Counted& counted, const Objects& values, const Content& a);
  Value lines(std::int64_t w, Draws& draws) const;

  TpccOptions options_;
};

// ---- Transactions ----

/// An unknown item ends it with nothing changed, as in TPC-C.
Value Tpcc::new_order(Counted& counted, const Objects& values, const Content& a) const {
  const std::int64_t w = int_of(a, "w");
  const std::string district = district_name(w, int_of(a, "d"));
  const Value::List& lines = rows_of(a, "lines");
  counted.see(warehouse_name(w));
  const auto row_of_district = values.find(district);
  const bool known = std::all_of(lines.begin(), lines.end(), [&](const Value& line) {
    return at(line, 0) >= 1 && at(line, 0) <= options_.items;
  });
  if (row_of_district == values.end() || !known) {
    counted.see(district);
    return {};
  }
  const std::int64_t number = int_of(row_of_district->second, "next", 1);
  std::int64_t amount = 0;
  Value::List items;
  for (const Value& line : lines) {
    const std::int64_t quantity = at(line, 2);
    amount += price_of(at(line, 0)) * quantity;
    items.emplace_back(at(line, 0));
    Content* stock = counted.change(stock_name(at(line, 1), at(line, 0)));
    if (stock == nullptr) continue;
    const std::int64_t left = int_of(*stock, "quantity") - quantity;
    stock->set("quantity", Value(left >= 10 ? left : left + 91));
    add_to(*stock, "orders", 1);
  }
  const std::int64_t c = int_of(a, "c");
  if (Content* own = counted.change(district)) {
    own->set("next", Value(number + 1));
    record(*own, "orders",
           Value(Value::List{Value(number), Value(c), Value(amount), Value(std::move(items))}),
           options_.orders_kept);
    record(*own, "waiting", Value(Value::List{Value(number), Value(c), Value(amount)}),
           options_.waiting_kept);
  }
  if (Content* customer = counted.change(customer_name(w, int_of(a, "d"), c))) {
    customer->set("last", Value(number));
  }
  return Value(Value::List{Value(number), Value(amount)});
}

Value Tpcc::payment(Counted& counted, const Content& a) {
  const std::int64_t amount = int_of(a, "amount");
  if (Content* w = counted.change(warehouse_name(int_of(a, "w")))) add_to(*w, "paid", amount);
  if (Content* d = counted.change(district_name(int_of(a, "w"), int_of(a, "d")))) {
    add_to(*d, "paid", amount);
  }
  Content* customer =
      counted.change(customer_name(int_of(a, "cw"), int_of(a, "cd"), int_of(a, "c")));
  if (customer == nullptr) return {};
  add_to(*customer, "balance", -amount);
  return {int_of(*customer, "balance")};
}

Value Tpcc::delivery(Counted& counted, const Objects& values, std::int64_t w) const {
  Value::List delivered;
  for (const std::string& district : districts_of(w)) {
    const auto it = values.find(district);
    if (it == values.end() || rows_of(it->second, "waiting").empty()) {
      counted.see(district);
      continue;
    }
    const Value order = rows_of(it->second, "waiting").front();
    if (Content* own = counted.change(district)) {
      Value::List rest(rows_of(*own, "waiting").begin() + 1, rows_of(*own, "waiting").end());
      own->set("waiting", Value(std::move(rest)));
    }
    if (Content* customer = counted.change(customer_of(district, order))) {
      add_to(*customer, "balance", at(order, 2));
    }
    delivered.emplace_back(at(order, 0));
  }
  return Value(std::move(delivered));
}

Value Tpcc::order_status(Counted& counted, const Content& a) {
  const std::int64_t w = int_of(a, "w");
  const std::int64_t d = int_of(a, "d");
  const Content* customer = counted.see(customer_name(w, d, int_of(a, "c")));
  const Content* district = counted.see(district_name(w, d));
  if (customer == nullptr || district == nullptr) return {};
  const std::int64_t last = int_of(*customer, "last");
  for (const Value& order : rows_of(*district, "orders")) {
    if (at(order, 0) == last) return order;
  }
  return Value(Value::List{Value(last)});
}

Value Tpcc::stock_level(Counted& counted, const Objects& values, const Content& a) {
  const std::int64_t w = int_of(a, "w");
  const std::string district = district_name(w, int_of(a, "d"));
  counted.see(district);
  const auto it = values.find(district);
  if (it == values.end()) return {};
  std::int64_t low = 0;
  for (const std::string& name : stock_of(w, it->second)) {
    const Content* stock = counted.see(name);
    if (stock != nullptr && int_of(*stock, "quantity") < int_of(a, "threshold")) ++low;
  }
  return {low};
}

// ---- Commands ----

/// Finds the objects of a command's arguments.
Request Tpcc::request(std::string_view f, Value::Object arguments) const {
  const Value a{arguments};
  const std::int64_t w = int_of(a, "w");
  const std::int64_t d = int_of(a, "d");
  const std::int64_t c = int_of(a, "c");
  std::vector<std::string> objects;
  if (f == "delivery") {
    objects = districts_of(w);
  } else if (f == "stock_level") {
    objects = {district_name(w, d)};
  } else if (f == "order_status") {
    objects = {district_name(w, d), customer_name(w, d, c)};
  } else if (f == "payment") {
    objects = {warehouse_name(w), district_name(w, d),
               customer_name(int_of(a, "cw"), int_of(a, "cd"), c)};
  } else {
    objects = {warehouse_name(w), district_name(w, d), customer_name(w, d, c)};
    for (const Value& line : rows_of(a, "lines")) {
      // An item that there is none of has no stock either: the order is refused.
      if (at(line, 0) <= options_.items) objects.push_back(stock_name(at(line, 1), at(line, 0)));
    }
  }
  return request_of(f, std::move(arguments), std::move(objects));
}

Request Tpcc::read(std::string_view command, const Value& fields, const std::string& pointer,
                   const std::vector<std::string>& /*known*/) const {
  std::vector<std::string> members{"warehouse"};
  if (command != "delivery") members.emplace_back("district");
  if (command != "delivery" && command != "stock_level") members.emplace_back("customer");
  if (command == "stock_level") members.emplace_back("threshold");
  if (command == "new_order") members.emplace_back("lines");
  if (command == "payment") {
    members.insert(members.end(), {"amount", "customer_warehouse", "customer_district"});
  }
  check_fields(fields, pointer, members);
  const auto number = [&](std::string_view member, std::int64_t highest,
                          std::optional<std::int64_t> otherwise = std::nullopt) {
    return Value(field_int(fields, pointer, member, 1, highest, otherwise));
  };
  Value::Object a{{"w", number("warehouse", options_.warehouses)}};
  if (command != "delivery") a.emplace_back("d", number("district", options_.districts));
  if (command != "delivery" && command != "stock_level") {
    a.emplace_back("c", number("customer", options_.customers));
  }
  if (command == "stock_level") a.emplace_back("threshold", number("threshold", 1000));
  if (command == "payment") {
    a.emplace_back("amount", number("amount", 1'000'000));
    const Value w = a[0].second;
    const Value d = a[1].second;
    a.emplace_back("cw", number("customer_warehouse", options_.warehouses, *w.as_int()));
    a.emplace_back("cd", number("customer_district", options_.districts, *d.as_int()));
  }
  if (command == "new_order") {
    const std::string place = pointer_to(pointer, "lines");
    const Value* found = fields.find("lines");
    if (found == nullptr) throw ConfigError(pointer, "the member \"lines\" is missing");
    std::vector<std::vector<std::int64_t>> lines;
    decode(*found, place, lines);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].size() != 3) {
        throw ConfigError(pointer_to(place, i), "expected [item, supplying warehouse, quantity]");
      }
      const std::string line = pointer_to(place, i);
      decode_int(Value(lines[i][0]), pointer_to(line, std::size_t{0}), 1, 1 << 30);
      decode_int(Value(lines[i][1]), pointer_to(line, std::size_t{1}), 1, options_.warehouses);
      decode_int(Value(lines[i][2]), pointer_to(line, std::size_t{2}), 1, 1000);
    }
    a.emplace_back("lines", *found);
  }
  return request(command, std::move(a));
}

// ---- The generator ----

/// 5 to 15 lines, each `remote_lines` percent from another warehouse; 1 percent of the orders have
/// an unknown item.
Value Tpcc::lines(std::int64_t w, Draws& draws) const {
  Value::List all;
  const std::uint64_t count = 5 + draws.below(11);
  const bool wrong = draws.percent(1);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto item = static_cast<std::int64_t>(1 + draws.below(options_.items));
    if (wrong && i + 1 == count) item = std::int64_t{options_.items} + 1;
    std::int64_t from = w;
    if (options_.warehouses > 1 && draws.percent(options_.remote_lines)) {
      from = 1 + (w + static_cast<std::int64_t>(draws.below(options_.warehouses - 1))) %
                     options_.warehouses;
    }
    const auto quantity = static_cast<std::int64_t>(1 + draws.below(10));
    all.emplace_back(Value::List{Value(item), Value(from), Value(quantity)});
  }
  return Value(std::move(all));
}

Generated Tpcc::generate(const Wish& wish) const {
  const std::uint64_t key = key_of(wish);
  const std::uint64_t warehouses = options_.warehouses;
  const auto w = static_cast<std::int64_t>(1 + key % warehouses);
  const auto d = static_cast<std::int64_t>(1 + key / warehouses % options_.districts);
  const auto c = static_cast<std::int64_t>(1 + key / warehouses / options_.districts);
  Value::Object a{{"w", Value(w)}};
  if (wish.kind != "delivery") a.emplace_back("d", Value(d));
  if (wish.kind == "stock_level") {
    a.emplace_back("threshold", Value(static_cast<std::int64_t>(10 + wish.draws.below(11))));
  } else if (wish.kind != "delivery") {
    a.emplace_back("c", Value(c));
  }
  if (wish.kind == "new_order") a.emplace_back("lines", lines(w, wish.draws));
  if (wish.kind == "payment") {
    a.emplace_back("amount", Value(static_cast<std::int64_t>(1 + wish.draws.below(5000))));
    std::int64_t cw = w;
    std::int64_t cd = d;
    if (warehouses > 1 && wish.draws.percent(options_.remote_payments)) {
      cw = 1 + (w + static_cast<std::int64_t>(wish.draws.below(warehouses - 1))) %
                   static_cast<std::int64_t>(warehouses);
      cd = static_cast<std::int64_t>(1 + wish.draws.below(options_.districts));
    }
    a.emplace_back("cw", Value(cw));
    a.emplace_back("cd", Value(cd));
  }
  Generated made;
  made.request = request(wish.kind, std::move(a));
  return made;
}

}  // namespace

ApplicationPtr make_tpcc(const Value& options, const std::string& pointer, std::size_t partitions) {
  TpccOptions chosen;
  chosen.warehouses = static_cast<std::uint32_t>(partitions);
  if (!options.is_null()) decode(options, pointer, chosen);
  const std::uint64_t of_a_warehouse =
      1 + chosen.districts * (1 + std::uint64_t{chosen.customers}) + chosen.items;
  check_product(chosen.warehouses * of_a_warehouse, kMostObjects, pointer,
                "rows: warehouses x (1 + districts x (1 + customers) + items)");
  return std::make_shared<Tpcc>(chosen);
}

}  // namespace sibyl::partitioned
