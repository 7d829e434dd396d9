// Common subset: see common_subset.hpp.
#include "protocols/agreement/common_subset.hpp"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "protocols/agreement/setup.hpp"
#include "protocols/broadcast/bracha.hpp"
#include "protocols/broadcast/unscheduled.hpp"
#include "sim/decode.hpp"

namespace sibyl::common_subset {

void check(const Options& options, const std::string& pointer) {
  binary_agreement::check(options.agreement, pointer_to(pointer, "agreement"));
  if (options.seen_names_block && options.seen == SeenBy::none) {
    throw ConfigError(pointer_to(pointer, "seen_names_block"),
                      "is true, but without SEEN nothing is named: give \"seen\" a quorum");
  }
}

const std::vector<Variant>& mutants() {
  static const std::vector<Variant> kMutants{
      {{"no-zeros",
        "0 is never given to the agreements on what has not come: a silent proposer is waited for "
        "(E-10)",
        {"termination"}},
       {{"zeros", "never"}}},
      {{"early-zeros",
        "0 is given to all other agreements once a single one has put out 1 (E-11)",
        {"subset_size"}},
       {{"zeros", "one"}}},
      {{"before-agreements",
        "the subset is put out once n - t agreements have put out 1: others may follow (E-12)",
        {"agreement"}},
       {{"ends", "before_agreements"}}},
      {{"before-blocks",
        "blocks that are in, but have not come yet, are left out (E-12)",
        {"agreement", "subset_size"}},
       {{"ends", "before_blocks"}}},
  };
  return kMutants;
}

Words words() {
  using namespace binary_agreement;  // NOLINT(google-build-using-namespace): names of messages
  Words words = words_of<bracha::Send, bracha::Echo, bracha::Ready, signed_flooding::Data, Seen,
                         Witness, Certificate, Bval, Aux, Conf, crusader::Echo1, crusader::Echo2,
                         crusader::Echo3, agreement::coin::Share, Term>();
  words.counters = {"ready_by_echoes", "ready_by_readies", "round",    "decided_by_term",
                    "stopped",         "given_zero",       "certified"};
  return words;
}

}  // namespace sibyl::common_subset

