#include "crypto/digest.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace warifu::crypto {
namespace {

std::uint64_t crc_of(CrcKind kind, std::string_view text) {
  RunningCrc crc(kind);
  crc.add(text);
  return crc.value();
}

// RFC 1321, RFC 2202, and the check values of the CRC catalogue.
TEST(Digest, KnownAnswersHold) {
  EXPECT_EQ(hex_encode(as_bytes(md5("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex_encode(as_bytes(hmac_sha1("Jefe", "what do ya want for nothing?"))),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hex_encode(
                as_bytes(hmac_sha1(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"))),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
  EXPECT_EQ(crc_of(CrcKind::kCrc32, "123456789"), 0xcbf43926U);
  EXPECT_EQ(crc_of(CrcKind::kCrc32c, "123456789"), 0xe3069283U);
  EXPECT_EQ(crc_of(CrcKind::kCrc64Nvme, "123456789"), 0xae8b14860a799888U);
}

TEST(Digest, PiecesMakeTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text.push_back(static_cast<char>(i * 7));
  RunningDigest digest(DigestKind::kSha1);
  digest.add(text.substr(0, 333));
  digest.add(text.substr(333));
  const std::string once = digest.finish();
  digest.add(text);
  EXPECT_EQ(digest.finish(), once);
  for (const CrcKind kind : {CrcKind::kCrc32, CrcKind::kCrc32c, CrcKind::kCrc64Nvme}) {
    for (const std::size_t cut : {0U, 1U, 7U, 500U, 1000U}) {
      RunningCrc crc(kind);
      crc.add(text.substr(0, cut));
      crc.add(text.substr(cut));
      EXPECT_EQ(crc.value(), crc_of(kind, text));
      EXPECT_EQ(combine_crc(kind, crc_of(kind, text.substr(0, cut)), crc_of(kind, text.substr(cut)), 1000 - cut),
                crc_of(kind, text));
    }
  }
}

}  // namespace
}  // namespace warifu::crypto
