#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "lint/lint.h"

// Any text may be linted: what is no policy has one finding, the error, and every finding has its words.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* attached_to : {"", "arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/a-0123456789"}) {
    for (const lint::Finding& finding : lint::lint(text, {.attached_to = attached_to})) {
      CHECK(!finding.code.empty() && !finding.details.empty(), "a finding says what it is");
      (void)lint::path_text(finding.path);
    }
  }
  return 0;
}
