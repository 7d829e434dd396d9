// Chirper: an object is a user with followers, own posts, and a timeline of what those have posted
// whom the user follows. After C. E. Bezerra, F. Pedone, R. van Renesse, DSN 2014, and L. H. Le,
// C. E. Bezerra, F. Pedone, DSN 2016.
//
//   timeline user        answers the user's timeline; one object always
//   post user text       appends to the timelines of all followers, whoever they are by then
//   follow user whom     from now on; the posts of `whom` come into the user's timeline
//   unfollow user whom   and they leave it
// Users are created, and never deleted: those whom they follow name them.
// Options: users ("u0", …), followees (how many users each follows), groups (of users; user k is of
// group k mod groups; default: as many as partitions), edge_cut (percent of the edges that lead to
// another group; 0: strong locality), skew (Zipf exponent of who is followed within a group; 0:
// uniform), followers_known (to generators, of a post: at_first, those of the initial graph;
// learned, also what servers have told; none: a client names the author alone, and a server that
// lacks a follower tells it the rest; asked: the same, and it always has to ask first where one
// partition executes a command), graph_seed, message_bytes, posts_kept and timeline_kept (the
// latest so many). The papers state neither graph nor number of users: these are free.
#include <algorithm>
#include <array>
#include <set>

#include "protocols/partitioned/application.hpp"
#include "sim/decode.hpp"

namespace sibyl::partitioned {

namespace {

/// How many authors' followers a client remembers.
constexpr std::size_t kMostLearned = 64;

/// The most edges of the initial graph.
constexpr std::uint64_t kMostFollowed = 10'000'000;

/// Which followers a client names that posts.
enum class FollowersKnown : std::uint8_t { at_first, learned, none, asked };
BOOST_DESCRIBE_ENUM(FollowersKnown, at_first, learned, none, asked)

struct ChirperOptions {
  std::uint32_t users = 0;
  std::uint32_t followees = 5;
  std::uint32_t groups = 1;
  std::uint32_t edge_cut = 0;
  double skew = 0;
  std::uint32_t graph_seed = 1;
  std::uint32_t message_bytes = 140;
  std::uint32_t posts_kept = 5;
  std::uint32_t timeline_kept = 10;
  FollowersKnown followers_known = FollowersKnown::at_first;
  static constexpr std::array kBounds{
      Bound{"users", 0, kMostObjects},      Bound{"followees", 0, 10'000},
      Bound{"groups", 1, kMostObjects},     Bound{"edge_cut", 0, 100},
      Bound{"message_bytes", 0, 1'000'000}, Bound{"posts_kept", 0, 1000},
      Bound{"timeline_kept", 0, 1000}};
};
BOOST_DESCRIBE_STRUCT(ChirperOptions, (),
                      (users, followees, groups, edge_cut, skew, graph_seed, message_bytes,
                       posts_kept, timeline_kept, followers_known))

/// Draws from a stream of its own: the graph is the same in every run.
class StreamDraws final : public Draws {
 public:
  explicit StreamDraws(Stream stream) : stream_(stream) {}
  std::uint64_t below(std::uint64_t n) override { return stream_.below(n); }
  std::int64_t sample(const Distribution& d) override { return d.sample(stream_); }

 private:
  Stream stream_;
};

std::vector<std::string> names_in(const Value& user, std::string_view member) {
  std::vector<std::string> names;
  const Value* list = user.find(member);
  if (list == nullptr || list->as_list() == nullptr) return names;
  for (const Value& each : *list->as_list()) {
    if (each.as_string() != nullptr) names.push_back(*each.as_string());
  }
  return names;
}

/// The list of that name in an object, to be changed.
Value::List& list_in(Value& object, std::string_view member) {
  for (auto& [key, value] : *object.as_object()) {
    if (key != member) continue;
    if (value.as_list() == nullptr) value = Value(Value::List{});
    return *value.as_list();
  }
  object.as_object()->emplace_back(std::string(member), Value(Value::List{}));
  return *object.as_object()->back().second.as_list();
}

void keep_latest(Value::List& list, std::size_t count) {
  if (list.size() <= count) return;
  list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
}

class Chirper final : public Application {
 public:
  explicit Chirper(const ChirperOptions& options) : options_(options) { draw_graph(); }
  std::string_view name() const override { return "chirper"; }

