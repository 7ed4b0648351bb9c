#include <algorithm>

#include <fmt/format.h>

#include "extract/extract.h"
#include "extract/terms.h"
#include "extract/text.h"
#include "extract/xml.h"

namespace warifu::extract {
namespace {

constexpr double kSameKind = 0.3;
constexpr std::size_t kTitleWords = 5;
constexpr std::size_t kMembersMax = 50;
constexpr std::size_t kListed = 5;
constexpr std::size_t kItemBytesMax = 220;

/// Episodes whose intents speak of the same things.
struct Group {
  Terms terms;
  std::vector<const Memory*> members;
};

double success_of(const Memory& episode) {
  const std::string assessment = xml_text(episode.text, "assessment");
  return assessment == "Yes" ? 1 : assessment == "No" ? 0 : 0.5;
}

/// 0.1 to 1.0: the share of successes, drawn to a half while few episodes speak for it.
double confidence(const Group& group) {
  double sum = 1;
  for (const Memory* episode : group.members) sum += success_of(*episode);
  return std::clamp(sum / (static_cast<double>(group.members.size()) + 2), 0.1, 1.0);
}

Memory record(const Group& group) {
  Memory out;
  std::vector<std::string> intents;
  std::string use_cases;
  std::string hints;
  for (const Memory* episode : group.members) {
    intents.push_back(xml_text(episode->text, "intent"));
    out.time = std::max(out.time, episode->time);
    for (const std::size_t source : episode->sources) out.sources.push_back(source);
    if (intents.size() > kListed) continue;
    use_cases += (use_cases.empty() ? "" : " ") + std::string(cut(intents.back(), kItemBytesMax));
    hints += (hints.empty() ? "" : " ") + std::string(cut(xml_text(episode->text, "reflection"), kItemBytesMax));
  }
  std::ranges::sort(out.sources);
  out.sources.erase(std::ranges::unique(out.sources).begin(), out.sources.end());
  std::string title = name_of(std::span(intents).first(1), kTitleWords, {});
  if (title.empty()) title = "Requests";
  out.text = "<reflection>\n" + xml_element("title", title) + "\n" + xml_element("use_cases", use_cases) + "\n" +
             xml_element("hints", hints) + "\n" + xml_element("confidence", fmt::format("{:.1f}", confidence(group))) +
             "\n</reflection>";
  out.index_text = std::string(cut(use_cases + " " + hints, kIndexBytesMax));
  return out;
}

}  // namespace

std::vector<Memory> reflections(std::span<const Memory> episodes) {
  std::vector<Group> groups;
  for (const Memory& episode : episodes) {
    const std::string intent = xml_text(episode.text, "intent");
    if (intent.empty()) continue;
    Terms terms = terms_of(intent);
    const auto same = std::ranges::find_if(groups, [&](const Group& group) {
      return group.members.size() < kMembersMax && jaccard(group.terms, terms) >= kSameKind;
    });
    if (same != groups.end()) {
      same->members.push_back(&episode);
    } else {
      groups.push_back({std::move(terms), {&episode}});
    }
  }
  std::vector<Memory> out;
  for (const Group& group : groups) out.push_back(record(group));
  return out;
}

}  // namespace warifu::extract
