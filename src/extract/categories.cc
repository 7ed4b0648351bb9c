#include <algorithm>
#include <array>
#include <unordered_map>

#include "extract/tastes.h"
#include "extract/text.h"
#include "json/writer.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kCategoriesMax = 4;

struct Category {
  std::string_view name;
  std::string_view words;  // singular
};

constexpr auto kCategories = std::to_array<Category>({
    {"Food",
     "food eat eating meal dish cook cooking bake baking bread rice noodle pasta pizza burger salad soup cheese fish "
     "meat "
     "chicken beef pork seafood sushi curry taco fruit vegetable snack breakfast lunch dinner brunch spicy flavour "
     "flavor recipe restaurant sweet dessert chocolate cake sandwich egg tofu mushroom garlic onion cilantro matcha "
     "nut "
     "peanut"},
    {"Sweets", "sweet dessert chocolate cake candy cookie pastry matcha mochi pudding pie sugar gelato"},
    {"Drinks", "drink coffee tea wine beer juice water soda cocktail whisky whiskey latte espresso milk smoothie"},
    {"Cafe", "cafe café coffeehouse teahouse bakery"},
    {"Cuisine",
     "cuisine japanese italian french thai indian mexican chinese korean vietnamese greek turkish spanish lebanese"},
    {"Diet", "vegetarian vegan pescatarian gluten lactose dairy diet keto halal kosher allergic allergy intolerant"},
    {"Travel",
     "travel traveling travelling trip journey vacation holiday hotel hostel flight fly airport airline abroad tour "
     "tourist "
     "beach temple shrine museum sightseeing destination passport backpack cruise itinerary seat train road"},
    {"Transport",
     "car bike bicycle cycling train bus metro subway tram drive driving scooter motorcycle ferry flight seat"},
    {"Outdoors",
     "outdoors hike hiking camp camping climb climbing trail mountain ski skiing surf surfing kayak fishing garden "
     "gardening"},
    {"Nature", "nature forest sea ocean lake river tree flower plant bird animal wildlife park countryside"},
    {"Sports",
     "sport football soccer basketball tennis baseball rugby cricket golf hockey swim swimming run running marathon "
     "boxing "
     "volleyball badminton team match"},
    {"Fitness", "fitness gym workout exercise yoga pilates weights cardio training stretching jog jogging"},
    {"Music",
     "music song jazz rock pop classical opera concert band guitar piano violin album singer playlist vinyl metal "
     "techno choir"},
    {"Movies", "movie film cinema documentary thriller comedy horror director actor"},
    {"TV", "tv series show sitcom anime streaming episode"},
    {"Books", "book novel reading read author poetry fiction library biography story magazine manga comic"},
    {"Art", "art painting paint draw drawing sculpture gallery photography photo pottery craft design"},
    {"Games", "game gaming chess puzzle videogame console boardgame poker"},
    {"Technology",
     "technology computer laptop phone app software android iphone linux gadget keyboard tablet internet ai"},
    {"Programming",
     "programming code coding python java javascript rust typescript developer framework database terminal editor"},
    {"Work", "work job office meeting career colleague boss remote project deadline team manager salary"},
    {"Education", "school study studying learn learning course university class teacher lesson exam lecture"},
    {"Fashion", "fashion clothes dress shoe jacket jeans style wear colour color sneaker jewelry"},
    {"Shopping", "shopping shop buy brand store price discount online"},
    {"Pets", "pet dog cat puppy kitten rabbit hamster parrot"},
    {"Home", "home house apartment flat room kitchen furniture decor bedroom sofa cleaning"},
    {"Health", "health sleep doctor medicine therapy meditation smoking allergy pain mental"},
    {"Family", "family child children kid wife husband partner parent mother father sister brother daughter son"},
    {"Language", "language english spanish french german japanese korean chinese italian accent grammar"},
    {"Communication",
     "email call text message answer reply explanation tone chat notification summary concise detailed"},
    {"Finance", "money invest investing budget saving stock bank crypto"},
    {"Weather", "weather rain sun sunny cold heat snow summer winter autumn spring warm"},
    {"Culture", "culture festival theatre theater museum tradition history"},
    {"Hobbies", "hobby knitting sewing collecting woodworking craft dancing dance"},
});

std::unordered_map<std::string_view, std::vector<std::size_t>> make_table() {
  std::unordered_map<std::string_view, std::vector<std::size_t>> out;
  for (std::size_t i = 0; i < kCategories.size(); ++i) {
    std::string_view rest = kCategories[i].words;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(' '), rest.size());
      out[rest.substr(0, end)].push_back(i);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return out;
}

}  // namespace

std::vector<std::string_view> categories_of(std::string_view text) {
  static const auto kTable = make_table();
  std::array<std::size_t, kCategories.size()> count{};
  for (const std::string& word : words(text)) {
    std::string_view key = word;
    auto found = kTable.find(key);
    if (found == kTable.end() && key.ends_with('s')) found = kTable.find(key.substr(0, key.size() - 1));
    if (found == kTable.end() && key.ends_with("es")) found = kTable.find(key.substr(0, key.size() - 2));
    if (found == kTable.end()) continue;
    for (const std::size_t i : found->second) ++count[i];
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < count.size(); ++i) {
    if (count[i] > 0) order.push_back(i);
  }
  std::ranges::sort(order,
                    [&](std::size_t a, std::size_t b) { return count[a] != count[b] ? count[a] > count[b] : a < b; });
  std::vector<std::string_view> out;
  for (const std::size_t i : order) {
    if (out.size() < kCategoriesMax) out.push_back(kCategories[i].name);
  }
  if (out.empty()) out.emplace_back("General");
  return out;
}

std::string preference_record(std::string_view context, std::string_view preference,
                              std::span<const std::string> categories) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object()
      .key("context")
      .string(context)
      .key("preference")
      .string(preference)
      .key("categories")
      .begin_array();
  for (const std::string& category : categories) writer.string(category);
  writer.end_array().end_object();
  return out;
}

}  // namespace warifu::extract