  std::vector<std::string> reads(const Work& work) const override {
    const Request& r = work.request;
    const bool of_two = r.f == "follow" || r.f == "unfollow";
    std::vector<std::string> names;
    names.push_back(text_of(r.arguments, of_two ? "whom" : "user"));
    return names;
  }
  bool open_ended(const Work& work) const override { return work.request.f == "post"; }
  bool finds_objects(const Work& work) const override { return work.request.f == "post"; }
  bool names_all(const Work& work) const override {
    return options_.followers_known == FollowersKnown::asked && work.request.f == "post";
  }
  bool read_only(const Work& work) const override { return work.request.f == "timeline"; }
  std::vector<std::string> touches(const Work& work, const Objects& values) const override {
    std::vector<std::string> all = work.request.objects;
    if (work.request.f != "post") return all;
    const auto author = values.find(text_of(work.request.arguments, "user"));
    if (author == values.end()) return all;
    all = names_in(author->second, "followers");
    all.push_back(author->first);
    return sorted(std::move(all));
  }

  Execution execute(const Work& work, Objects& values) const override {
    const Request& r = work.request;
    const std::string& user = text_of(r.arguments, "user");
    const std::string& whom = text_of(r.arguments, "whom");
    Counted counted(values);
    Execution done;
    Value answer;
    if (r.f == "timeline") {
      const Content* seen = counted.see(user);
      const Value* timeline = seen == nullptr ? nullptr : seen->find("timeline");
      if (timeline != nullptr) answer = *timeline;
      if (work.text) done.text = answer.text();
    } else if (r.f == "post") {
      done.text = post(counted, values, user, r.arguments);
    } else if (r.f == "follow") {
      const bool fresh = follow(counted, values, user, whom);
      answer = Value(fresh);
      done.text = user + (fresh ? " follows " : " followed ") + whom;
    } else if (r.f == "unfollow") {
      const bool did = unfollow(counted, values, user, whom);
      answer = Value(did);
      done.text = user + (did ? " leaves " : " did not follow ") + whom;
    }
    done.result = std::move(counted).result(std::move(answer));
    return done;
  }

  Value shown(const Content& content) const override { return {int_of(content, "updates")}; }
  Value history(const Work& work, const Execution* done) const override {
    return Counted::history(work.request.objects, read_only(work), done);
  }

  std::vector<std::string> commands() const override {
    return {"timeline", "post", "follow", "unfollow"};
  }

  Request read(std::string_view command, const Value& fields, const std::string& pointer,
               const std::vector<std::string>& /*known*/) const override {
    std::vector<std::string> members{"user"};
    if (command == "post") members.emplace_back("text");
    if (command == "follow" || command == "unfollow") members.emplace_back("whom");
    check_fields(fields, pointer, members);
    const std::string user = field_name(fields, pointer, "user");
    if (command == "timeline") return request(command, user, {}, {});
    if (command == "post") return request(command, user, {}, field_name(fields, pointer, "text"));
    const std::string whom = field_name(fields, pointer, "whom");
    if (whom == user) {
      throw ConfigError(pointer_to(pointer, "whom"), "found " + whom + ", expected another user");
    }
    return request(command, user, whom, {});
  }

  void check(const Value& content, const std::string& pointer) const override {
    if (content.as_object() == nullptr) {
      wrong_kind(pointer, content, R"(a user such as {"followers": ["u1"]})");
    }
    check_fields(content, pointer, {"followers"});
    if (const Value* followers = content.find("followers")) {
      std::vector<std::string> names;
      decode(*followers, pointer_to(pointer, "followers"), names);
    }
  }

