#include "net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/limits.h"

namespace warifu::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// `1.2.3.4`, `1.2.3.4:99`, `::1`, `[::1]`, `[::1]:99`: what proxies write.
std::optional<IpAddress> parse_hop(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return IpAddress::parse(text.substr(1, end - 1));
  }
  const std::size_t colon = text.find(':');
  const bool one_colon = colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos;
  return IpAddress::parse(one_colon ? text.substr(0, colon) : text);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  if (copy.size() != std::strlen(copy.c_str())) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  std::ranges::copy(kMappedPrefix, address.bytes.begin());
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + kMappedPrefix.size()) == 1) return address;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::ranges::equal(std::span(bytes).first<12>(), kMappedPrefix); }

std::string IpAddress::str() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + kMappedPrefix.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::optional<CidrBlock> CidrBlock::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  CidrBlock block{.base = *base};
  if (slash != std::string_view::npos) {
    const bool v4 = text.find(':') == std::string_view::npos;
    const std::string_view bits = text.substr(slash + 1);
    unsigned value = 0;
    const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), value);
    if (error != std::errc{} || end != bits.data() + bits.size() || value > (v4 ? 32U : 128U)) return std::nullopt;
    block.prefix_bits = v4 ? kMappedBits + value : value;
  }
  for (unsigned bit = block.prefix_bits; bit < 128; ++bit) {
    if ((base->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
  }
  return block;
}

bool CidrBlock::contains(const IpAddress& address) const {
  const unsigned whole = prefix_bits / 8;
  if (!std::equal(base.bytes.begin(), base.bytes.begin() + whole, address.bytes.begin())) return false;
  if (prefix_bits % 8 == 0) return true;
  const unsigned shift = 8 - prefix_bits % 8;
  return base.bytes[whole] >> shift == address.bytes[whole] >> shift;
}

Result<ForwardedTrust> ForwardedTrust::from(const std::vector<std::string>& blocks) {
  ForwardedTrust trust;
  for (const std::string& text : blocks) {
    const std::optional<CidrBlock> block = CidrBlock::parse(text);
    if (!block) return fail(validation_error("`" + text + "` is not an address or a CIDR block"));
    trust.blocks_.push_back(*block);
  }
  return trust;
}

bool ForwardedTrust::trusts(const IpAddress& address) const {
  return std::ranges::any_of(blocks_, [&](const CidrBlock& block) { return block.contains(address); });
}

void ForwardedTrust::apply(http::Request& request) const {
  if (blocks_.empty()) return;
  std::optional<IpAddress> client = IpAddress::parse(request.peer_ip);
  if (!client || !trusts(*client)) return;

  // One list, whether it came in one field or several (RFC 9110 §5.3).
  std::string chain;
  for (const auto& [name, value] : request.headers.fields()) {
    if (!iequals(name, "x-forwarded-for")) continue;
    if (!chain.empty()) chain += ',';
    chain += value;
  }
  std::string_view rest = chain;
  for (std::size_t hop = 0; hop < kForwardedHopsMax && !rest.empty() && trusts(*client); ++hop) {
    const std::size_t comma = rest.rfind(',');
    const std::optional<IpAddress> next = parse_hop(comma == std::string_view::npos ? rest : rest.substr(comma + 1));
    if (!next) break;
    client = next;
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(0, comma);
  }
  request.peer_ip = client->str();
  // Only one field can be meant: of several, a client may have written the first.
  if (request.headers.count("x-forwarded-proto") == 1) {
    request.secure = iequals(*request.headers.get("x-forwarded-proto"), "https");
  }
}

}  // namespace warifu::net
