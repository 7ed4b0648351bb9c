#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "policy/decide.h"

/// A question with everything that its answer was made of, owned: it can be kept, sent, and asked again. Made only
/// where an answer is to be explained, never on the way of an allowed request.
namespace warifu::policy {

/// One condition key as the request had it.
struct EvidenceKey {
  std::string name;
  std::vector<std::string> values;
  bool multivalued = false;
  bool operator==(const EvidenceKey&) const = default;
};

struct EvidencePolicy {
  std::string name;  // for people: `inline policy Reader`, an ARN; empty: unknown
  Kind kind = Kind::kIdentity;
  std::string document;
  bool operator==(const EvidencePolicy&) const = default;
};

struct EvidenceLayer {
  LayerKind kind = LayerKind::kIdentity;
  std::vector<EvidencePolicy> policies;
  bool operator==(const EvidenceLayer&) const = default;
};

/// The caller as PrincipalView has it.
struct EvidencePrincipal {
  PrincipalKind kind = PrincipalKind::kAnonymous;
  std::string account, arn, issuer_arn, unique_id, user_id;
  std::vector<std::string> services, providers;
  bool operator==(const EvidencePrincipal&) const = default;
};

struct Evidence {
  EvidencePrincipal principal;
  std::string action, resource, resource_account;
  std::vector<EvidenceKey> keys;
  std::vector<EvidenceLayer> layers;
  bool operator==(const Evidence&) const = default;
};

/// Whose word a layer is: the account of the caller, or the account that owns the resource.
enum class Side : std::uint8_t { kCaller, kOwner };
[[nodiscard]] Side side_of(LayerKind kind);

/// A name for people of layers[layer].policies[policy].
using PolicyLabel = std::function<std::string(std::size_t layer, std::size_t policy)>;

/// Copies the question. A policy that was not compiled from a text (CompiledPolicy::document) has an empty document.
[[nodiscard]] Evidence evidence_of(std::span<const Layer> layers, const Request& request, const PolicyLabel& label);

/// Through whose eyes an evidence is seen.
enum class View : std::uint8_t {
  kWhole,   ///< both halves: within one account, or with the server's management credentials
  kCaller,  ///< all that the request brought, and nothing of another account's resource
  kOwner,   ///< the keys that the owner's own statements name, and what CloudTrail shows an owner
};
/// kWhole when caller and owner are one account, else `view`.
[[nodiscard]] View view_of(const Evidence& evidence, View view);
[[nodiscard]] bool shows(View view, LayerKind kind);
/// The keys that `view` shows. A caller does not see `aws:ResourceTag/…` and `aws:ResourceOrg…` of another account.
[[nodiscard]] std::vector<EvidenceKey> visible_keys(const Evidence& evidence, View view);
/// Whether the value of that key is hidden from `view`, though its statements may name it.
[[nodiscard]] bool hides(View view, std::string_view key);

/// Every condition key that the document names, in conditions and variables, as it spells them, each once (letters
/// compared without case).
[[nodiscard]] std::vector<std::string> context_keys(const Policy& policy);

[[nodiscard]] json::Value to_json(const Evidence& evidence);
/// kValidation on anything that to_json does not write.
[[nodiscard]] Result<Evidence> evidence_from(const json::Value& value);

/// Evidence made ready to be asked: compiled policies and views. Owns what its request and layers point to; neither
/// copied nor moved. Not thread-safe.
class Replay {
 public:
  /// kValidation for a document that does not compile.
  [[nodiscard]] static Result<std::unique_ptr<Replay>> make(const Evidence& evidence);
  ~Replay();

  [[nodiscard]] std::span<const Layer> layers() const;
  [[nodiscard]] const Request& request() const;
  /// The same caller and context, asking something else. Views its arguments.
  [[nodiscard]] Request asking(std::string_view action, std::string_view resource, std::string_view account) const;
  [[nodiscard]] bool has_boundary() const;
  /// The statements as written of layers()[layer].policies[policy].
  [[nodiscard]] const Policy& document(std::size_t layer, std::size_t policy) const;

 private:
  struct Parts;
  explicit Replay(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace warifu::policy
