#include "api/recorded_shape.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "base/arn.h"
#include "json/writer.h"
#include "wire/scalar.h"

namespace warifu::api {
namespace {

using wire::Kind;
using wire::Member;
using wire::Shape;

constexpr std::string_view kHidden = "HIDDEN_DUE_TO_SECURITY_REASONS";
constexpr std::string_view kAgentCoreHidden = "***";
constexpr std::size_t kResourcesMax = 16;
constexpr int kResourceDepthMax = 3;

/// What stands in a sensitive value's place; empty: its member is left out, as of services whose secrets are keys and
/// passwords.
std::string_view mask_of(const wire::Service& service) {
  const std::string_view name = service.signing_name;
  if (name == "iam" || name == "sts" || name == "warifu") return {};
  return name == "bedrock-agentcore" ? kAgentCoreHidden : kHidden;
}

/// `Nov 21, 2026, 8:27:54 PM`, in UTC.
std::string in_words(Timestamp time) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  using namespace std::chrono;
  const sys_seconds at{seconds{time.seconds()}};
  const year_month_day day{floor<days>(at)};
  const hh_mm_ss clock{at - floor<days>(at)};
  const auto hour = clock.hours().count();
  return fmt::format("{} {}, {}, {}:{:02}:{:02} {}", kMonths[unsigned{day.month()} - 1], unsigned{day.day()},
                     int{day.year()}, hour % 12 == 0 ? 12 : hour % 12, clock.minutes().count(), clock.seconds().count(),
                     hour < 12 ? "AM" : "PM");
}

class Writer {
 public:
  explicit Writer(std::string_view mask) : mask_(mask) {}

  /// False: nothing was written.
  bool members(const Shape& shape, const void* object, std::string_view only) {
    out_.push_back('{');
    const std::size_t begun = out_.size();
    for (const Member& member : shape.members) {
      const void* field = read_member(member, object);
      if (field == nullptr || left_out(*member.shape) || !named(only, member.name)) continue;
      if (out_.size() > begun) out_.push_back(',');
      key(member.name);
      value(*member.shape, field);
    }
    out_.push_back('}');
    return out_.size() > begun + 1;
  }
  std::string take() { return std::move(out_); }

 private:
  bool left_out(const Shape& shape) const { return shape.kind == Kind::kBlob || (shape.sensitive && mask_.empty()); }

  static bool named(std::string_view only, std::string_view name) {
    if (only.empty()) return true;
    while (!only.empty()) {
      const std::size_t comma = only.find(',');
      if (only.substr(0, comma) == name) return true;
      if (comma == std::string_view::npos) break;
      only.remove_prefix(comma + 1);
    }
    return false;
  }

  void key(std::string_view name) {
    out_.push_back('"');
    const char first = name.front();
    out_.push_back(first >= 'A' && first <= 'Z' ? static_cast<char>(first - 'A' + 'a') : first);
    out_.append(name.substr(1)).append("\":");
  }

  void value(const Shape& shape, const void* object) {
    if (shape.sensitive) return json::append_quoted(out_, mask_);
    switch (shape.kind) {
      case Kind::kString:
        return json::append_quoted(out_, *static_cast<const std::string*>(object));
      case Kind::kTimestamp:
        return json::append_quoted(out_, in_words(*static_cast<const Timestamp*>(object)));
      case Kind::kDocument: {
        const std::string& text = static_cast<const wire::Document*>(object)->json;
        out_.append(text.empty() ? "null" : text);
        return;
      }
      case Kind::kStructure:
      case Kind::kUnion:
        members(shape, object, {});
        return;
      case Kind::kList:
        return list(shape, object);
      case Kind::kMap:
        return map(shape, object);
      case Kind::kBlob:
        out_.append("null");
        return;
      case Kind::kDouble:
        // JSON has no word for what is not a number.
        if (!std::isfinite(*static_cast<const double*>(object))) return json::append_quoted(out_, "NaN");
        [[fallthrough]];
      case Kind::kBoolean:
      case Kind::kInteger:
      case Kind::kLong:
        out_.append(wire::format_scalar(shape, object, wire::TimeFormat::kDefault));
        return;
    }
  }

  void list(const Shape& shape, const void* object) {
    out_.push_back('[');
    const std::size_t size = left_out(*shape.element) ? 0 : shape.list->size(object);
    for (std::size_t i = 0; i < size; ++i) {
      if (i > 0) out_.push_back(',');
      value(*shape.element, shape.list->at(object, i));
    }
    out_.push_back(']');
  }

  struct Walk {
    Writer& writer;
    const Shape& element;
    bool first = true;
  };

  void map(const Shape& shape, const void* object) {
    out_.push_back('{');
    Walk walk{.writer = *this, .element = *shape.element};
    if (!left_out(*shape.element)) {
      shape.map->each(object, &walk, [](void* context, const std::string& name, const void* entry) {
        auto& [writer, element, first] = *static_cast<Walk*>(context);
        if (!first) writer.out_.push_back(',');
        first = false;
        json::append_quoted(writer.out_, name);
        writer.out_.push_back(':');
        writer.value(element, entry);
        return true;
      });
    }
    out_.push_back('}');
  }

