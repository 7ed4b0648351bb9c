#include "services/logs/filter_pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "services/logs/errors.h"
#include "services/logs/json_filter.h"
#include "services/logs/limits.h"

namespace warifu::services::logs {
namespace {

Error invalid(std::string_view why) { return invalid_parameter(std::string("Invalid filter pattern: ").append(why)); }

/// One word of a pattern: text that must stand in the message, or an expression that must match in it.
struct Term {
  enum class Role : std::uint8_t { kAll, kAny, kNone } role = Role::kAll;
  std::string text{};
  std::unique_ptr<const re2::RE2> regex{};

  [[nodiscard]] bool in(std::string_view message) const {
    if (regex == nullptr) return message.find(text) != std::string_view::npos;
    return re2::RE2::PartialMatch(re2::StringPiece(message.data(), message.size()), *regex);
  }
};

Result<std::string> quoted(std::string_view& rest) {
  std::string out;
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    out.push_back(rest.front());
    rest.remove_prefix(1);
  }
  if (rest.empty()) return fail(invalid("a quote without end"));
  rest.remove_prefix(1);
  return out;
}

Result<std::unique_ptr<const re2::RE2>> regex_in(std::string_view& rest) {
  const std::size_t end = rest.find('%', 1);
  if (end == std::string_view::npos) return fail(invalid("a regular expression without end"));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexBytesMax);
  auto regex = std::make_unique<const re2::RE2>(re2::StringPiece(rest.data() + 1, end - 1), options);
  if (!regex->ok()) return fail(invalid("a regular expression that is none"));
  rest.remove_prefix(end + 1);
  return std::unique_ptr<const re2::RE2>(std::move(regex));
}

Result<Term> term_in(std::string_view& rest) {
  Term term;
  if (rest.size() > 1 && rest.front() == '?') term.role = Term::Role::kAny;
  if (rest.size() > 1 && rest.front() == '-') term.role = Term::Role::kNone;
  if (term.role != Term::Role::kAll) rest.remove_prefix(1);
  if (rest.front() == '"') {
    term.text = TRY(quoted(rest));
  } else if (rest.front() == '%') {
    term.regex = TRY(regex_in(rest));
  } else {
    const std::size_t end = std::min(rest.find_first_of(" \t\n"), rest.size());
    term.text = rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return term;
}

}  // namespace

struct FilterPattern::Impl {
  std::vector<Term> terms;
  std::optional<JsonFilter> json;
  bool any_counts = false;  // `?` means something only where it stands alone
};

FilterPattern::FilterPattern(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
FilterPattern::~FilterPattern() = default;
FilterPattern::FilterPattern(FilterPattern&&) noexcept = default;
FilterPattern& FilterPattern::operator=(FilterPattern&&) noexcept = default;

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  auto impl = std::make_unique<Impl>();
  const auto skip = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \t\n"), text.size())); };
  skip();
  if (text.starts_with('[')) return fail(invalid("space-delimited patterns are not supported by this server yet"));
  if (text.starts_with('{')) {
    impl->json = TRY(JsonFilter::parse(text));
    return FilterPattern(std::move(impl));
  }
  while (!text.empty()) {
    if (impl->terms.size() == kFilterTermsMax) return fail(invalid("too many terms"));
    impl->terms.push_back(TRY(term_in(text)));
    skip();
  }
  impl->any_counts = std::ranges::all_of(impl->terms, [](const Term& term) { return term.role == Term::Role::kAny; });
  return FilterPattern(std::move(impl));
}

bool FilterPattern::matches(std::string_view message) const {
  if (impl_->json) return impl_->json->matches(message);
  if (impl_->terms.empty()) return true;
  if (impl_->any_counts) {
    return std::ranges::any_of(impl_->terms, [&](const Term& term) { return term.in(message); });
  }
  return std::ranges::all_of(impl_->terms, [&](const Term& term) {
    return term.role == Term::Role::kAny || term.in(message) == (term.role == Term::Role::kAll);
  });
}

}  // namespace warifu::services::logs
