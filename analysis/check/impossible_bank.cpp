// Answers that no order can give: banks.
#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "analysis/check/impossible_rules.hpp"
#include "analysis/reading.hpp"

namespace sibyl::analysis {

namespace {

/// Payments of one direction.
class Payments {
 public:
  struct Payment {
    OperationSpan span;
    std::int64_t amount = 0;
  };
  void add(const Payment& payment) { all_.push_back(payment); }

  void make_ready() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const Payment& a, const Payment& b) { return a.span.call < b.span.call; });
    by_call_ = totals([](const OperationSpan& span) { return span.call; });
    by_ret_ = totals([](const OperationSpan& span) { return span.ret; });
  }

  /// What can have been paid before what returned at `ret`.
  std::int64_t possible(std::int64_t ret) const {
    return sum(by_call_, [&](std::int64_t call) { return call <= ret; });
  }
  /// What was certainly paid before what was called at `call`.
  std::int64_t certain(std::int64_t call) const {
    return sum(by_ret_, [&](std::int64_t ret) { return ret < call; });
  }

  /// Those certainly paid before what was called at `call`.
  std::vector<Payment> before(std::int64_t call) const {
    std::vector<Payment> found;
    for (const Payment& payment : all_) {
      if (payment.span.ret < call) found.push_back(payment);
    }
    return found;
  }

  /// Those certainly paid after what returned at `ret` and before what was called at `call`.
  std::vector<Payment> between(std::int64_t ret, std::int64_t call) const {
    std::vector<Payment> found;
    for (auto at =
             std::partition_point(all_.begin(), all_.end(),
                                  [&](const Payment& payment) { return payment.span.call <= ret; });
         at != all_.end() && at->span.call < call; ++at) {
      if (at->span.ret < call) found.push_back(*at);
    }
    return found;
  }

  static std::int64_t sum(const std::vector<Payment>& payments) {
    std::int64_t all = 0;
    for (const Payment& each : payments) all += each.amount;
    return all;
  }

  /// The largest of them that come to more than `short_by`.
  static std::vector<std::size_t> largest(std::vector<Payment> certain, std::int64_t short_by) {
    std::stable_sort(certain.begin(), certain.end(),
                     [](const Payment& a, const Payment& b) { return a.amount > b.amount; });
    std::vector<std::size_t> found;
    for (std::size_t i = 0; short_by >= 0 && i < certain.size(); ++i) {
      found.push_back(certain[i].span.place);
      short_by -= certain[i].amount;
    }
    return found;
  }

 private:
  using Totals = std::vector<std::pair<std::int64_t, std::int64_t>>;  ///< stamp, sum up to it

  template <class Stamp>
  Totals totals(Stamp stamp) const {
    Totals list;
    for (const Payment& payment : all_) list.emplace_back(stamp(payment.span), payment.amount);
    std::stable_sort(list.begin(), list.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < list.size(); ++i) list[i].second += list[i - 1].second;
    return list;
  }

  template <class Before>
  static std::int64_t sum(const Totals& list, Before before) {
    const auto at = std::partition_point(list.begin(), list.end(),
                                         [&](const auto& each) { return before(each.first); });
    return at == list.begin() ? 0 : (at - 1)->second;
  }

  std::vector<Payment> all_;
  Totals by_call_;
  Totals by_ret_;
};

/// Rule: what an account holds is what it held at first, and what was paid in before, less what was
/// paid out before. It is at most what was possibly paid in, less what was certainly paid out; and
/// at least what was certainly paid in, less what was possibly paid out. What was certainly paid
/// counts as far as it is in the core; what is possible, whether it happens or not. The same since
/// an answer that tells what the account held, of what can have been paid since. The total of all
/// accounts is one more account, which transfers leave as it is, and a read of all tells it.
class BankAnswers {
 public:
  BankAnswers(const AskedPart& ask, Patience& patience) : ask_(ask), patience_(patience) {
    if (const Value::Object* object = ask_.initial.as_object()) {
      for (const auto& [key, balance] : *object) {
        const std::int64_t amount = balance.as_int() == nullptr ? 0 : *balance.as_int();
        weigh(amount);
        accounts_[key].first = amount;
        if (sure_) total_.first += amount;
      }
    }
    for (std::size_t i = 0; i < ask_.operations.size() && sure_; ++i) collect(i);
    for (std::size_t i = 0; i < ask_.operations.size() && sure_; ++i) {
      patience_.step();
      if (!answered(i)) continue;
      each_claim(i, [&](Account& account, const std::string&, const Claim& claim) {
        const bool exact = claim.least == claim.most && claim.most <= kMostClaimed / 2 &&
                           claim.most >= -kMostClaimed / 2;
        if (!exact) return;
        account.told.push_back({{ask_.operations[i].call, ask_.ret(i), i},
                                claim.most + claim.own_in - claim.own_out,
                                claim});
      });
    }
    for (auto& [key, account] : accounts_) make_ready(account);
    make_ready(total_);
  }

