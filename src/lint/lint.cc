#include "lint/lint.h"

#include <algorithm>

#include <fmt/format.h>

#include "json/value.h"
#include "lint/checks.h"
#include "policy/evidence.h"

namespace warifu::lint {
namespace {

using policy::Kind;

policy::DocumentPath path_from(std::string_view text) {
  policy::DocumentPath path;
  while (!text.empty()) {
    if (text.front() == '[') {
      std::size_t item = 0;
      std::size_t at = 1;
      for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        item = item * 10 + static_cast<std::size_t>(text[at] - '0');
      }
      path.emplace_back(item);
      text.remove_prefix(std::min(at + 1, text.size()));
    } else {
      const std::size_t end = std::min(text.find_first_of(".["), text.size());
      path.emplace_back(std::string(text.substr(0, end)));
      text.remove_prefix(end);
    }
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return path;
}

/// The reader names the element at fault; a name with a point in it cuts the path short, and is found less exactly.
Finding error_of(const Error& error) {
  const bool json = error.message.starts_with("This policy contains invalid Json");
  Finding finding{.severity = Severity::kError,
                  .code = json ? "JSON_SYNTAX_ERROR" : "MALFORMED_POLICY",
                  .details = error.message,
                  .path = {},
                  .span = {}};
  if (!error.fields.empty()) finding.path = path_from(error.fields.front().name);
  return finding;
}

Kind kind_of(std::string_view document) {
  // Only documents of the right kind parse: an identity policy has no Principal, a trust policy no Resource.
  for (const Kind kind : {Kind::kIdentity, Kind::kTrust, Kind::kResource}) {
    if (policy::parse(document, kind)) return kind;
  }
  const bool names_principal = document.find("\"Principal\"") != std::string_view::npos ||
                               document.find("\"NotPrincipal\"") != std::string_view::npos;
  if (!names_principal) return Kind::kIdentity;
  return document.find("\"Resource\"") == std::string_view::npos ? Kind::kTrust : Kind::kResource;
}

void locate_all(std::string_view document, std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    policy::DocumentPath path = finding.path;
    finding.span = policy::locate(document, path);
    while (!finding.span && !path.empty()) {
      path.pop_back();
      finding.span = policy::locate(document, path);
    }
  }
}

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return "ERROR";
    case Severity::kSecurityWarning:
      return "SECURITY_WARNING";
    case Severity::kWarning:
      return "WARNING";
    case Severity::kSuggestion:
      return "SUGGESTION";
  }
  return "WARNING";
}

std::string path_text(const policy::DocumentPath& path) {
  std::string out;
  for (const auto& step : path) {
    if (const auto* item = std::get_if<std::size_t>(&step)) {
      out += fmt::format("[{}]", *item);
    } else {
      if (!out.empty()) out += '.';
      out += std::get<std::string>(step);
    }
  }
  return out;
}

std::vector<Finding> lint(std::string_view document, const Options& options) {
  const Kind kind = options.kind.value_or(kind_of(document));
  std::vector<Finding> findings;
  const auto parsed = policy::parse(document, kind);
  if (!parsed) {
    findings.push_back(error_of(parsed.error()));
  } else {
    const Subject subject{.policy = *parsed, .options = options};
    check_document(subject, findings);
    for (std::size_t i = 0; i < parsed->statements().size(); ++i) {
      check_statement(subject, i, findings);
      check_agentcore(subject, i, findings);
    }
  }
  locate_all(document, findings);
  std::vector<Finding> ordered;
  for (const bool errors : {true, false}) {
    for (const Finding& finding : findings) {
      if ((finding.severity == Severity::kError) == errors) ordered.push_back(finding);
    }
  }
  return ordered;
}

}  // namespace warifu::lint
