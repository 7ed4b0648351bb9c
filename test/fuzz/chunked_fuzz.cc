// A chunked upload body from anyone: its decoder refuses or gives content no longer than the body, and never takes a
// signed chunk that nobody signed.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sigv4/streaming.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu;
  http::Request request;
  request.body.assign(reinterpret_cast<const char*>(data), size);
  request.headers.add("x-amz-trailer", "x-amz-checksum-crc32,x-amz-checksum-sha256");
  sigv4::AuthParams params;
  params.amz_date = "20150830T123600Z";
  params.scope = {"20150830", "us-east-1", "s3", sigv4::kTerminator};
  params.signature = "seed";
  static const auto key = sigv4::SigningKey::derive("secret", "20150830", "us-east-1", "s3");
  for (const auto payload :
       {sigv4::Payload::kStreaming, sigv4::Payload::kStreamingTrailer, sigv4::Payload::kStreamingUnsignedTrailer}) {
    params.payload = payload;
    const auto body = sigv4::decode_streaming(request, params, key);
    if (!body) continue;
    if (payload != sigv4::Payload::kStreamingUnsignedTrailer || body->content.size() > size) std::abort();
  }
  return 0;
}
