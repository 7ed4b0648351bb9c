#include "extract/answers.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "extract/tastes.h"
#include "extract/terms.h"
#include "extract/text.h"
#include "extract/turns.h"
#include "extract/xml.h"
#include "json/value.h"

namespace warifu::extract {
namespace {

constexpr std::size_t kItemTextBytesMax = 8'000;
constexpr std::size_t kCategoriesMax = 8;
constexpr std::size_t kCategoryBytesMax = 100;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(validation_error(fmt::format("model answer: {}", why)));
}

/// What stands inside a code fence, or the whole.
std::string_view unfenced(std::string_view answer) {
  answer = trim(answer);
  if (!answer.starts_with("```")) return answer;
  const std::size_t line = answer.find('\n');
  if (line == std::string_view::npos) return answer;
  answer.remove_prefix(line + 1);
  if (answer.ends_with("```")) answer.remove_suffix(3);
  return trim(answer);
}

/// The list of items: the member `name` of the root, or the root itself.
Result<std::vector<json::Value>> items_of(std::string_view answer, std::string_view name) {
  if (answer.size() > kAnswerBytesMax) return refuse("too long");
  const auto root = json::parse(unfenced(answer), {.bytes_max = kAnswerBytesMax, .depth_max = 16});
  if (!root) return refuse("no JSON: " + root.error().message);
  const json::Value* list = root->is_array() ? &*root : root->find(name);
  if (list == nullptr || !list->is_array()) return refuse(fmt::format("no list `{}`", name));
  if (list->items().size() > kAnswerItemsMax) return refuse("too many items");
  for (const json::Value& item : list->items()) {
    if (!item.is_object()) return refuse("an item is not an object");
  }
  return list->items();
}

/// A member's text, cleaned: REQUIRED, not blank, bounded.
Result<std::string> text_member(const json::Value& item, std::string_view name) {
  const std::optional<std::string> text = item.find_string(name);
  if (!text) return refuse(fmt::format("no text `{}`", name));
  if (text->size() > kItemTextBytesMax) return refuse(fmt::format("`{}` is too long", name));
  std::string out = squeeze(clean(*text, kItemTextBytesMax));
  if (out.empty()) return refuse(fmt::format("`{}` is empty", name));
  return out;
}

Result<std::string> preference_text(const json::Value& item) {
  const std::string context = TRY(text_member(item, "context"));
  const std::string preference = TRY(text_member(item, "preference"));
  const json::Value* categories = item.find("categories");
  if (categories == nullptr || !categories->is_array() || categories->items().size() > kCategoriesMax)
    return refuse("no `categories`");
  std::vector<std::string> named;
  for (const json::Value& category : categories->items()) {
    if (!category.is_string() || category.as_string().size() > kCategoryBytesMax)
      return refuse("a category is no short text");
    named.push_back(squeeze(clean(category.as_string(), kCategoryBytesMax)));
  }
  return preference_record(context, preference, named);
}

Result<std::string> episode_text(const json::Value& item) {
  std::string out = "<summary>\n";
  for (const std::string_view tag : {"situation", "intent", "assessment", "justification", "reflection"}) {
    const std::string text = TRY(text_member(item, tag));
    if (tag == "assessment" && text != "Yes" && text != "No" && text != "Partially")
      return refuse("`assessment` is none of its values");
    out += xml_element(tag, text) + "\n";
  }
  return out + "</summary>";
}

Result<std::string> record_text(Kind kind, const json::Value& item) {
  switch (kind) {
    case Kind::kPreference:
      return preference_text(item);
    case Kind::kEpisode:
      return episode_text(item);
    case Kind::kSummary: {
      const std::string name = TRY(text_member(item, "name"));
      const std::string text = TRY(text_member(item, "text"));
      return "<topic name=\"" + xml_escaped(cut(name, 200)) + "\">\n" + xml_escaped(text) + "\n</topic>";
    }
    case Kind::kSemantic:
    case Kind::kReflection:
      break;
  }
  return text_member(item, "fact");
}

/// The fresh utterances that share most words with each memory.
class Attribution {
 public:
  explicit Attribution(const Conversation& conversation) : script_(read_script(conversation)) {
    for (std::size_t i = 0; i < script_.said.size(); ++i) {
      if (script_.said[i].fresh) fresh_.emplace_back(i, terms_of(cut(script_.said[i].text, 4000)));
    }
  }

  [[nodiscard]] bool empty() const { return fresh_.empty(); }

  [[nodiscard]] Memory memory(std::string text) const {
    const Terms terms = terms_of(text);
    std::size_t best = fresh_.back().first;
    double most = -1;
    for (const auto& [index, its] : fresh_) {
      const double shared = overlap(terms, its);
      const double share = script_.said[index].yields() ? shared + 0.01 : shared;
      if (share <= most) continue;
      most = share;
      best = index;
    }
    const Utterance& said = script_.said[best];
    return {std::string(cut(text, kTextBytesMax)), index_text(script_, best), said.time, {said.source}, {}};
  }

