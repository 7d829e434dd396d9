// Applications by name, and what they have in common.
#include "protocols/partitioned/application.hpp"

#include <algorithm>
#include <array>

#include "sim/decode.hpp"

namespace sibyl::partitioned {

// ---- By name ----

namespace {

struct ChosenApplication {
  std::string name;
  Value options;
  static constexpr std::array kRequired{std::string_view("name")};
};
BOOST_DESCRIBE_STRUCT(ChosenApplication, (), (name, options))

struct Maker {
  const char* name;
  ApplicationPtr (*make)(const Value&, const std::string&, std::size_t);
};
constexpr std::array<Maker, 6> kMakers{{{"store", make_store},
                                        {"kv", make_kv},
                                        {"bank", make_bank},
                                        {"chirper", make_chirper},
                                        {"tpcc", make_tpcc},
                                        {"volery", make_volery}}};

}  // namespace

std::vector<std::string> application_names() {
  std::vector<std::string> names;
  for (const Maker& maker : kMakers) names.emplace_back(maker.name);
  return names;
}

ApplicationPtr make_application(const Value& found, const std::string& pointer,
                                std::size_t partitions) {
  if (found.is_null()) return make_store({}, pointer, partitions);
  const bool bare = found.as_string() != nullptr;
  if (!bare && found.as_object() == nullptr) {
    wrong_kind(pointer, found, R"(an application: "bank", or {"name": …, "options": {…}})");
  }
  ChosenApplication chosen;
  if (bare) {
    chosen.name = *found.as_string();
  } else {
    decode(found, pointer, chosen);
  }
  for (const Maker& maker : kMakers) {
    if (chosen.name == maker.name) {
      return maker.make(chosen.options, pointer_to(pointer, "options"), partitions);
    }
  }
  unknown_name(bare ? pointer : pointer_to(pointer, "name"), chosen.name, application_names(),
               "application");
}

// ---- For applications ----

std::string numbered(std::string_view prefix, std::uint64_t number) {
  return std::string(prefix) + std::to_string(number);
}

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> with_names(std::vector<std::string> known, const Value& names) {
  if (const Value::List* list = names.as_list()) {
    for (const Value& each : *list) {
      if (each.as_string() != nullptr) known.push_back(*each.as_string());
    }
  }
  return sorted(std::move(known));
}

Value list_of(const std::vector<std::string>& names) {
  Value::List list;
  list.reserve(names.size());
  for (const std::string& name : names) list.emplace_back(name);
  return Value(std::move(list));
}

std::int64_t int_of(const Value& v, std::string_view member, std::int64_t otherwise) {
  const Value* found = v.find(member);
  const std::int64_t* i = found == nullptr ? nullptr : found->as_int();
  return i == nullptr ? otherwise : *i;
}

const std::string& text_of(const Value& v, std::string_view member) {
  static const std::string kNothing;
  const Value* found = v.find(member);
  const std::string* s = found == nullptr ? nullptr : found->as_string();
  return s == nullptr ? kNothing : *s;
}

std::string field_name(const Value& fields, const std::string& pointer, std::string_view member) {
  const Value* found = fields.find(member);
  if (found == nullptr) {
    throw ConfigError(pointer, "the member \"" + std::string(member) + "\" is missing");
  }
  std::string name;
  decode(*found, pointer_to(pointer, member), name);
  if (name.empty()) {
    throw ConfigError(pointer_to(pointer, member), "found an empty string, expected a text");
  }
  return name;
}

std::int64_t field_int(const Value& fields, const std::string& pointer, std::string_view member,
                       std::int64_t lowest, std::int64_t highest,
                       std::optional<std::int64_t> otherwise) {
  const Value* found = fields.find(member);
  if (found != nullptr) return decode_int(*found, pointer_to(pointer, member), lowest, highest);
  if (otherwise) return *otherwise;
  throw ConfigError(pointer, "the member \"" + std::string(member) + "\" is missing");
}

void check_fields(const Value& fields, const std::string& pointer,
                  const std::vector<std::string>& known) {
  for (const auto& [key, unused] : *fields.as_object()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      unknown_member(pointer, key, known);
    }
  }
}

