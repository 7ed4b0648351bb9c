#include "net/local_ca.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <system_error>
#include <utility>

#include "net/address.h"

namespace warifu::net {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Cert = std::unique_ptr<X509, Freed<X509_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

constexpr long kDay = 24L * 60 * 60;
constexpr long kCaDays = 3650;
constexpr long kServerDays = 825;

std::unexpected<Error> openssl_error(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(unavailable(std::string(what) + ": " + text.data()));
}

/// A DNS name, perhaps with a wildcard as its first label. Nothing else may reach the extension's text form.
bool is_dns_name(std::string_view name) {
  constexpr std::size_t kNameMax = 253;
  constexpr std::size_t kLabelMax = 63;
  if (name.starts_with("*.")) name.remove_prefix(2);
  if (name.empty() || name.size() > kNameMax) return false;
  std::size_t label = 0;
  for (const char c : name) {
    if (c == '.') {
      if (std::exchange(label, 0) == 0) return false;
      continue;
    }
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!allowed || ++label > kLabelMax) return false;
  }
  return label > 0;
}

Result<std::string> alternative_names(const std::vector<std::string>& hostnames) {
  std::vector<std::string> all = {"localhost", "127.0.0.1", "::1"};
  for (const std::string& name : hostnames) {
    if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  }
  std::string text;
  for (const std::string& name : all) {
    if (!text.empty()) text += ',';
    if (IpAddress::parse(name))
      text += "IP:" + name;
    else if (is_dns_name(name))
      text += "DNS:" + name;
    else
      return fail(validation_error("`" + name + "` is not a host name"));
  }
  return text;
}

bool add_extension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(cert, extension.get(), -1) == 1;
}

bool set_serial(X509* cert) {
  constexpr int kSerialBits = 127;  // RFC 5280 §4.1.2.2: positive, at most 20 octets
  const Number number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr;
}

/// An unsigned version-3 certificate for `key`; null on failure.
Cert new_cert(EVP_PKEY* key, std::string_view common_name, long days) {
  Cert cert(X509_new());
  if (!cert || X509_set_version(cert.get(), X509_VERSION_3) != 1 || !set_serial(cert.get())) return nullptr;
  // A day back, for clients whose clocks are behind.
  if (X509_gmtime_adj(X509_getm_notBefore(cert.get()), -kDay) == nullptr) return nullptr;
  if (X509_gmtime_adj(X509_getm_notAfter(cert.get()), (days - 1) * kDay) == nullptr) return nullptr;
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.data());
  X509_NAME* subject = X509_get_subject_name(cert.get());
  const int length = static_cast<int>(common_name.size());
  if (X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, length, -1, 0) != 1) return nullptr;
  return X509_set_pubkey(cert.get(), key) == 1 ? std::move(cert) : nullptr;
}

struct Authority {
  Key key;
  Cert cert;
};

Result<Authority> new_authority() {
  Authority ca{.key = Key(EVP_EC_gen("P-256")), .cert = nullptr};
  if (!ca.key) return openssl_error("cannot make a key");
  ca.cert = new_cert(ca.key.get(), "Warifu local CA", kCaDays);
  X509* cert = ca.cert.get();
  const bool made = cert != nullptr && X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
                    add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(cert, cert, NID_subject_key_identifier, "hash") &&
                    X509_sign(cert, ca.key.get(), EVP_sha256()) != 0;
  if (!made) return openssl_error("cannot make the CA certificate");
  return ca;
}

