#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <type_traits>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key_wrap.h"
#include "crypto/secret.h"

namespace warifu::crypto {
namespace {

std::string unhex(std::string_view text) { return hex_decode(text).value(); }
std::string hex(std::string_view bytes) { return hex_encode(as_bytes(bytes)); }

TEST(Sha256Test, agrees_with_fips_180_examples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(HmacSha256Test, agrees_with_rfc_4231) {
  struct Case {
    std::string key, message, mac;
  };
  const std::vector<Case> cases = {
      {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {unhex("0102030405060708090a0b0c0d0e0f10111213141516171819"), std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
       "hashed "
       "before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"}};
  for (const Case& c : cases) EXPECT_EQ(hex_encode(hmac_sha256(as_bytes(c.key), c.message)), c.mac) << c.message;
}

TEST(HkdfSha256Test, agrees_with_rfc_5869) {
  struct Case {
    std::string key, salt, info, out;
  };
  const std::string ikm2 =
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637"
      "38"
      "393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f";
  const std::string salt2 =
      "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f9091929394959697"
      "98"
      "999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
  const std::string info2 =
      "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7"
      "e8"
      "e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";
  const std::vector<Case> cases = {
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
       "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
      {ikm2, salt2, info2,
       "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b"
       "836"
       "7793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
      {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
       "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"}};
  for (const Case& c : cases) {
    const std::string key = unhex(c.key);
    const std::string salt = unhex(c.salt);
    EXPECT_EQ(hex_encode(hkdf_sha256(as_bytes(key), as_bytes(salt), unhex(c.info), c.out.size() / 2).bytes()), c.out);
  }
}

struct GcmCase {
  const char *key, *nonce, *plaintext, *aad, *sealed;
};

// The GCM specification's test cases 13 to 16, all with 256-bit keys (McGrew and Viega, appendix B).
constexpr GcmCase kGcmCases[] = {
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "00000000000000000000000000000000", "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
     "a"
     "637b391aafd255",
     "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0ab"
     "c"
     "c9f662898015adb094dac5d93471bdec1a502270e3cc6c"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
     "a"
     "637b39",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0ab"
     "c"
     "c9f66276fc6ece0f4e1768cddf8853bb2d551b"}};

Nonce nonce_from(std::string_view bytes) {
  Nonce nonce;
  std::ranges::copy(as_bytes(bytes), nonce.begin());
  return nonce;
}

TEST(AeadTest, agrees_with_the_gcm_specification) {
  for (const GcmCase& c : kGcmCases) {
    const Aead aead(SecretBytes::copy_of(unhex(c.key)));
    const Nonce nonce = nonce_from(unhex(c.nonce));
    EXPECT_EQ(hex(aead.seal_with(nonce, unhex(c.plaintext), unhex(c.aad))), c.sealed);
    EXPECT_EQ(aead.open_with(nonce, unhex(c.sealed), unhex(c.aad)), unhex(c.plaintext));
  }
}

TEST(AeadTest, refuses_every_changed_bit_and_every_cut) {
  const Aead aead(random_secret(kAeadKeyBytes));
  const std::string sealed = aead.seal("a value", "its key");
  ASSERT_EQ(sealed.size(), 7 + kAeadOverheadBytes);
  ASSERT_EQ(aead.open(sealed, "its key"), "a value");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(aead.open(changed, "its key"), std::nullopt) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size)
    EXPECT_EQ(aead.open(sealed.substr(0, size), "its key"), std::nullopt);
  EXPECT_EQ(aead.open(sealed + "x", "its key"), std::nullopt);
}

TEST(AeadTest, opens_under_its_own_key_and_additional_data_only) {
  const Aead aead(random_secret(kAeadKeyBytes));
  const Aead other(random_secret(kAeadKeyBytes));
  const std::string sealed = aead.seal("a value", "its key");
  EXPECT_EQ(aead.open(sealed, "another key"), std::nullopt);
  EXPECT_EQ(aead.open(sealed, ""), std::nullopt);
  EXPECT_EQ(other.open(sealed, "its key"), std::nullopt);
  EXPECT_EQ(aead.open(sealed, "its key"), "a value");
}

TEST(AeadTest, seals_under_a_fresh_nonce_each_time) {
  const Aead aead(random_secret(kAeadKeyBytes));
  EXPECT_NE(aead.seal("", "").substr(0, kAeadNonceBytes), aead.seal("", "").substr(0, kAeadNonceBytes));
  std::string out = "prefix";
  aead.seal_append("value", "aad", out);
  EXPECT_EQ(out.substr(0, 6), "prefix");
  EXPECT_EQ(aead.open(std::string_view(out).substr(6), "aad"), "value");
}

TEST(AeadTest, is_shared_between_threads) {
  const Aead aead(random_secret(kAeadKeyBytes));
  std::vector<std::jthread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string text = std::to_string(t * 1000 + i);
        if (aead.open(aead.seal(text, text), text) != text) ++failures;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(failures, 0);
}

TEST(KeyWrapTest, agrees_with_rfc_3394) {
  const std::string kek = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  struct Case {
    const char *key, *wrapped;
  };
  // RFC 3394 sections 4.3, 4.5 and 4.6.
  const Case cases[] = {{"00112233445566778899aabbccddeeff", "64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7"},
                        {"00112233445566778899aabbccddeeff0001020304050607",
                         "a8f9bc1612c68b3ff6e6f4fbe30e71e4769c8b80a32cb8958cd5d17d6b254da1"},
                        {"00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
                         "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"}};
  for (const Case& c : cases) {
    const std::string key = unhex(c.key);
    const std::string wrapped = unhex(c.wrapped);
    EXPECT_EQ(hex_encode(wrap_key(as_bytes(kek), as_bytes(key)).bytes()), c.wrapped);
    const auto unwrapped = unwrap_key(as_bytes(kek), as_bytes(wrapped));
    ASSERT_TRUE(unwrapped.has_value());
    EXPECT_EQ(hex_encode(unwrapped->bytes()), c.key);
  }
}

TEST(KeyWrapTest, refuses_changed_bytes_other_keys_and_impossible_lengths) {
  const SecretBytes kek = random_secret(32);
  const SecretBytes key = random_secret(32);
  const SecretBytes wrapped = wrap_key(kek.bytes(), key.bytes());
  EXPECT_FALSE(unwrap_key(random_secret(32).bytes(), wrapped.bytes()).has_value());
  for (std::size_t i = 0; i < wrapped.size(); ++i) {
    SecretBytes changed = wrapped.clone();
    changed.mutable_bytes()[i] ^= std::byte{1};
    EXPECT_FALSE(unwrap_key(kek.bytes(), changed.bytes()).has_value()) << i;
  }
  for (std::size_t size = 0; size < wrapped.size(); ++size) {
    EXPECT_FALSE(unwrap_key(kek.bytes(), wrapped.bytes().first(size)).has_value()) << size;
  }
}

TEST(SecretBytesTest, moves_leave_nothing_behind_and_copies_are_explicit) {
  static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);
  SecretBytes a = SecretBytes::copy_of("secret");
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT: the moved-from state is the subject
  EXPECT_EQ(b.reveal(), "secret");
  const SecretBytes c = b.clone();
  b = SecretBytes::copy_of("other");
  EXPECT_EQ(c.reveal(), "secret");
  EXPECT_EQ(b.reveal(), "other");
}

TEST(SecretBytesTest, wipe_overwrites) {
  std::string text = "secret";
  wipe(std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(text, std::string(6, '\0'));
}

TEST(ConstantTimeEqualTest, compares_content_and_length) {
  EXPECT_TRUE(constant_time_equal("abc", "abc"));
  EXPECT_TRUE(constant_time_equal("", ""));
  EXPECT_FALSE(constant_time_equal("abc", "abd"));
  EXPECT_FALSE(constant_time_equal("abc", "ab"));
  EXPECT_FALSE(constant_time_equal("", "a"));
}

TEST(RandomBytesTest, differ_each_time) {
  const SecretBytes a = random_secret(32);
  const SecretBytes b = random_secret(32);
  EXPECT_FALSE(constant_time_equal(a.bytes(), b.bytes()));
}

}  // namespace
}  // namespace warifu::crypto
