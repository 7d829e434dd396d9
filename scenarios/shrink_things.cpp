// Enumerates, removes and simplifies parts of a document.
#include "scenarios/shrink_things.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "scenarios/pointer.hpp"
#include "sim/decode.hpp"

namespace sibyl {

namespace {

/// Members of the document whose insides are things. Those that may be left out altogether are
/// things themselves.
struct Root {
  std::string_view name;
  bool optional;
};
constexpr std::array<Root, 10> kRoots{{{"workload", false},
                                       {"faults", true},
                                       {"byzantine", true},
                                       {"deployment", false},
                                       {"protocol", false},
                                       {"network", true},
                                       {"clocks", true},
                                       {"cpu", true},
                                       {"storage", true},
                                       {"limits", true}}};

std::optional<std::size_t> index_of(const std::string& token) {
  std::size_t i = 0;
  const char* const end = token.data() + token.size();
  const auto read = std::from_chars(token.data(), end, i);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return i;
}

ThingKind kind_of(const Place& place) {
  if (place[0] == "workload" && place.size() == 3 && index_of(place[2])) {
    return ThingKind::operation;
  }
  if ((place[0] == "faults" || place[0] == "byzantine") && place.size() == 2) {
    return ThingKind::fault;
  }
  return ThingKind::part;
}

/// Labels are for readers. Of the protocol, its name and variants say what is examined.
bool is_thing(const Place& place) {
  if (place.back() == "label") return false;
  return place[0] != "protocol" || place[1] == "options";
}

std::optional<std::int64_t> duration_of(const Value& v) {
  if (v.as_string() == nullptr || v.as_string()->empty()) return std::nullopt;
  const char first = v.as_string()->front();
  if (first != '-' && (first < '0' || first > '9')) return std::nullopt;
  try {
    return parse_duration(*v.as_string(), "").ns;
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

/// The faults that are the healing of a demand for progress, by their places: without them it would
/// not be what it is.
std::set<std::string> healing_of(const Value& document) {
  std::set<std::string> places;
  const Value* from = value_at(document, {"liveness", "from"});
  const auto healed = from == nullptr ? std::nullopt : duration_of(*from);
  const Value* faults = document.find("faults");
  if (!healed || faults == nullptr || faults->as_list() == nullptr) return places;
  for (std::size_t i = 0; i < faults->as_list()->size(); ++i) {
    const Value* at = (*faults->as_list())[i].find("at");
    if (at != nullptr && duration_of(*at) == healed) places.insert(std::to_string(i));
  }
  return places;
}

bool is_healing(const Place& place, const std::set<std::string>& healing) {
  return !healing.empty() && place[0] == "faults" &&
         (place.size() == 1 || healing.contains(place[1]));
}

void walk(const Value& v, Place& place, bool in_tuple, std::vector<Thing>& out) {
  const auto visit = [&](std::string token, const Value& inner, bool tuple) {
    place.push_back(std::move(token));
    if (is_thing(place)) {
      // A plain value in a list of a list is a field, such as the object of ["read", "x"].
      if (!tuple) out.push_back({place, kind_of(place)});
      walk(inner, place, v.as_list() != nullptr, out);
    }
    place.pop_back();
  };
  if (const Value::List* list = v.as_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) {
      visit(std::to_string(i), (*list)[i], in_tuple);
    }
  } else if (const Value::Object* object = v.as_object()) {
    for (const auto& [key, inner] : *object) visit(key, inner, false);
  }
}

Value* find_at(Value& document, const Place& place, std::size_t depth) {
  Value* at = &document;
  for (std::size_t k = 0; k < depth; ++k) {
    if (Value::List* list = at->as_list()) {
      const auto i = index_of(place[k]);
      if (!i || *i >= list->size()) return nullptr;
      at = &(*list)[*i];
    } else if (Value::Object* object = at->as_object()) {
      const auto it = std::find_if(object->begin(), object->end(),
                                   [&](const auto& m) { return m.first == place[k]; });
      if (it == object->end()) return nullptr;
      at = &it->second;
    } else {
      return nullptr;
    }
  }
  return at;
}

void erase_at(Value& document, const Place& place) {
  Value* parent = find_at(document, place, place.size() - 1);
  if (parent == nullptr) return;
  if (Value::List* list = parent->as_list()) {
    const auto i = index_of(place.back());
    if (i && *i < list->size()) list->erase(list->begin() + static_cast<std::ptrdiff_t>(*i));
  } else if (Value::Object* object = parent->as_object()) {
    std::erase_if(*object, [&](const auto& m) { return m.first == place.back(); });
  }
}

/// Whether a comes before b in the document, list elements by number.
bool before(const Place& a, const Place& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const std::string& x, const std::string& y) {
                                        const auto i = index_of(x);
                                        const auto j = index_of(y);
                                        return i && j ? *i < *j : x < y;
                                      });
}

bool names(const Value& v, const std::string& name) {
  if (v.as_string() != nullptr) return *v.as_string() == name;
  if (v.as_object() == nullptr) return false;
  return std::any_of(v.as_object()->begin(), v.as_object()->end(),
                     [&](const auto& m) { return names(m.second, name); });
}

constexpr std::array<std::int64_t, 17> kMultiples{0,  1,   2,   3,   5,   10,   20,   30,   50,
                                                  70, 100, 200, 300, 500, 1000, 5000, 10000};

/// A delay does not become less than the least one: that would be no plainer.
std::vector<Value> plainer_durations(std::int64_t ns, std::int64_t least_ns, bool delay) {
  std::vector<Value> instead;
  for (const std::int64_t m : kMultiples) {
    if (m == 0 && delay) continue;
    if (m * least_ns == ns) break;
    instead.emplace_back(format_duration({m * least_ns}));
  }
  return instead;
}

std::vector<Value> plainer_of(const Value& v, const Place& place, std::int64_t least_ns) {
  const bool delay =
      place[0] == "network" && std::find(place.begin(), place.end(), "delay") != place.end();
  if (const auto ns = duration_of(v)) return plainer_durations(*ns, least_ns, delay);
  if (place.back() == "delay" && v.as_object() != nullptr)
    return {Value(format_duration({least_ns}))};
  if (v.as_double() != nullptr && *v.as_double() != 0) return {Value(0)};
  if (v.as_int() == nullptr || *v.as_int() == 0) return {};
  if (*v.as_int() == 1) return {Value(0)};
  return {Value(0), Value(1)};
}

void collect_plainer(const Value& v, Place& place, std::int64_t least_ns,
                     std::vector<Plainer>& out) {
  std::vector<Value> instead = plainer_of(v, place, least_ns);
  if (!instead.empty()) out.push_back({place, std::move(instead)});
  const auto visit = [&](std::string token, const Value& inner) {
    place.push_back(std::move(token));
    collect_plainer(inner, place, least_ns, out);
    place.pop_back();
  };
  if (const Value::List* list = v.as_list()) {
    for (std::size_t i = 0; i < list->size(); ++i) visit(std::to_string(i), (*list)[i]);
  } else if (const Value::Object* object = v.as_object()) {
    for (const auto& [key, inner] : *object) visit(key, inner);
  }
}

/// Names by their use: the way to them without indices.
void collect_names(const Value& v, const std::string& use,
                   std::map<std::string, std::vector<std::string>>& out) {
  if (const std::string* s = v.as_string()) {
    if (duration_of(v)) return;
    std::vector<std::string>& known = out[use];
    if (std::find(known.begin(), known.end(), *s) == known.end()) known.push_back(*s);
  } else if (const Value::List* list = v.as_list()) {
    const bool tuple = !list->empty() && list->front().as_list() == nullptr &&
                       list->front().as_object() == nullptr;
    for (std::size_t i = 0; i < list->size(); ++i) {
      collect_names((*list)[i], use + "/" + (tuple ? std::to_string(i) : "*"), out);
    }
  } else if (const Value::Object* object = v.as_object()) {
    for (const auto& [key, inner] : *object) {
      if (key != "label" && key != "do") collect_names(inner, use + "/" + key, out);
    }
  }
}

/// `v` with one name instead of another, as value and as key; of two members of one name the first
/// stays.
Value renamed(const Value& v, const std::string& from, const std::string& to) {
  if (v.as_string() != nullptr) return *v.as_string() == from ? Value(to) : v;
  if (const Value::List* list = v.as_list()) {
    Value::List out;
    for (const Value& inner : *list) out.push_back(renamed(inner, from, to));
    return out;
  }
  if (const Value::Object* object = v.as_object()) {
    Value::Object out;
    for (const auto& [key, inner] : *object) {
      const std::string& name = key == from ? to : key;
      const bool known =
          std::any_of(out.begin(), out.end(), [&](const auto& m) { return m.first == name; });
      if (!known) out.emplace_back(name, renamed(inner, from, to));
    }
    return out;
  }
  return v;
}

}  // namespace

