// S-SMR's client.
#include "protocols/partitioned/ssmr_client.hpp"

#include <algorithm>

#include "sim/notes.hpp"

namespace sibyl::partitioned {

SsmrClient::SsmrClient(SystemPtr system, std::string name, multicast::AtomicMulticast amcast,
                       const SsmrOptions& options)
    : CallerOf(std::move(system), std::move(name), std::move(amcast)), options_(options) {}

/// The local oracle: a function of the deployment, never of what happens; but for moves of the
/// client's own. Null: it does not know.
const std::string* SsmrClient::oracle(const std::string& object) const {
  if (const Value* believed = system().believed(name(), object)) return believed->as_string();
  if (options_.oracle == OracleRule::attribute) return &system().partition_by_attribute(object);
  if (const auto it = moved.find(object); it != moved.end()) return &it->second;
  const ObjectSpec* spec = system().deployment.objects.find(object);
  return spec == nullptr ? nullptr : &spec->at;
}

/// dests := oracle(C), a superset of part(C): all partitions where the oracle does not know, and
/// for creates, deletes and moves, of which all oracles have to know. By attribute none has to.
void SsmrClient::consult(Context& context, const Operation& operation,
                         std::vector<multicast::GroupIndex>& dests) const {
  LocalConsult asked;
  const bool known_to_all =
      operation.kind != CommandKind::access && options_.oracle != OracleRule::attribute;
  bool all =
      known_to_all || (options_.superset == Superset::all &&
                       system().application->open_ended({operation.steps, operation.request}));
  for (const std::string& object : operation.objects()) {
    const std::string* where = oracle(object);
    if (context.recorded()) asked.places.emplace_back(object, where != nullptr ? *where : "?");
    all = all || where == nullptr;
    if (where != nullptr) dests.push_back(system().group(*where));
  }
  std::sort(dests.begin(), dests.end());
  dests.erase(std::unique(dests.begin(), dests.end()), dests.end());
  if (all) dests = everywhere();
  if (context.recorded()) {
    asked.op = operation.op;
    asked.label = operation.label;
    context.note(asked);
  }
  context.count("consult-local");
}

std::vector<multicast::GroupIndex> SsmrClient::everywhere() const {
  std::vector<multicast::GroupIndex> all;
  for (const std::string& partition : system().partitions) all.push_back(system().group(partition));
  return all;
}

/// The command touches objects of partitions that it was not sent to: now to all.
void SsmrClient::try_everywhere(Context& context, const Operation& o, const Reply& reply) {
  context.count("retry");
  const bool bounded = !system().application->reads_found({o.steps, o.request});
  context.note(note::TryAgain{o.op, bounded ? 1U : 0U});
  Access access{o.op,           ++attempts.emplace(o.op, 1).first->second,
                context.self(), o.label,
                o.steps,        {},
                false,          o.request};
  if (reply.result.content.as_list() != nullptr) {
    access.request.objects = with_names(o.request.objects, reply.result.content);
    session.learn(o.op, reply.result.content);
  }
  amcast(context, everywhere(), Message::make(std::move(access)));
}

/// A new object of a name that the oracles know goes where they say, so that they stay right;
/// another one where the command says, else where its name hashes to.
std::string SsmrClient::owner_of_new(const Operation& operation) const {
  if (options_.oracle == OracleRule::attribute) {
    return system().partition_by_attribute(operation.object);
  }
  if (const ObjectSpec* spec = system().deployment.objects.find(operation.object)) return spec->at;
  return operation.to.empty() ? system().partition_by_hash(operation.object) : operation.to;
}

void SsmrClient::called(Context& context, const Operation& o) {
  std::vector<multicast::GroupIndex> dests;
  consult(context, o, dests);
  Message command;
  if (o.kind == CommandKind::access) {
    command =
        Message::make(Access{o.op, 1, context.self(), o.label, o.steps, {}, false, o.request});
  } else if (o.kind == CommandKind::create) {
    command =
        Message::make(Create{o.op, 1, context.self(), o.label, o.object, o.value, owner_of_new(o)});
  } else if (o.kind == CommandKind::move) {
    std::vector<std::string> from = system().partitions;
    std::erase(from, o.to);
    command = Message::make(
        Move{o.op, 1, context.self(), o.label, o.object, std::move(from), o.to, true});
    context.count("move");
  } else {
    command = Message::make(Delete{o.op, 1, context.self(), o.label, o.object, ""});
  }
  amcast(context, std::move(dests), std::move(command));
}

/// The first reply from any replica of any partition counts.
void SsmrClient::answered(Context& context, NodeId /*from*/, const Message& message) {
  const auto* reply = message.as<Reply>();
  if (reply == nullptr) return;
  const Operation* o = session.find(reply->op);
  if (o == nullptr) return;
  if (reply->verdict == Verdict::retry) {
    const auto tried = attempts.find(o->op);
    const bool latest = reply->attempt == (tried == attempts.end() ? 1 : tried->second);
    if (latest) try_everywhere(context, *o, *reply);
    return;
  }
  attempts.erase(o->op);
  if (o->kind == CommandKind::move && reply->verdict == Verdict::ok) moved[o->object] = o->to;
  if (o->kind == CommandKind::erase) moved.erase(o->object);
  session.give_back(context, reply->op, reply->verdict, reply);
}

}  // namespace sibyl::partitioned
