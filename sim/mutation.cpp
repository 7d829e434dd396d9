// Walks the fields of a message, and changes them.
#include "sim/mutation.hpp"

#include "sim/field_places.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include <fmt/core.h>

namespace sibyl {

namespace {

bool is_number(FieldKind kind) {
  return kind == FieldKind::integer || kind == FieldKind::boolean ||
         kind == FieldKind::enumeration || kind == FieldKind::node;
}

std::string& text_at(void* at) { return *static_cast<std::string*>(at); }

/// A number as the field's reader sees it.
std::string words_of(const FieldType& type, std::uint64_t number,
                     const std::vector<TraceNode>& nodes) {
  if (type.kind == FieldKind::boolean) return number == 0 ? "false" : "true";
  if (type.kind == FieldKind::node) {
    return number < nodes.size() ? nodes[number].name : fmt::format("node{}", number);
  }
  if (type.kind == FieldKind::enumeration) {
    for (const auto& [name, value] : type.enumerators()) {
      if (value == number) return std::string(name);
    }
  }
  if (type.is_signed) return std::to_string(static_cast<std::int64_t>(number));
  return std::to_string(number);
}

std::string quoted(const std::string& text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

/// Whether `name` is `path`, or its last parts.
bool ends_in(std::string_view path, std::string_view name) {
  if (!path.ends_with(name)) return false;
  return path.size() == name.size() || path[path.size() - name.size() - 1] == '.';
}

/// Whether `name` finds the field of this path: see Mutable.
bool finds(std::string_view name, std::string_view path) {
  if (name.empty()) return true;
  for (;;) {
    if (ends_in(path, name)) return true;
    const auto dot = path.rfind('.');
    if (dot == std::string_view::npos) return false;
    path = path.substr(0, dot);
  }
}

/// The number that a value means to a field; none: it means nothing there.
std::optional<std::uint64_t> number_for(const FieldType& type, const Value& value,
                                        const std::vector<TraceNode>& nodes) {
  if (const bool* b = value.as_bool(); b != nullptr && type.kind == FieldKind::boolean) return *b;
  if (const std::int64_t* i = value.as_int(); i != nullptr && type.kind == FieldKind::integer) {
    const auto bits = static_cast<std::uint64_t>(*i);
    if (type.is_signed) {
      const bool fits = *i >= static_cast<std::int64_t>(type.lowest) &&
                        *i <= static_cast<std::int64_t>(type.highest);
      return fits ? std::optional(bits) : std::nullopt;
    }
    return *i >= 0 && bits <= type.highest ? std::optional(bits) : std::nullopt;
  }
  const std::string* s = value.as_string();
  if (s == nullptr) return std::nullopt;
  if (type.kind == FieldKind::enumeration) {
    for (const auto& [name, number] : type.enumerators()) {
      if (name == *s) return number;
    }
  } else if (type.kind == FieldKind::node) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].name == *s) return i;
    }
  }
  return std::nullopt;
}

/// Looks for a field that has a value, in a message and the messages inside it; reads only.
class Lookup final : public FieldVisitor {  // NOLINT(*-virtual-class-destructor): on the stack
 public:
  Lookup(const FieldIs& wanted, const std::vector<TraceNode>& nodes)
      : wanted_(wanted), nodes_(nodes) {}

  void into(const Message& message) {
    message.type().fields->children(const_cast<void*>(message.body()), *this);
  }
  void field(std::string_view name, void* at, const FieldType& type) override {
    const std::size_t outer = path_.size();
    if (!name.empty()) {
      if (!path_.empty()) path_ += '.';
      path_ += name;
    }
    found = found || (ends_in(path_, wanted_.field) && has_value(at, type));
    if (type.kind == FieldKind::message) {
      const auto& message = *static_cast<const Message*>(at);
      if (message) into(message);
    } else if (type.children != nullptr) {
      type.children(at, *this);
    }
    path_.resize(outer);
  }

  bool found = false;

 private:
  bool has_value(const void* at, const FieldType& type) const {
    const Value& value = wanted_.value;
    if (type.kind == FieldKind::optional) return value.is_null() && type.size(at) == 0;
    if (type.kind == FieldKind::text) {
      return value.as_string() != nullptr &&
             *static_cast<const std::string*>(at) == *value.as_string();
    }
    if (!is_number(type.kind)) return false;
    const auto number = number_for(type, value, nodes_);
    return number && *number == type.get(at);
  }