  std::optional<Impossible> find() {
    for (std::size_t i = 0; i < ask_.operations.size() && sure_; ++i) {
      patience_.step();
      if (!answered(i)) continue;
      each_claim(i, [&](const Account& account, const std::string& name, const Claim& claim) {
        compare(i, account, name, claim);
      });
      if (found_ && found_->core.size() == 1) break;
    }
    return std::move(found_);
  }

 private:
  /// Beyond twice of what all amounts come to nothing is exact.
  static constexpr std::int64_t kMostClaimed = std::numeric_limits<std::int64_t>::max() / 2;
  /// Answers before an operation since which it is looked at.
  static constexpr int kMostTold = 4;

  /// What an account had before an operation, that paid in or out itself.
  struct Claim {
    std::int64_t least = -kMostClaimed;
    std::int64_t most = kMostClaimed;
    std::int64_t own_in = 0;
    std::int64_t own_out = 0;
  };

  /// An answer that tells what the account held after it.
  struct Told {
    OperationSpan span;
    std::int64_t balance = 0;
    Claim claim;
  };

  struct Account {
    std::int64_t first = 0;
    Payments in;
    Payments out;
    std::vector<Told> told;  ///< by return
  };

  static void make_ready(Account& account) {
    account.in.make_ready();
    account.out.make_ready();
    std::stable_sort(account.told.begin(), account.told.end(),
                     [](const Told& a, const Told& b) { return a.span.ret < b.span.ret; });
  }

  bool answered(std::size_t i) const {
    return !pending(ask_.operations[i]) && !replied_nok(ask_.operations[i]);
  }

  /// Sums wrap round in the model; where that is possible, nothing is said.
  void weigh(std::int64_t amount) {
    constexpr std::int64_t kMost = kMostClaimed / 4;
    sure_ = sure_ && amount <= kMost && amount >= -kMost;
    if (sure_) weight_ += amount < 0 ? -amount : amount;
    sure_ = sure_ && weight_ <= kMost;
  }

  /// The amount of an operation that moves money.
  static std::int64_t amount_of(const Operation& op) {
    return *(*op.value.as_list())[op.f == "transfer" ? 1 : 0].as_int();
  }
  static bool moves(const Operation& op) {
    return op.f == "open" || op.f == "deposit" || op.f == "withdraw" || op.f == "transfer";
  }

  void collect(std::size_t i) {
    const Operation& op = ask_.operations[i];
    patience_.step();
    if (!moves(op) || replied_nok(op)) return;
    const Payments::Payment payment{{op.call, ask_.ret(i), i}, amount_of(op)};
    weigh(payment.amount);
    if (op.f == "open" || op.f == "deposit") {
      accounts_[op.key].in.add(payment);
      total_.in.add(payment);
    } else if (op.f == "withdraw") {
      accounts_[op.key].out.add(payment);
      total_.out.add(payment);
    } else if (const std::string& to = *op.value.as_list()->front().as_string(); to != op.key) {
      accounts_[op.key].out.add(payment);
      accounts_[to].in.add(payment);
    }
  }

  /// What a completed operation says of balances before it.
  template <class Take>
  void each_claim(std::size_t i, Take take) {
    const Operation& op = ask_.operations[i];
    const std::string of_all = "the total";
    if (op.f == "read") {
      std::int64_t sum = 0;
      bool exact = true;
      for (const auto& [key, balance] : *op.value.as_object()) {
        take(accounts_[key], key, exactly(*balance.as_int()));
        exact = exact && !__builtin_add_overflow(sum, *balance.as_int(), &sum);
      }
      if (exact) take(total_, of_all, exactly(sum));
    } else if (op.f == "total") {
      take(total_, of_all, exactly(*op.value.as_int()));
    } else if (op.f == "balance") {
      take(accounts_[op.key], op.key, exactly(*op.value.as_int()));
    } else if (op.f != "open") {
      take(accounts_[op.key], op.key, before(op));
    }
  }

  static Claim exactly(std::int64_t balance) {
    const std::int64_t claimed = std::clamp(balance, -kMostClaimed, kMostClaimed);
    return {claimed, claimed, 0, 0};
  }