void check_count(std::uint64_t found, std::uint64_t lowest, std::uint64_t highest,
                 const std::string& pointer, std::string_view member) {
  decode_int(Value(static_cast<std::int64_t>(found)), pointer_to(pointer, member),
             static_cast<std::int64_t>(lowest), static_cast<std::int64_t>(highest));
}

void check_product(std::uint64_t found, std::uint64_t most, const std::string& pointer,
                   std::string_view what) {
  if (found <= most) return;
  throw ConfigError(pointer, std::to_string(found) + " " + std::string(what) + "; at most " +
                                 std::to_string(most));
}

Value row(std::string_view f, const std::string& object, Value value) {
  return list_with(f, object, std::move(value));
}

std::uint64_t key_of(const Wish& wish) {
  return static_cast<std::uint64_t>(wish.draws.sample(*wish.keys));
}

std::uint64_t partner_of(std::uint64_t key, Grouping all, std::uint32_t crossing, Draws& draws) {
  if (all.keys < 2) return key;
  const std::uint64_t groups = std::min(all.groups, all.keys);
  std::uint64_t group = key % groups;
  const bool crosses = groups > 1 && draws.percent(crossing);
  if (crosses) group = (group + 1 + draws.below(groups - 1)) % groups;
  const std::uint64_t members = (all.keys - group + groups - 1) / groups;
  if (crosses) return group + groups * draws.below(members);
  if (members < 2) return key;
  const std::uint64_t own = key / groups;
  return group + groups * ((own + 1 + draws.below(members - 1)) % members);
}

// ---- Objects of which the history knows how often they have been changed ----

Content* Counted::change(const std::string& name) {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.as_object() == nullptr) {
    changed_.push_back(list_with(name, nullptr));
    return nullptr;
  }
  const std::int64_t now = int_of(it->second, "updates") + 1;
  it->second.set("updates", Value(now));
  changed_.push_back(list_with(name, now));
  return &it->second;
}

const Content* Counted::see(const std::string& name) {
  const auto it = values_.find(name);
  if (it == values_.end() || it->second.as_object() == nullptr) return nullptr;
  seen_.push_back(list_with(name, int_of(it->second, "updates")));
  return &it->second;
}

Content Counted::result(Value answer) && {
  Value::Object members;
  members.reserve(3);
  members.emplace_back("answer", std::move(answer));
  if (!seen_.empty()) members.emplace_back("seen", Value(std::move(seen_)));
  if (!changed_.empty()) members.emplace_back("changed", Value(std::move(changed_)));
  return Content(Value(std::move(members)));
}

Value Counted::history(const std::vector<std::string>& objects, bool read_only,
                       const Execution* done) {
  Value::List rows;
  const auto add = [&](const Value& name, const Value& count) {
    if (name.as_string() == nullptr) return;
    rows.push_back(row("add", *name.as_string(), Value(Value::List{Value(1), count})));
  };
  const Value* seen = done == nullptr ? nullptr : done->result.find("seen");
  const Value* changed = done == nullptr ? nullptr : done->result.find("changed");
  if (done == nullptr) {
    for (const std::string& object : objects) {
      if (read_only) {
        rows.push_back(row("read", object, Value()));
      } else {
        add(Value(object), Value());
      }
    }
  }
  if (seen != nullptr && seen->as_list() != nullptr) {
    for (const Value& each : *seen->as_list()) {
      const Value::List* pair = each.as_list();
      if (pair == nullptr || pair->size() != 2 || (*pair)[0].as_string() == nullptr) continue;
      rows.push_back(row("read", *(*pair)[0].as_string(), (*pair)[1]));
    }
  }
  if (changed != nullptr && changed->as_list() != nullptr) {
    for (const Value& each : *changed->as_list()) {
      const Value::List* pair = each.as_list();
      if (pair != nullptr && pair->size() == 2) add((*pair)[0], (*pair)[1]);
    }
  }
  return Value(std::move(rows));
}

}  // namespace sibyl::partitioned