  const FieldIs& wanted_;
  const std::vector<TraceNode>& nodes_;
  std::string path_;
};

}  // namespace

bool can_have(const FieldType& type, const Value& value, const std::vector<TraceNode>& nodes) {
  if (type.is_value) return !value.is_null();
  if (type.kind == FieldKind::optional) return value.is_null();
  if (type.kind == FieldKind::text) return value.as_string() != nullptr;
  return number_for(type, value, nodes).has_value();
}

std::string describe_field(const FieldType& type) {
  switch (type.kind) {
    case FieldKind::boolean:
      return "a boolean";
    case FieldKind::integer:
      return fmt::format("an integer from {} to {}", words_of(type, type.lowest, {}),
                         words_of(type, type.highest, {}));
    case FieldKind::enumeration: {
      std::string names;
      for (const auto& [name, number] : type.enumerators()) {
        names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", name);
      }
      return "one of " + names;
    }
    case FieldKind::node:
      return "a node, by its name";
    case FieldKind::text:
      return "a string";
    case FieldKind::optional:
      return "null";
    default:
      return type.is_value ? "any value but null" : "made of parts";
  }
}

bool has_field(const Message& message, const FieldIs& wanted, const std::vector<TraceNode>& nodes) {
  Lookup lookup(wanted, nodes);
  lookup.into(message);
  return lookup.found;
}

void SeenValues::add(const std::string& field, const Value& value) {
  std::vector<Value>& known = values_[field];
  const auto it = std::find(known.begin(), known.end(), value);
  if (it != known.end()) {
    std::rotate(it, it + 1, known.end());
    return;
  }
  if (known.size() == kMost) known.erase(known.begin());
  known.push_back(value);
}

const std::vector<Value>& SeenValues::of(const std::string& field) const {
  static const std::vector<Value> kNone;
  const auto it = values_.find(field);
  return it == values_.end() ? kNone : it->second;
}

void SeenValues::hash_into(Hasher& h) const { hash_append(h, values_); }

/// One change of a field, or of the container that it is.
struct Mutable::Edit {
  std::uint64_t number = 0;         ///< of a number
  std::string text;                 ///< of a text
  std::vector<std::size_t> places;  ///< of a container: what stays, in order
  std::string words;

  void apply(const Field& field) const {
    if (is_number(field.type->kind)) {
      field.type->set(field.at, number);
    } else if (field.type->kind == FieldKind::text) {
      text_at(field.at) = text;
    } else {
      field.type->select(field.at, places);
    }
  }
};

// NOLINTNEXTLINE(*-virtual-class-destructor): final, and only ever on the stack
class Mutable::Walk final : public FieldVisitor {
 public:
  Walk(NodeId self, std::vector<Field>& fields) : self_(self), fields_(fields) {}

  /// Makes the message one of its own, and visits its fields.
  void into(Message& message) {
    message = Message::adopt(message.type().copy(message.get()));
    // Nobody else holds the copy, and it is not hashed yet.
    void* body = const_cast<void*>(message.body());
    message.type().fields->children(body, *this);
  }

  void field(std::string_view name, void* at, const FieldType& type) override {
    if (is_list_ && name.empty()) {
      if (next_ == kMostElements) return;
      inside(fmt::format("{}[{}]", path_, next_), name_, at, type);
      ++next_;
    } else if (name.empty()) {
      inside(path_, name_, at, type);
    } else {
      const std::string dot = path_.empty() ? "" : ".";
      inside(path_ + dot + std::string(name), name_ + dot + std::string(name), at, type);
    }
  }