  void check_names(const Value& content, const std::string& pointer,
                   const Exists& exists) const override {
    const std::vector<std::string> followers = names_in(content, "followers");
    for (std::size_t i = 0; i < followers.size(); ++i) {
      if (exists(followers[i])) continue;
      throw ConfigError(pointer_to(pointer_to(pointer, "followers"), i),
                        "there is no user \"" + followers[i] +
                            "\" from the start; who comes later follows by a command");
    }
  }
  /// Posts look for followers.
  Lifetimes lifetimes() const override { return Lifetimes::kept; }

  void populate(const Populate& add) const override {
    for (std::uint32_t i = 0; i < options_.users; ++i) {
      Value::List followers;
      for (const std::uint32_t each : followers_[i]) followers.emplace_back(numbered("u", each));
      add(numbered("u", i),
          Content(Value(Value::Object{{"updates", Value(0)},
                                      {"followers", Value(std::move(followers))},
                                      {"posts", Value(Value::List{})},
                                      {"timeline", Value(Value::List{})}})),
          i % options_.groups);
    }
  }
  std::uint64_t keys() const override { return options_.users; }
  /// The mix of DSN 2016.
  std::vector<Share> standard_mix() const override {
    return {{"timeline", 8500}, {"post", 750}, {"follow", 375}, {"unfollow", 375}};
  }

  Generated generate(const Wish& wish) const override {
    const std::uint64_t key = key_of(wish);
    const std::string user = numbered("u", key);
    Generated made;
    if (wish.kind == "timeline") {
      made.request = request(wish.kind, user, {}, {});
    } else if (wish.kind == "post") {
      made.request = request(wish.kind, user, {}, std::string(wish.stamp));
      // Who else follows the server tells.
      name_followers(key, wish.memory, made.request.objects);
    } else {
      const std::uint64_t whom =
          partner_of(key, {options_.users, options_.groups}, options_.edge_cut, wish.draws);
      // With nobody else to follow, the user looks at the timeline.
      made.request = whom == key ? request("timeline", user, {}, {})
                                 : request(wish.kind, user, numbered("u", whom), {});
    }
    return made;
  }

  /// The latest that a client was told of an author is what it goes by; it forgets the author of
  /// whom it was told longest ago.
  void learn(const Request& r, const std::vector<std::string>& touched,
             Value& memory) const override {
    if (options_.followers_known != FollowersKnown::learned || r.f != "post") return;
    const std::string& author = text_of(r.arguments, "user");
    memory.set(author, list_of(touched));
    Value::Object& all = *memory.as_object();
    if (all.size() > kMostLearned) all.erase(all.begin());
  }

 private:
  Request request(std::string_view f, const std::string& user, const std::string& whom,
                  const std::string& text) const {
    Request r;
    r.f = f;
    r.objects.push_back(user);
    Value::Object arguments;
    arguments.emplace_back("user", user);
    if (!whom.empty()) {
      r.objects.push_back(whom);
      r.objects = sorted(std::move(r.objects));
      arguments.emplace_back("whom", Value(whom));
    }
    if (!text.empty()) {
      arguments.emplace_back("text", Value(text));
      arguments.emplace_back("bytes", Value(static_cast<std::int64_t>(options_.message_bytes)));
    }
    r.arguments = Content(Value(std::move(arguments)));
    return r;
  }

  void name_followers(std::uint64_t key, const Value& memory,
                      std::vector<std::string>& objects) const {
    const Value* learned = memory.find(objects.front());
    if (options_.followers_known >= FollowersKnown::none) return;
    if (learned != nullptr) {
      objects = with_names(std::move(objects), *learned);
      return;
    }
    for (const std::uint32_t each : followers_[key]) objects.push_back(numbered("u", each));
    objects = sorted(std::move(objects));
  }

  std::string post(Counted& counted, const Objects& values, const std::string& user,
                   const Content& arguments) const {
    const auto author = values.find(user);
    if (author == values.end()) return "no author";
    const std::vector<std::string> followers = names_in(author->second, "followers");
    const Value message(Value::Object{{"by", Value(user)},
                                      {"text", Value(text_of(arguments, "text"))},
                                      {"bytes", Value(int_of(arguments, "bytes"))}});
    if (Content* own = counted.change(user)) {
      Value::List& posts = list_in(*own, "posts");
      posts.push_back(message);
      keep_latest(posts, options_.posts_kept);
    }
    for (const std::string& follower : followers) {
      if (follower == user) continue;
      if (Content* other = counted.change(follower)) append(*other, message);
    }
    return "to " + std::to_string(followers.size());
  }