 private:
  Script script_;
  std::vector<std::pair<std::size_t, Terms>> fresh_;
};

/// The id of an existing record that an operation names.
Result<std::size_t> id_member(const json::Value& item, std::string_view name, std::size_t count) {
  const json::Value* value = item.find(name);
  const std::optional<std::int64_t> id = value == nullptr ? std::nullopt : value->as_int64();
  if (!id || *id < 0 || static_cast<std::uint64_t>(*id) >= count)
    return refuse(fmt::format("`{}` names no memory", name));
  return static_cast<std::size_t>(*id);
}

Result<std::string> updated_text(Kind kind, const json::Value& item, const Memory& memory) {
  const json::Value* updated = item.find("updated_memory");
  if (updated == nullptr || updated->is_null()) return memory.text;
  if (updated->is_object()) return record_text(kind, *updated);
  const std::string text = TRY(text_member(item, "updated_memory"));
  if (kind != Kind::kPreference) return text;
  const auto value = json::parse(text);
  if (!value || !value->is_object()) return refuse("an updated preference is no JSON object");
  return preference_text(*value);
}

Result<Operation> operation_of(Kind kind, const json::Value& item, std::span<const Memory> memories,
                               std::size_t existing) {
  Operation out;
  out.memory = TRY(id_member(item, "memory", memories.size()));
  const std::string name = TRY(text_member(item, "operation"));
  out.decision.text = memories[out.memory].text;
  if (name == "AddMemory") {
    out.decision.action = Action::kAdd;
  } else if (name == "SkipMemory") {
    out.decision.action = Action::kSkip;
  } else if (name == "UpdateMemory") {
    out.decision.action = Action::kUpdate;
    out.decision.existing = TRY(id_member(item, "update_id", existing));
    out.decision.text = TRY(updated_text(kind, item, memories[out.memory]));
  } else {
    return refuse("`operation` is none of its values");
  }
  return out;
}

Result<Operation> reflection_of(const json::Value& item, std::size_t number, std::size_t existing) {
  Operation out{.memory = number};
  const std::string name = TRY(text_member(item, "operator"));
  if (name != "add" && name != "update") return refuse("`operator` is none of its values");
  if (name == "update") {
    out.decision.action = Action::kUpdate;
    out.decision.existing = TRY(id_member(item, "id", existing));
  }
  std::string text = "<reflection>\n";
  for (const std::string_view tag : {"title", "use_cases", "hints"}) {
    const std::string part = TRY(text_member(item, tag));
    text += xml_element(tag, cut(part, kTextBytesMax / 20)) + "\n";
  }
  const json::Value* value = item.find("confidence");
  const std::optional<double> confidence = value == nullptr ? std::nullopt : value->as_double();
  if (!confidence || *confidence < 0 || *confidence > 1) return refuse("`confidence` is not between 0.1 and 1.0");
  out.decision.text =
      text + xml_element("confidence", fmt::format("{:.1f}", std::max(*confidence, 0.1))) + "\n</reflection>";
  return out;
}

}  // namespace

Result<std::vector<Memory>> memories_from_answer(Kind kind, std::string_view answer, const Conversation& conversation,
                                                 std::span<const MetadataField> fields) {
  const std::vector<json::Value> items = TRY(items_of(answer, "memories"));
  const Attribution attribution(conversation);
  if (!items.empty() && attribution.empty()) return refuse("memories of a conversation in which nothing was said");
  std::vector<Memory> out;
  for (const json::Value& item : items) {
    std::string text = TRY(record_text(kind, item));
    if (text.size() > kTextBytesMax) return refuse("a memory is too long");
    Memory memory = attribution.memory(std::move(text));
    memory.metadata = metadata_from_answer(item.find("metadata"), fields);
    out.push_back(std::move(memory));
  }
  return out;
}

Result<std::vector<Operation>> operations_from_answer(Kind kind, std::string_view answer,
                                                      std::span<const Memory> memories, std::size_t existing,
                                                      std::span<const MetadataField> fields) {
  const bool reflects = kind == Kind::kReflection;
  const std::vector<json::Value> items = TRY(items_of(answer, reflects ? "reflections" : "operations"));
  std::vector<Operation> out;
  std::set<std::size_t> decided;
  std::set<std::size_t> updated;
  for (const json::Value& item : items) {
    Operation operation =
        reflects ? TRY(reflection_of(item, out.size(), existing)) : TRY(operation_of(kind, item, memories, existing));
    if (!decided.insert(operation.memory).second) return refuse("a memory is decided twice");
    if (operation.decision.action == Action::kUpdate && !updated.insert(operation.decision.existing).second) {
      return refuse("a memory is updated twice");
    }
    if (operation.decision.text.size() > kTextBytesMax) return refuse("a memory is too long");
    if (reflects) operation.metadata = metadata_from_answer(item.find("metadata"), fields);
    out.push_back(std::move(operation));
  }
  for (std::size_t i = 0; i < memories.size() && !reflects; ++i) {
    if (!decided.contains(i)) out.push_back({.memory = i, .decision = {Action::kSkip, 0, memories[i].text}});
  }
  return out;
}

}  // namespace warifu::extract