 private:
  void inside(std::string path, std::string name, void* at, const FieldType& type) {
    if (type.kind == FieldKind::signed_part && type.get(at) != self_.value) return;
    const bool is_list = type.kind == FieldKind::sequence || type.kind == FieldKind::set;
    std::swap(path_, path);
    std::swap(name_, name);
    const bool outer_is_list = std::exchange(is_list_, is_list);
    const std::size_t outer_next = std::exchange(next_, 0);
    if (type.kind == FieldKind::message) {
      auto& message = *static_cast<Message*>(at);
      if (message) into(message);
    } else if (type.kind != FieldKind::opaque) {
      const bool has_only_children =
          type.kind == FieldKind::record || type.kind == FieldKind::signed_part;
      if (!has_only_children) fields_.push_back({path_, name_, at, &type});
      if (type.children != nullptr) type.children(at, *this);
    }
    std::swap(path_, path);
    std::swap(name_, name);
    is_list_ = outer_is_list;
    next_ = outer_next;
  }

  NodeId self_;
  std::vector<Field>& fields_;
  std::string path_;
  std::string name_;
  bool is_list_ = false;
  std::size_t next_ = 0;  ///< element of the list
};

Mutable::Mutable(const Message& original, NodeId self) : copy_(original) {
  Walk(self, fields_).into(copy_);
}

void Mutable::show(SeenValues& seen) const {
  const std::string type(copy_.type().name);
  for (const Field& f : fields_) {
    if (f.type->kind == FieldKind::integer) {
      seen.add(type + "." + f.name, Value(static_cast<std::int64_t>(f.type->get(f.at))));
    } else if (f.type->kind == FieldKind::text) {
      seen.add(type + "." + f.name, Value(text_at(f.at)));
    }
  }
}

/// Of a list or set: its elements stay, but for one that goes, comes twice, or changes places.
void Mutable::select_edits(const Field& field, std::vector<Edit>& edits) {
  const auto select = [&](std::vector<std::size_t> places, const std::string& what) {
    edits.push_back({0, {}, std::move(places), fmt::format("{} {}", field.path, what)});
  };
  std::vector<std::size_t> all(field.type->size(field.at));
  std::iota(all.begin(), all.end(), std::size_t{0});
  for (std::size_t i = 0; i < std::min(all.size(), kMostElements); ++i) {
    const auto at = static_cast<std::ptrdiff_t>(i);
    std::vector<std::size_t> places = all;
    places.erase(places.begin() + at);
    select(std::move(places), fmt::format("without [{}]", i));
    if (field.type->kind == FieldKind::set) continue;
    places = all;
    places.insert(places.begin() + at, i);
    select(std::move(places), fmt::format("with [{}] twice", i));
    if (i + 1 == all.size()) continue;
    places = all;
    std::swap(places[i], places[i + 1]);
    select(std::move(places), fmt::format("with [{}] and [{}] swapped", i, i + 1));
  }
}

std::vector<Mutable::Edit> Mutable::edits_of(const Field& field,
                                             const std::vector<TraceNode>& nodes,
                                             const SeenValues& seen) const {
  const FieldType& type = *field.type;
  std::vector<Edit> edits;
  const auto change = [&](std::uint64_t to) {
    const std::uint64_t now = type.get(field.at);
    const bool known =
        std::any_of(edits.begin(), edits.end(), [&](const Edit& e) { return e.number == to; });
    if (to == now || known) return;
    edits.push_back({to,
                     {},
                     {},
                     fmt::format("{} {} -> {}", field.path, words_of(type, now, nodes),
                                 words_of(type, to, nodes))});
  };
  const auto retext = [&](const std::string& to) {
    const std::string& now = text_at(field.at);
    const bool known =
        std::any_of(edits.begin(), edits.end(), [&](const Edit& e) { return e.text == to; });
    if (to == now || known) return;
    edits.push_back({0, to, {}, fmt::format("{} {} -> {}", field.path, quoted(now), quoted(to))});
  };
  const auto select = [&](std::vector<std::size_t> places, const std::string& what) {
    edits.push_back({0, {}, std::move(places), fmt::format("{} {}", field.path, what)});
  };
  const std::vector<Value>& known = seen.of(std::string(copy_.type().name) + "." + field.name);
  switch (type.kind) {
    case FieldKind::integer: {
      const std::uint64_t now = type.get(field.at);
      if (now != type.highest) change(now + 1);
      if (now != type.lowest) change(now - 1);
      // A field of any value may have been of another kind when it was seen.
      for (auto v = known.rbegin(); v != known.rend(); ++v) {
        if (const auto* to = v->as_int()) change(static_cast<std::uint64_t>(*to));
      }
      for (const std::uint64_t to : {std::uint64_t{0}, type.lowest, type.highest}) change(to);
      break;
    }
    case FieldKind::boolean:
      change(1 - type.get(field.at));
      break;
    case FieldKind::enumeration:
      for (const auto& [name, value] : type.enumerators()) change(value);
      break;
    case FieldKind::node:
      for (std::size_t i = 0; i < nodes.size(); ++i) change(i);
      break;
    case FieldKind::text:
      for (auto v = known.rbegin(); v != known.rend(); ++v) {
        if (const auto* to = v->as_string()) retext(*to);
      }
      retext({});
      break;
    case FieldKind::optional:
      if (type.size(field.at) == 1) select({}, "cleared");
      if (type.size(field.at) == 0 && type.fillable) select({0}, "filled");
      break;
    case FieldKind::sequence:
    case FieldKind::set:
      select_edits(field, edits);
      break;
    default:
      break;
  }
  return edits;
}

