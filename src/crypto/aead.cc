#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>
#include <climits>

#include "base/check.h"

namespace warifu::crypto {
namespace {

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  CHECK(cipher != nullptr, "OpenSSL has no AES-256-GCM");
  return cipher;
}

/// One cipher context per thread and direction, so that no call allocates.
class Context {
 public:
  Context() : context_(EVP_CIPHER_CTX_new()) { CHECK(context_ != nullptr); }
  ~Context() { EVP_CIPHER_CTX_free(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  [[nodiscard]] EVP_CIPHER_CTX* get() const { return context_; }

 private:
  EVP_CIPHER_CTX* context_;
};

const unsigned char* raw(const void* bytes) { return static_cast<const unsigned char*>(bytes); }
unsigned char* raw(void* bytes) { return static_cast<unsigned char*>(bytes); }

int length_of(std::string_view bytes) {
  CHECK(bytes.size() <= INT_MAX, "longer than one call may be");
  return static_cast<int>(bytes.size());
}

void encrypt(const SecretBytes& key, const std::byte* nonce, std::string_view plaintext, std::string_view aad,
             char* ciphertext_and_tag) {
  thread_local const Context context;
  EVP_CIPHER_CTX* c = context.get();
  int n = 0;
  CHECK(EVP_EncryptInit_ex2(c, algorithm(), raw(key.bytes().data()), raw(nonce), nullptr) == 1);
  CHECK(EVP_EncryptUpdate(c, nullptr, &n, raw(aad.data()), length_of(aad)) == 1);
  CHECK(EVP_EncryptUpdate(c, raw(ciphertext_and_tag), &n, raw(plaintext.data()), length_of(plaintext)) == 1);
  char* const tag = ciphertext_and_tag + plaintext.size();
  CHECK(EVP_EncryptFinal_ex(c, raw(tag), &n) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag) == 1);
}

std::optional<std::string> decrypt(const SecretBytes& key, const std::byte* nonce, std::string_view sealed,
                                   std::string_view aad) {
  if (sealed.size() < kAeadTagBytes || sealed.size() > INT_MAX) return std::nullopt;
  thread_local const Context context;
  EVP_CIPHER_CTX* c = context.get();
  const std::string_view ciphertext = sealed.substr(0, sealed.size() - kAeadTagBytes);
  std::array<char, kAeadTagBytes> tag;
  std::ranges::copy(sealed.substr(ciphertext.size()), tag.begin());

  std::string plaintext(ciphertext.size(), '\0');
  int n = 0;
  CHECK(EVP_DecryptInit_ex2(c, algorithm(), raw(key.bytes().data()), raw(nonce), nullptr) == 1);
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

}  // namespace

Aead::Aead(SecretBytes key) : key_(std::move(key)) { CHECK(key_.size() == kAeadKeyBytes); }

std::string Aead::seal(std::string_view plaintext, std::string_view aad) const {
  std::string out;
  seal_append(plaintext, aad, out);
  return out;
}

void Aead::seal_append(std::string_view plaintext, std::string_view aad, std::string& out) const {
  Nonce nonce;
  random_bytes(nonce);
  const std::size_t start = out.size();
  out.resize(start + plaintext.size() + kAeadOverheadBytes);
  std::ranges::copy(nonce, reinterpret_cast<std::byte*>(out.data() + start));
  encrypt(key_, nonce.data(), plaintext, aad, out.data() + start + kAeadNonceBytes);
}

std::optional<std::string> Aead::open(std::string_view sealed, std::string_view aad) const {
  if (sealed.size() < kAeadOverheadBytes) return std::nullopt;
  return decrypt(key_, reinterpret_cast<const std::byte*>(sealed.data()), sealed.substr(kAeadNonceBytes), aad);
}

std::string Aead::seal_with(const Nonce& nonce, std::string_view plaintext, std::string_view aad) const {
  std::string out(plaintext.size() + kAeadTagBytes, '\0');
  encrypt(key_, nonce.data(), plaintext, aad, out.data());
  return out;
}

std::optional<std::string> Aead::open_with(const Nonce& nonce, std::string_view ciphertext,
                                           std::string_view aad) const {
  return decrypt(key_, nonce.data(), ciphertext, aad);
}

}  // namespace warifu::crypto
