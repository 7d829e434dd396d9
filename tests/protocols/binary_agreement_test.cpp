// Binary agreement and binding crusader agreement: what they cost, exactly; how a run ends; and
// that only well-founded votes count.
#include "protocols/agreement/binary_agreement.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocols/protocol.hpp"
#include "sim/byzantine.hpp"
#include "sim/choices.hpp"
#include "sim/notes.hpp"
#include "sim/observer.hpp"
#include "sim/world.hpp"
#include "tests/protocols/agreement_world.hpp"

namespace sibyl::binary_agreement_test {

constexpr std::int64_t kTick = 1'000'000;

/// Coins show what the test says, in the order in which they are drawn; the adversary shows 0 to
/// every party that it may choose for.
class Coins : public Choices {
 public:
  explicit Coins(std::vector<std::uint64_t> sides) : sides_(std::move(sides)) {}
  std::uint64_t pick(Question q, std::uint64_t /*options*/) override {
    if (q.what != Decision::coin) return 0;
    REQUIRE(next_ < sides_.size());
    return sides_[next_++];
  }
  std::int64_t draw(Question /*q*/, const Distribution& /*d*/) override { return kTick; }
  bool chance(Question /*q*/, Probability /*p*/) override { return false; }

 private:
  std::vector<std::uint64_t> sides_;
  std::size_t next_ = 0;
};

struct Decided {
  std::string value;
  std::uint64_t round = 0;
  std::int64_t at = 0;  ///< in ticks
};

struct Ran : agreement_test::AgreementRun {
  std::map<std::string, Decided> decided;  ///< by party
};

struct Case {
  std::string protocol = "binary-agreement";
  std::vector<std::int64_t> inputs;
  std::vector<std::string> variants = {};
  Value options = Value(Value::Object{});
  std::vector<std::uint64_t> coins = {};
  agreement_test::Shims shims = {};
};

Ran run(const Case& c) {
  Coins choices(c.coins);
  const Setup setup = agreement_test::agreement_setup(c.inputs, c.variants, c.options);
  Ran ran{agreement_test::run_agreement(c.protocol, setup, c.shims, choices), {}};
  for (const TraceEvent& event : ran.events) {
    if (event.name != type_name<note::Decide>()) continue;
    const auto round = static_cast<std::uint64_t>(*event.data.find("round")->as_int());
    const bool first =
        ran.decided
            .emplace("P" + std::to_string(event.node.value),
                     Decided{event.data.find("value")->text(), round, event.at.ns / kTick})
            .second;
    CHECK(first);
  }
  return ran;
}

Value coin(const char* kind) {
  return Value::Object{{"coin", Value(Value::Object{{"kind", Value(kind)}})}};
}

byzantine::Equivocation tell(const char* message, bool value) {
  byzantine::Equivocation lie;
  lie.scope = {{}, {message}, {}};
  lie.field = "value";
  lie.value = Value(value);
  return lie;
}

const std::vector<std::uint32_t> kSizes{4, 7, 10, 16};

struct FormCost {
  const char* variant;
  std::vector<std::string> votes;  ///< message types of a round, each n(n - 1)
  std::int64_t delays = 0;         ///< of a round without its coin
};

const std::vector<FormCost> kForms{
    {"", {"binary_agreement::Bval", "binary_agreement::Aux", "binary_agreement::Conf"}, 3},
    {"podc14", {"binary_agreement::Bval", "binary_agreement::Aux"}, 2},
    {"crusader", {"crusader::Echo1", "crusader::Echo2", "crusader::Echo3"}, 3},
};

Case unanimous(std::uint32_t n, std::int64_t bit, const FormCost& form) {
  Case c;
  c.inputs.assign(n, bit);
  if (*form.variant != 0) c.variants = {form.variant};
  return c;
}

TEST_CASE("with equal inputs a round costs n(n - 1) messages a step, and its delays, exactly") {
  for (const FormCost& form : kForms) {
    for (const std::uint32_t n : kSizes) {
      CAPTURE(form.variant);
      CAPTURE(n);
      Case c = unanimous(n, 1, form);
      c.coins = {0, 0, 1, 0};  // decided in round 3
      const Ran ran = run(c);
      CHECK(ran.outcome == Outcome::quiescent);
      const std::int64_t all_to_all = std::int64_t{n} * (n - 1);
      for (const std::string& vote : form.votes) {
        // Of round 4, the first step has begun when the decisions come.
        const bool first = vote == form.votes.front();
        CHECK(ran.sent(vote) == (first ? 4 : 3) * all_to_all);
      }
      CHECK(ran.sent("agreement::coin::Share") == 3 * all_to_all);
      CHECK(ran.sent("binary_agreement::Term") == all_to_all);
      CHECK(ran.counts.at("round") == 4 * n);
      REQUIRE(ran.decided.size() == n);
      for (const auto& [party, decided] : ran.decided) {
        CHECK(decided.value == "1");
        CHECK(decided.round == 3);
        CHECK(decided.at == 3 * (form.delays + 1));
      }
    }
  }
}

TEST_CASE("fixed coins cost neither messages nor a delay: 1 is decided in round 1, 0 in round 2") {
  for (const FormCost& form : kForms) {
    for (const std::uint32_t n : kSizes) {
      for (const bool bit : {true, false}) {
        CAPTURE(form.variant);
        CAPTURE(n);
        CAPTURE(bit);
        Case c = unanimous(n, bit ? 1 : 0, form);
        c.options = coin("scheduled");
        const Ran ran = run(c);
        const std::int64_t rounds = bit ? 1 : 2;
        for (std::size_t i = 1; i < form.votes.size(); ++i) {
          CHECK(ran.sent(form.votes[i]) == rounds * n * (n - 1));
        }
        CHECK(ran.sent("agreement::coin::Share") == 0);
        REQUIRE(ran.decided.size() == n);
        for (const auto& [party, decided] : ran.decided) {
          CHECK(decided.round == static_cast<std::uint64_t>(rounds));
          CHECK(decided.at == rounds * form.delays);
        }
      }
    }
  }
}

TEST_CASE(
    "with a weak coin in the adversary's hands, equal inputs wait for a coin that is common") {
  Case c;
  c.inputs = {1, 1, 1, 1};
  c.variants = {"weak-coin"};
  c.coins = {2, 3, 2, 0, 1, 0};  // 2, 3: the adversary shows everybody 0
  const Ran ran = run(c);
  REQUIRE(ran.decided.size() == 4);
  for (const auto& [party, decided] : ran.decided) {
    CHECK(decided.value == "1");
    CHECK(decided.round == 5);
  }
}

TEST_CASE("with t silent parties the others decide, and halt: the run becomes quiescent") {
  for (const FormCost& form : kForms) {
    for (const std::uint32_t n : kSizes) {
      CAPTURE(form.variant);
      CAPTURE(n);
      Case c = unanimous(n, 1, form);
      const std::uint32_t t = (n - 1) / 3;
      for (std::uint32_t i = n - t; i < n; ++i) c.shims[i] = {byzantine::Silence{}};
      c.coins = {0, 1, 0, 0};
      const Ran ran = run(c);
      CHECK(ran.outcome == Outcome::quiescent);
      std::size_t correct = 0;
      for (const auto& [party, decided] : ran.decided) correct += decided.value == "1" ? 1 : 0;
      CHECK(correct >= n - t);
    }
  }
}

TEST_CASE("what t faulty parties stand for alone is never decided") {
  for (const FormCost& form : kForms) {
    Case c = unanimous(4, 0, form);
    CAPTURE(form.variant);
    for (const char* message : {"Bval", "Aux", "Echo1", "Echo2", "Echo3"}) {
      c.shims[3].push_back(tell(message, true));
    }
    c.coins = {1, 1, 0, 0, 0, 0};
    const Ran ran = run(c);
    for (const char* party : {"P0", "P1", "P2"}) {
      CHECK(ran.decided.at(party).value == "0");
      CHECK(ran.decided.at(party).round == 3);
    }
  }
}

TEST_CASE("an AUX for what nobody correct stands for settles nothing, but in the mutant") {
  for (const bool checked : {true, false}) {
    Case c;
    c.inputs = {0, 0, 0, 0};
    c.variants = {checked ? "podc14" : "aux-not-checked"};
    c.shims[0] = {tell("Aux", true)};  // the first in the order of sending
    c.options = Value(Value::Object{{"rounds", Value(std::int64_t{4})}});
    c.coins = {1, 1, 1, 1};
    const Ran ran = run(c);
    std::string decided;
    for (const char* party : {"P1", "P2", "P3"}) {
      const auto at = ran.decided.find(party);
      decided += at == ran.decided.end() ? "-" : at->second.value;
    }
    CHECK(decided == (checked ? "---" : "111"));
  }
}

TEST_CASE("with a bound of rounds nobody enters a later one") {
  Case c;
  c.inputs = {0, 1, 0, 1};
  c.options = Value(Value::Object{{"rounds", Value(std::int64_t{1})}});
  c.coins = {1};
  const Ran ran = run(c);
  CHECK(ran.outcome == Outcome::quiescent);
  CHECK(ran.counts.at("round") == 4);
  CHECK(ran.counts.at("stopped") == 4);
}

TEST_CASE("crusader agreement with equal inputs costs 3n(n - 1) messages and 3 delays, exactly") {
  for (const bool binding : {true, false}) {
    for (const std::uint32_t n : kSizes) {
      Case c;
      c.protocol = "binding-crusader-agreement";
      c.inputs.assign(n, 1);
      if (!binding) c.variants = {"not-binding"};
      const Ran ran = run(c);
      const std::int64_t all_to_all = std::int64_t{n} * (n - 1);
      CHECK(ran.outcome == Outcome::quiescent);
      CHECK(ran.sent("crusader::Echo1") == all_to_all);
      CHECK(ran.sent("crusader::Echo2") == all_to_all);
      CHECK(ran.sent("crusader::Echo3") == (binding ? all_to_all : 0));
      REQUIRE(ran.decided.size() == n);
      for (const auto& [party, decided] : ran.decided) {
        CHECK(decided.value == "1");
        CHECK(decided.at == (binding ? 3 : 2));
      }
    }
  }
}

TEST_CASE("sets of bits") {
  using agreement::Bits;
  CHECK(agreement::within(Bits::one, Bits::both));
  CHECK(!agreement::within(Bits::both, Bits::one));
  CHECK((Bits::zero | Bits::one) == Bits::both);
  CHECK(agreement::only(Bits::one) == true);
  CHECK(!agreement::only(Bits::both));
  agreement::Said said(2);
  CHECK(said.add(1, 1));
  CHECK(!said.add(1, 1));
  CHECK(!said.add(1, 2, 3));
  CHECK(said.add(0, 2));
}

TEST_CASE("states differ by what votes said, and not by votes behind a threshold that is passed") {
  using agreement::Bits;
  World world{WorldConfig()};
  Context context(world, 0);
  broadcast::Parties parties;
  for (std::uint32_t i = 0; i < 4; ++i) parties.all.push_back({i});
  parties.t = 1;
  const agreement::RoundPlace place{context, parties, 1};
  const auto after = [&](auto round, const auto& votes) {
    std::uint32_t from = 0;
    for (const auto& vote : votes) round.receive(place, {from++}, Message::make(vote, Route{}));
    return round;
  };
  const auto hash = [](const auto& round) { return hash_of(round); };
  const agreement::VoteRound fresh(4, {});
  using binary_agreement::Aux;
  using binary_agreement::Conf;
  const std::vector<Aux> zero{{1, false}};
  const std::vector<Aux> one{{1, true}};
  CHECK(hash(after(fresh, zero)) != hash(after(fresh, one)));
  const std::vector<Conf> both{{1, Bits::both}};
  const std::vector<Conf> single{{1, Bits::one}};
  CHECK(hash(after(fresh, both)) != hash(after(fresh, single)));
  agreement::VoteRound settled = fresh;
  settled.settled = Bits::one;
  CHECK(hash(after(settled, zero)) == hash(after(settled, one)));
  CHECK(hash(after(settled, zero)) == hash(settled));
  const agreement::CrusaderRound crusader(4, true);
  const std::vector<crusader::Echo2> echoes_zero{{1, false}};
  const std::vector<crusader::Echo2> echoes_one{{1, true}};
  CHECK(hash(after(crusader, echoes_zero)) != hash(after(crusader, echoes_one)));
  const std::vector<crusader::Echo3> neither{{1, std::nullopt}};
  const std::vector<crusader::Echo3> third{{1, true}};
  CHECK(hash(after(crusader, neither)) != hash(after(crusader, third)));
}

TEST_CASE("with the parties numbered otherwise a state of votes hashes as that of the others") {
  agreement::Said first(3);
  agreement::Said second(3);
  first.add(0, 1);
  first.add(1, 2);
  second.add(2, 1);
  second.add(1, 2);
  const std::vector<std::uint32_t> same{0, 1, 2};
  const std::vector<std::uint32_t> exchanged{2, 1, 0};
  const auto hash = [](const agreement::Said& said, const std::vector<std::uint32_t>& renaming) {
    Hasher h(renaming);
    said.hash_into(h);
    return h.value();
  };
  CHECK(hash(first, same) != hash(second, same));
  CHECK(hash(first, exchanged) == hash(second, same));
}

}  // namespace sibyl::binary_agreement_test