  /// Of a deposit, withdrawal or transfer; where its answer is not known, there was enough.
  static Claim before(const Operation& op) {
    const Value::List& list = *op.value.as_list();
    const std::int64_t amount = amount_of(op);
    const bool pays_out = op.f != "deposit";
    const bool to_itself = op.f == "transfer" && *list.front().as_string() == op.key;
    const bool says = list.size() == (op.f == "transfer" ? 3U : 2U) && !list.back().is_null();
    Claim claim;
    if (says) {
      claim = exactly(*list.back().as_int());
      claim.least += pays_out ? amount : -amount;
      claim.most = claim.least;
    } else if (pays_out) {
      claim.least = amount;
    }
    if (!to_itself) (pays_out ? claim.own_out : claim.own_in) = amount;
    return claim;
  }

  void compare(std::size_t i, const Account& account, const std::string& name, const Claim& claim) {
    const Operation& op = ask_.operations[i];
    const std::int64_t most = account.first + account.in.possible(ask_.ret(i)) - claim.own_in;
    const std::int64_t least = account.first - account.out.possible(ask_.ret(i)) + claim.own_out;
    if (claim.least > most - account.out.certain(op.call)) {
      note(i, name, nullptr, Payments::largest(account.out.before(op.call), most - claim.least),
           claim.least, most, true);
    } else if (claim.most < least + account.in.certain(op.call)) {
      note(i, name, nullptr, Payments::largest(account.in.before(op.call), claim.most - least),
           claim.most, least, false);
    }
    auto at = std::partition_point(account.told.begin(), account.told.end(),
                                   [&](const Told& told) { return told.span.ret < op.call; });
    for (int left = kMostTold; at != account.told.begin() && left > 0; --left) {
      --at;
      compare_since(i, account, name, claim, *at);
    }
  }

  /// The same since an answer before it, of what can have been paid between.
  void compare_since(std::size_t i, const Account& account, const std::string& name,
                     const Claim& claim, const Told& told) {
    const Operation& op = ask_.operations[i];
    const auto possible = [&](const Payments& payments) {
      return payments.possible(ask_.ret(i)) - payments.certain(told.span.call);
    };
    const auto certain = [&](const Payments& payments) {  // at most: some of it began before
      return payments.certain(op.call) - payments.certain(told.span.call);
    };
    const std::int64_t most =
        told.balance + possible(account.in) - claim.own_in - told.claim.own_in;
    const std::int64_t least =
        told.balance - possible(account.out) + claim.own_out + told.claim.own_out;
    if (claim.least > most - certain(account.out)) {
      const auto out = account.out.between(told.span.ret, op.call);
      if (claim.least > most - Payments::sum(out))
        note(i, name, &told, Payments::largest(out, most - claim.least), claim.least, most, true);
    } else if (claim.most < least + certain(account.in)) {
      const auto in = account.in.between(told.span.ret, op.call);
      if (claim.most < least + Payments::sum(in))
        note(i, name, &told, Payments::largest(in, claim.most - least), claim.most, least, false);
    }
  }

  void note(std::size_t i, const std::string& name, const Told* told, std::vector<std::size_t> core,
            std::int64_t claimed, std::int64_t bound, bool above) {
    const std::size_t size = core.size() + (told == nullptr ? 1 : 2);
    if (found_ && found_->core.size() <= size) return;
    std::vector<std::string> names;
    for (const std::size_t other : core) {
      names.push_back(ask_.name(other));
      bound += (above ? -1 : 1) * amount_of(ask_.operations[other]);
    }
    const std::string since =
        told == nullptr
            ? ""
            : fmt::format("{} left it at {}, and ", ask_.name(told->span.place), told->balance);
    if (told != nullptr) core.push_back(told->span.place);
    core.push_back(i);
    found_ = Impossible{ask_.numbered(core), {}, {}, core.size() == 1};
    found_->sentence = fmt::format(
        "before {} {} has to have been {} {}, but {}{}it can have been {} {}", ask_.name(i),
        name.empty() ? "the balance" : impossible_words(name), above ? "at least" : "at most",
        claimed, since, names.empty() ? "" : fmt::format("after {} ", listed(names, 8)),
        above ? "at most" : "at least", bound);
  }

  const AskedPart& ask_;
  Patience& patience_;
  std::map<std::string, Account> accounts_;
  Account total_;
  bool sure_ = true;
  std::int64_t weight_ = 0;  ///< all amounts together
  std::optional<Impossible> found_;
};

}  // namespace

std::optional<Impossible> impossible_in_bank(const AskedPart& ask, Patience& patience) {
  return BankAnswers(ask, patience).find();
}

}  // namespace sibyl::analysis
