#include "crypto/aead.h"

#include <openssl/evp.h>

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <span>

#include "base/check.h"

namespace warifu::crypto {
namespace {

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHECK(cipher != nullptr, "OpenSSL has no AES-256-GCM");
  return cipher;
}

enum class Way : std::uint8_t { kSeal, kOpen };

/// A cipher context with one key expanded in it: expanding costs more than a small value does.
class Context {
 public:
  Context() : context_(EVP_CIPHER_CTX_new()) { CHECK(context_ != nullptr); }
  ~Context() { EVP_CIPHER_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Ready for one message under the key of that id.
  EVP_CIPHER_CTX* begin(Way way, const SecretBytes& key, std::uint64_t id, const std::byte* nonce) {
    const auto* iv = reinterpret_cast<const unsigned char*>(nonce);
    const bool known = id_ == id;
    const EVP_CIPHER* cipher = known ? nullptr : algorithm();
    const auto* bytes = known ? nullptr : reinterpret_cast<const unsigned char*>(key.bytes().data());
    const int done = way == Way::kSeal ? EVP_EncryptInit_ex2(context_, cipher, bytes, iv, nullptr)
                                       : EVP_DecryptInit_ex2(context_, cipher, bytes, iv, nullptr);
    CHECK(done == 1);
    id_ = id;
    return context_;
  }

 private:
  EVP_CIPHER_CTX* context_;
  std::uint64_t id_ = 0;
};

/// This thread's context for the key of that id, so that no call allocates.
template <Way kWay>
Context& context_of(std::uint64_t id) {
  constexpr std::size_t kContexts = 8;
  thread_local std::array<Context, kContexts> contexts;
  return contexts[id % kContexts];
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::atomic<std::uint64_t> forks{0};

/// Nonces drawn ahead: asking the generator costs as much as sealing a small value.
void next_nonce(Nonce& nonce) {
  struct Drawn {
    std::array<Nonce, 64> nonces;
    std::size_t used = 64;
    std::uint64_t process = 0;
  };
  thread_local Drawn drawn;
  static const int watched = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  CHECK(watched == 0);
  if (drawn.used == drawn.nonces.size() || drawn.process != forks) {
    random_bytes(std::as_writable_bytes(std::span(drawn.nonces)));
    drawn.used = 0;
    drawn.process = forks;
  }
  nonce = drawn.nonces[drawn.used++];
}

const unsigned char* raw(const void* bytes) { return static_cast<const unsigned char*>(bytes); }
unsigned char* raw(void* bytes) { return static_cast<unsigned char*>(bytes); }

int length_of(std::string_view bytes) {
  CHECK(bytes.size() <= INT_MAX, "longer than one call may be");
  return static_cast<int>(bytes.size());
}

void encrypt(EVP_CIPHER_CTX* c, std::string_view plaintext, std::string_view aad, char* ciphertext_and_tag) {
  int n = 0;
  CHECK(EVP_EncryptUpdate(c, nullptr, &n, raw(aad.data()), length_of(aad)) == 1);
  CHECK(EVP_EncryptUpdate(c, raw(ciphertext_and_tag), &n, raw(plaintext.data()), length_of(plaintext)) == 1);
  char* const tag = ciphertext_and_tag + plaintext.size();
  CHECK(EVP_EncryptFinal_ex(c, raw(tag), &n) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag) == 1);
}

/// REQUIRES: `sealed` holds a tag and is no longer than one call may be.
std::optional<std::string> decrypt(EVP_CIPHER_CTX* c, std::string_view sealed, std::string_view aad) {
  const std::string_view ciphertext = sealed.substr(0, sealed.size() - kAeadTagBytes);
  std::array<char, kAeadTagBytes> tag;
  std::ranges::copy(sealed.substr(ciphertext.size()), tag.begin());

  std::string plaintext(ciphertext.size(), '\0');
  int n = 0;
  CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1);
  CHECK(EVP_DecryptUpdate(c, nullptr, &n, raw(aad.data()), length_of(aad)) == 1);
  CHECK(EVP_DecryptUpdate(c, raw(plaintext.data()), &n, raw(ciphertext.data()), length_of(ciphertext)) == 1);
  if (EVP_DecryptFinal_ex(c, raw(plaintext.data() + plaintext.size()), &n) != 1) {
    // Unauthenticated plaintext must not outlive the refusal.
    wipe(std::as_writable_bytes(std::span(plaintext)));
    return std::nullopt;
  }
  return plaintext;
}

bool may_open(std::string_view sealed) { return sealed.size() >= kAeadTagBytes && sealed.size() <= INT_MAX; }

}  // namespace

Aead::Aead(SecretBytes key) : key_(std::move(key)), id_(next_id()) { CHECK(key_.size() == kAeadKeyBytes); }

std::string Aead::seal(std::string_view plaintext, std::string_view aad) const {
  std::string out;
  seal_append(plaintext, aad, out);
  return out;
}

void Aead::seal_append(std::string_view plaintext, std::string_view aad, std::string& out) const {
  Nonce nonce;
  next_nonce(nonce);
  const std::size_t start = out.size();
  out.resize(start + plaintext.size() + kAeadOverheadBytes);
  std::ranges::copy(nonce, reinterpret_cast<std::byte*>(out.data() + start));
  EVP_CIPHER_CTX* c = context_of<Way::kSeal>(id_).begin(Way::kSeal, key_, id_, nonce.data());
  encrypt(c, plaintext, aad, out.data() + start + kAeadNonceBytes);
}

std::optional<std::string> Aead::open(std::string_view sealed, std::string_view aad) const {
  if (sealed.size() < kAeadOverheadBytes) return std::nullopt;
  Nonce nonce;
  std::copy_n(reinterpret_cast<const std::byte*>(sealed.data()), nonce.size(), nonce.begin());
  return open_with(nonce, sealed.substr(kAeadNonceBytes), aad);
}

std::string Aead::seal_with(const Nonce& nonce, std::string_view plaintext, std::string_view aad) const {
  std::string out(plaintext.size() + kAeadTagBytes, '\0');
  encrypt(context_of<Way::kSeal>(id_).begin(Way::kSeal, key_, id_, nonce.data()), plaintext, aad, out.data());
  return out;
}

std::optional<std::string> Aead::open_with(const Nonce& nonce, std::string_view ciphertext,
                                           std::string_view aad) const {
  if (!may_open(ciphertext)) return std::nullopt;
  return decrypt(context_of<Way::kOpen>(id_).begin(Way::kOpen, key_, id_, nonce.data()), ciphertext, aad);
}

}  // namespace warifu::crypto
