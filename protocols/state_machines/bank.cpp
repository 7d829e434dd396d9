// The bank: accounts by key, and transfers between them.
//
// Source: section A of the specification asks for it ("transfers; total conserved"). Commands, with
// the account as key and whole amounts:
//   open amount             with that much in it (null: nothing); refused where there is one
//   deposit amount
//   withdraw amount
//   transfer [to, amount]   from the account of the key to another, or to itself
//   balance
//   total                   of all accounts; its key means nothing
// Each answers the balance of its account as it is now; total the sum. Option: accounts, an object
// name: amount, which are open from the start.
// Guarantees: no balance is ever negative; a transfer leaves the total as it is; deposits,
// withdrawals and openings change it by their amount, and what is refused changes nothing. The
// total always fits in 64 bits, since what would exceed it is refused.
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "protocols/state_machines/machines.hpp"
#include "sim/decode.hpp"

namespace sibyl::state_machines {

namespace {

struct BankOptions {
  std::map<std::string, std::int64_t> accounts;
};
BOOST_DESCRIBE_STRUCT(BankOptions, (), (accounts))

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

class Bank : public StateMachineOf<Bank> {
 public:
  explicit Bank(std::map<std::string, std::int64_t> start) : accounts(std::move(start)) {}

  /// {account: balance}, sorted
  Value state() const override {
    Value::Object members;
    for (const auto& [name, balance] : accounts) members.emplace_back(name, balance);
    return members;
  }

  std::vector<Output> apply(const Command& c) override {
    if (c.f == "total") return {accepted(c, total())};
    if (c.f == "open") return {open(c)};
    if (c.f != "deposit" && c.f != "withdraw" && c.f != "transfer" && c.f != "balance") {
      return {unknown_command(c, "bank")};
    }
    const auto account = accounts.find(c.key);
    if (account == accounts.end()) return {no_account(c, c.key)};
    if (c.f == "deposit") return {deposit(c, account->second)};
    if (c.f == "withdraw") return {withdraw(c, account->second)};
    if (c.f == "transfer") return {transfer(c, account->second)};
    return {accepted(c, account->second)};
  }

  std::map<std::string, std::int64_t> accounts;
  BOOST_DESCRIBE_CLASS(Bank, (), (accounts), (), ())

 private:
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const auto& [name, balance] : accounts) sum += balance;
    return sum;
  }
  /// Whether the total stays within 64 bits, and so each balance.
  bool has_room_for(std::int64_t amount) const { return amount <= kMost - total(); }

  static Output no_account(const Command& c, const std::string& name) {
    return refused(c, fmt::format("there is no account \"{}\"", name));
  }
  static Output no_amount(const Command& c, const Value& found) {
    return refused(c, fmt::format("found {}, expected an amount of at least 0", found.text()));
  }
  static Output too_much(const Command& c) {
    return refused(c, "the total would not fit in 64 bits");
  }
  static Output too_little(const Command& c, std::int64_t balance) {
    return refused(c, fmt::format("the balance is only {}", balance));
  }
  static std::optional<std::int64_t> amount_of(const Value& value) {
    if (value.as_int() == nullptr || *value.as_int() < 0) return std::nullopt;
    return *value.as_int();
  }

  Output open(const Command& c) {
    if (c.key.empty()) return refused(c, "an account needs a name");
    if (accounts.count(c.key) != 0) {
      return refused(c, fmt::format("there is an account \"{}\" already", c.key));
    }
    const auto amount = amount_of(c.value.is_null() ? Value(0) : c.value);
    if (!amount) return no_amount(c, c.value);
    if (!has_room_for(*amount)) return too_much(c);
    accounts[c.key] = *amount;
    return accepted(c, *amount);
  }

  Output deposit(const Command& c, std::int64_t& balance) {
    const auto amount = amount_of(c.value);
    if (!amount) return no_amount(c, c.value);
    if (!has_room_for(*amount)) return too_much(c);
    balance += *amount;
    return accepted(c, balance);
  }

  Output withdraw(const Command& c, std::int64_t& balance) {
    const auto amount = amount_of(c.value);
    if (!amount) return no_amount(c, c.value);
    if (*amount > balance) return too_little(c, balance);
    balance -= *amount;
    return accepted(c, balance);
  }

  Output transfer(const Command& c, std::int64_t& balance) {
    const Value::List* arguments = c.value.as_list();
    if (arguments == nullptr || arguments->size() != 2 || (*arguments)[0].as_string() == nullptr) {
      return refused(c, fmt::format("found {}, expected [to, amount]", c.value.text()));
    }
    const std::string& to = *(*arguments)[0].as_string();
    const auto amount = amount_of((*arguments)[1]);
    if (!amount) return no_amount(c, (*arguments)[1]);
    const auto target = accounts.find(to);
    if (target == accounts.end()) return no_account(c, to);
    if (*amount > balance) return too_little(c, balance);
    balance -= *amount;  // first, so that a transfer to itself is right
    target->second += *amount;
    return accepted(c, balance);
  }
};

}  // namespace

StateMachineInfo bank() {
  return {"bank",
          "accounts by key; transfers conserve the total; option: accounts {name: amount}",
          {"open", "deposit", "withdraw", "transfer", "balance", "total"},
          [](const Value& found, const std::string& pointer) {
            BankOptions options;
            if (!found.is_null()) decode(found, pointer, options);
            const std::string place = pointer_to(pointer, "accounts");
            std::int64_t room = kMost;
            for (const auto& [name, amount] : options.accounts) {
              if (name.empty()) throw ConfigError(place, "an account's name must not be empty");
              room -= decode_int(Value(amount), pointer_to(place, name), 0, room);
            }
            return make_machine<Bank>(std::move(options.accounts));
          }};
}

}  // namespace sibyl::state_machines
