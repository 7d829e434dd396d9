// The bank: an object is an account, an amount that is never negative.
//
//   deposit account amount
//   transfer from to amount    refused, with nothing changed, where the balance is short
//   audit [accounts]           of all accounts where none are named
// A deposit answers the balance as it is now; a transfer whether it was done; an audit all
// balances. Transfers leave the total as it is. Options: accounts ("a0", …), balance (of each at
// first), groups, crossing (percent of the generated transfers that are between two groups).
#include <array>
#include <limits>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

struct AccountOptions {
  std::uint32_t accounts = 0;
  std::int64_t balance = 100;
  std::uint32_t groups = 1;
  std::uint32_t crossing = 10;
  static constexpr std::array kBounds{Bound{"accounts", 0, kMostObjects},
                                      Bound{"groups", 1, kMostObjects}, Bound{"crossing", 0, 100},
                                      Bound{"balance", 0, std::int64_t{1} << 40}};
};
BOOST_DESCRIBE_STRUCT(AccountOptions, (), (accounts, balance, groups, crossing))

constexpr std::int64_t kMostMoney = std::numeric_limits<std::int64_t>::max();

class Accounts final : public Application {
 public:
  explicit Accounts(const AccountOptions& options) : options_(options) {}
  std::string_view name() const override { return "bank"; }
  bool read_only(const Work& work) const override { return work.request.f == "audit"; }

  Execution execute(const Work& work, Objects& values) const override {
    const Request& r = work.request;
    Execution done;
    if (r.f == "audit") return audit(r, values);
    const std::int64_t amount = int_of(r.arguments, "amount");
    if (r.f == "deposit") {
      Content& account = values[text_of(r.arguments, "account")];
      const bool fits = amount >= 0 && amount <= kMostMoney - balance_of(account);
      if (fits) account = balance_of(account) + amount;
      done.result = fits ? Content(account) : Content(Value());
      done.text = fits ? text_of(r.arguments, "account") + "=" + account.text() : "refused";
    } else if (r.f == "transfer") {
      Content& from = values[text_of(r.arguments, "from")];
      Content& to = values[text_of(r.arguments, "to")];
      const bool possible = amount >= 0 && amount <= balance_of(from) &&
                            (&from == &to || amount <= kMostMoney - balance_of(to));
      if (possible) {
        from = balance_of(from) - amount;
        to = balance_of(to) + amount;
      }
      done.result =
          Value(Value::Object{{"done", Value(possible)}, {"from", Value(from)}, {"to", Value(to)}});
      done.text = possible ? "done" : "refused";
    }
    return done;
  }

  Value history(const Work& work, const Execution* done) const override {
    const Request& r = work.request;
    const std::int64_t amount = int_of(r.arguments, "amount");
    const Value result = done == nullptr ? Value() : Value(done->result);
    Value::List rows;
    const auto add = [&](std::string_view member, std::int64_t delta, Value now) {
      rows.push_back(row("add", text_of(r.arguments, member),
                         Value(Value::List{Value(delta), std::move(now)})));
    };
    if (r.f == "audit") {
      for (const std::string& account : r.objects) {
        const Value* balance = result.find(account);
        rows.push_back(row("read", account, balance == nullptr ? Value() : *balance));
      }
    } else if (r.f == "deposit") {
      // Refused, it has changed nothing, and says nothing of the balance.
      if (done == nullptr || !result.is_null()) add("account", amount, result);
    } else if (done == nullptr) {
      add("from", -amount, Value());
      add("to", amount, Value());
    } else if (result.find("done") != nullptr && *result.find("done") == Value(true)) {
      const bool same = text_of(r.arguments, "from") == text_of(r.arguments, "to");
      add("from", -amount, same ? Value() : *result.find("from"));
      add("to", amount, *result.find("to"));
    } else {
      for (const char* end : {"from", "to"}) {
        const Value* balance = result.find(end);
        if (balance != nullptr) rows.push_back(row("read", text_of(r.arguments, end), *balance));
      }
    }
    return Value(std::move(rows));
  }

