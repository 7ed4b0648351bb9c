#include "base/encoding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace warifu {
namespace {

std::string all_bytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

TEST(Hex, writes_lower_case_and_reads_both) {
  EXPECT_EQ(hex_encode(as_bytes(std::string_view("\x00\xff\x1a", 3))), "00ff1a");
  EXPECT_EQ(hex_decode("00FF1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_EQ(hex_decode(""), "");
  for (const char* text : {"0", "0g", "g0", " 0", "0x", "000"}) EXPECT_EQ(hex_decode(text), std::nullopt) << text;
  EXPECT_EQ(hex_decode(hex_encode(as_bytes(all_bytes()))), all_bytes());
}

TEST(Base64, agrees_with_rfc_4648) {
  const std::pair<const char*, const char*> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded), plain);
  }
}

TEST(Base64, is_strict) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v====", "=",
                           "====", "Zg==Zg==", "Z-_v", "Zm9vYg==\n"}) {
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  }
}

TEST(Base64Url, writes_without_padding_and_reads_with_or_without) {
  const std::string bytes("\xfb\xff\xfe\x00", 4);
  EXPECT_EQ(base64url_encode(bytes), "-__-AA");
  EXPECT_EQ(base64url_decode("-__-AA"), bytes);
  EXPECT_EQ(base64url_decode("-__-AA=="), bytes);
  for (const char* text : {"-__-A", "+__-AA", "-_/-AA", "-__-AB", "-__ AA"})
    EXPECT_EQ(base64url_decode(text), std::nullopt) << text;
}

TEST(Encodings, read_back_what_they_wrote) {
  SeededRandom random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    random.fill(std::as_writable_bytes(std::span(bytes)));
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
    EXPECT_EQ(base64url_decode(base64url_encode(bytes)), bytes);
    EXPECT_EQ(hex_decode(hex_encode(as_bytes(bytes))), bytes);
    EXPECT_EQ(percent_decode(percent_encode(bytes)), bytes);
    EXPECT_EQ(percent_decode(percent_encode_path(bytes)), bytes);
  }
}

TEST(Percent, encodes_all_but_unreserved_characters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a/b c+d%:#\xc3\xbc"), "a%2Fb%20c%2Bd%25%3A%23%C3%BC");
  EXPECT_EQ(percent_encode_path("/a/b c"), "/a/b%20c");
  std::size_t kept = 0;
  for (const char c : all_bytes()) kept += percent_encode(std::string(1, c)).size() == 1 ? 1 : 0;
  EXPECT_EQ(kept, 66u);
}

TEST(Percent, decodes_once) {
  EXPECT_EQ(percent_decode("a%2Fb%2f%20+"), "a/b/ +");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode("%253A"), "%3A");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  for (const char* text : {"%", "%4", "a%", "%g0", "%0g", "%%41", "% 1"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

TEST(Utf8, knows_well_formed_text) {
  for (const char* text : {"", "ascii", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(text)) << percent_encode(text);
  }
  for (const char* text : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xe0\xa0",
                           "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xe2\x28\xa1"}) {
    EXPECT_FALSE(is_utf8(text)) << percent_encode(text);
  }
}

TEST(Utf8, counts_code_points) {
  EXPECT_EQ(utf8_length(""), 0u);
  EXPECT_EQ(utf8_length("abc"), 3u);
  EXPECT_EQ(utf8_length("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80"), 3u);
}

TEST(Ascii, folds_case_of_letters_only) {
  EXPECT_EQ(to_lower("ABC[@`{Z\xc3\x9c"), "abc[@`{z\xc3\x9c");
  EXPECT_TRUE(iequals("X-Amz-Date", "x-amz-DATE"));
  EXPECT_TRUE(iequals("", ""));
  EXPECT_FALSE(iequals("a", "aa"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_FALSE(iequals("@", "`"));
  EXPECT_FALSE(iequals("\xc3\x9c", "\xc3\xbc"));
}

}  // namespace
}  // namespace warifu
