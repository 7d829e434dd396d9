// Contradictions within a list of faults.
#include "scenarios/fault_check.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "sim/decode.hpp"

namespace sibyl {

namespace {

using fault::Fault;

class Checker {
 public:
  Checker(const FaultSettings& settings, const std::vector<std::size_t>& places,
          const std::string& pointer, const Names& names)
      : settings_(settings), places_(places), pointer_(pointer), names_(names) {}

  void run() {
    for (std::size_t i = 0; i < settings_.plan.size(); ++i) {
      place_ = pointer_to(pointer_, places_[i]);
      fault_ = &settings_.plan[i];
      std::visit([&](const auto& action) { check(action); }, fault_->what);
    }
  }

 private:
  /// Whether some fault for which `begins` holds may come before the present one. What is tied to
  /// an event may happen at any time.
  template <class F>
  bool may_follow(F begins) const {
    return std::any_of(settings_.plan.begin(), settings_.plan.end(), [&](const Fault& other) {
      const bool timed = fault_->when.event.empty() && other.when.event.empty();
      return (!timed || other.when.at <= fault_->when.at) && begins(other.what);
    });
  }
  bool may_be_drawn(RandomKind kind, NodeId node) const {
    return std::any_of(settings_.random.begin(), settings_.random.end(), [&](const auto& random) {
      const bool timed = fault_->when.event.empty();
      return random.kind == kind && (!timed || random.earliest <= fault_->when.at) &&
             std::find(random.nodes.begin(), random.nodes.end(), node) != random.nodes.end();
    });
  }
  std::string before() const {
    if (!fault_->when.event.empty()) return "";
    return " by " + format_duration({fault_->when.at.ns});
  }
  [[noreturn]] void refuse(std::string_view key, const std::string& message) const {
    throw ConfigError(pointer_to(place_, key), message);
  }

  void check(const fault::Recover& f) const {
    const bool crashed = may_follow([&](const fault::Action& a) {
      const auto* crash = std::get_if<fault::Crash>(&a);
      return crash != nullptr && crash->node == f.node;
    });
    if (!crashed && !may_be_drawn(RandomKind::crash, f.node)) {
      refuse("recover", fmt::format("nothing has crashed \"{}\"{}", names_.name(f.node), before()));
    }
  }
  void check(const fault::Resume& f) const {
    const bool paused = may_follow([&](const fault::Action& a) {
      const auto* pause = std::get_if<fault::Pause>(&a);
      return pause != nullptr && pause->node == f.node;
    });
    if (!paused && !may_be_drawn(RandomKind::pause, f.node)) {
      refuse("resume", fmt::format("nothing has paused \"{}\"{}", names_.name(f.node), before()));
    }
  }
  void check(const fault::Cut& f) {
    if (f.name.empty()) refuse("cut", "the name must not be empty");
    const auto [at, is_new] = cuts_.emplace(f.name, place_);
    if (!is_new) {
      refuse("cut",
             fmt::format("the name \"{}\" is that of the cut at {} already", f.name, at->second));
    }
  }
  void check(const fault::Heal& f) const {
    std::vector<std::string> known;
    for (const Fault& other : settings_.plan) {
      if (const auto* cut = std::get_if<fault::Cut>(&other.what)) known.push_back(cut->name);
    }
    if (std::find(known.begin(), known.end(), f.name) == known.end()) {
      unknown_name(pointer_to(place_, "heal"), f.name, known, "cut");
    }
    const bool is_cut = may_follow([&](const fault::Action& a) {
      const auto* cut = std::get_if<fault::Cut>(&a);
      return cut != nullptr && cut->name == f.name;
    });
    if (!is_cut) refuse("heal", fmt::format("the cut \"{}\" has not begun{}", f.name, before()));
  }
  void check(const fault::Unclog& f) const {
    const bool is_clogged = may_follow([&](const fault::Action& a) {
      const auto* clog = std::get_if<fault::Clog>(&a);
      return clog != nullptr && clog->from == f.from && clog->to == f.to;
    });
    if (!is_clogged) {
      refuse("unclog", fmt::format("nothing has clogged the link from \"{}\" to \"{}\"{}",
                                   names_.name(f.from), names_.name(f.to), before()));
    }
  }
  template <class T>
  void check(const T& /*other*/) const {}

  const FaultSettings& settings_;
  const std::vector<std::size_t>& places_;
  const std::string& pointer_;
  const Names& names_;
  std::string place_;
  const Fault* fault_ = nullptr;
  std::map<std::string, std::string> cuts_;  ///< name -> place
};

}  // namespace

void check_faults(const FaultSettings& settings, const std::vector<std::size_t>& places,
                  const std::string& pointer, const Names& names) {
  Checker(settings, places, pointer, names).run();
}

}  // namespace sibyl