  std::vector<std::string> commands() const override { return {"deposit", "transfer", "audit"}; }

  Request read(std::string_view command, const Value& fields, const std::string& pointer,
               const std::vector<std::string>& known) const override {
    if (command == "audit") return read_audit(fields, pointer, known);
    const bool deposit = command == "deposit";
    const std::vector<std::string> ends =
        deposit ? std::vector<std::string>{"account"} : std::vector<std::string>{"from", "to"};
    std::vector<std::string> members = ends;
    members.emplace_back("amount");
    check_fields(fields, pointer, members);
    Request request{std::string(command), {}, {}};
    Value::Object arguments;
    for (const std::string& end : ends) {
      request.objects.push_back(field_name(fields, pointer, end));
      arguments.emplace_back(end, Value(request.objects.back()));
    }
    request.objects = sorted(std::move(request.objects));
    arguments.emplace_back("amount", Value(field_int(fields, pointer, "amount", 0, kMostMoney)));
    request.arguments = Content(Value(std::move(arguments)));
    return request;
  }

  void check(const Value& content, const std::string& pointer) const override {
    decode_int(content, pointer, 0, kMostMoney);
  }

  void populate(const Populate& add) const override {
    for (std::uint32_t i = 0; i < options_.accounts; ++i) {
      add(numbered("a", i), options_.balance, i % options_.groups);
    }
  }
  std::uint64_t keys() const override { return options_.accounts; }
  std::vector<Share> standard_mix() const override {
    return {{"deposit", 0}, {"transfer", 90}, {"audit", 10}};
  }

  /// An audit is of the account and one other: of all it would be a command to all partitions.
  Generated generate(const Wish& wish) const override {
    const std::uint64_t key = key_of(wish);
    const std::string account = numbered("a", key);
    Generated made;
    made.request.f = wish.kind;
    if (wish.kind == "deposit") {
      made.request.objects = {account};
      made.request.arguments = Content(
          Value(Value::Object{{"account", Value(account)}, {"amount", amount(wish.draws)}}));
      return made;
    }
    const std::string other = numbered(
        "a", partner_of(key, {options_.accounts, options_.groups}, options_.crossing, wish.draws));
    made.request.objects = sorted({account, other});
    if (wish.kind == "audit") return made;
    made.request.arguments = Content(Value(Value::Object{
        {"from", Value(account)}, {"to", Value(other)}, {"amount", amount(wish.draws)}}));
    return made;
  }

 private:
  static std::int64_t balance_of(const Content& account) {
    return account.as_int() == nullptr ? 0 : *account.as_int();
  }
  static Value amount(Draws& draws) { return {static_cast<std::int64_t>(1 + draws.below(20))}; }

  static Execution audit(const Request& r, const Objects& values) {
    Execution done;
    Value::Object balances;
    std::uint64_t sum = 0;
    for (const std::string& account : r.objects) {
      const auto it = values.find(account);
      if (it == values.end()) continue;
      balances.emplace_back(account, Value(it->second));
      sum += static_cast<std::uint64_t>(balance_of(it->second));
    }
    done.result = Content(Value(std::move(balances)));
    done.text = "total " + std::to_string(sum);
    return done;
  }

  static Request read_audit(const Value& fields, const std::string& pointer,
                            const std::vector<std::string>& known) {
    check_fields(fields, pointer, {"accounts"});
    Request request{"audit", known, {}};
    if (const Value* found = fields.find("accounts")) {
      decode(*found, pointer_to(pointer, "accounts"), request.objects);
    }
    request.objects = sorted(std::move(request.objects));
    if (request.objects.empty()) {
      throw ConfigError(pointer, "there are no accounts to audit: expected at least one");
    }
    return request;
  }

  AccountOptions options_;
};

}  // namespace

ApplicationPtr make_bank(const Value& options, const std::string& pointer, std::size_t partitions) {
  AccountOptions chosen;
  chosen.groups = static_cast<std::uint32_t>(partitions);
  if (!options.is_null()) decode(options, pointer, chosen);
  return std::make_shared<Accounts>(chosen);
}

}  // namespace sibyl::partitioned
