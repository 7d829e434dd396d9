// What is left out of a drawing: see svg_limits.hpp.
#include "analysis/svg_limits.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "analysis/reading.hpp"
#include "analysis/view_words.hpp"

namespace sibyl::analysis::svg {

namespace {

constexpr std::ptrdiff_t kLongTail = 12;  // messages after which nothing but messages comes

}  // namespace

void cut_tail(Scene& scene, std::int64_t explained) {
  std::int64_t last = std::max(scene.begin, explained);
  for (const Box& box : scene.boxes) {
    if (box.open) return;
    last = std::max(last, box.to);
  }
  for (const Bar& bar : scene.bars) last = std::max({last, bar.from, bar.to});
  for (const Mark& mark : scene.marks) last = std::max(last, mark.at);
  for (const Finding& f : scene.findings) {
    if (f.verdict == Verdict::violated && f.window) last = std::max(last, f.window->second.ns);
  }
  const auto is_late = [&](const Arrow& a) { return a.from > last; };
  const auto late = std::count_if(scene.arrows.begin(), scene.arrows.end(), is_late);
  if (late < kLongTail || scene.boxes.empty()) return;
  std::erase_if(scene.arrows, is_late);
  scene.end = last;
  for (const Arrow& a : scene.arrows) scene.end = std::max(scene.end, a.to);
  scene.omissions.push_back(
      fmt::format("{} sent after {} left out: nothing is called, applied or delivered any more.",
                  counted(static_cast<std::size_t>(late), "message"), time_words(last)));
}

void limit_bars(Scene& scene, const SceneLimits& limits) {
  std::map<std::size_t, std::vector<std::string>> objects;
  std::set<std::pair<std::size_t, std::string>> moving;
  for (const Bar& bar : scene.bars) {
    auto& known = objects[bar.lane];
    if (std::find(known.begin(), known.end(), bar.object) == known.end()) {
      known.push_back(bar.object);
    }
    if (bar.from != scene.begin || bar.to != scene.end) moving.insert({bar.lane, bar.object});
  }
  for (auto& [lane, names] : objects) {
    if (names.size() <= limits.bar_rows) continue;
    std::stable_partition(names.begin(), names.end(), [&, l = lane](const std::string& object) {
      return moving.count({l, object}) != 0;
    });
    const std::set<std::string> kept(names.begin(),
                                     names.begin() + static_cast<long>(limits.bar_rows));
    scene.omissions.push_back(fmt::format("{}: {} not drawn.", scene.lanes[lane].name,
                                          counted(names.size() - kept.size(), "more object")));
    std::erase_if(scene.bars, [&, l = lane](const Bar& bar) {
      return bar.lane == l && kept.count(bar.object) == 0;
    });
  }
}

void make_windows(Scene& scene, const SceneLimits& limits) {
  for (const Finding& f : scene.findings) {
    if (f.verdict != Verdict::violated || !f.window) continue;
    if (scene.windows.size() >= limits.windows) {
      scene.omissions.push_back("Of the violations, the first ones are shaded.");
      return;
    }
    const auto inside = [&](Time t) { return std::clamp(t.ns, scene.begin, scene.end); };
    scene.windows.push_back(
        {inside(f.window->first), inside(f.window->second), printable(f.property) + " violated"});
  }
}

}  // namespace sibyl::analysis::svg