Result<Authority> new_server_cert(const Authority& ca, const std::string& names) {
  Authority leaf{.key = Key(EVP_EC_gen("P-256")), .cert = nullptr};
  if (!leaf.key) return openssl_error("cannot make a key");
  leaf.cert = new_cert(leaf.key.get(), "Warifu", kServerDays);
  X509* cert = leaf.cert.get();
  const bool made = cert != nullptr && X509_set_issuer_name(cert, X509_get_subject_name(ca.cert.get())) == 1 &&
                    add_extension(cert, ca.cert.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(cert, ca.cert.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(cert, ca.cert.get(), NID_ext_key_usage, "serverAuth") &&
                    add_extension(cert, ca.cert.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(cert, ca.cert.get(), NID_authority_key_identifier, "keyid:always") &&
                    add_extension(cert, ca.cert.get(), NID_subject_alt_name, names) &&
                    X509_sign(cert, ca.key.get(), EVP_sha256()) != 0;
  if (!made) return openssl_error("cannot make the server certificate");
  return leaf;
}

/// Written beside and renamed, so that a reader never sees half a file; private from the first byte on.
Result<> write_file(const std::filesystem::path& path, BIO* content, mode_t mode) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(content, &bytes);
  const std::string temporary = path.string() + ".new";
  const auto cannot = [&] {
    const std::string why = std::error_code(errno, std::generic_category()).message();
    return fail(unavailable("cannot write `" + path.string() + "`: " + why));
  };
  ::unlink(temporary.c_str());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return cannot();
  const bool written = ::write(file, bytes, static_cast<std::size_t>(size)) == size && ::fsync(file) == 0;
  if (::close(file) != 0 || !written || ::rename(temporary.c_str(), path.c_str()) != 0) return cannot();
  return {};
}

Result<> write_certs(const std::filesystem::path& path, std::initializer_list<X509*> certs) {
  const Bio memory(BIO_new(BIO_s_mem()));
  for (X509* cert : certs) {
    if (!memory || PEM_write_bio_X509(memory.get(), cert) != 1) return openssl_error("cannot write a certificate");
  }
  constexpr mode_t kPublic = 0644;
  return write_file(path, memory.get(), kPublic);
}

Result<> write_key(const std::filesystem::path& path, EVP_PKEY* key) {
  const Bio memory(BIO_new(BIO_s_secmem()));
  if (!memory || PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error("cannot write a key");
  }
  constexpr mode_t kPrivate = 0600;
  return write_file(path, memory.get(), kPrivate);
}

Result<Authority> load_authority(const LocalCa& files) {
  const Bio cert_file(BIO_new_file(files.ca_cert.c_str(), "r"));
  const Bio key_file(BIO_new_file(files.ca_key.c_str(), "r"));
  if (!cert_file || !key_file) return openssl_error("cannot read the CA");
  Authority ca{.key = Key(PEM_read_bio_PrivateKey(key_file.get(), nullptr, nullptr, nullptr)),
               .cert = Cert(PEM_read_bio_X509(cert_file.get(), nullptr, nullptr, nullptr))};
  if (!ca.key || !ca.cert) return openssl_error("cannot read the CA");
  if (X509_check_private_key(ca.cert.get(), ca.key.get()) != 1) return openssl_error("the CA's key is not its own");
  if (X509_cmp_current_time(X509_get0_notAfter(ca.cert.get())) <= 0) return fail(unavailable("the CA has expired"));
  return ca;
}

}  // namespace

Result<LocalCa> make_local_ca(const std::filesystem::path& dir, const std::vector<std::string>& hostnames) {
  const std::string names = TRY(alternative_names(hostnames));
  std::error_code error;
  if (std::filesystem::create_directories(dir, error) && !error) {
    std::filesystem::permissions(dir, std::filesystem::perms::owner_all, error);
  }
  if (error) return fail(unavailable("cannot make `" + dir.string() + "`: " + error.message()));

  LocalCa files{.ca_cert = dir / "ca.pem",
                .ca_key = dir / "ca-key.pem",
                .server_cert = dir / "server.pem",
                .server_key = dir / "server-key.pem"};
  const bool is_there = std::filesystem::exists(files.ca_cert, error) || std::filesystem::exists(files.ca_key, error);
  const Authority ca = TRY(is_there ? load_authority(files) : new_authority());
  const Authority leaf = TRY(new_server_cert(ca, names));
  if (!is_there) {
    TRY(write_key(files.ca_key, ca.key.get()));
    TRY(write_certs(files.ca_cert, {ca.cert.get()}));
  }
  TRY(write_key(files.server_key, leaf.key.get()));
  TRY(write_certs(files.server_cert, {leaf.cert.get(), ca.cert.get()}));
  return files;
}

Result<std::string> self_signed(const std::filesystem::path& pem) {
  const Bio file(BIO_new_file(pem.c_str(), "r"));
  const Bio out(BIO_new(BIO_s_mem()));
  if (!file || !out) return openssl_error("cannot read `" + pem.string() + "`");
  while (const Cert cert{PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)}) {
    if (X509_self_signed(cert.get(), 1) == 1 && PEM_write_bio_X509(out.get(), cert.get()) != 1) {
      return openssl_error("cannot copy a certificate");
    }
  }
  ERR_clear_error();  // the end of the file is one
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<std::size_t>(size));
}

}  // namespace warifu::net
