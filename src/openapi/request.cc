#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "base/encoding.h"
#include "openapi/openapi.h"

namespace warifu::openapi {
namespace {

std::unexpected<Error> refuse(const Binding& binding, std::string_view why) {
  return fail(validation_error(fmt::format("argument `{}`: {}", binding.argument, why)));
}

/// nullptr: absent, or null.
const json::Value* given(const json::Value& arguments, const Binding& binding) {
  const json::Value* value = arguments.find(binding.argument);
  return value == nullptr || value->is_null() ? nullptr : value;
}

/// nullopt: it is none.
std::optional<std::string> scalar(const json::Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_number()) return value.number_text();
  if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
  return std::nullopt;
}

/// A value as the texts that stand for it: one, or one for each element of a list.
Result<std::vector<std::string>> texts_of(const Binding& binding, const json::Value& value) {
  std::vector<std::string> out;
  if (binding.json) {
    out.push_back(value.dump());
    return out;
  }
  if (std::optional<std::string> one = scalar(value)) {
    out.push_back(*std::move(one));
    return out;
  }
  if (!value.is_array()) return refuse(binding, "an object cannot be written here");
  for (const json::Value& item : value.items()) {
    std::optional<std::string> one = scalar(item);
    if (!one) return refuse(binding, "a list of lists or objects cannot be written here");
    out.push_back(*std::move(one));
  }
  return out;
}

/// Each escaped, then joined: a comma inside a value is no separator.
std::string joined(const std::vector<std::string>& texts, bool slashes_stay) {
  std::string out;
  for (const std::string& text : texts) {
    if (!out.empty()) out += ',';
    out += slashes_stay ? percent_encode_path(text) : percent_encode(text);
  }
  return out;
}

/// Servers and proxies resolve `.` and `..` though they were escaped: a path that has them leads elsewhere.
bool climbs(std::string_view path) {
  while (true) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "." || segment == "..") return true;
    if (end == path.size()) return false;
    path.remove_prefix(end + 1);
  }
}

class Maker {
 public:
  Maker(const Tool& tool, const json::Value& arguments) : tool_(tool), arguments_(arguments) {}

  Result<Request> make() {
    request_.method = tool_.method;
    for (const Binding& binding : tool_.bindings) {
      const json::Value* value = given(arguments_, binding);
      if (value == nullptr && binding.required) return refuse(binding, "it is required");
      if (value != nullptr) TRY(place(binding, *value));
    }
    request_.url = TRY(url());
    // Who reads an object wants one, though nothing is to be said in it.
    if (!body_ && may_be_empty() && tool_.method.starts_with('P')) body_ = json::Value::object();
    if (tool_.body == BodyForm::kJson && body_) {
      request_.headers.emplace_back("Content-Type", tool_.content_type);
      request_.body = body_->dump();
    }
    if (tool_.body == BodyForm::kForm && !form_.empty()) add_form();
    if (tool_.body == BodyForm::kMultipart && !form_.empty()) add_multipart();
    request_.headers.emplace_back("Accept", "application/json");
    return std::move(request_);
  }

 private:
  [[nodiscard]] bool may_be_empty() const {
    return std::ranges::any_of(tool_.bindings, [](const Binding& one) { return one.place == Place::kBodyMember; });
  }

  Result<> place(const Binding& binding, const json::Value& value) {
    switch (binding.place) {
      case Place::kPath:
        return place_in_path(binding, value);
      case Place::kQuery:
        return place_in_query(binding, value);
      case Place::kHeader:
        return place_in_header(binding, value);
      case Place::kBodyMember:
        if (tool_.body != BodyForm::kJson) return place_in_form(binding.name, value);
        if (!body_) body_ = json::Value::object();
        body_->set(binding.name, value);
        return {};
      case Place::kBody:
        break;
    }
    if (tool_.body == BodyForm::kJson) {
      body_ = value;
      return {};
    }
    if (!value.is_object()) return refuse(binding, "a form is an object");
    for (const auto& [name, member] : value.members()) TRY(place_in_form(name, member));
    return {};
  }

  Result<> place_in_path(const Binding& binding, const json::Value& value) {
    const std::string text = joined(TRY(texts_of(binding, value)), binding.greedy);
    if (text.empty()) return refuse(binding, "a part of the path cannot be empty");
    labels_.emplace_back(binding.name, text);
    return {};
  }

  Result<> place_in_query(const Binding& binding, const json::Value& value) {
    const std::vector<std::string> texts = TRY(texts_of(binding, value));
    if (!binding.explode && !texts.empty()) {
      add_query(binding.name, joined(texts, false));
      return {};
    }
    for (const std::string& text : texts) add_query(binding.name, percent_encode(text));
    return {};
  }
  void add_query(std::string_view name, std::string_view escaped) {
    query_ += fmt::format("{}{}={}", query_.empty() ? "" : "&", percent_encode(name), escaped);
  }

