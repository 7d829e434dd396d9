// Model "bank": accounts by key, and transfers between them. No balance is ever negative.
//   open, deposit, withdraw   value: [amount, the account's balance after it, or null: not known]
//   transfer                  value: [to, amount, the key's balance after it, or null]
//   balance                   value: the balance
//   read                      value: {account: balance} of all accounts; its key means nothing
//   total                     value: the sum of all balances; its key means nothing
// What replies "nok" changed nothing: open found the account; the others found an account missing,
// or too little money. A read or total that does says nothing.
#include <fmt/core.h>

#include "analysis/models/models.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis {

namespace {

enum class BankKind : std::uint8_t { open, deposit, withdraw, transfer, balance, read, total };

/// An operation taken apart; nothing when it has another form.
struct BankStep {
  BankKind kind = BankKind::balance;
  std::string to;
  std::int64_t amount = 0;
  std::optional<std::int64_t> result;
  std::map<std::string, std::int64_t> all;
};

std::optional<BankKind> bank_kind(std::string_view f) {
  constexpr std::string_view kNames[] = {"open",    "deposit", "withdraw", "transfer",
                                         "balance", "read",    "total"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == f) return static_cast<BankKind>(i);
  }
  return std::nullopt;
}

std::optional<BankStep> bank_step(const Operation& op) {
  const std::optional<BankKind> kind = bank_kind(op.f);
  if (!kind) return std::nullopt;
  BankStep step;
  step.kind = *kind;
  const bool answered = !pending(op) && !replied_nok(op);
  if (*kind == BankKind::read) {
    if (op.value.as_object() == nullptr) return answered ? std::nullopt : std::optional(step);
    for (const auto& [key, balance] : *op.value.as_object()) {
      if (balance.as_int() == nullptr) return std::nullopt;
      step.all[key] = *balance.as_int();
    }
    return step;
  }
  if (*kind == BankKind::balance || *kind == BankKind::total) {
    if (op.value.as_int() != nullptr) step.result = *op.value.as_int();
    return answered && !step.result ? std::nullopt : std::optional(step);
  }
  const Value::List* list = op.value.as_list();
  const std::size_t first = *kind == BankKind::transfer ? 1 : 0;
  if (list == nullptr || list->size() < first + 1 || list->size() > first + 2) return std::nullopt;
  const std::int64_t* amount = (*list)[first].as_int();
  if (amount == nullptr || *amount < 0) return std::nullopt;
  step.amount = *amount;
  if (first == 1) {
    if ((*list)[0].as_string() == nullptr) return std::nullopt;
    step.to = *(*list)[0].as_string();
  }
  if (list->size() == first + 2 && !list->back().is_null()) {
    if (list->back().as_int() == nullptr) return std::nullopt;
    step.result = *list->back().as_int();
  }
  return step;
}

class BankMachine : public Machine {
 public:
  BankMachine(const History& history, const Value& initial) {
    if (const Value::Object* object = initial.as_object()) {
      for (const auto& [key, balance] : *object) cell_of(key);
    }
    for (const Operation& op : history) {
      Step step{*bank_step(op), 0, 0, {}, pending(op), replied_nok(op)};
      if (!touches_all(step.of.kind)) step.account = place(op.key);
      if (step.of.kind == BankKind::transfer) step.target = place(step.of.to);
      for (const auto& [key, balance] : step.of.all) {
        step.all.emplace_back(place(key), values_.intern(Value(balance)));
      }
      steps_.push_back(std::move(step));
    }
    start_from(initial, kAbsent);
  }

 protected:
  bool apply(Cells& cells, std::size_t op, std::string* why) override {
    const Step& step = steps_[op];
    if (touches_all(step.of.kind)) return look(cells, step, why);
    std::int32_t& cell = cells[step.account];
    const bool opens = step.of.kind == BankKind::open;
    const bool takes = step.of.kind == BankKind::withdraw || step.of.kind == BankKind::transfer;
    const bool missing =
        cell == kAbsent || (step.of.kind == BankKind::transfer && cells[step.target] == kAbsent);
    const std::int64_t before = cell == kAbsent ? 0 : number_of(cell);
    const bool refuses = opens ? cell != kAbsent : missing || (takes && before < step.of.amount);
    if (step.refused || (step.pending && refuses)) {
      if (!refuses && why != nullptr) *why = "was refused without a cause";
      return refuses;
    }
    if (refuses) {
      if (why != nullptr) {
        *why = opens     ? "opened an account that was there"
               : missing ? "found an account that was missing"
                         : fmt::format("took {} of {}", step.of.amount, before);
      }
      return false;
    }
    const std::int64_t after = step.of.kind == BankKind::balance ? before
                               : takes                           ? before - step.of.amount
                                                                 : sum(before, step.of.amount);
    // A transfer to the account itself leaves the balance as it was, but answers in between.
    if (!step.pending && step.of.result && *step.of.result != after) {
      if (why != nullptr) {
        *why = fmt::format("answered {}, but the balance was {}", *step.of.result, after);
      }
      return false;
    }
    cell = values_.intern(Value(after));
    if (step.of.kind == BankKind::transfer) {
      std::int32_t& target = cells[step.target];
      target = values_.intern(Value(sum(number_of(target), step.of.amount)));
    }
    return true;
  }

