#include "extract/schemas.h"

namespace warifu::extract {
namespace {

constexpr std::string_view kFacts =
    R"({"type":"object","additionalProperties":false,"required":["memories"],"properties":{"memories":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["fact"],"properties":{"fact":{"type":"string"}}}}}})";

constexpr std::string_view kPreferences =
    R"({"type":"object","additionalProperties":false,"required":["memories"],"properties":{"memories":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["context","preference","categories"],"properties":)"
    R"({"context":{"type":"string"},"preference":{"type":"string"},"categories":{"type":"array","items":{"type":"string"}}}}}}})";

constexpr std::string_view kTopics =
    R"({"type":"object","additionalProperties":false,"required":["memories"],"properties":{"memories":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["name","text"],"properties":)"
    R"({"name":{"type":"string"},"text":{"type":"string"}}}}}})";

constexpr std::string_view kEpisodes =
    R"({"type":"object","additionalProperties":false,"required":["memories"],"properties":{"memories":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["situation","intent","assessment","justification","reflection"],)"
    R"("properties":{"situation":{"type":"string"},"intent":{"type":"string"},"assessment":{"type":"string","enum":)"
    R"(["Yes","Partially","No"]},"justification":{"type":"string"},"reflection":{"type":"string"}}}}}})";

constexpr std::string_view kOperations =
    R"({"type":"object","additionalProperties":false,"required":["operations"],"properties":{"operations":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["memory","operation","update_id","updated_memory"],"properties":)"
    R"({"memory":{"type":"integer"},"operation":{"type":"string","enum":["AddMemory","UpdateMemory","SkipMemory"]},)"
    R"("update_id":{"type":["integer","null"]},"updated_memory":{"type":["string","null"]}}}}}})";

constexpr std::string_view kReflections =
    R"({"type":"object","additionalProperties":false,"required":["reflections"],"properties":{"reflections":{"type":"array","items":)"
    R"({"type":"object","additionalProperties":false,"required":["operator","id","title","use_cases","hints","confidence"],)"
    R"("properties":{"operator":{"type":"string","enum":["add","update"]},"id":{"type":["integer","null"]},)"
    R"("title":{"type":"string"},"use_cases":{"type":"string"},"hints":{"type":"string"},"confidence":{"type":"number"}}}}}})";

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
