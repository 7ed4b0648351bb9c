// The codec on the two hot operations: a 1 KB CreateEvent in and out, a GetEvent routed, decoded and answered.
#include <benchmark/benchmark.h>

#include "gen/agentcore/events.h"
#include "gen/model/services.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/route.h"

namespace {

using namespace warifu;
namespace m = model::agentcore;

const wire::Router& router() {
  static const wire::Router instance(model::services());
  return instance;
}

const wire::Service& service() { return *router().service("bedrock-agentcore"); }

std::string one_kilobyte() { return std::string(900, 'x') + " \\\"quoted\\\" grüezi"; }

http::Request create_event() {
  http::Request request;
  request.method = "POST";
  request.target =
      "/memories/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2FShared-NCd6eP6wJq/events";
  request.body =
      R"({"actorId": "team/user:1", "sessionId": "s-1", "eventTimestamp": 1783165130.534, "payload": )"
      R"([{"conversational": {"content": {"text": ")" +
      one_kilobyte() +
      R"("}, "role": "USER"}}], "metadata": {"k": {"stringValue": "v"}}, )"
      R"("clientToken": "2f3e6a52-8c1a-4a43-9f0e-2d2f7f0d3a11"})";
  return request;
}

http::Request get_event() {
  http::Request request;
  request.method = "GET";
  request.target =
      "/memories/Shared-NCd6eP6wJq/actor/user-001/sessions/session-1/events/0000001783165130534%233f3e979a";
  return request;
}

template <class Input>
void decode_one(benchmark::State& state, const http::Request& request) {
  for (auto _ : state) {
    const auto routed = router().route(service(), request);
    Input input;
    const auto decoded = wire::decode(*routed->operation, request, *routed, &input);
    if (!decoded) state.SkipWithError(decoded.error().message.c_str());
    benchmark::DoNotOptimize(input);
  }
}

void route_and_decode_create_event(benchmark::State& state) { decode_one<m::CreateEventInput>(state, create_event()); }
void route_and_decode_get_event(benchmark::State& state) { decode_one<m::GetEventInput>(state, get_event()); }

void encode_event(benchmark::State& state) {
  m::GetEventOutput output;
  output.event = {.memory_id = "Shared-NCd6eP6wJq",
                  .actor_id = "user-001",
                  .session_id = "session-1",
                  .event_id = "0000001783165130534#3f3e979a",
                  .event_timestamp = {1783165130534},
                  .branch = m::Branch{.name = "main"}};
  output.event.payload =
      wire::Document{R"([{"conversational":{"content":{"text":")" + one_kilobyte() + R"("},"role":"USER"}}])"};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        wire::encode(*m::ops::kGetEvent.operation, &output, "7a62c49f-347e-4fc4-9331-6e8e00000000"));
  }
}

BENCHMARK(route_and_decode_create_event);
BENCHMARK(route_and_decode_get_event);
BENCHMARK(encode_event);

}  // namespace

BENCHMARK_MAIN();
