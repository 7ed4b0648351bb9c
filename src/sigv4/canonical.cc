#include <algorithm>
#include <tuple>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "sigv4/query.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Calls `visit` with each piece of `path` between slashes.
template <class Visit>
void for_each_segment(std::string_view path, Visit visit) {
  for (;;) {
    const std::size_t slash = path.find('/');
    visit(path.substr(0, slash));
    if (slash == std::string_view::npos) return;
    path.remove_prefix(slash + 1);
  }
}

bool is_normal(std::string_view path) {
  return path.starts_with('/') && path.find("//") == std::string_view::npos &&
         path.find("/.") == std::string_view::npos;
}

/// Decoded and encoded once: what clients encode differently becomes the same. Segment by segment, so that an escaped
/// slash stays one; a broken escape stands for itself.
std::string single_encoded(std::string_view path) {
  std::string out;
  bool first = true;
  for_each_segment(path, [&](std::string_view segment) {
    if (!first) out.push_back('/');
    first = false;
    out += percent_encode(percent_decode(segment).value_or(std::string(segment)));
  });
  return out;
}

void append_path(std::string& out, std::string_view raw, const Profile& profile) {
  const std::string_view path = raw.empty() ? "/" : raw;
  if (!profile.double_encode_path) {
    out += profile.normalize_path ? single_encoded(normalized_path(path)) : single_encoded(path);
  } else if (profile.normalize_path && !is_normal(path)) {
    out += percent_encode_path(normalized_path(path));
  } else {
    out += percent_encode_path(path);
  }
}

void append_query(std::string& out, std::string_view raw, const AuthParams& params, const CanonicalOptions& options) {
  if (raw.empty()) return;
  std::vector<QueryParam> query = parse_query(raw);
  const bool presigned = params.source == Source::kQuery;
  std::erase_if(query, [&](const QueryParam& param) {
    return presigned &&
           (param.name == "X-Amz-Signature" || (!options.with_query_token && param.name == "X-Amz-Security-Token"));
  });
  for (QueryParam& param : query) param = {percent_encode(param.name), percent_encode(param.value)};
  std::ranges::sort(query, [](const QueryParam& a, const QueryParam& b) {
    return std::tie(a.name, a.value) < std::tie(b.name, b.value);
  });
  bool first = true;
  for (const QueryParam& param : query) {
    if (!first) out.push_back('&');
    first = false;
    out.append(param.name).append("=").append(param.value);
  }
}

/// Without white space at its ends, and with one space for each run inside.
void append_trimmed(std::string& out, std::string_view value) {
  while (!value.empty() && is_space(value.front())) value.remove_prefix(1);
  while (!value.empty() && is_space(value.back())) value.remove_suffix(1);
  // Nearly every value is clean already.
  if (std::ranges::adjacent_find(value, [](char a, char b) { return is_space(a) && (a != ' ' || is_space(b)); }) ==
      value.end()) {
    out.append(value);
    return;
  }
  bool space = false;
  for (const char c : value) {
    if (!is_space(c)) {
      out.push_back(c);
    } else if (!space) {
      out.push_back(' ');
    }
    space = is_space(c);
  }
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)
    return host;
  return host.substr(0, colon);
}

void append_header(std::string& out, const http::Headers& headers, std::string_view name,
                   const CanonicalOptions& options) {
  out.append(name).push_back(':');
  bool first = true;
  for (const auto& [field, value] : headers.fields()) {
    if (!iequals(field, name)) continue;
    if (!first) out.push_back(',');
    first = false;
    append_trimmed(out, options.host_without_port && name == "host" ? without_port(value) : std::string_view(value));
  }
  out.push_back('\n');
}

}  // namespace

std::string normalized_path(std::string_view raw_path) {
  std::vector<std::string_view> kept;
  for_each_segment(raw_path, [&](std::string_view segment) {
    if (segment.empty() || segment == ".") return;
    if (segment != "..") {
      kept.push_back(segment);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  });
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (kept.empty() || raw_path.ends_with('/')) out.push_back('/');
  return out;
}

std::string canonical_request(const http::Request& request, const AuthParams& params, const Profile& profile,
                              std::string_view payload_hash, CanonicalOptions options) {
  std::string out;
  out.reserve(1024);
  out.append(request.method).push_back('\n');
  append_path(out, request.path(), profile);
  out.push_back('\n');
  append_query(out, request.query(), params, options);
  out.push_back('\n');
  for (const std::string_view name : params.signed_headers) append_header(out, request.headers, name, options);
  out.push_back('\n');
  out.append(params.signed_headers_text).append("\n").append(payload_hash);
  return out;
}

std::string string_to_sign(const AuthParams& params, std::string_view canonical_request) {
  const Scope& scope = params.scope;
  std::string out;
  out.reserve(192);
  out.append(kAlgorithm).append("\n").append(params.amz_date).append("\n");
  out.append(scope.date)
      .append("/")
      .append(scope.region)
      .append("/")
      .append(scope.service)
      .append("/")
      .append(scope.terminator);
  out.append("\n").append(crypto::sha256_hex(canonical_request));
  return out;
}

}  // namespace warifu::sigv4
