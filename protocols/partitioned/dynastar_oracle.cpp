// DynaStar's oracle.
#include "protocols/partitioned/dynastar_oracle.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

DynastarOracle::DynastarOracle(SystemPtr system, std::string name,
                               multicast::AtomicMulticast amcast, const DynastarOptions& options)
    : ReplicaOf(std::move(system), std::move(name), std::move(amcast)), options_(options) {
  places = Shelf<std::string>(this->system().many_objects());
  for (const auto& [object, spec] : this->system().deployment.objects.items) {
    place(object, spec.at);
  }
}

void DynastarOracle::start(Context& context) {
  const std::vector<PlanSpec>& plans = system().workload.plans;
  for (std::uint32_t i = 0; i < plans.size(); ++i) {
    const Duration wait = plans[i].at - context.hardware_now();
    context.arm(std::max(wait, Duration{0}), dynastar::ScriptedPlan{i + 1});
  }
}

/// Its timers are gone: those of the plans to come are armed anew, and the plan that is computed is
/// computed here, too.
void DynastarOracle::taken_over(Context& context) {
  const std::vector<PlanSpec>& plans = system().workload.plans;
  due.clear();
  for (std::uint32_t i = 0; i < plans.size(); ++i) {
    if (scripted.count(i + 1) > 0) continue;
    const Duration wait = plans[i].at - context.hardware_now();
    if (wait <= Duration{0}) {
      due.insert(i + 1);
    } else {
      context.arm(wait, dynastar::ScriptedPlan{i + 1});
    }
  }
  if (planning) context.arm(options_.planning_time, dynastar::Planned{computed});
  send_script(context);
}

void DynastarOracle::timer(Context& context, const Message& tag) {
  if (silent) return;
  if (const auto* done = tag.as<dynastar::Planned>()) {
    if (done->plan.epoch == epoch + 1) send_plan(context, done->plan);
  } else if (const auto* script = tag.as<dynastar::ScriptedPlan>()) {
    if (scripted.count(script->number) == 0) due.insert(script->number);
    send_script(context);
  } else {
    Replica::timer(context, tag);
  }
}

bool DynastarOracle::accepts(const Message& message) {
  const auto is_first = [&](const auto& c) {
    return copies.first(c.client, c.op, c.attempt, copies_rule(system(), options_));
  };
  if (const auto* c = message.as<Create>()) return is_first(*c);
  if (const auto* c = message.as<Delete>()) return is_first(*c);
  if (const auto* c = message.as<dynastar::Exec>())
    return c->to.empty() || system().has_partition(c->to);
  if (message.as<dynastar::Hint>() != nullptr) return true;
  const auto* p = message.as<dynastar::Plan>();
  return p != nullptr &&
         std::all_of(p->moves.begin(), p->moves.end(), [&](const dynastar::PlannedMove& move) {
           return system().has_partition(move.from) && system().has_partition(move.to);
         });
}

// ---- The map ----

void DynastarOracle::place(const std::string& object, const std::string& where) {
  if (const std::string* before = places.find(object)) --load[*before];
  places.put(object, where);
  ++load[where];
  graph.add(object);
}

void DynastarOracle::forget(const std::string& object) {
  const std::string* where = places.find(object);
  if (where == nullptr) return;
  --load[*where];
  places.erase(object);
  graph.remove(object);
}

std::string DynastarOracle::choose_partition(const std::string& object) const {
  if (options_.create_placement == Placement::hash) return system().partition_by_hash(object);
  const auto objects_at = [&](const std::string& partition) {
    const auto it = load.find(partition);
    return it == load.end() ? 0 : it->second;
  };
  const std::vector<std::string>& all = system().partitions;
  return *std::min_element(all.begin(), all.end(), [&](const std::string& a, const std::string& b) {
    return objects_at(a) < objects_at(b);
  });
}

Verdict DynastarOracle::decide(const Create& c) const {
  return places.has(c.object) ? Verdict::nok : Verdict::ok;
}

