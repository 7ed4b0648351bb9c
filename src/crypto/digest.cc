#include "crypto/digest.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <utility>

#include "base/check.h"

namespace warifu::crypto {
namespace {

constexpr std::size_t kHmacBlockBytes = 64;

const EVP_MD* method(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5:
      return EVP_md5();
    case DigestKind::kSha1:
      return EVP_sha1();
    case DigestKind::kSha256:
      break;
  }
  return EVP_sha256();
}

std::string digest_of(DigestKind kind, std::string_view bytes) {
  RunningDigest digest(kind);
  digest.add(bytes);
  return digest.finish();
}

/// How a byte at distance 0 to 7 from the end of a block of eight changes the sum.
struct CrcTables {
  std::array<std::array<std::uint64_t, 256>, 8> at{};
  std::uint64_t polynomial = 0;
  unsigned bits = 32;
};

constexpr CrcTables tables_of(std::uint64_t polynomial, unsigned bits) {
  CrcTables out;
  out.polynomial = polynomial;
  out.bits = bits;
  for (std::uint64_t byte = 0; byte < 256; ++byte) {
    std::uint64_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1U) ^ ((sum & 1U) != 0 ? polynomial : 0);
    out.at[0][byte] = sum;
  }
  for (std::size_t i = 1; i < 8; ++i) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint64_t before = out.at[i - 1][byte];
      out.at[i][byte] = (before >> 8U) ^ out.at[0][before & 0xffU];
    }
  }
  return out;
}

const CrcTables& tables(CrcKind kind) {
  static const CrcTables kCrc32 = tables_of(0xedb88320U, 32);
  static const CrcTables kCrc32c = tables_of(0x82f63b78U, 32);
  static const CrcTables kCrc64 = tables_of(0x9a6c9329ac4bc9b5U, 64);
  switch (kind) {
    case CrcKind::kCrc32:
      return kCrc32;
    case CrcKind::kCrc32c:
      return kCrc32c;
    case CrcKind::kCrc64Nvme:
      break;
  }
  return kCrc64;
}

std::uint64_t all_ones(const CrcTables& t) { return t.bits == 64 ? ~std::uint64_t{0} : 0xffffffffU; }

using Matrix = std::array<std::uint64_t, 64>;

std::uint64_t times(const Matrix& matrix, std::uint64_t vector) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; vector != 0; ++i, vector >>= 1U) out ^= (vector & 1U) != 0 ? matrix[i] : 0;
  return out;
}

Matrix squared(const Matrix& matrix, unsigned bits) {
  Matrix out{};
  for (std::size_t i = 0; i < bits; ++i) out[i] = times(matrix, matrix[i]);
  return out;
}

}  // namespace

struct RunningDigest::State {
  explicit State(DigestKind of) : kind(of), context(EVP_MD_CTX_new()) {
    CHECK(context != nullptr, "out of memory");
    begin();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void begin() { CHECK(EVP_DigestInit_ex(context, method(kind), nullptr) == 1); }

  DigestKind kind;
  EVP_MD_CTX* context;
};

RunningDigest::RunningDigest(DigestKind kind) : state_(std::make_unique<State>(kind)) {}
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;
RunningDigest::~RunningDigest() = default;

void RunningDigest::add(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

std::string RunningDigest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  CHECK(EVP_DigestFinal_ex(state_->context, out.data(), &size) == 1);
  state_->begin();
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string md5(std::string_view bytes) { return digest_of(DigestKind::kMd5, bytes); }

std::string hmac_sha1(std::string_view key, std::string_view message) {
  std::string block = key.size() > kHmacBlockBytes ? digest_of(DigestKind::kSha1, key) : std::string(key);
  block.resize(kHmacBlockBytes, '\0');
  std::string inner = block;
  std::string outer = block;
  for (char& c : inner) c = static_cast<char>(c ^ 0x36);
  for (char& c : outer) c = static_cast<char>(c ^ 0x5c);
  return digest_of(DigestKind::kSha1, outer + digest_of(DigestKind::kSha1, inner.append(message)));
}

std::size_t crc_bytes(CrcKind kind) { return tables(kind).bits / 8; }

RunningCrc::RunningCrc(CrcKind kind) : kind_(kind), state_(all_ones(tables(kind))) {}

void RunningCrc::add(std::string_view bytes) {
  const CrcTables& t = tables(kind_);
  const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
  std::uint64_t sum = state_;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t block = sum;
    for (std::size_t k = 0; k < 8; ++k) block ^= byte(i + k) << (8 * k);
    sum = 0;
    for (std::size_t k = 0; k < 8; ++k) sum ^= t.at[7 - k][(block >> (8 * k)) & 0xffU];
  }
  for (; i < bytes.size(); ++i) sum = (sum >> 8U) ^ t.at[0][(sum ^ byte(i)) & 0xffU];
  state_ = sum;
}

std::uint64_t RunningCrc::value() const { return state_ ^ all_ones(tables(kind_)); }

// The sum is linear over GF(2): to pass a zero bit over it is a matrix, and n of them its nth power.
std::uint64_t combine_crc(CrcKind kind, std::uint64_t first, std::uint64_t second, std::uint64_t second_bytes) {
  const CrcTables& t = tables(kind);
  Matrix power{};
  power[0] = t.polynomial;
  for (std::size_t i = 1; i < t.bits; ++i) power[i] = std::uint64_t{1} << (i - 1);
  for (int i = 0; i < 3; ++i) power = squared(power, t.bits);
  for (; second_bytes != 0; second_bytes >>= 1U) {
    if ((second_bytes & 1U) != 0) first = times(power, first);
    power = squared(power, t.bits);
  }
  return first ^ second;
}

}  // namespace warifu::crypto
