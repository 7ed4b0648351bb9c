#include "extract/schemas.h"

#include <fmt/format.h>

namespace warifu::extract {
namespace {

/// One memory: its required members and what they are.
struct Item {
  std::string_view name;
  std::string_view required;
  std::string_view properties;
};

constexpr Item kFacts{"facts", R"("fact")", R"("fact":{"type":"string"})"};

constexpr Item kPreferences{"preferences", R"("context","preference","categories")",
                            R"("context":{"type":"string"},"preference":{"type":"string"},)"
                            R"("categories":{"type":"array","items":{"type":"string"}})"};

constexpr Item kTopics{"topics", R"("name","text")", R"("name":{"type":"string"},"text":{"type":"string"})"};

constexpr Item kEpisodes{"episodes", R"("situation","intent","assessment","justification","reflection")",
                         R"("situation":{"type":"string"},"intent":{"type":"string"},)"
                         R"("assessment":{"type":"string","enum":["Yes","Partially","No"]},)"
                         R"("justification":{"type":"string"},"reflection":{"type":"string"})"};

constexpr std::string_view kOperations =
    R"({"type":"object","additionalProperties":false,"required":["operations"],)"
    R"("properties":{"operations":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["memory","operation","update_id","updated_memory"],)"
    R"("properties":{"memory":{"type":"integer"},"operation":{"type":"string","enum":["AddMemory",)"
    R"("UpdateMemory","SkipMemory"]},"update_id":{"type":["integer","null"]},)"
    R"("updated_memory":{"type":["string","null"]}}}}}})";

constexpr Item kReflections{"reflections", R"("operator","id","title","use_cases","hints","confidence")",
                            R"("operator":{"type":"string","enum":["add","update"]},"id":{"type":["integer","null"]},)"
                            R"("title":{"type":"string"},"use_cases":{"type":"string"},"hints":{"type":"string"},)"
                            R"("confidence":{"type":"number"})"};

const Item& item_of(Kind kind) {
  switch (kind) {
    case Kind::kPreference:
      return kPreferences;
    case Kind::kSummary:
      return kTopics;
    case Kind::kEpisode:
      return kEpisodes;
    case Kind::kSemantic:
    case Kind::kReflection:
      break;
  }
  return kFacts;
}

/// An object whose one member `list` is a list of such items, each with the metadata that `fields` ask for.
Schema list_schema(std::string_view list, const Item& item, std::span<const MetadataField> fields) {
  const std::string metadata = metadata_schema(fields);
  return {item.name,
          fmt::format(R"({{"type":"object","additionalProperties":false,"required":["{0}"],)"
                      R"("properties":{{"{0}":{{"type":"array","items":{{"type":"object",)"
                      R"("additionalProperties":false,"required":[{1}{2}],"properties":{{{3}{4}{5}}}}}}}}}}})",
                      list, item.required, metadata.empty() ? "" : R"(,"metadata")", item.properties,
                      metadata.empty() ? "" : ",", metadata)};
}

}  // namespace

Schema extraction_schema(Kind kind, std::span<const MetadataField> fields) {
  return list_schema("memories", item_of(kind), fields);
}

Schema operations_schema() { return {"operations", std::string(kOperations)}; }
Schema reflections_schema(std::span<const MetadataField> fields) {
  return list_schema("reflections", kReflections, fields);
}

}  // namespace warifu::extract