/// Where a plan has moved it in between, the client asks again.
Verdict DynastarOracle::decide(const Delete& c) const {
  const std::string* where = places.find(c.object);
  return where == nullptr || *where == c.at ? Verdict::ok : Verdict::retry;
}

// ---- The head of the queue ----

void DynastarOracle::begin(Context& context, const Task& task) {
  std::optional<Verdict> verdict;
  if (const auto* c = task.command.as<Create>(); c && options_.create_signals) verdict = decide(*c);
  if (const auto* c = task.command.as<Delete>(); c && options_.delete_signals) verdict = decide(*c);
  if (!verdict) return;
  context.count("signal");
  tell(context, system().partitions_of(task.groups, self()), Outcome{task.id, self(), *verdict});
}

bool DynastarOracle::ready(const Task& task) const {
  const bool waits = (task.command.as<Create>() != nullptr && options_.create_signals) ||
                     (task.command.as<Delete>() != nullptr && options_.delete_signals);
  return !waits || heard_of(task).heard.size() == task.groups.size() - 1;
}

std::string DynastarOracle::finish(Context& context, const Task& task) {
  if (const auto* c = task.command.as<dynastar::Exec>()) return execute(context, *c);
  if (const auto* c = task.command.as<Create>()) {
    if (decide(*c) != Verdict::ok) return "exists";
    place(c->object, c->to);
    return c->object + "@" + c->to;
  }
  if (const auto* c = task.command.as<Delete>()) {
    if (decide(*c) != Verdict::ok) return "retry";
    forget(c->object);
    return c->object + " gone";
  }
  if (const auto* h = task.command.as<dynastar::Hint>()) return take_hint(context, *h);
  if (const auto* p = task.command.as<dynastar::Plan>()) return execute_plan(context, *p);
  return {};
}

// ---- exec(C) ----

void DynastarOracle::amcast(Context& context, const std::set<std::string>& groups,
                            Message command) {
  multicast.multicast(context.child(kMulticastPort), system().indices(groups), std::move(command));
}

std::string DynastarOracle::execute(Context& context, const dynastar::Exec& c) {
  if (c.kind == CommandKind::access) return execute_access(context, c);
  if (c.objects.size() != 1) return {};
  const std::string& object = c.objects.front();
  const std::string* where = places.find(object);
  if (c.kind == CommandKind::create) {
    if (where != nullptr) {
      context.send(c.client, Prophecy{c.op, c.attempt, Verdict::nok, {}});
      return "exists";
    }
    const std::string to = c.to.empty() ? choose_partition(object) : c.to;
    amcast(context, {self(), to},
           Message::make(Create{c.op, c.attempt, c.client, c.label, object, c.value, to}));
    return object + " to " + to;
  }
  if (c.kind != CommandKind::erase) return {};
  if (where == nullptr) {
    context.send(c.client, Prophecy{c.op, c.attempt, Verdict::ok, {}});
    return object + " unknown";
  }
  amcast(context, {self(), *where},
         Message::make(Delete{c.op, c.attempt, c.client, c.label, object, *where}));
  return object + "@" + *where;
}

std::string DynastarOracle::execute_access(Context& context, const dynastar::Exec& c) {
  Prophecy answer{c.op, c.attempt, std::nullopt, {}};
  dynastar::Command command{c.op,      c.attempt, c.client, c.label, c.steps,
                            c.request, {},        epoch,    true,    c.everywhere};
  std::set<std::string> groups;
  std::string text;
  for (const std::string& object : sorted(c.objects)) {
    const std::string* where = places.find(object);
    text += (text.empty() ? "" : ", ") + object + (where ? "@" + *where : " unknown");
    if (where == nullptr) {
      answer.verdict = Verdict::nok;
      continue;
    }
    answer.places.emplace_back(object, Place{*where, epoch});
    command.places.emplace_back(object, *where);
    groups.insert(*where);
  }
  if (answer.verdict) answer.places.clear();
  const bool known = !answer.verdict;
  context.send(c.client, std::move(answer));
  if (!known || groups.empty()) return text;
  if (c.everywhere) groups = {system().partitions.begin(), system().partitions.end()};
  amcast(context, groups, Message::make(std::move(command)));
  if (options_.hints == HintsFrom::oracle) {
    touch(sorted(c.objects));
    plan_if_due(context);
  }
  return text;
}