  const std::string_view mask_;
  std::string out_;
};

struct TypeName {
  std::string_view service, resource, name;
};
/// CloudFormation's names, where CloudTrail uses them.
constexpr TypeName kTypes[] = {
    {"bedrock-agentcore", "gateway", "AWS::BedrockAgentCore::Gateway"},
    {"bedrock-agentcore", "memory", "AWS::BedrockAgentCore::Memory"},
    {"bedrock-agentcore", "runtime", "AWS::BedrockAgentCore::Runtime"},
    {"bedrock-agentcore", "token-vault", "AWS::BedrockAgentCore::TokenVault"},
    {"bedrock-agentcore", "workload-identity-directory", "AWS::BedrockAgentCore::WorkloadIdentity"},
    {"bedrock", "foundation-model", "AWS::Bedrock::Model"},
    {"bedrock", "inference-profile", "AWS::Bedrock::InferenceProfile"},
    {"cloudformation", "stack", "AWS::CloudFormation::Stack"},
    {"cloudtrail", "trail", "AWS::CloudTrail::Trail"},
    {"iam", "group", "AWS::IAM::Group"},
    {"iam", "instance-profile", "AWS::IAM::InstanceProfile"},
    {"iam", "oidc-provider", "AWS::IAM::OIDCProvider"},
    {"iam", "policy", "AWS::IAM::Policy"},
    {"iam", "role", "AWS::IAM::Role"},
    {"iam", "user", "AWS::IAM::User"},
    {"kms", "alias", "AWS::KMS::Alias"},
    {"kms", "key", "AWS::KMS::Key"},
    {"lambda", "function", "AWS::Lambda::Function"},
    {"logs", "log-group", "AWS::Logs::LogGroup"},
    {"organizations", "account", "AWS::Organizations::Account"},
    {"organizations", "ou", "AWS::Organizations::OrganizationalUnit"},
    {"organizations", "policy", "AWS::Organizations::Policy"},
    {"sts", "assumed-role", "AWS::STS::AssumedRole"},
    {"sts", "federated-user", "AWS::STS::FederatedUser"},
};

bool names_an_arn(std::string_view member) {
  return member.ends_with("Arn") || member.ends_with("ARN") || member == "arn";
}

void add(std::vector<audit::Resource>& out, audit::Resource resource) {
  const auto same = [&](const audit::Resource& one) {
    return one.type == resource.type && (one.name == resource.name || (!one.arn.empty() && one.arn == resource.arn));
  };
  if (out.size() < kResourcesMax && std::ranges::none_of(out, same)) out.push_back(std::move(resource));
}

void add_from(std::vector<audit::Resource>& out, const Shape& shape, const void* object, int depth) {
  for (const Member& member : shape.members) {
    const void* field = read_member(member, object);
    if (field == nullptr) continue;
    const Kind kind = member.shape->kind;
    if ((kind == Kind::kStructure || kind == Kind::kUnion) && depth < kResourceDepthMax) {
      add_from(out, *member.shape, field, depth + 1);
    }
    if (kind != Kind::kString || member.shape->sensitive) continue;
    const std::string& text = *static_cast<const std::string*>(field);
    if (member.name == "AccessKeyId") add(out, {.type = "AWS::IAM::AccessKey", .name = text, .arn = {}, .account = {}});
    auto named = names_an_arn(member.name) ? resource_of(text) : std::nullopt;
    if (named) add(out, std::move(*named));
  }
}

}  // namespace

std::string recorded(const wire::Service& service, const wire::Shape& shape, const void* object,
                     std::string_view only) {
  Writer writer(mask_of(service));
  return writer.members(shape, object, only) ? writer.take() : std::string();
}

std::optional<audit::Resource> resource_of(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  if (!view) return std::nullopt;
  const auto resource = [&](std::string_view type, std::string_view name) {
    return audit::Resource{
        .type = std::string(type), .name = std::string(name), .arn = std::string(arn), .account = {}};
  };
  if (view->service == "s3") return resource("AWS::S3::Bucket", view->resource.substr(0, view->resource.find('/')));
  const std::string_view kind = view->resource.substr(0, view->resource.find_first_of("/:"));
  for (const TypeName& type : kTypes) {
    if (type.service != view->service || type.resource != kind) continue;
    const bool by_name = view->service == "iam";
    return resource(type.name, by_name ? view->resource.substr(view->resource.rfind('/') + 1) : arn);
  }
  return std::nullopt;
}

void add_resources(std::vector<audit::Resource>& out, const wire::Shape& shape, const void* object) {
  add_from(out, shape, object, 0);
}

}  // namespace warifu::api