std::string Mutable::mutate(std::string_view name, const std::vector<TraceNode>& nodes,
                            const SeenValues& seen,
                            const std::function<std::uint64_t(std::uint64_t)>& pick) {
  std::vector<std::pair<const Field*, std::vector<Edit>>> found;
  for (const Field& field : fields_) {
    if (!finds(name, field.name)) continue;
    std::vector<Edit> edits = edits_of(field, nodes, seen);
    if (!edits.empty()) found.emplace_back(&field, std::move(edits));
  }
  if (found.empty()) return {};
  const auto& [field, edits] = found[pick(found.size())];
  const Edit& edit = edits[pick(edits.size())];
  edit.apply(*field);
  std::string words = edit.words;
  fields_.clear();  // what they point to may be gone
  return words;
}

std::string Mutable::set(std::string_view name, const Value& value,
                         const std::vector<TraceNode>& nodes) {
  std::string words;
  const auto say = [&](const Field& field, const std::string& before, const std::string& after) {
    words += fmt::format("{}{} {} -> {}", words.empty() ? "" : ", ", field.path, before, after);
  };
  /// Shows what an optional that has just been filled holds.
  struct Inner final : FieldVisitor {  // NOLINT(*-virtual-class-destructor): final, on the stack
    void field(std::string_view /*name*/, void* a, const FieldType& t) override {
      at = a;
      type = &t;
    }
    void* at = nullptr;
    const FieldType* type = nullptr;
  };
  const auto set_plain = [&](const Field& field, const std::string* before) {
    if (const auto number = number_for(*field.type, value, nodes)) {
      const std::uint64_t now = field.type->get(field.at);
      if (now == *number && before == nullptr) return true;
      field.type->set(field.at, *number);
      say(field, before != nullptr ? *before : words_of(*field.type, now, nodes),
          words_of(*field.type, *number, nodes));
      return true;
    }
    if (field.type->kind != FieldKind::text || value.as_string() == nullptr) return false;
    std::string& text = text_at(field.at);
    if (text == *value.as_string() && before == nullptr) return true;
    say(field, before != nullptr ? *before : quoted(text), quoted(*value.as_string()));
    text = *value.as_string();
    return true;
  };
  const std::string none = "none";
  std::string cleared;  // the path of an optional: what was inside is gone
  for (const Field& field : fields_) {
    if (!ends_in(field.name, name)) continue;
    if (!cleared.empty() && field.path.starts_with(cleared)) continue;
    if (field.type->kind != FieldKind::optional) {
      set_plain(field, nullptr);
    } else if (value.is_null() && field.type->size(field.at) == 1) {
      field.type->select(field.at, {});
      say(field, "some", none);
      cleared = field.path;
    } else if (!value.is_null() && field.type->size(field.at) == 0 && field.type->fillable) {
      const std::size_t first = 0;
      field.type->select(field.at, {&first, 1});
      Inner inner;
      field.type->children(field.at, inner);
      if (!set_plain({field.path, field.name, inner.at, inner.type}, &none)) {
        field.type->select(field.at, {});
      }
    }
  }
  fields_.clear();
  return words;
}

}  // namespace sibyl