// ---- Hints and plans ----

std::string DynastarOracle::take_hint(Context& context, const dynastar::Hint& h) {
  for (const std::vector<std::string>& objects : h.commands) touch(sorted(objects));
  plan_if_due(context);
  return std::to_string(h.commands.size()) + " commands";
}

void DynastarOracle::touch(const std::vector<std::string>& objects) {
  graph.touch(objects);
  ++changes;
}

/// A plan that moves nothing is none.
void DynastarOracle::plan_if_due(Context& context) {
  if (options_.plan_threshold == 0 || changes < options_.plan_threshold || planning) return;
  changes = 0;
  std::map<std::string, std::uint32_t> numbers;
  for (const std::string& name : system().partitions) {
    numbers.emplace(name, static_cast<std::uint32_t>(numbers.size()));
  }
  std::map<std::uint32_t, const std::string*> names;
  for (const auto& [name, number] : numbers) names[number] = &name;
  std::map<std::string, std::uint32_t> old;
  for (const auto& [object, slot] : places.slots()) old[object] = numbers.at(slot.item);
  PlanSettings settings;
  settings.parts = static_cast<std::uint32_t>(system().partitions.size());
  settings.imbalance_permille = options_.imbalance_permille;
  settings.weigh_moves = options_.weigh_moves;
  settings.move_cost = options_.move_cost;
  dynastar::Plan plan{epoch + 1, 0, {}};
  for (const auto& [object, part] : graph.plan(old, settings)) {
    const std::uint32_t before = old.at(object);
    if (part != before) plan.moves.push_back({object, *names.at(before), *names.at(part)});
  }
  if (options_.forget) graph.halve();
  if (plan.moves.empty()) return;
  planning = true;
  computed = plan;
  context.arm(options_.planning_time, dynastar::Planned{std::move(plan)});
}

void DynastarOracle::send_plan(Context& context, dynastar::Plan plan) {
  context.count("plan");
  std::set<std::string> all(system().partitions.begin(), system().partitions.end());
  all.insert(self());
  if (!options_.plan_ordered) move(plan);
  amcast(context, all, Message::make(std::move(plan)));
}

/// The next plan that the scenario asks for, unless one of this epoch is under way from here.
void DynastarOracle::send_script(Context& context) {
  if (due.empty() || asked_for > epoch) return;
  const std::uint32_t number = *due.begin();
  dynastar::Plan plan{epoch + 1, number, {}};
  for (const auto& [object, to] : system().workload.plans[number - 1].moves) {
    const std::string* from = places.find(object);
    if (from != nullptr && *from != to) plan.moves.push_back({object, *from, to});
  }
  asked_for = plan.epoch;
  send_plan(context, std::move(plan));
}

/// What has been deleted, or created elsewhere, since the plan was made stays as it is: so it does
/// at the partitions.
void DynastarOracle::move(const dynastar::Plan& p) {
  epoch = p.epoch;
  for (const dynastar::PlannedMove& each : p.moves) {
    const std::string* where = places.find(each.object);
    if (where != nullptr && *where == each.from) place(each.object, each.to);
  }
}

std::string DynastarOracle::execute_plan(Context& context, const dynastar::Plan& p) {
  const bool fresh = p.epoch == epoch + 1;
  if (!fresh && options_.plan_ordered) return "ignored";
  if (fresh) move(p);
  planning = false;
  computed = {};
  if (p.script != 0) {
    due.erase(p.script);
    scripted.insert(p.script);
  }
  send_script(context);
  return "epoch " + std::to_string(epoch);
}

std::uint64_t DynastarOracle::state_hash() const {
  Hasher h;
  hash_append(h, places);
  h.add(epoch);
  return h.value();
}

}  // namespace sibyl::partitioned
