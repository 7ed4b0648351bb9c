// Any bytes as a document, and as the arguments of its tools: tools within their bounds or a refusal; a request stays
// on its server, has no header of two lines, and no path that climbs.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "openapi/openapi.h"

namespace {

using warifu::openapi::Request;
using warifu::openapi::Tool;

void expect(bool holds) {
  if (!holds) std::abort();
}

bool is_printable(std::string_view text) {
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7f) return false;
  }
  return true;
}

void expect_sound(const Tool& tool, const Request& request) {
  expect(request.url.starts_with(tool.server + "/") && is_printable(request.url));
  expect(request.url.size() <= warifu::openapi::kUrlBytesMax);
  const std::string path = request.url.substr(tool.server.size(), request.url.find('?') - tool.server.size()) + "/";
  expect(path.find("/../") == std::string::npos && path.find("/./") == std::string::npos);
  for (const auto& [name, value] : request.headers) {
    expect(!name.empty() && value.find_first_of("\r\n") == std::string::npos &&
           name.find_first_of("\r\n: ") == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 50'000) return 0;
  std::string_view document(reinterpret_cast<const char*>(data), size);
  // What follows a form feed are the arguments.
  const std::size_t end = std::min(document.find('\f'), size);
  const auto given = end < size ? warifu::json::parse(document.substr(end + 1)) : warifu::json::parse("{}");
  const auto tools = warifu::openapi::read(document.substr(0, end), {.bytes_max = 50'000});
  if (!tools) return 0;
  expect(!tools->empty() && tools->size() <= warifu::openapi::kToolsMax);
  for (const Tool& tool : *tools) {
    expect(!tool.name.empty() && tool.input_schema.is_object() && warifu::json::parse(tool.input_schema.dump()));
    if (!given) continue;
    if (const auto request = request_for(tool, *given)) expect_sound(tool, *request);
  }
  return 0;
}
