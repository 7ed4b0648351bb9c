// Any text: an ARN's fields join to the text that it was read from; ids and encodings read back what they wrote.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/arn.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/time.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

void check_arn(std::string_view text) {
  const auto arn = warifu::ArnView::parse(text);
  if (!arn) return;
  const std::string joined = "arn:" + std::string(arn->partition) + ":" + std::string(arn->service) + ":" +
                             std::string(arn->region) + ":" + std::string(arn->account) + ":" +
                             std::string(arn->resource);
  expect(joined == text);
  expect(!arn->resource.empty() && !arn->service.empty() && !arn->partition.empty());
  expect(arn->resource.ends_with(arn->resource_id()) && arn->resource.starts_with(arn->resource_type()));
}

void check_times(std::string_view text) {
  constexpr std::int64_t kYear10000 = 253'402'300'800'000;  // a leap second may lead there, where four digits end
  const auto basic = warifu::parse_iso8601_basic(text);
  if (basic && basic->ms < kYear10000) expect(warifu::parse_iso8601_basic(warifu::iso8601_basic(*basic)) == basic);
  const auto http = warifu::parse_http_date(text);
  if (http && http->ms < kYear10000) expect(warifu::parse_http_date(warifu::http_date(*http)) == http);
  if (const auto time = warifu::parse_iso8601(text)) (void)warifu::iso8601_ms(*time);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_arn(text);
  check_times(text);
  (void)warifu::AccountId::parse(text);
  (void)warifu::AccessKeyId::parse(text);
  (void)warifu::hex_decode(text);
  expect(warifu::percent_decode(warifu::percent_encode(text)) == text);
  expect(warifu::base64_decode(warifu::base64_encode(text)) == text);
  expect(warifu::base64url_decode(warifu::base64url_encode(text)) == text);
  if (const auto decoded = warifu::base64_decode(text)) expect(warifu::base64_encode(*decoded) == text);
  if (warifu::is_utf8(text)) (void)warifu::utf8_length(text);
  return 0;
}
