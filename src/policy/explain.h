#pragma once

#include <string>
#include <vector>

#include "policy/decide.h"
#include "policy/evidence.h"

/// Why a decision is what it is. Runs the engine that decides, one matcher at a time; for the slow path only. Pure.
namespace warifu::policy {

enum class Element : std::uint8_t { kAction, kResource, kPrincipal, kCondition };

/// One thing in a statement that did not fit the request (or, of a Deny that struck, did).
struct Finding {
  Element element = Element::kAction;
  std::string name;                 // as the document has it: `NotAction`, or a condition's operator
  std::string key;                  // of a condition
  std::vector<std::string> wanted;  // the policy's values as written
  std::vector<std::string> actual;  // the request's; empty: absent
  std::string note;                 // why, in a sentence for people; may be empty
};

/// A statement beside the request.
struct NearStatement {
  std::size_t policy = 0, statement = 0;  // positions in the evidence's layer
  std::string policy_name, sid;
  Effect effect = Effect::kAllow;
  bool applies = false;
  /// `applies`: the conditions that held. Otherwise what failed, in the order in which the engine asks.
  std::vector<Finding> findings;
};

enum class LayerVerdict : std::uint8_t { kAllows, kDenies, kSilent };

struct LayerReport {
  std::size_t layer = 0;  // position in the evidence
  LayerKind kind = LayerKind::kIdentity;
  LayerVerdict verdict = LayerVerdict::kSilent;
  bool missing = false;  // its allow was needed and is not there
  /// Those that apply, or else those that came nearest, nearest first. At most kNearestMax.
  std::vector<NearStatement> statements;
};

/// The smallest statement that gives what one layer lacks.
struct Fix {
  LayerKind kind = LayerKind::kIdentity;
  std::string statement;  // JSON
  std::string account;    // whose work it is; empty: unknown
  std::string where;      // `an identity-based policy of arn:…`
};

struct Explanation {
  Decision decision;
  std::vector<LayerReport> layers;
  /// Layers that had to allow and of which there is none at all (a resource policy that nobody has written).
  std::vector<LayerKind> absent;
  /// One a missing layer. Empty after an explicit deny: no statement outvotes it.
  std::vector<Fix> fixes;
};

inline constexpr std::size_t kNearestMax = 3;

/// Explains one question as `view` may see it: layers, absent layers, fixes and values of the other half are left out,
/// but for the kind of policy that the denial's message names. kValidation for a document that does not compile.
[[nodiscard]] Result<Explanation> explain(const Evidence& evidence, View view = View::kWhole);

/// All statements of the layer that apply and have that effect.
[[nodiscard]] std::vector<StatementRef> applying(const Layer& layer, const Request& request, bool has_boundary,
                                                 Effect effect);

/// When a key is set, in half a sentence after "the request has no such key; "; empty when nothing is known of it.
[[nodiscard]] std::string when_key_is_set(std::string_view key);

/// Keys that may hold several values, also where they hold one: `aws:TagKeys`, `aws:CalledVia` …
[[nodiscard]] bool is_multivalued_key(std::string_view key);

/// What `warifu explain --json` prints of one (action, resource) pair: the question, its keys, layers and fixes.
[[nodiscard]] json::Value to_json(const Explanation& explanation, const Evidence& evidence, View view = View::kWhole);

}  // namespace warifu::policy