namespace sibyl::agreement {

using broadcast::Bracha;
using broadcast::Item;
using broadcast::SignedFlooding;
using common_subset::Certificate;
using common_subset::Ends;
using common_subset::Proposal;
using common_subset::Seen;
using common_subset::SeenBlock;
using common_subset::SeenBy;
using common_subset::Ucb;
using common_subset::Witness;
using common_subset::Zeros;

namespace {

// Ports. The instance of their routes is the subset's number; of an agreement number * n + place.
constexpr std::uint8_t kUcb = 1;
constexpr std::uint8_t kAgreements = 2;
constexpr std::uint8_t kSightings = 3;

}  // namespace

CommonSubset::CommonSubset(PartiesPtr parties, std::uint32_t number,
                           const common_subset::Options& options)
    : proposals(parties->n()), number_(number), options_(options), parties_(std::move(parties)) {
  ucb = options_.ucb == Ucb::bracha ? broadcast::make_broadcast<Bracha>(parties_, bracha::Options{})
                                    : broadcast::make_broadcast<SignedFlooding>(parties_, true);
  const std::uint64_t first = std::uint64_t{number_} * parties_->n();
  for (std::size_t j = 0; j < proposals.size(); ++j) {
    proposals[j].agreement =
        make_agreement<BinaryAgreement>(parties_, first + j, options_.agreement);
  }
}

std::uint32_t CommonSubset::number_of(const Message& message, std::uint32_t n) {
  const Route route = message.route();
  return (route.path & 0xff) == kAgreements ? route.instance / n : route.instance;
}

Context CommonSubset::at_agreement(const Context& context, std::size_t place) const {
  return context.child(kAgreements, number_ * parties_->n() + static_cast<std::uint32_t>(place));
}

// upon Input(v): broadcast v.
Outputs CommonSubset::input(Context context, const Value& value) {
  on_delivered(context, ucb().broadcast(context.child(kUcb, number_), value));
  return proceed(context);
}

Outputs CommonSubset::receive(Context context, NodeId from, const Message& message) {
  if (!parties_->has(from)) return {};
  if (context.route_to(kUcb, message)) {
    on_delivered(context, ucb().receive(context.child(kUcb, number_), from, message));
  } else if (const auto below = context.route_to(kAgreements, message)) {
    const std::uint32_t place = below->instance_number() - number_ * parties_->n();
    if (place >= parties_->n()) return {};
    on_outputs(place,
               proposals[place].agreement().receive(at_agreement(context, place), from, message));
  } else if (const auto* seen = message.as<Seen>()) {
    on_seen(context, from, *seen);
  } else if (const auto* witness = message.as<Witness>()) {
    on_witness(context, from, *witness);
  } else if (const auto* certificate = message.as<Certificate>()) {
    on_certificate(context, *certificate);
  }
  return proceed(context);
}

// upon Deliver(j, U) of the broadcast: keep U; send SEEN(j) to all; or, without SEEN, approve j.
void CommonSubset::on_delivered(Context& context, const broadcast::Deliveries& items) {
  for (const Item& item : items) {
    if (item.id.number != 1) continue;  // a party proposes once
    const std::size_t place = parties_->index(item.id.origin);
    std::vector<Value>& blocks = proposals[place].blocks;
    blocks.push_back(item.content);
    Context sightings = context.child(kSightings, number_);
    if (blocks.size() == 1 && options_.seen_names_block) {
      sightings.send(parties_->all,
                     Witness{{context.self(), {number_, item.id.origin, hash_of(item.content)}}});
    } else if (blocks.size() == 1 && options_.seen != SeenBy::none) {
      sightings.send(parties_->all, Seen{item.id.origin});
    }
    approve(context, place);
  }
}

// upon SEEN(j) from q parties: approve j.
void CommonSubset::on_seen(Context& context, NodeId from, const Seen& seen) {
  if (!parties_->has(seen.proposer) || options_.seen_names_block) return;
  const std::size_t place = parties_->index(seen.proposer);
  proposals[place].seen_by.insert(from);
  approve(context, place);
}

// upon SEEN(j, h) from q parties: pass these on, as a certificate, to all; approve j.
void CommonSubset::on_witness(Context& context, NodeId from, const Witness& witness) {
  const SeenBlock& seen = witness.seen.what;
  if (witness.seen.by != from || seen.subset != number_ || !parties_->has(seen.proposer)) return;
  Proposal& proposal = proposals[parties_->index(seen.proposer)];
  if (!proposal.witnesses.emplace(from, witness.seen).second || proposal.certified) return;
  Certificate certificate;
  for (const auto& [by, one] : proposal.witnesses) {
    if (one.what.hash == seen.hash) certificate.seen.push_back(one);
  }
  if (certificate.seen.size() >= quorum()) on_certificate(context, certificate);
}

// upon a certificate of (j, h), for the first time: pass it on; approve j.
void CommonSubset::on_certificate(Context& context, const Certificate& certificate) {
  if (certificate.seen.empty() || !options_.seen_names_block) return;
  const SeenBlock& seen = certificate.seen.front().what;
  std::set<NodeId> by;
  for (const Signed<SeenBlock>& one : certificate.seen) {
    if (one.what == seen && parties_->has(one.by)) by.insert(one.by);
  }
  if (by.size() < quorum() || seen.subset != number_ || !parties_->has(seen.proposer)) return;
  const std::size_t place = parties_->index(seen.proposer);
  if (proposals[place].certified) return;
  context.count("certified");
  proposals[place].certified = seen.hash;
  context.child(kSightings, number_).send(parties_->others(context.self()), certificate);
  approve(context, place);
}

// upon j being approved, without an input to its agreement yet: give it 1.
void CommonSubset::approve(Context& context, std::size_t place) {
  const Proposal& proposal = proposals[place];
  const bool approved = options_.seen_names_block       ? proposal.certified.has_value()
                        : options_.seen == SeenBy::none ? !proposal.blocks.empty()
                                                        : proposal.seen_by.size() >= quorum();
  if (approved && !proposal.asked) give(context, place, true);
}

void CommonSubset::give(Context& context, std::size_t place, bool bit) {
  Proposal& proposal = proposals[place];
  proposal.asked = true;
  if (!bit) context.count("given_zero");
  on_outputs(place, proposal.agreement().input(at_agreement(context, place), bit_value(bit)));
}

void CommonSubset::on_outputs(std::size_t place, const Outputs& outputs) {
  Proposal& proposal = proposals[place];
  for (const Output& output : outputs) {
    if (proposal.in) continue;
    proposal.in = bit_in(output.value).value_or(false);
    proposal.round = output.round;
    ++ended_;
    if (*proposal.in) ++ones_;
  }
}

// upon n - t agreements having put out 1: give 0 to all that have no input.
// upon all agreements having ended, and every block that is in having come: put out the subset.
Outputs CommonSubset::proceed(Context& context) {
  if (done) return {};
  const std::uint32_t enough = parties_->n() - parties_->t;
  const std::uint32_t needed = options_.zeros == Zeros::one ? 1 : enough;
  if (options_.zeros != Zeros::never && ones_ >= needed) {
    for (std::size_t j = 0; j < proposals.size(); ++j) {
      if (!proposals[j].asked) give(context, j, false);
    }
  }
  if (!complete()) return {};
  done = true;
  return {subset()};
}

bool CommonSubset::complete() const {
  const bool early = options_.ends == Ends::before_agreements;
  if (early ? ones_ + parties_->t < parties_->n() : ended_ < parties_->n()) return false;
  return options_.ends == Ends::before_blocks ||
         std::all_of(proposals.begin(), proposals.end(), [&](const Proposal& proposal) {
           return !proposal.in.value_or(false) || block(proposal) != nullptr;
         });
}

/// The proposer's block, if it has come: the first one, or the one that is certified.
const Value* CommonSubset::block(const Proposal& proposal) const {
  for (const Value& block : proposal.blocks) {
    if (!options_.seen_names_block || hash_of(block) == proposal.certified) return &block;
  }
  return nullptr;
}

Output CommonSubset::subset() const {
  Output output;
  Value::List members;
  for (std::size_t j = 0; j < proposals.size(); ++j) {
    const Proposal& proposal = proposals[j];
    output.round = std::max(output.round, proposal.round);
    const Value* input = block(proposal);
    if (!proposal.in.value_or(false) || input == nullptr) continue;
    members.emplace_back(Value::List{Value(fmt::format("P{}", j)), *input});
  }
  output.value = Value(std::move(members));
  return output;
}

bool CommonSubset::has_block() const {
  return std::any_of(proposals.begin(), proposals.end(),
                     [](const Proposal& proposal) { return !proposal.blocks.empty(); });
}

// What others need: READY of the blocks that are in (sent before they were delivered), or the
// blocks and certificates themselves (passed on at once), and TERM.
bool CommonSubset::finished() const {
  return done && std::all_of(proposals.begin(), proposals.end(), [](const Proposal& proposal) {
           return static_cast<const BinaryAgreement&>(*proposal.agreement).halted;
         });
}

std::uint32_t CommonSubset::quorum() const {
  const std::uint32_t n = parties_->n();
  const std::uint32_t t = parties_->t;
  switch (options_.seen) {
    case SeenBy::none:
      return 1;
    case SeenBy::t_plus_one:
      return bracha::size_of(bracha::Quorum::t_plus_one, n, t);
    case SeenBy::two_t_plus_one:
      return bracha::size_of(bracha::Quorum::two_t_plus_one, n, t);
    case SeenBy::n_minus_t:
      return bracha::size_of(bracha::Quorum::n_minus_t, n, t);
    case SeenBy::over_half:
      return bracha::size_of(bracha::Quorum::over_half, n, t);
  }
  return n;
}

namespace {

std::vector<Variant> subset_variants() {
  std::vector<Variant> all = common_subset::mutants();
  const Value::Object podc14{{"form", "podc14"}};
  const Value::Object crusader{{"form", "crusader"}};
  const Value::Object scheduled{{"coin", Value(Value::Object{{"kind", "scheduled"}})}};
  all.push_back(
      {{"podc14", "the binary agreements are of form podc14", {}}, {{"agreement", Value(podc14)}}});
  all.push_back({{"crusader", "the binary agreements are of form crusader", {}},
                 {{"agreement", Value(crusader)}}});
  all.push_back({{"scheduled-coin", "the coins of the first rounds are fixed: 1, 0, by chance", {}},
                 {{"agreement", Value(scheduled)}}});
  return all;
}

}  // namespace

ProtocolInfo common_subset_protocol() {
  AgreementProtocol p;
  p.name = "common-subset";
  p.line =
      "all put out the same list of n - t proposals or more: a broadcast and a binary "
      "agreement for each; for n > 3t";
  p.variants = subset_variants();
  p.properties = {"agreement", "integrity", "termination", "subset_size", "subset_validity"};
  p.bits = false;
  p.least_in_subset = [](const Parties& parties) { return std::uint64_t{parties.n() - parties.t}; };
  p.most_faulty = [](std::uint32_t n) { return (n - 1) / 3; };
  p.read = [variants = p.variants](const Setup& setup) -> Make {
    const auto options = read_options<common_subset::Options>(setup, variants);
    common_subset::check(options, kOptionsPointer);
    return [options](const SystemPtr& system, NodeId /*self*/) {
      return make_agreement<CommonSubset>(system->parties, 0U, options);
    };
  };
  p.sizes = {4, 4, 4, 5};
  p.drawn_steps = 8000;  // one run in a hundred takes more than 2000
  p.words = common_subset::words();
  return agreement_protocol(std::move(p));
}

}  // namespace sibyl::agreement