std::vector<Thing> things_of(const Value& document) {
  std::vector<Thing> all;
  for (const Root& root : kRoots) {
    const Value* v = document.find(root.name);
    if (v == nullptr) continue;
    Place place{std::string(root.name)};
    if (root.optional) all.push_back({place, ThingKind::part});
    walk(*v, place, false, all);
  }
  const Place decisions{"schedule", "decisions"};
  if (const Value* v = value_at(document, decisions); v != nullptr && v->as_list() != nullptr) {
    for (std::size_t i = 0; i < v->as_list()->size(); ++i) {
      Place place = decisions;
      place.push_back(std::to_string(i));
      all.push_back({std::move(place), ThingKind::decision});
    }
  }
  const std::set<std::string> healing = healing_of(document);
  std::erase_if(all, [&](const Thing& t) { return is_healing(t.place, healing); });
  std::stable_sort(all.begin(), all.end(),
                   [](const Thing& a, const Thing& b) { return a.kind < b.kind; });
  return all;
}

ThingCount count_things(const std::vector<Thing>& things) {
  ThingCount count;
  for (const Thing& t : things) {
    if (t.kind == ThingKind::operation) ++count.operations;
    if (t.kind == ThingKind::fault) ++count.faults;
    if (t.kind == ThingKind::part) ++count.parts;
    if (t.kind == ThingKind::decision) ++count.decisions;
  }
  return count;
}

