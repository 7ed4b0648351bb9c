#include "extract/schemas.h"

namespace warifu::extract {
namespace {

constexpr std::string_view kFacts =
    R"({"type":"object","additionalProperties":false,"required":["memories"],)"
    R"("properties":{"memories":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["fact"],"properties":{"fact":{"type":"string"}}}}}})";

constexpr std::string_view kPreferences =
    R"({"type":"object","additionalProperties":false,"required":["memories"],)"
    R"("properties":{"memories":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["context","preference","categories"],"properties":{"context":{"type":"string"},)"
    R"("preference":{"type":"string"},"categories":{"type":"array","items":{"type":"string"}}}}}}})";

constexpr std::string_view kTopics =
    R"({"type":"object","additionalProperties":false,"required":["memories"],)"
    R"("properties":{"memories":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["name","text"],"properties":{"name":{"type":"string"},"text":{"type":"string"}}}}}})";

constexpr std::string_view kEpisodes =
    R"({"type":"object","additionalProperties":false,"required":["memories"],)"
    R"("properties":{"memories":{"type":"array","items":{"type":"object","additionalProperties":false,)"
    R"("required":["situation","intent","assessment","justification","reflection"],)"
    R"("properties":{"situation":{"type":"string"},"intent":{"type":"string"},)"
    R"("assessment":{"type":"string","enum":["Yes","Partially","No"]},"justification":{"type":"string"},)"
    R"("reflection":{"type":"string"}}}}}})";

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

}  // namespace

Schema extraction_schema(Kind kind) {
  switch (kind) {
    case Kind::kPreference:
      return {"preferences", kPreferences};
    case Kind::kSummary:
      return {"topics", kTopics};
    case Kind::kEpisode:
      return {"episodes", kEpisodes};
    case Kind::kReflection:
      return {"reflections", kReflections};
    case Kind::kSemantic:
      break;
  }
  return {"facts", kFacts};
}

Schema operations_schema() { return {"operations", kOperations}; }
Schema reflections_schema() { return {"reflections", kReflections}; }

}  // namespace warifu::extract