 private:
  struct Step {
    BankStep of;
    std::size_t account = 0;
    std::size_t target = 0;
    std::vector<std::pair<std::size_t, std::int32_t>> all;
    bool pending = false;
    bool refused = false;
  };

  static bool touches_all(BankKind kind) {
    return kind == BankKind::read || kind == BankKind::total;
  }
  /// Wraps round.
  static std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
  std::size_t place(const std::string& key) { return static_cast<std::size_t>(cell_of(key)); }
  std::int64_t number_of(std::int32_t cell) const {
    const std::int64_t* number = values_.value(cell).as_int();
    return number == nullptr ? 0 : *number;
  }

  /// read and total
  bool look(const Cells& cells, const Step& step, std::string* why) const {
    if (step.pending || step.refused) return true;
    if (step.of.kind == BankKind::total) {
      std::int64_t total = 0;
      for (const std::int32_t cell : cells) {
        if (cell != kAbsent) total = sum(total, number_of(cell));
      }
      if (total != *step.of.result && why != nullptr) {
        *why = fmt::format("added up to {}, but the total was {}", *step.of.result, total);
      }
      return total == *step.of.result;
    }
    std::size_t there = 0;
    for (const std::int32_t cell : cells) there += cell != kAbsent ? 1 : 0;
    for (const auto& [account, balance] : step.all) {
      if (cells[account] == balance) continue;
      if (why != nullptr) {
        *why = fmt::format("read {} = {}, but it was {}",
                           key_words(key_of(static_cast<std::int32_t>(account))), text_of(balance),
                           text_of(cells[account]));
      }
      return false;
    }
    if (there != step.all.size() && why != nullptr) *why = "did not read all accounts";
    return there == step.all.size();
  }

  std::vector<Step> steps_;
};

class BankModel : public Model {
 public:
  std::string_view name() const override { return "bank"; }
  std::string_view summary() const override {
    return "accounts by key: open, deposit, withdraw, transfer, balance, read, total";
  }

  std::vector<std::string_view> functions() const override {
    return {"open", "deposit", "withdraw", "transfer", "balance", "read", "total"};
  }

  bool understands(const Operation& op) const override { return bank_kind(op.f).has_value(); }

  std::optional<std::string> problem(const Operation& op) const override {
    if (!understands(op)) {
      return fmt::format(
          "\"{}\" is no operation of a bank (open, deposit, withdraw, transfer, balance, read, "
          "total)",
          op.f);
    }
    if (bank_step(op)) return reply_problem(op);
    const std::string_view form = op.f == "transfer"                     ? "[to, amount, balance]"
                                  : op.f == "read"                       ? "{account: balance}"
                                  : op.f == "balance" || op.f == "total" ? "an integer"
                                                                         : "[amount, balance]";
    return fmt::format("the value of {} should be {}, not {}", op.f, form, op.value.text());
  }

  std::vector<std::string> keys(const Operation& op) const override {
    const std::optional<BankStep> step = bank_step(op);
    if (!step || step->kind == BankKind::read || step->kind == BankKind::total) return {};
    if (step->kind == BankKind::transfer) return {op.key, step->to};
    return {op.key};
  }

  bool joins_all(const Operation& op) const override { return op.f == "read" || op.f == "total"; }

  bool pure(const Operation& op) const override {
    return replied_nok(op) || op.f == "balance" || op.f == "read" || op.f == "total";
  }

  std::string text(const Operation& op) const override {
    std::string out = op.f + (op.key.empty() ? "" : " " + key_words(op.key));
    if (!op.value.is_null()) out += " " + op.value.text();
    return replied_nok(op) ? out + ", nok" : out;
  }

  Footprint footprint(const Operation&) const override { return {}; }
  std::vector<Cut> cuts(const History&) const override { return {}; }
  std::optional<Operation> apply(const Operation& op, const Cuts&) const override { return op; }

  std::unique_ptr<Machine> compile(const History& history, const Value& initial) const override {
    return std::make_unique<BankMachine>(history, initial);
  }
};

}  // namespace

const Model& bank_model() {
  static const BankModel kModel;
  return kModel;
}

}  // namespace sibyl::analysis
