#include "services/bedrock/operations.h"

#include <utility>

#include "services/bedrock/converse.h"
#include "services/bedrock/converse_stream.h"

namespace warifu::services::bedrock {

void bind(api::Registry& registry, llm::ChatModel* model) {
  namespace ops = model::bedrock::ops;
  registry.bind(ops::kConverse, [model](api::Call& call, model::bedrock::ConverseInput input) {
    return converse(call, model, std::move(input));
  });
  registry.bind_stream<model::bedrock::ConverseEvent>(
      ops::kConverseStream, [model](api::Call& call, model::bedrock::ConverseStreamInput input) {
        return converse_stream(call, model, std::move(input));
      });
}

}  // namespace warifu::services::bedrock