const Value* value_at(const Value& document, const Place& place) {
  const Value* at = &document;
  for (const std::string& token : place) {
    if (const Value::List* list = at->as_list()) {
      const auto i = index_of(token);
      if (!i || *i >= list->size()) return nullptr;
      at = &(*list)[*i];
    } else {
      at = at->find(token);
      if (at == nullptr) return nullptr;
    }
  }
  return at;
}

void replace_at(Value& document, const Place& place, Value value) {
  if (Value* at = find_at(document, place, place.size())) *at = std::move(value);
}

Value without(const Value& document, const std::vector<Thing>& things) {
  std::vector<const Place*> places;
  for (const Thing& t : things) places.push_back(&t.place);
  // From the end, so that the places that are still to be visited stay what they are.
  std::sort(places.begin(), places.end(),
            [](const Place* a, const Place* b) { return before(*b, *a); });
  Value out = document;
  for (const Place* place : places) erase_at(out, *place);
  return out;
}

Place place_of_pointer(const std::string& pointer) {
  if (pointer.empty() || pointer[0] != '/') return {};
  try {
    return pointer_tokens(pointer, "");
  } catch (const ConfigError&) {
    return {};
  }
}

std::optional<Value> repaired(const Value& document, const std::string& pointer) {
  Place place = place_of_pointer(pointer);
  const Value* wrong = value_at(document, place);
  while (!place.empty() && value_at(document, place) == nullptr) place.pop_back();
  const auto things = things_of(document);
  const auto thing_at = [&](const Place& p) {
    return std::find_if(things.begin(), things.end(),
                        [&](const Thing& t) { return t.place == p; }) != things.end();
  };
  while (!place.empty() && !thing_at(place)) place.pop_back();
  if (place.empty()) return std::nullopt;
  std::vector<Thing> gone{{place, ThingKind::part}};
  Place list_place = place;
  list_place.pop_back();
  const Value* list = value_at(document, list_place);
  if (wrong != nullptr && wrong->as_string() != nullptr && list->as_list() != nullptr) {
    for (std::size_t i = 0; i < list->as_list()->size(); ++i) {
      Place other = list_place;
      other.push_back(std::to_string(i));
      if (other != place && names((*list->as_list())[i], *wrong->as_string())) {
        gone.push_back({std::move(other), ThingKind::part});
      }
    }
  }
  return without(document, gone);
}

std::vector<Plainer> plainer_values(const Value& document, std::int64_t least_ns) {
  std::vector<Plainer> out;
  if (const Value* seed = document.find("seed"); seed != nullptr && *seed != Value(0)) {
    out.push_back({{"seed"}, {Value(0)}});
  }
  for (const Root& root : kRoots) {
    const Value* v = document.find(root.name);
    if (v == nullptr || root.name == "limits" || root.name == "protocol") continue;
    Place place{std::string(root.name)};
    collect_plainer(*v, place, least_ns, out);
  }
  const std::set<std::string> healing = healing_of(document);
  std::erase_if(out, [&](const Plainer& p) { return is_healing(p.place, healing); });
  const Value* decisions = value_at(document, {"schedule", "decisions"});
  if (decisions == nullptr || decisions->as_list() == nullptr) return out;
  for (std::size_t i = 0; i < decisions->as_list()->size(); ++i) {
    const Value* delay = (*decisions->as_list())[i].find("delay");
    const auto ns = delay == nullptr ? std::nullopt : duration_of(*delay);
    if (!ns) continue;
    out.push_back({{"schedule", "decisions", std::to_string(i), "delay"},
                   plainer_durations(*ns, least_ns, true)});
  }
  std::erase_if(out, [](const Plainer& p) { return p.instead.empty(); });
  return out;
}

std::vector<Value> merged_names(const Value& document) {
  std::map<std::string, std::vector<std::string>> by_use;
  if (const Value* workload = document.find("workload")) collect_names(*workload, "", by_use);
  std::set<std::pair<std::string, std::string>> pairs;
  for (const auto& [use, known] : by_use) {
    for (std::size_t j = 1; j < known.size(); ++j) {
      for (std::size_t i = 0; i < j; ++i) pairs.emplace(known[j], known[i]);
    }
  }
  std::vector<Value> out;
  for (const auto& [from, to] : pairs) {
    Value candidate = document;
    for (const Root& root : kRoots) {
      if (root.name == "protocol") continue;
      if (const Value* v = document.find(root.name)) {
        candidate.set(root.name, renamed(*v, from, to));
      }
    }
    if (const Value* v = document.find("schedule")) {
      candidate.set("schedule", renamed(*v, from, to));
    }
    out.push_back(std::move(candidate));
  }
  return out;
}

}  // namespace sibyl
