// Any request to any service: it is routed, decoded, and read as authorization reads it. Its body is also decoded as
// the output of its operation, or as inputs and outputs of all operations where the service is `all`: what decodes must
// be valid, and must encode to what decodes again.
//
// Form of an input: `<signing name> <METHOD> <target>` on the first line, the body after it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gen/model/services.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/member.h"
#include "wire/route.h"

namespace {

using namespace warifu;

void expect(bool holds) {
  if (!holds) std::abort();
}

std::string_view next_word(std::string_view& text) {
  const std::size_t end = text.find(' ');
  const std::string_view word = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return word;
}

void read_as_authorization_does(const wire::Operation& operation, const void* input) {
  std::size_t bytes = 0;
  for (const wire::Permission& permission : operation.permissions) {
    if (!wire::applies(operation, permission, input)) continue;
    const auto arn =
        wire::resource_arn(operation, permission, input, {.region = "us-east-1", .account = "111111111111"});
    bytes += arn ? arn->size() : 0;
    wire::each_context_value(operation, &permission, input, [&](const wire::ContextValue& value) {
      bytes += value.value.size() + value.suffix.size();
    });
  }
  expect(bytes < (1U << 30U));
}

/// Decodes the body as one shape of the operation over json 1.1, which needs no labels, then there and back again.
void round_trip(const wire::Operation& operation, const wire::Shape& shape, const http::Request& request) {
  static const wire::Service kJson{
      .name = "json", .signing_name = "json", .event_source = "", .protocol = wire::Protocol::kJson11};
  wire::Operation json = operation;
  json.service = &kJson;
  json.input = &shape;
  json.output = &shape;
  const wire::Erased first = wire::make_erased(shape);
  if (!wire::decode(json, request, {.operation = &json}, first.get())) return;
  http::Request again;
  again.method = "POST";
  again.body = wire::encode(json, first.get(), "r").body;
  json.body_bytes_max = again.body.size();
  const wire::Erased second = wire::make_erased(shape);
  expect(wire::decode(json, again, {.operation = &json}, second.get()).has_value());
  expect(wire::encode(json, second.get(), "r").body == again.body);
  expect(wire::encode(operation, wire::make_erased(*operation.output).get(), "r").status >= 200);
}

void decode_request(const wire::Service& service, const wire::Router& router, const http::Request& request) {
  const Result<wire::Routed> routed = router.route(service, request);
  if (!routed) {
    expect(!wire::encode_error(&service, nullptr, routed.error(), "r").body.empty());
    return;
  }
  const wire::Operation& operation = *routed->operation;
  round_trip(operation, *operation.output, request);
  const wire::Erased input = wire::make_input(operation);
  const Result<> decoded = wire::decode(operation, request, *routed, input.get());
  if (!decoded) {
    expect(!decoded.error().message.empty());
    expect(wire::encode_error(&service, &operation, decoded.error(), "r").status >= 400);
    return;
  }
  expect(wire::validate(operation, input.get()).has_value());
  read_as_authorization_does(operation, input.get());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const wire::Router router(model::services());
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line_end = text.find('\n');
  std::string_view line = text.substr(0, line_end);
  http::Request request;
  const std::string_view name = next_word(line);
  request.method = next_word(line);
  request.target = line;
  if (line_end != std::string_view::npos) request.body = text.substr(line_end + 1);

  (void)router.unsigned_operation(request);
  if (const wire::Service* service = router.service(name)) decode_request(*service, router, request);
  if (name != "all") return 0;
  for (const wire::Service* service : model::services()) {
    for (const wire::Operation* operation : service->operations) {
      round_trip(*operation, *operation->input, request);
      round_trip(*operation, *operation->output, request);
    }
  }
  return 0;
}