  Result<> place_in_header(const Binding& binding, const json::Value& value) {
    std::string line;
    for (const std::string& text : TRY(texts_of(binding, value))) {
      if (!line.empty()) line += ", ";
      line += text;
    }
    const bool sendable = std::ranges::all_of(line, [](char c) { return c == '\t' || (c >= 0x20 && c < 0x7f); });
    if (!sendable) return refuse(binding, "no header can hold this value");
    request_.headers.emplace_back(binding.name, line);
    return {};
  }

  /// Lists become repeated fields, objects JSON.
  Result<> place_in_form(const std::string& name, const json::Value& value) {
    if (value.is_null()) return {};
    if (!value.is_array()) {
      form_.emplace_back(name, scalar(value).value_or(value.is_object() ? value.dump() : ""));
      return {};
    }
    for (const json::Value& item : value.items()) form_.emplace_back(name, scalar(item).value_or(item.dump()));
    return {};
  }

  Result<std::string> url() const {
    std::string path;
    std::string_view rest = tool_.path;
    const std::size_t mark = rest.find('?');
    std::string query(mark == std::string_view::npos ? std::string_view() : rest.substr(mark + 1));
    rest = rest.substr(0, mark);
    while (true) {
      const std::size_t open = std::min(rest.find('{'), rest.size());
      path += rest.substr(0, open);
      if (open == rest.size()) break;
      const std::size_t close = rest.find('}', open);
      if (close == std::string_view::npos) return fail(validation_error("the tool's path is broken"));
      const std::string_view name = rest.substr(open + 1, close - open - 1);
      const auto label = std::ranges::find(labels_, name, &std::pair<std::string, std::string>::first);
      if (label == labels_.end()) return fail(validation_error(fmt::format("the path's `{}` has no value", name)));
      path += label->second;
      rest.remove_prefix(close + 1);
    }
    if (climbs(path)) return fail(validation_error("a part of the path would be `.` or `..`"));
    if (!query_.empty()) query += (query.empty() ? "" : "&") + query_;
    std::string out = tool_.server + path + (query.empty() ? "" : "?" + query);
    if (out.size() > kUrlBytesMax) return fail(validation_error("the request's URL would be too long"));
    return out;
  }

  void add_form() {
    for (const auto& [name, value] : form_) {
      request_.body +=
          fmt::format("{}{}={}", request_.body.empty() ? "" : "&", percent_encode(name), percent_encode(value));
    }
    request_.headers.emplace_back("Content-Type", tool_.content_type);
  }

  void add_multipart() {
    const std::string boundary = boundary_for();
    for (const auto& [name, value] : form_) {
      request_.body += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n", boundary,
                                   quoted_name(name), value);
    }
    request_.body += fmt::format("--{}--\r\n", boundary);
    request_.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
  }
  /// One that no field contains: of the numbers that follow the stem anywhere, the first that is missing.
  [[nodiscard]] std::string boundary_for() const {
    constexpr std::string_view kStem = "form-part-";
    constexpr std::size_t kDigits = 8;
    std::set<std::string, std::less<>> taken;
    for (const auto& [name, value] : form_) {
      for (const std::string_view text : {std::string_view(name), std::string_view(value)}) {
        for (std::size_t at = text.find(kStem); at != std::string_view::npos; at = text.find(kStem, at + 1)) {
          taken.emplace(text.substr(at + kStem.size(), kDigits));
        }
      }
    }
    std::size_t number = 0;
    while (taken.contains(fmt::format("{:08}", number))) ++number;
    return fmt::format("{}{:08}", kStem, number);
  }
  /// As browsers write names: quotes and line ends escaped.
  static std::string quoted_name(std::string_view name) {
    std::string out;
    for (const char c : name) {
      if (c == '"') {
        out += "%22";
      } else if (c == '\r') {
        out += "%0D";
      } else if (c == '\n') {
        out += "%0A";
      } else {
        out += c;
      }
    }
    return out;
  }

  const Tool& tool_;
  const json::Value& arguments_;
  Request request_;
  std::vector<std::pair<std::string, std::string>> labels_;  // escaped
  std::string query_;
  std::optional<json::Value> body_;
  std::vector<std::pair<std::string, std::string>> form_;
};

}  // namespace

Result<Request> request_for(const Tool& tool, const json::Value& arguments) {
  static const json::Value kNone = json::Value::object();
  if (!arguments.is_object() && !arguments.is_null()) return fail(validation_error("the arguments are no object"));
  return Maker(tool, arguments.is_null() ? kNone : arguments).make();
}

}  // namespace warifu::openapi
