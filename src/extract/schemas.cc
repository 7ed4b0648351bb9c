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

constexpr std::string_view kReflections =
    R"({"type":"object","additionalProperties":false,"required":["reflections"],)"
    R"("properties":{"reflections":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["operator","id","title","use_cases","hints","confidence"],)"
    R"("properties":{"operator":{"type":"string","enum":["add","update"]},"id":{"type":["integer","null"]},)"
    R"("title":{"type":"string"},"use_cases":{"type":"string"},"hints":{"type":"string"},)"
    R"("confidence":{"type":"number"}}}}}})";

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

}  // namespace

Schema extraction_schema(Kind kind, std::span<const MetadataField> fields) {
  const Item& item = item_of(kind);
  const std::string metadata = metadata_schema(fields);
  return {item.name, fmt::format(R"({{"type":"object","additionalProperties":false,"required":["memories"],)"
                                 R"("properties":{{"memories":{{"type":"array","items":{{"type":"object",)"
                                 R"("additionalProperties":false,"required":[{}{}],"properties":{{{}{}{}}}}}}}}}}})",
                                 item.required, metadata.empty() ? "" : R"(,"metadata")", item.properties,
                                 metadata.empty() ? "" : ",", metadata)};
}

Schema operations_schema() { return {"operations", std::string(kOperations)}; }
Schema reflections_schema() { return {"reflections", std::string(kReflections)}; }

}  // namespace warifu::extract
