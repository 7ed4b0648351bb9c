#include "test/differential/generator.h"

#include <algorithm>

#include "json/writer.h"

namespace warifu::reference {
namespace {

using cases::Caller;
using cases::ContextKey;
using cases::Query;
using Strings = std::vector<std::string>;

const std::string kA = "111111111111";
const std::string kB = "222222222222";

std::string iam(const std::string& account, const std::string& rest) { return "arn:aws:iam::" + account + ":" + rest; }
std::string sts(const std::string& account, const std::string& rest) { return "arn:aws:sts::" + account + ":" + rest; }

const std::vector<Caller>& callers() {
  static const std::vector<Caller> all = {
      {"user", kA, iam(kA, "user/ann"), "", "AIDAANNANNANNANNANN1", {}, {}},
      {"user", kA, iam(kA, "user/team/ann"), "", "AIDAANNANNANNANNANN2", {}, {}},
      {"user", kB, iam(kB, "user/ann"), "", "AIDAANNANNANNANNANN3", {}, {}},
      {"role", kA, sts(kA, "assumed-role/App/s1"), iam(kA, "role/svc/App"), "AROAAPPAPPAPPAPPAPP1", {}, {}},
      {"role", kA, sts(kA, "assumed-role/App/s2"), iam(kA, "role/svc/App"), "AROAAPPAPPAPPAPPAPP1", {}, {}},
      {"role", kA, sts(kA, "assumed-role/Apple/s1"), iam(kA, "role/Apple"), "AROAAPPAPPAPPAPPAPP2", {}, {}},
      {"role", kB, sts(kB, "assumed-role/App/s1"), iam(kB, "role/svc/App"), "AROAAPPAPPAPPAPPAPP3", {}, {}},
      {"root", kA, iam(kA, "root"), "", kA, {}, {}},
      {"root", kB, iam(kB, "root"), "", kB, {}, {}},
      {"federated", kA, sts(kA, "federated-user/fred"), iam(kA, "user/ann"), "AIDAANNANNANNANNANN1", {}, {}},
      {"service", "", "a.amazonaws.com", "", "", {"a.amazonaws.com", "a.us-east-1.amazonaws.com"}, {}},
      {"web", "", "", "", "", {}, {iam(kA, "oidc-provider/id.example.com"), "id.example.com"}},
      {"anonymous", "", "", "", "", {}, {}},
  };
  return all;
}

const Strings kActions = {"s3:GetObject",
                          "s3:GetObjectAcl",
                          "s3:PutObject",
                          "sqs:GetObject",
                          "kms:Decrypt",
                          "sts:AssumeRole",
                          "sts:AssumeRoleWithWebIdentity",
                          "bedrock-agentcore:ListEvents"};
const Strings kResources = {
    "arn:aws:s3:us-east-1:111111111111:box/team/a",   "arn:aws:s3:us-east-1:111111111111:box/team",
    "arn:aws:s3:eu-west-1:111111111111:box/team/a:b", "arn:aws:s3:us-east-1:222222222222:box/team/a",
    "arn:aws:iam::111111111111:role/svc/App",         "*"};

/// The values that a key may have in a request.
struct Key {
  std::string name;
  Strings values;
  bool multivalued;
};
const std::vector<Key>& keys() {
  static const std::vector<Key> all = {
      {"aws:username", {"ann", "Ann", "anna", "*", "${aws:userid}", "ün", ""}, false},
      {"aws:userid", {"ann", "AROA:s1", "a*"}, false},
      {"aws:PrincipalTag/team", {"team", "Team", "team/a", "t?am", "box"}, false},
      {"aws:PrincipalArn", {iam(kA, "user/ann"), iam(kA, "role/svc/App"), iam(kB, "role/svc/App"), "ann"}, false},
      {"aws:SourceArn",
       {"arn:aws:s3:us-east-1:111111111111:box", "arn:aws:s3:us-east-1:111111111111:box:x", "arn:aws:s3"},
       false},
      {"aws:SourceIp",
       {"10.1.2.3", "10.1.3.255", "10.2.0.1", "10.1.4.0", "2001:db8:2::1", "2001:db8::1", "2001:db8:1::1",
        "::ffff:10.1.2.3", "x"},
       false},
      {"aws:CurrentTime",
       {"2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "2025-12-31T23:30:00-01:00", "1767225600", "now"},
       false},
      {"x:number", {"10", "10.0", "9.999", "-10", "010.50", "9007199254740993", "ten"}, false},
      {"x:bytes", {"QUJD", "QUJDRA==", "qujd", "?"}, false},
      {"aws:SecureTransport", {"true", "false", "TRUE", "maybe"}, false},
      {"aws:TagKeys", {"team", "cost", "Team", "x"}, true},
      {"aws:CalledVia", {"a.amazonaws.com", "b.amazonaws.com"}, true},
  };
  return all;
}

std::string json_text(const std::string& text) {
  std::string out;
  json::append_quoted(out, text);
  return out;
}

const Strings kStringOperators = {
    "StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase",
    "StringLike",   "StringNotLike"};
const Strings kArnOperators = {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"};
const Strings kRelations = {"Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"};

}  // namespace

std::string Generator::list(const Strings& items) {
  if (items.size() == 1 && chance(50)) return json_text(items[0]);
  std::string out = "[";
  for (const std::string& item : items) out += (out.size() > 1 ? "," : "") + json_text(item);
  return out + "]";
}

ContextKey Generator::context_key() {
  const Key& key = pick(keys());
  ContextKey out{.name = key.name, .values = {pick(key.values)}, .multivalued = key.multivalued};
  while (key.multivalued && chance(50)) out.values.push_back(pick(key.values));
  if (chance(10))
    std::ranges::transform(out.name, out.name.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

namespace {

/// A key stands once, in whatever case.
void put(Query& query, ContextKey key) {
  const auto same = [&](const ContextKey& one) {
    return std::ranges::equal(
        one.name, key.name, {}, [](char c) { return std::tolower(c); }, [](char c) { return std::tolower(c); });
  };
  std::erase_if(query.context, same);
  query.context.push_back(std::move(key));
}

std::string owner_of(const Query& query) {
  if (query.resource == "*") return query.caller.account.empty() ? kA : query.caller.account;
  return cases::account_in(query.resource);
}

}  // namespace

Query Generator::focus() {
  Query query{
      .caller = pick(callers()), .action = pick(kActions), .resource = pick(kResources), .owner = {}, .context = {}};
  const std::size_t count = 3 + below(5);
  for (std::size_t i = 0; i < count; ++i) put(query, context_key());
  query.owner = chance(2) ? (chance(50) ? "aws" : "") : owner_of(query);
  return query;
}

Query Generator::variation(const Query& query) {
  Query other = query;
  if (chance(25)) other.caller = pick(callers());
  if (chance(15)) other.action = pick(kActions);
  if (chance(15)) other.resource = pick(kResources);
  if (chance(5))
    std::ranges::transform(other.action, other.action.begin(),
                           [](char c) { return static_cast<char>(std::toupper(c)); });
  if (chance(20) && !other.context.empty()) other.context.erase(other.context.begin());
  if (chance(40)) put(other, context_key());
  other.owner = owner_of(other);
  return other;
}

std::string Generator::with_wildcards(std::string text, std::size_t from) {
  const std::size_t edits = below(3);
  for (std::size_t i = 0; i < edits && from < text.size(); ++i) {
    const std::size_t at = from + below(text.size() - from);
    switch (below(5)) {
      case 0:
        text[at] = '?';
        break;
      case 1:
        text.insert(at, "*");
        break;
      case 2:
        text = text.substr(0, at) + "*";
        break;
      case 3:
        text.replace(at, 1 + below(4), "*");
        break;
      default:
        text.erase(at, 1);
        break;
    }
  }
  return text;
}

std::string Generator::action_pattern(const std::string& layer) {
  const bool trust = layer == "trust";
  if (!trust && chance(15)) return "*";
  std::string base = chance(75) ? focus_.action : pick(kActions);
  if (trust && !base.starts_with("sts:")) base = "sts:AssumeRole";
  const std::size_t colon = base.find(':');
  if (chance(20)) return base.substr(0, colon) + ":*";
  const std::size_t from = !trust && chance(20) ? 0 : colon + 1;
  std::string pattern = with_wildcards(base, from);
  if (std::ranges::count(pattern, ':') != 1 || pattern.front() == ':' || pattern.back() == ':') pattern = base;
  if (chance(10))
    std::ranges::transform(pattern, pattern.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  if (trust && !pattern.starts_with("sts:")) return base;
  return pattern;
}

std::string Generator::resource_pattern(bool padded) {
  if (chance(20)) return "*";
  std::string base = chance(75) ? focus_.resource : pick(kResources);
  if (base == "*") return chance(50) ? base : "**";
  std::size_t last = 0;
  for (int colon = 0; colon < 5; ++colon) last = base.find(':', last) + 1;
  std::string head = base.substr(0, last - 1);
  std::string tail = base.substr(last);
  if (chance(30)) {
    // The region or the account, and sometimes a part of it.
    const std::size_t field = head.rfind(':') + 1;
    head.replace(field, chance(50) ? std::string::npos : head.size() - field - 3, "*");
  }
  if (padded && chance(5)) return head.substr(0, head.find(':', head.find(':', 8) + 1));
  const auto at = variables_ && chance(25) ? tail.find("team") : std::string::npos;
  if (at != std::string::npos) {
    static const Strings kForms = {"${aws:PrincipalTag/team}",
                                   "${AWS:PRINCIPALTAG/TEAM}",
                                   "${aws:PrincipalTag/team, 'team'}",
                                   "${aws:TagKeys}",
                                   "${aws:TagKeys, 'team'}",
                                   "${aws:username , 'team'}",
                                   "${x:none}",
                                   "te${x:none, 'am'}",
                                   "${*}",
                                   "${?}eam"};
    tail.replace(at, 4, pick(kForms));
    if (chance(30)) tail += "*";
  } else {
    tail = with_wildcards(tail, 0);
  }
  if (tail.empty()) tail = "*";
  if (!variables_ && chance(10)) tail += "${aws:username}";
  return head + ":" + tail;
}

std::string Generator::aws_principal() {
  const Caller& caller = chance(75) && !focus_.caller.account.empty() ? focus_.caller : pick(callers());
  if (caller.account.empty()) return kA;
  switch (below(7)) {
    case 0:
      return caller.account;
    case 1:
      return iam(caller.account, "root");
    case 2:
      return "*";
    case 3:
      return caller.kind == "root" ? kB : caller.id;
    case 4:
      return caller.issuer.empty() ? caller.arn : caller.issuer;
    default:
      return caller.arn;
  }
}

std::string Generator::principals() {
  if (chance(15)) return "\"*\"";
  const bool outsider = focus_.caller.account.empty();
  std::string out = "{";
  if (!outsider || chance(30)) {
    Strings names = {aws_principal()};
    // Several names of one caller, and one of them left out: what a NotPrincipal turns on.
    const bool every_level = !outsider && chance(20);
    if (every_level) names = {focus_.caller.account, focus_.caller.arn};
    if (every_level && !focus_.caller.issuer.empty()) names.push_back(focus_.caller.issuer);
    if (every_level && chance(40)) names.erase(names.begin() + static_cast<std::ptrdiff_t>(below(names.size())));
    while (chance(every_level ? 10 : 50)) names.push_back(aws_principal());
    out += "\"AWS\":" + list(names);
  }
  const auto comma = [&] { return out.size() > 1 ? "," : ""; };
  if (focus_.caller.kind == "service" || chance(5)) {
    out += comma() + std::string("\"Service\":") + list({chance(70) ? "a.us-east-1.amazonaws.com" : "b.amazonaws.com"});
  }
  if (focus_.caller.kind == "web" || chance(5)) {
    out += comma() + std::string("\"Federated\":") + list({chance(70) ? "id.example.com" : iam(kB, "saml-provider/x")});
  }
  if (chance(3) || out.size() == 1) out += comma() + std::string("\"CanonicalUser\":\"abcdef0123456789\"");
  return out + "}";
}

std::string Generator::string_value(const std::string& key, bool like) {
  std::string value = "ann";
  for (const Key& one : keys()) {
    if (one.name == key) value = pick(one.values);
  }
  for (const ContextKey& one : focus_.context) {
    if (one.name == key && chance(60)) value = one.values[0];
  }
  if (value.find("${") != std::string::npos) return variables_ ? "${$}{aws:userid}" : value;
  // Wildcards would cut its two bytes apart.
  static const Strings kWide = {"?n", "??n", "*n", "ün"};
  if (value == "ün") return like ? pick(kWide) : value;
  if (chance(15)) {
    static const Strings kForms = {
        "${aws:username}", "${aws:PrincipalTag/team}", "${x:none}", "${aws:userid, 'ann'}", "a${*}", "${aws:TagKeys}"};
    return pick(kForms);
  }
  return like ? with_wildcards(value, 0) : value;
}

std::string Generator::condition_value(const std::string& family, const std::string& key) {
  static const Strings kRanges = {"10.1.2.0/23", "10.0.0.0/8",          "10.1.2.3",   "0.0.0.0/0", "2001:db8::/47",
                                  "2001:db8::1", "::ffff:10.0.0.0/104", "10.1.2.3/31"};
  static const Strings kDates = {
      "2026-01-01", "2026-01-01T00:00:00Z",    "2026", "1767225600", "2026-01-01T01:00:00+01:00",
      "2026-02",    "2025-12-31T23:59:59.999Z"};
  static const Strings kNumbers = {"10", "10.00", "-10", "10.5", "9007199254740992", "0", "+9.9990"};
  static const Strings kBytes = {"QUJD", "QUJDRA==", "QUJDRQ=="};
  static const Strings kFlags = {"true", "false", "True"};
  if (family == "ip") return pick(kRanges);
  if (family == "date") return pick(kDates);
  if (family == "number") return pick(kNumbers);
  if (family == "bytes") return pick(kBytes);
  if (family == "flag") return pick(kFlags);
  return string_value(key, family == "like");
}

std::string Generator::condition() {
  static const std::vector<std::pair<std::string, Strings>> kFamilies = {
      {"ip", {"aws:SourceIp"}},
      {"date", {"aws:CurrentTime"}},
      {"number", {"x:number"}},
      {"bytes", {"x:bytes"}},
      {"flag", {"aws:SecureTransport"}},
      {"string", {"aws:username", "aws:userid", "aws:PrincipalTag/team", "aws:TagKeys", "aws:CalledVia"}},
      {"like", {"aws:username", "aws:PrincipalTag/team", "aws:TagKeys", "aws:SourceArn"}},
      {"arn", {"aws:PrincipalArn", "aws:SourceArn"}},
      {"null", {"aws:username", "aws:TagKeys", "x:none"}}};
  const auto& [family, usual] = pick(kFamilies);
  std::string key = chance(90) ? pick(usual) : pick(keys()).name;
  std::string name;
  if (family == "ip") name = chance(50) ? "IpAddress" : "NotIpAddress";
  if (family == "date") name = "Date" + pick(kRelations);
  if (family == "number") name = "Numeric" + pick(kRelations);
  if (family == "bytes") name = "BinaryEquals";
  if (family == "flag") name = "Bool";
  if (family == "string") name = kStringOperators[below(4)];
  if (family == "like") name = kStringOperators[4 + below(2)];
  if (family == "arn") name = pick(kArnOperators);
  if (family == "null") return "\"Null\":{" + json_text(key) + ":" + list({condition_value("flag", key)}) + "}";
  const bool multivalued = key == "aws:TagKeys" || key == "aws:CalledVia";
  if (chance(multivalued ? 85 : 8)) name = (chance(50) ? "ForAllValues:" : "ForAnyValue:") + name;
  if (chance(20)) name += "IfExists";
  const std::string kind = family == "arn" ? "like" : family;
  Strings values = {condition_value(kind, key)};
  while (chance(45)) values.push_back(condition_value(kind, key));
  if (chance(10)) std::ranges::transform(key, key.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  return json_text(name) + ":{" + json_text(key) + ":" + list(values) + "}";
}

std::string Generator::conditions() {
  std::string out;
  std::string seen;
  while (chance(out.empty() ? 45 : 30)) {
    const std::string one = condition();
    const std::string name = one.substr(0, one.find(":{"));
    if (seen.find(name + ";") != std::string::npos) continue;
    seen += name + ";";
    out += (out.empty() ? "" : ",") + one;
  }
  return out.empty() ? "" : ",\"Condition\":{" + out + "}";
}

std::string Generator::statement(const std::string& layer) {
  const bool for_resource = layer == "resource" || layer == "trust" || layer == "key" || layer == "rcp";
  std::string out =
      chance(layer == "scp" || layer == "boundary" ? 12 : 22) ? "{\"Effect\":\"Deny\"" : "{\"Effect\":\"Allow\"";
  if (for_resource) out += (layer != "trust" && chance(12) ? ",\"NotPrincipal\":" : ",\"Principal\":") + principals();
  Strings actions = {action_pattern(layer)};
  while (chance(35)) actions.push_back(action_pattern(layer));
  out += (layer != "trust" && chance(15) ? ",\"NotAction\":" : ",\"Action\":") + list(actions);
  if (layer != "trust") {
    Strings resources = {resource_pattern(!for_resource)};
    while (chance(35)) resources.push_back(resource_pattern(!for_resource));
    out += (chance(12) ? ",\"NotResource\":" : ",\"Resource\":") + list(resources);
  }
  return out + conditions() + "}";
}

std::string Generator::document(const std::string& layer) {
  const std::size_t version = below(10);
  variables_ = version < 8;
  std::string out = "{";
  if (variables_) out += "\"Version\":\"2012-10-17\",";
  if (version == 8) out += "\"Version\":\"2008-10-17\",";
  std::string statements = statement(layer);
  bool one = true;
  while (chance(45)) {
    statements += "," + statement(layer);
    one = false;
  }
  return out + "\"Statement\":" + (one && chance(30) ? statements : "[" + statements + "]") + "}";
}

World Generator::next(std::size_t queries) {
  World world;
  focus_ = focus();
  const auto add = [&](const std::string& kind, std::size_t documents) {
    cases::CaseLayer layer{.kind = kind, .documents = {}};
    for (std::size_t i = 0; i < documents; ++i) layer.documents.push_back(document(kind));
    world.layers.push_back(std::move(layer));
  };
  // One level or several, most of which let all pass, as AWS's own policy does.
  const auto add_levels = [&](const std::string& kind) {
    const std::string everything = std::string(R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)") +
                                   (kind == "rcp" ? R"("Principal":"*",)" : "") + R"("Action":"*","Resource":"*"}]})";
    const std::size_t levels = 1 + below(4);
    for (std::size_t level = 0; level < levels; ++level) {
      cases::CaseLayer layer{.kind = kind, .documents = {}};
      if (chance(70)) layer.documents.push_back(everything);
      if (layer.documents.empty() || chance(40)) layer.documents.push_back(document(kind));
      if (chance(4)) layer.documents.clear();
      world.layers.push_back(std::move(layer));
    }
  };
  if (chance(85)) add("identity", below(8) == 0 ? 0 : 1 + below(2));
  const std::size_t side = below(10);
  if (side < 5) add("resource", 1);
  if (side == 5 || side == 6) add("trust", 1);
  if (side == 7) add("key", 1);
  if (chance(15)) add("boundary", below(6) == 0 ? 0 : 1);
  if (chance(15)) add("session", below(6) == 0 ? 0 : 1);
  if (chance(12)) add_levels("scp");
  if (chance(8)) add_levels("rcp");
  if (chance(2)) add("identity", 1);
  std::ranges::shuffle(world.layers, random_);
  world.queries.push_back(focus_);
  while (world.queries.size() < queries) world.queries.push_back(variation(focus_));
  return world;
}

}  // namespace warifu::reference
