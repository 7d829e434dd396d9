// What partitions execute: an application is a deterministic state machine whose state is split
// into named objects. It says which objects a command touches, and executes a command on those that
// have been gathered; how they are gathered is the protocol's business.
//
// A command touches objects in three ways. Some are known from the command alone (`objects`). Of
// these, some must be at hand with their values wherever the command is executed (`reads`). Which
// others it touches besides may depend on the values of those (`touches`): a post to all followers
// touches whoever follows. Of an object that is touched and not read, only its owner executes the
// change: an object that is not at hand is somebody else's to change.
//
// Where objects name others, a command finds those at a time that no client knows, and a name that
// leads nowhere has no meaning that all partitions could agree on: one alone does not know what the
// others do not hold. Such an application keeps what it has (see Lifetimes): what is named is
// there.
//
// In the history every command is a list of steps of the model "objects". An application whose
// objects have much inside shows how often each has been changed instead: a read that misses a
// change then contradicts the order in real time as the values would.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocols/partitioned/command.hpp"
#include "sim/distribution.hpp"
#include "sim/random.hpp"

namespace sibyl::partitioned {

/// A command as an application sees it, wherever it comes from.
struct Work {
  const std::vector<Step>& steps;  ///< of the store; else empty
  const Request& request;          ///< of other applications; else empty
  bool text = true;                ///< whether Execution::text is wanted
};
inline Work work_of(const Access& c) { return {c.steps, c.request}; }

/// What a command gave.
struct Execution {
  std::vector<std::optional<std::int64_t>> results;  ///< of the store: by step
  Content result;                                    ///< of other applications
  std::string text;                                  ///< for people: "x=20, y=10"
};

/// Where a generator gets what could be otherwise.
class Draws {
 public:
  virtual std::uint64_t below(std::uint64_t n) = 0;  ///< n >= 1
  virtual std::int64_t sample(const Distribution& d) = 0;
  /// True in `percent` of 100 cases.
  bool percent(std::uint32_t percent) { return percent != 0 && below(100) < percent; }

 protected:
  ~Draws() = default;
};

/// A kind of commands that a generator makes, and how many of the sum of weights they are.
struct Share {
  std::string kind;
  std::uint64_t weight = 0;
};

/// A generated command.
struct Generated {
  CommandKind kind = CommandKind::access;
  std::vector<Step> steps;
  Request request;
  std::string object;  ///< of a create or delete
  Content value;       ///< of a create
};

/// What a generator tells an application of the command that it is to make.
struct Wish {
  std::string_view kind;     ///< one of standard_mix()
  std::string_view stamp;    ///< unique in the run: "c1.17"
  const Distribution* keys;  ///< of the ranks 0 to keys() - 1
  Draws& draws;
  Value& memory;  ///< what this client's generator remembers; null at first
};

/// Is shown an object of the initial state: name, content, and the group of objects that belong
/// together.
using Populate = std::function<void(const std::string&, Content, std::uint64_t group)>;

/// Which objects come and go. Where objects name others, none may be deleted.
enum class Lifetimes : std::uint8_t {
  free,   ///< they are created and deleted
  kept,   ///< they are created, and stay
  fixed,  ///< they are those that the application makes (populate)
};

/// Whether an object of that name is there from the start.
using Exists = std::function<bool(const std::string&)>;

class Application {
 public:
  virtual ~Application() = default;
  virtual std::string_view name() const = 0;

  // ---- Which objects ----

  /// Those known from the command alone: sorted, each once.
  virtual std::vector<std::string> objects(const Work& work) const { return work.request.objects; }
  /// Of these, those whose values all who execute it must have. Sorted.
  virtual std::vector<std::string> reads(const Work& work) const { return objects(work); }
  /// Whether the command may touch others besides, anywhere: S-SMR then addresses all partitions.
  virtual bool open_ended(const Work& /*work*/) const { return false; }
  /// All objects that it touches, when `values` has those of reads(). Sorted; a superset is right.
  virtual std::vector<std::string> touches(const Work& work, const Objects& /*values*/) const {
    return objects(work);
  }
  /// Whether touches() may add objects to those of objects().
  virtual bool finds_objects(const Work& /*work*/) const { return false; }
  /// Whether it must have the values of what touches() adds, too.
  virtual bool reads_found(const Work& /*work*/) const { return false; }
  /// Whether it has to name all that it touches: who executes it alone sends it back otherwise,
  /// with the full set, also where all of that is at hand.
  virtual bool names_all(const Work& /*work*/) const { return false; }
  /// Whether it changes nothing.
  virtual bool read_only(const Work& work) const = 0;
  /// The objects that it may change. Sorted.
  virtual std::vector<std::string> writes(const Work& work) const {
    return read_only(work) ? std::vector<std::string>{} : objects(work);
  }

  // ---- What it does ----

  /// Executes it on the objects at hand: at least those of reads(). Changes what is at hand only.
  /// Total: what makes no sense changes nothing. Deterministic; the answer's parts that depend on
  /// objects which are not at hand are null.
  virtual Execution execute(const Work& work, Objects& values) const = 0;

  // ---- What is seen of it ----

  /// A content as the history has it.
  virtual Value shown(const Content& content) const { return content; }
  /// The command as steps of the model "objects": [f, object, value]. `done` is null while it is
  /// under way; of it `results` and `result` are set.
  virtual Value history(const Work& work, const Execution* done) const = 0;

  // ---- What scenarios say ----