  void append(Value& user, const Value& message) const {
    Value::List& timeline = list_in(user, "timeline");
    timeline.push_back(message);
    keep_latest(timeline, options_.timeline_kept);
  }

  /// `whom` is at hand everywhere, so all agree on whether anything changes.
  bool follow(Counted& counted, Objects& values, const std::string& user,
              const std::string& whom) const {
    const auto other = values.find(whom);
    if (user == whom || other == values.end()) return false;
    const std::vector<std::string> followers = names_in(other->second, "followers");
    if (std::find(followers.begin(), followers.end(), user) != followers.end()) {
      counted.see(whom);
      return false;
    }
    if (Content* own = counted.change(user)) {
      const Value* posts = values.at(whom).find("posts");
      if (posts != nullptr && posts->as_list() != nullptr) {
        for (const Value& each : *posts->as_list()) append(*own, each);
      }
    }
    if (Content* followed = counted.change(whom)) {
      list_in(*followed, "followers").emplace_back(user);
    }
    return true;
  }

  static bool unfollow(Counted& counted, Objects& values, const std::string& user,
                       const std::string& whom) {
    const auto other = values.find(whom);
    if (user == whom || other == values.end()) return false;
    const std::vector<std::string> followers = names_in(other->second, "followers");
    if (std::find(followers.begin(), followers.end(), user) == followers.end()) {
      counted.see(whom);
      return false;
    }
    if (Content* own = counted.change(user)) {
      std::erase_if(list_in(*own, "timeline"),
                    [&](const Value& each) { return text_of(each, "by") == whom; });
    }
    if (Content* followed = counted.change(whom)) {
      std::erase(list_in(*followed, "followers"), Value(user));
    }
    return true;
  }

  /// Every user follows `followees` others (as many as there are): each edge from a stream of its
  /// user's own.
  void draw_graph() {
    const std::uint64_t n = options_.users;
    followers_.resize(n);
    if (n < 2) return;
    const std::uint64_t groups = std::min<std::uint64_t>(options_.groups, n);
    std::vector<Distribution> ranks;
    for (std::uint64_t g = 0; g < groups; ++g) {
      ranks.push_back(Distribution::zipf((n - g + groups - 1) / groups,
                                         fixed::Q32::from_double(options_.skew)));
    }
    for (std::uint32_t user = 0; user < n; ++user) {
      StreamDraws draws(Stream(options_.graph_seed, user, 1));
      std::set<std::uint64_t> followed;
      // A skewed draw may show the same again and again: then fewer are followed.
      for (std::uint32_t tries = 0;
           followed.size() < options_.followees && tries < 8 * options_.followees; ++tries) {
        std::uint64_t group = user % groups;
        if (groups > 1 && draws.percent(options_.edge_cut)) {
          group = (group + 1 + draws.below(groups - 1)) % groups;
        }
        const auto rank = static_cast<std::uint64_t>(draws.sample(ranks[group]));
        const std::uint64_t whom = group + groups * rank;
        if (whom != user) followed.insert(whom);
      }
      for (const std::uint64_t whom : followed) followers_[whom].push_back(user);
    }
  }

  ChirperOptions options_;
  std::vector<std::vector<std::uint32_t>> followers_;  ///< at first, by user; sorted
};

}  // namespace

ApplicationPtr make_chirper(const Value& options, const std::string& pointer,
                            std::size_t partitions) {
  ChirperOptions chosen;
  chosen.groups = static_cast<std::uint32_t>(partitions);
  if (!options.is_null()) decode(options, pointer, chosen);
  check_product(std::uint64_t{chosen.users} * chosen.followees, kMostFollowed, pointer,
                "edges at first: users x followees");
  decode_number(Value(chosen.skew), pointer_to(pointer, "skew"), 0, 64);
  return std::make_shared<Chirper>(chosen);
}

}  // namespace sibyl::partitioned
