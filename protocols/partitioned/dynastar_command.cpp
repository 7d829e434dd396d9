// DynaStar's server: commands, over one partition or several.
#include <algorithm>

#include "protocols/partitioned/dynastar_server.hpp"
#include "sim/notes.hpp"

namespace sibyl::partitioned {

namespace {

Work work_for(const dynastar::Command& c) { return {c.steps, c.request}; }

}  // namespace

/// Whether it goes by another map than this partition, so that sources and targets may be wrong.
bool DynastarServer::is_stale(const dynastar::Command& c, const Task& task) const {
  return options_.epoch_check && !c.everywhere && task.groups.size() > 1 && c.epoch != epoch;
}

/// Who lends objects, or sends the command back, executes nothing.
void DynastarServer::work(Context& context, const Task& task) {
  const auto* c = task.command.as<dynastar::Command>();
  if (c != nullptr && (is_stale(*c, task) || target_of(*c, task) != self())) return;
  Replica::work(context, task);
}

/// Where it is executed, as far as this partition is concerned. Commands to all partitions take
/// turns.
std::string DynastarServer::target_of(const dynastar::Command& c, const Task& task) const {
  if (c.everywhere) return system().partitions[c.op % system().partitions.size()];
  std::map<multicast::GroupIndex, std::size_t> objects_at;  // in the order of the deployment
  for (const multicast::GroupIndex group : task.groups) objects_at[group] = 0;
  for (const auto& [object, partition] : c.places) ++objects_at[system().group(partition)];
  auto chosen = objects_at.begin();
  if (options_.target != TargetRule::first) {
    chosen = std::max_element(objects_at.begin(), objects_at.end(),
                              [](const auto& a, const auto& b) { return a.second < b.second; });
  }
  const bool as_many = objects_at[system().group(self())] == chosen->second;
  if (options_.target == TargetRule::own && as_many) return self();
  return system().groups->names[chosen->first];
}

/// The objects of the command that it is this partition's to provide; to a command that went to all
/// every partition provides what it holds, and what is under way to it.
std::vector<std::string> DynastarServer::mine(const dynastar::Command& c) const {
  const auto holds = [&](const std::string& object) {
    return objects.has(object) || pending.count(object) > 0 || come.count(object) > 0;
  };
  std::vector<std::string> names;
  for (const auto& [object, partition] : c.places) {
    if (c.everywhere ? holds(object) : partition == self()) names.push_back(object);
  }
  return names;
}

void DynastarServer::lend(Context& context, const dynastar::Command& c, const std::string& target,
                          const Task& task) {
  dynastar::Lend out{task.id, self(), {}};
  for (const std::string& object : mine(c)) {
    const Held* held = objects.find(object);
    if (held == nullptr && !options_.abort) return;
    out.objects.emplace_back(object, held == nullptr ? std::nullopt : std::optional<Held>(*held));
  }
  // Without a return, and without waiting for it, lending is giving away.
  if (!options_.return_variables && !options_.source_waits) {
    for (const auto& [object, held] : out.objects) drop(context, object);
  }
  context.count("lend");
  tell(context, {target}, std::move(out));
}

std::string DynastarServer::execute(Context& context, const dynastar::Command& c,
                                    const Task& task) {
  if (is_stale(c, task)) {
    context.send(c.client, Reply{c.op, c.attempt, Verdict::retry, {}, {}});
    return "retry (epoch)";
  }
  if (target_of(c, task) == self()) return execute_here(context, c, task);
  const Gathered& found = gathered_for(task);
  if (!found.back) return "lent";
  for (const auto& [object, held] : *found.back) {
    if (objects.has(object)) objects.put(object, held);
  }
  return "lent, and back";
}

/// What is at hand of the command's objects: lent, or held here.
Objects DynastarServer::at_hand(const dynastar::Command& c, const Task& task) const {
  Objects values;
  for (const auto& [source, lent] : gathered_for(task).lent) {
    for (const auto& [object, held] : lent) {
      if (held) values[object] = held->value;
    }
  }
  const bool from_copies = serves_copies(c);
  for (const auto& [object, partition] : c.places) {
    if (const Held* held = objects.find(object)) {
      values[object] = held->value;
    } else if (from_copies && left_behind.count(object) > 0) {
      values[object] = left_behind.at(object).value;
    }
  }
  return values;
}

std::string DynastarServer::execute_here(Context& context, const dynastar::Command& c,
                                         const Task& task) {
  const Application& application = *system().application;
  Objects values = at_hand(c, task);
  const auto lacks = [&](const std::string& object) { return values.count(object) == 0; };
  const std::vector<std::string> known = application.objects(work_for(c));
  if (std::any_of(known.begin(), known.end(), lacks)) {
    give_back(context, task, values);
    context.send(c.client, Reply{c.op, c.attempt, Verdict::retry, {}, {}});
    return "retry";
  }
  const std::vector<std::string> touched = application.touches(work_for(c), values);
  const bool named = application.names_all(work_for(c));
  const bool all = std::all_of(touched.begin(), touched.end(), [&](const std::string& object) {
    return !lacks(object) || (!named && objects.has(object));
  });
  if (!all) {
    give_back(context, task, values);
    Reply more{c.op, c.attempt, Verdict::retry, {}, {}};
    more.result.content = Content(list_of(touched));
    context.send(c.client, std::move(more));
    return "retry (other objects)";
  }
  std::vector<std::pair<std::string, Held>> own;
  for (const std::string& object : touched) {
    if (!objects.has(object)) continue;
    own.emplace_back(object, objects.lend(object));
    values[object] = std::move(own.back().second.value);
  }
  Execution done = application.execute(work_for(c), values);
  for (auto& [object, held] : own) {
    held.value = values[object];
    objects.put(object, std::move(held));
  }
  give_back(context, task, values);
  context.send(
      c.client,
      Reply{c.op, c.attempt, Verdict::ok, std::move(done.results), {}, {std::move(done.result)}});
  hint(context, touched);
  return done.text;
}

/// Returns to every source what it lent, as the command has left it.
void DynastarServer::give_back(Context& context, const Task& task, const Objects& values) {
  for (const auto& [source, lent] : gathered_for(task).lent) {
    dynastar::GiveBack back{task.id, self(), {}};
    for (const auto& [object, held] : lent) {
      if (held) back.objects.emplace_back(object, Held{values.at(object), held->version});
    }
    if (options_.return_variables) {
      context.count("return");
      tell(context, {source}, std::move(back));
    } else if (!options_.source_waits) {
      for (auto& [object, held] : back.objects) install(context, object, std::move(held));
    }
  }
}

/// One replica tells the oracle: a hint is a hint, and who misses it plans worse.
void DynastarServer::hint(Context& context, const std::vector<std::string>& touched) {
  if (options_.hints != HintsFrom::target) return;
  hints.push_back(touched);
  if (hints.size() < options_.hint_batch) return;
  const bool first = system().groups->members[system().group(self())].front() == context.self();
  if (first) {
    context.count("hint");
    multicast.multicast(context.child(kMulticastPort), {*system().oracle},
                        Message::make(dynastar::Hint{hints}));
  }
  hints.clear();
}

/// Whether copies of what plans took away are served: no check of ownership, which is the point of
/// the variant.
bool DynastarServer::serves_copies(const dynastar::Command& c) const {
  return !left_behind.empty() && system().application->read_only(work_for(c));
}

}  // namespace sibyl::partitioned
