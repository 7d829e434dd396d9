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
      index_ = i;
      fault_ = &settings_.plan[i];
      std::visit([&](const auto& action) { check(action); }, fault_->what);
    }
  }

 private:
  /// Whether the present fault may end something: of what comes before it, the last for which
  /// `begins` or `ends` holds is a beginning. What is tied to an event may happen at any time;
  /// faults of one instant happen in the order of the list.
  template <class Begins, class Ends>
  bool may_end(Begins begins, Ends ends) const {
    const bool timed = fault_->when.event.empty();
    bool begun = false;
    std::int64_t last = -1;
    for (std::size_t i = 0; i < settings_.plan.size(); ++i) {
      const Fault& other = settings_.plan[i];
      const bool other_timed = other.when.event.empty();
      if (begins(other.what) && (!timed || !other_timed)) return true;
      const bool before = other_timed && (other.when.at < fault_->when.at ||
                                          (other.when.at == fault_->when.at && i < index_));
      if (!before || other.when.at.ns < last) continue;
      if (!begins(other.what) && !ends(other.what)) continue;
      begun = begins(other.what);
      last = other.when.at.ns;
    }
    return begun;
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

  /// Tests of an action: of this kind and at this node, of this name, of this link.
  template <class T>
  static auto is(NodeId node) {
    return [node](const fault::Action& a) {
      const T* found = std::get_if<T>(&a);
      return found != nullptr && found->node == node;
    };
  }
  template <class T>
  static auto named(const std::string& name) {
    return [&name](const fault::Action& a) {
      const T* found = std::get_if<T>(&a);
      return found != nullptr && found->name == name;
    };
  }
  template <class T>
  static auto of_link(const fault::Unclog& f) {
    return [&f](const fault::Action& a) {
      const T* found = std::get_if<T>(&a);
      return found != nullptr && found->from == f.from && found->to == f.to;
    };
  }

  void check(const fault::Recover& f) const {
    const bool crashed = may_end(is<fault::Crash>(f.node), is<fault::Recover>(f.node));
    if (!crashed && !may_be_drawn(RandomKind::crash, f.node)) {
      refuse("recover", fmt::format("nothing has crashed \"{}\"{}, or it has recovered already",
                                    names_.name(f.node), before()));
    }
  }
  void check(const fault::Resume& f) const {
    const bool paused = may_end(is<fault::Pause>(f.node), is<fault::Resume>(f.node));
    if (!paused && !may_be_drawn(RandomKind::pause, f.node)) {
      refuse("resume", fmt::format("nothing has paused \"{}\"{}, or it is resumed already",
                                   names_.name(f.node), before()));
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
    const bool is_cut = may_end(named<fault::Cut>(f.name), named<fault::Heal>(f.name));
    if (!is_cut) {
      refuse("heal", fmt::format("the cut \"{}\" has not begun{}, or it is healed already", f.name,
                                 before()));
    }
  }
  void check(const fault::Unclog& f) const {
    const bool is_clogged = may_end(of_link<fault::Clog>(f), of_link<fault::Unclog>(f));
    if (!is_clogged) {
      refuse("unclog", fmt::format("nothing has clogged the link from \"{}\" to \"{}\"{}, or it is "
                                   "unclogged already",
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
  std::size_t index_ = 0;
  const Fault* fault_ = nullptr;
  std::map<std::string, std::string> cuts_;  ///< name -> place
};

}  // namespace

void check_faults(const FaultSettings& settings, const std::vector<std::size_t>& places,
                  const std::string& pointer, const Names& names) {
  Checker(settings, places, pointer, names).run();
}

}  // namespace sibyl
