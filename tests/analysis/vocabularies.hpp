// The vocabularies of all models, read a second time, and random histories of them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "tests/analysis/brute_force.hpp"

namespace sibyl::analysis::vocabularies {

/// What objects hold, by key.
using Objects = std::map<std::string, Value>;
using Take = bool (*)(Operation& op, Objects& state, bool fill);

/// A vocabulary: how operations are drawn, and a second reading of the model, written apart from
/// it. Taking an operation says whether it can have reported what it reports; with `fill`, writes
/// what it should report into it.
struct Vocabulary {
  const char* model;
  Operation (*draw)(Random& random);
  Take take;
  void (*spoil)(Operation& op, Random& random);  ///< makes it report something else, perhaps
  Value start;                                   ///< an object, or null
};

inline bool known(const Operation& op) { return op.outcome == OperationOutcome::ok; }
inline Value integer(int n) { return Value(std::int64_t{n}); }

inline Operation of(const char* f, const char* key, Value value = {}) {
  Operation op;
  op.f = f;
  op.key = key;
  op.value = std::move(value);
  return op;
}

inline const char* some_key(Random& random) { return random.one_in(4) ? "y" : "x"; }

// register ---------------------------------------------------------------------------------------

inline Operation draw_read_write(Random& random) {
  return random.one_in(2) ? of("read", some_key(random))
                          : of("write", some_key(random), integer(random.below(3)));
}

inline Operation draw_register(Random& random) {
  if (!random.one_in(3)) return draw_read_write(random);
  return of("cas", some_key(random),
            Value::List{integer(random.below(3)), integer(random.below(3))});
}

inline bool take_register(Operation& op, Objects& state, bool fill) {
  Value& cell = state[op.key];
  if (op.f == "write") {
    cell = op.value;
    return true;
  }
  if (op.f == "read") {
    if (fill) op.value = cell;
    return !known(op) || op.value == cell;
  }
  const Value::List pair = *op.value.as_list();
  const bool match = pair[0] == cell;
  if (fill) op.reply = match ? "ok" : "nok";
  if (known(op) && match != (op.reply == "ok")) return false;
  if (match) cell = pair[1];
  return true;
}

inline void spoil_register(Operation& op, Random& random) {
  if (op.f == "read") op.value = random.one_in(4) ? Value() : integer(random.below(3));
  if (op.f == "cas") op.reply = op.reply == "ok" ? "nok" : "ok";
}

// kv ---------------------------------------------------------------------------------------------

inline const char* some_text(Random& random) {
  static const char* const kTexts[] = {"a", "b", "ab", ""};
  return kTexts[random.below(4)];
}

inline Operation draw_kv(Random& random) {
  const int kind = random.below(4);
  if (kind < 2) return of("get", some_key(random));
  return of(kind == 2 ? "put" : "append", some_key(random), Value(some_text(random)));
}

inline Operation draw_append(Random& random) {
  return random.one_in(2) ? of("get", some_key(random))
                          : of("append", some_key(random), Value(some_text(random)));
}

/// Of letters of which most occur once.
inline Operation draw_letters(Random& random) {
  if (random.one_in(2)) return of("get", some_key(random));
  const std::string letter(1, static_cast<char>('a' + random.below(26)));
  return of(random.one_in(4) ? "put" : "append", some_key(random),
            Value(random.one_in(8) ? std::string() : letter));
}

inline bool take_kv(Operation& op, Objects& state, bool fill) {
  Value& cell = state[op.key];
  const std::string now = cell.is_null() ? "" : *cell.as_string();
  if (op.f == "put") cell = op.value;
  if (op.f == "append") cell = Value(now + *op.value.as_string());
  if (op.f != "get") return true;
  if (fill) op.value = Value(now);
  return !known(op) || (op.value.is_null() ? now.empty() : *op.value.as_string() == now);
}

inline void spoil_kv(Operation& op, Random& random) {
  if (op.f != "get") return;
  op.value = Value(std::string(some_text(random)) + some_text(random));
  if (op.value == Value("") && random.one_in(2)) op.value = Value();
}

/// Forgets a letter or has two change places.
inline void spoil_letters(Operation& op, Random& random) {
  if (op.f != "get" || op.value.as_string() == nullptr || op.value.as_string()->empty()) return;
  std::string text = *op.value.as_string();
  const auto at = static_cast<std::size_t>(random.below(static_cast<int>(text.size())));
  if (random.one_in(2)) {
    std::swap(text[at], text.front());
  } else {
    text.erase(at, 1);
  }
  op.value = Value(text);
}

// mutex ------------------------------------------------------------------------------------------

inline Operation draw_mutex(Random& random) {
  return of(random.one_in(2) ? "acquire" : "release", some_key(random));
}

inline bool take_mutex(Operation& op, Objects& state, bool fill) {
  Value& held = state[op.key];
  const bool is_held = held == Value(true);
  const bool can = is_held == (op.f == "release");
  if (fill) op.reply = can ? "ok" : "nok";
  if (known(op) && op.reply == "nok") return op.f == "release" || is_held;
  if (can) held = Value(!is_held);
  return can;
}

inline void spoil_mutex(Operation& op, Random& random) {
  if (random.one_in(2)) op.reply = op.reply == "ok" ? "nok" : "ok";
}

// queue ------------------------------------------------------------------------------------------

inline Operation draw_queue(Random& random) {
  return random.one_in(2) ? of("enqueue", some_key(random), integer(random.below(3)))
                          : of("dequeue", some_key(random));
}

inline bool take_queue(Operation& op, Objects& state, bool fill) {
  Value::List list;
  if (state[op.key].as_list() != nullptr) list = *state[op.key].as_list();
  if (op.f == "enqueue") {
    if (known(op) && op.reply == "nok") return true;
    list.push_back(op.value);
  } else {
    if (fill) op.reply = list.empty() ? "nok" : "ok";
    if (fill && !list.empty()) op.value = list.front();
    if (known(op) && op.reply == "nok") return list.empty();
    if (list.empty()) return !known(op);
    if (known(op) && op.value != list.front()) return false;
    list.erase(list.begin());
  }
  state[op.key] = list;
  return true;
}

inline void spoil_queue(Operation& op, Random& random) {
  if (op.f == "dequeue" && op.reply == "ok") op.value = integer(random.below(3));
  if (op.f == "dequeue" && random.one_in(4)) op.reply = op.reply == "ok" ? "nok" : "ok";
}

// set --------------------------------------------------------------------------------------------

inline Operation draw_set(Random& random) {
  const int kind = random.below(5);
  if (kind < 2) return of("add", some_key(random), integer(random.below(3)));
  if (kind == 2) return of("remove", some_key(random), integer(random.below(3)));
  if (kind == 3) return of("read", some_key(random));
  return of("contains", some_key(random), Value::List{integer(random.below(3)), Value()});
}

inline bool take_set(Operation& op, Objects& state, bool fill) {
  Value::List list;
  if (state[op.key].as_list() != nullptr) list = *state[op.key].as_list();
  const auto place = [&](const Value& value) { return std::find(list.begin(), list.end(), value); };
  if (op.f == "add") {
    if (place(op.value) == list.end()) list.push_back(op.value);
    std::sort(list.begin(), list.end(),
              [](const Value& a, const Value& b) { return *a.as_int() < *b.as_int(); });
  } else if (op.f == "remove") {
    if (place(op.value) != list.end()) list.erase(place(op.value));
  } else if (op.f == "contains") {
    const bool there = place((*op.value.as_list())[0]) != list.end();
    if (fill) (*op.value.as_list())[1] = there;
    return !known(op) || (*op.value.as_list())[1] == Value(there);
  } else {
    if (fill) op.value = list;
    return !known(op) || op.value == Value(list);
  }
  state[op.key] = list;
  return true;
}

inline void spoil_set(Operation& op, Random& random) {
  if (op.f == "contains") (*op.value.as_list())[1] = random.one_in(2);
  if (op.f != "read" || op.value.as_list() == nullptr) return;
  if (random.one_in(2) && !op.value.as_list()->empty()) op.value.as_list()->pop_back();
}

// bank -------------------------------------------------------------------------------------------

inline Operation draw_bank(Random& random) {
  const char* const account = random.one_in(3) ? "b" : random.one_in(8) ? "c" : "a";
  switch (random.below(8)) {
    case 0:
      return of("open", account, Value::List{integer(random.below(3)), Value()});
    case 1:
      return of("deposit", account, Value::List{integer(random.below(3))});
    case 2:
      return of("withdraw", account, Value::List{integer(random.below(3)), Value()});
    case 3:
      return of("total", "");
    case 4:
      return of("read", "");
    case 5:
      return of("balance", account);
    default:
      return of(
          "transfer", account,
          Value::List{Value(random.one_in(2) ? "b" : "a"), integer(random.below(3)), Value()});
  }
}

inline bool take_bank(Operation& op, Objects& state, bool fill) {
  if (op.f == "total" || op.f == "read") {
    std::int64_t total = 0;
    Value::Object all;
    for (const auto& [key, balance] : state) {
      total += *balance.as_int();
      all.emplace_back(key, balance);
    }
    const Value answer = op.f == "total" ? Value(total) : Value(all);
    if (fill) op.value = answer;
    return !known(op) || op.reply == "nok" || op.value == answer;
  }
  const auto account = state.find(op.key);
  const bool opens = op.f == "open";
  bool refuses = (account == state.end()) != opens;
  const Value::List* list = op.value.as_list();
  const bool moves = op.f == "transfer";
  const std::int64_t amount = op.f == "balance" ? 0 : *(*list)[moves ? 1 : 0].as_int();
  if (moves && state.count(*(*list)[0].as_string()) == 0) refuses = true;
  const std::int64_t before = account == state.end() ? 0 : *account->second.as_int();
  if ((moves || op.f == "withdraw") && before < amount) refuses = true;
  if (fill) op.reply = refuses ? "nok" : "ok";
  if (known(op) && op.reply == "nok") return refuses;
  if (refuses) return !known(op);
  const std::int64_t after = moves || op.f == "withdraw" ? before - amount : before + amount;
  if (op.f == "balance") {
    if (fill) op.value = Value(before);
    return !known(op) || op.value == Value(before);
  }
  const std::size_t place = moves ? 2 : 1;
  if (fill && list->size() > place) (*op.value.as_list())[place] = Value(after);
  list = op.value.as_list();
  const bool says = known(op) && list->size() > place && !(*list)[place].is_null();
  if (says && (*list)[place] != Value(after)) return false;
  state[op.key] = Value(after);
  if (moves) {
    Value& target = state[*(*list)[0].as_string()];
    target = Value(*target.as_int() + amount);
  }
  return true;
}

inline void spoil_bank(Operation& op, Random& random) {
  if (op.f == "balance" || op.f == "total") op.value = integer(random.below(6));
  if (random.one_in(4) && op.f != "total" && op.f != "read") {
    op.reply = op.reply == "ok" ? "nok" : "ok";
    if (op.f == "balance") op.value = integer(random.below(3));
  }
}

// objects ----------------------------------------------------------------------------------------

inline Operation draw_objects(Random& random) {
  Value::List steps;
  const int n = 1 + random.below(2);
  const char* created = "";
  for (int i = 0; i < n; ++i) {
    const char* key = random.one_in(2) ? "x" : "y";
    switch (random.below(6)) {
      case 0:
        if (created != std::string(key)) {
          created = key;
          steps.push_back(Value::List{Value("create"), Value(key), integer(random.below(3))});
        }
        break;
      case 1:
        steps.push_back(Value::List{Value("delete"), Value(key), Value()});
        break;
      case 2:
      case 3:
        steps.push_back(Value::List{Value("write"), Value(key), integer(random.below(3))});
        break;
      default:
        steps.push_back(Value::List{Value("read"), Value(key), Value()});
        break;
    }
  }
  if (steps.empty()) steps.push_back(Value::List{Value("read"), Value("x"), Value()});
  return of("command", "", std::move(steps));
}

inline bool take_objects(Operation& op, Objects& state, bool fill) {
  Value::List& list = *op.value.as_list();
  Objects now = state;
  bool refuse = false;
  bool missing = false;
  bool wrong = false;
  bool read_missing_only = true;
  for (Value& each : list) {
    const Value::List& s = *each.as_list();
    if (*s[0].as_string() == "create" && state.count(*s[1].as_string()) > 0) refuse = true;
  }
  for (Value& each : list) {
    Value::List& s = *each.as_list();
    const std::string f = *s[0].as_string();
    const std::string key = *s[1].as_string();
    const bool there = now.count(key) > 0;
    if (f == "create") now[key] = s[2];
    if (f == "delete") now.erase(key);
    if (f == "read") {
      const Value seen = there ? now[key] : Value();
      missing = missing || !there;
      if (fill) s[2] = seen;
      if (known(op) && s[2] != seen) wrong = true;
    }
    if (f == "write") {
      if (!there) {
        missing = true;
        read_missing_only = false;
      }
      now[key] = s[2];
    }
  }
  if (fill) op.reply = refuse || missing ? "nok" : "ok";
  if (known(op) && op.reply == "nok") return refuse || missing;
  if (refuse || wrong || (missing && !read_missing_only)) return false;
  state = now;
  return true;
}

inline void spoil_objects(Operation& op, Random& random) {
  if (random.one_in(3)) op.reply = op.reply == "ok" ? "nok" : "ok";
  Value::List& last = *op.value.as_list()->back().as_list();
  if (*last[0].as_string() == "read")
    last[2] = random.one_in(3) ? Value() : integer(random.below(3));
}

// histories --------------------------------------------------------------------------------------

/// Gives the history results: those of some order (which need not respect real time), here and
/// there another one.
inline void fill_results(History& history, Objects state, const Vocabulary& words, Random& random) {
  const std::vector<std::size_t> order = draw_order(history, random, 1);
  const bool spoils = !random.one_in(3);
  for (const std::size_t i : order) {
    if (history[i].outcome == OperationOutcome::fail) continue;
    const Objects before = state;
    Operation done = history[i];
    done.outcome = OperationOutcome::ok;
    words.take(done, state, true);
    if (history[i].outcome != OperationOutcome::ok) {
      if (random.one_in(2)) state = before;
      continue;
    }
    history[i] = done;
    if (spoils && random.one_in(3)) words.spoil(history[i], random);
  }
}

inline Objects start_of(const Vocabulary& words) {
  Objects start;
  if (words.start.as_object() != nullptr) {
    for (const auto& [key, value] : *words.start.as_object()) start[key] = value;
  }
  return start;
}

/// Of n operations.
inline History random_history(Random& random, const Vocabulary& words, int n) {
  History history;
  const bool in_sequence = random.one_in(2);  // three processes, each one operation after another
  const bool overlap = random.one_in(3);      // or two that call several at a time
  const bool tight = random.one_in(2);        // many equal stamps
  const int pause = random.one_in(2) ? 1 : 2;
  std::int64_t next_call[3] = {0, 0, 0};
  for (int i = 0; i < n; ++i) {
    Operation op = words.draw(random);
    op.process = in_sequence ? random.below(3) : overlap ? random.below(2) : i;
    op.call = in_sequence ? next_call[op.process] + random.below(tight ? pause : 10)
                          : random.below(tight ? 7 : 60);
    op.ret = op.call + random.below(tight ? 4 : 25);
    if (in_sequence) next_call[op.process] = *op.ret;
    draw_outcome(op, random, 7, 20);
    history.push_back(std::move(op));
  }
  fill_results(history, start_of(words), words, random);
  return history;
}

}  // namespace sibyl::analysis::vocabularies