  /// The commands' names, as "do" has them.
  virtual std::vector<std::string> commands() const = 0;
  /// An operation of a scenario: its members besides "client", "at", "label" and "do". `known`: the
  /// names of all objects. Throws ConfigError.
  virtual Request read(std::string_view command, const Value& fields, const std::string& pointer,
                       const std::vector<std::string>& known) const = 0;
  /// Throws ConfigError unless an object can hold that.
  virtual void check(const Value& content, const std::string& pointer) const = 0;
  /// Throws ConfigError unless all objects that the content names are there from the start; the
  /// content has passed check().
  virtual void check_names(const Value& /*content*/, const std::string& /*pointer*/,
                           const Exists& /*exists*/) const {}
  virtual Lifetimes lifetimes() const { return Lifetimes::free; }

  // ---- Generators ----

  /// The initial objects that its options ask for. `groups`: how many there are at least.
  virtual void populate(const Populate& /*add*/) const {}
  /// How many primary keys (users, accounts, …) generated commands are about; 0: none, and nothing
  /// can be generated.
  virtual std::uint64_t keys() const { return 0; }
  virtual std::vector<Share> standard_mix() const { return {}; }
  virtual Generated generate(const Wish& wish) const = 0;
  /// A client has been told that its command touches these objects besides those that it named;
  /// what it makes of that for later commands it keeps in its generator's memory.
  virtual void learn(const Request& /*request*/, const std::vector<std::string>& /*touched*/,
                     Value& /*memory*/) const {}
};
using ApplicationPtr = std::shared_ptr<const Application>;

/// The application of that name: from what a scenario says at `pointer`: "bank", or {"name":
/// "bank", "options": {…}}; null gives the store. `partitions`: how many there are, which some
/// options have as their default. Throws ConfigError.
ApplicationPtr make_application(const Value& found, const std::string& pointer,
                                std::size_t partitions);

std::vector<std::string> application_names();

// ---- For applications ----

/// The most initial objects that options may ask for.
inline constexpr std::uint64_t kMostObjects = 1'000'000;

/// "u7"
std::string numbered(std::string_view prefix, std::uint64_t number);
/// Sorted, each once.
std::vector<std::string> sorted(std::vector<std::string> names);
/// `known`, and those that a list of names adds: sorted, each once.
std::vector<std::string> with_names(std::vector<std::string> known, const Value& names);
/// The list of these names.
Value list_of(const std::vector<std::string>& names);
/// The integer member of an object, or `otherwise`.
std::int64_t int_of(const Value& v, std::string_view member, std::int64_t otherwise = 0);
/// The text member of an object, or nothing.
const std::string& text_of(const Value& v, std::string_view member);
/// A member of the fields of an operation. Throws ConfigError when it is missing, or no name.
std::string field_name(const Value& fields, const std::string& pointer, std::string_view member);
/// Throws ConfigError for members that are not among `known`.
void check_fields(const Value& fields, const std::string& pointer,
                  const std::vector<std::string>& known);
/// An integer member; without one `otherwise`. Throws ConfigError.
std::int64_t field_int(const Value& fields, const std::string& pointer, std::string_view member,
                       std::int64_t lowest, std::int64_t highest,
                       std::optional<std::int64_t> otherwise = std::nullopt);
/// Throws ConfigError unless an option lies within its bounds.
void check_count(std::uint64_t found, std::uint64_t lowest, std::uint64_t highest,
                 const std::string& pointer, std::string_view member);
/// Throws ConfigError where options, each within its bounds, ask together for more than `most`.
/// `what` says of what, and which make it: "edges at first: users x followees".
void check_product(std::uint64_t found, std::uint64_t most, const std::string& pointer,
                   std::string_view what);
/// The list of these values.
template <class... Values>
Value list_with(Values&&... values) {
  Value::List list;
  list.reserve(sizeof...(values));
  (list.emplace_back(std::forward<Values>(values)), ...);
  return Value(std::move(list));
}
/// [f, object, value]
Value row(std::string_view f, const std::string& object, Value value);

/// The key that a generated command is about.
std::uint64_t key_of(const Wish& wish);
/// `keys` keys in groups: key k is of group k mod groups.
struct Grouping {
  std::uint64_t keys = 0;
  std::uint64_t groups = 1;
};
/// Another key, any of the same group; in `crossing` of 100 cases of another group. The key itself
/// where there is no other.
std::uint64_t partner_of(std::uint64_t key, Grouping all, std::uint32_t crossing, Draws& draws);

/// For applications whose objects have a member "updates", which counts their changes: a command
/// goes through this to its objects, and the history gets the counts.
class Counted {
 public:
  explicit Counted(Objects& values) : values_(values) {}
  /// The object, to be changed, and counted as changed; null when it is not at hand.
  Content* change(const std::string& name);
  /// The object, to be read; null when it is not at hand.
  const Content* see(const std::string& name);
  /// What the command answers: {"answer", "seen": [[name, count], …], "changed"}.
  Content result(Value answer) &&;
  /// As Application::history.
  static Value history(const std::vector<std::string>& objects, bool read_only,
                       const Execution* done);

 private:
  Objects& values_;
  Value::List seen_;
  Value::List changed_;
};

// One function an application.
ApplicationPtr make_store(const Value& options, const std::string& pointer, std::size_t partitions);
ApplicationPtr make_kv(const Value& options, const std::string& pointer, std::size_t partitions);
ApplicationPtr make_bank(const Value& options, const std::string& pointer, std::size_t partitions);
ApplicationPtr make_chirper(const Value& options, const std::string& pointer,
                            std::size_t partitions);
ApplicationPtr make_tpcc(const Value& options, const std::string& pointer, std::size_t partitions);
ApplicationPtr make_volery(const Value& options, const std::string& pointer,
                           std::size_t partitions);

}  // namespace sibyl::partitioned
