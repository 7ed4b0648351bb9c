#include "wire/violations.h"

#include <algorithm>

#include "wire/decode.h"

namespace warifu::wire {
namespace {

constexpr std::string_view kNotNull = "Member must not be null";

/// Values longer than this are not echoed: AWS cuts them too, and an error need not repeat a whole policy.
constexpr std::size_t kShownBytesMax = 256;

bool query(const Operation& operation) { return operation.service->protocol == Protocol::kQuery; }

}  // namespace

bool Violations::full() const { return messages_.size() >= kValidationErrorsMax; }

std::string Violations::render(const Path& path) const {
  if (path.parent == nullptr) return {};
  std::string text = render(*path.parent);
  switch (path.step) {
    case Path::Step::kRoot:
      break;
    case Path::Step::kMember:
      if (!text.empty()) text.push_back('.');
      text.append(path.name);
      // The query services' messages begin member names with a lower-case letter, unlike their wire.
      if (query(operation_)) {
        char& first = text[text.size() - path.name.size()];
        if (first >= 'A' && first <= 'Z') first = static_cast<char>(first - 'A' + 'a');
      }
      break;
    case Path::Step::kIndex:
      text += "." + std::to_string(path.index + 1) + ".member";
      break;
    case Path::Step::kKey:
      text.push_back('.');
      text.append(path.hidden || path.name.size() > kShownBytesMax ? "value" : path.name);
      text.append(".member");
      break;
  }
  return text;
}

void Violations::add_message(std::string place, std::string_view value, std::string constraint) {
  if (full()) return;
  std::string message = "Value";
  if (!value.empty()) message.append(" ").append(value);
  message.append(" at '").append(place).append("' failed to satisfy constraint: ").append(constraint);
  messages_.push_back(std::move(message));
  fields_.push_back({.name = std::move(place), .message = std::move(constraint)});
}

void Violations::missing(const Path& path, const void* field) {
  if (full()) return;
  missing_.push_back(field);
  add_message(render(path), "null", std::string(kNotNull));
}

bool Violations::is_missing(const void* field) const { return std::ranges::find(missing_, field) != missing_.end(); }

void Violations::add(const Path& path, const Shape& shape, std::string_view shown, std::string constraint) {
  if (full()) return;
  if (!shape.invalid_message.empty()) replacement_ = shape.invalid_message;
  std::string value;
  if (query(operation_) && !shape.sensitive && !shown.empty() && shown.size() <= kShownBytesMax) {
    value.append("'").append(shown).append("'");
  }
  add_message(render(path), value, std::move(constraint));
}

Error Violations::error() && {
  Error error{.code = ErrorCode::kValidation, .message = {}};
  if (!query(operation_)) {
    error.reason = "FieldValidationFailed";
    error.fields = std::move(fields_);
  }
  if (!replacement_.empty()) {
    error.message = replacement_;
    return error;
  }
  error.message = std::to_string(messages_.size()) +
                  (messages_.size() == 1 ? " validation error" : " validation errors") + " detected: ";
  for (std::size_t i = 0; i < messages_.size(); ++i) error.message.append(i == 0 ? "" : "; ").append(messages_[i]);
  return error;
}

Error cannot_parse(const Operation& operation, std::string message) {
  Error error{.code = ErrorCode::kValidation, .message = std::move(message)};
  if (query(operation)) {
    error.aws_name = "MalformedInput";
    return error;
  }
  if (operation.service->protocol == Protocol::kRestXml) {
    error.aws_name = error.message.starts_with("The XML") ? "MalformedXML" : "InvalidArgument";
    return error;
  }
  const bool modelled =
      std::ranges::any_of(operation.errors, [](const ErrorShape& e) { return e.name == "ValidationException"; });
  if (modelled) {
    error.reason = "CannotParse";
  } else {
    error.aws_name = "SerializationException";
  }
  return error;
}

}  // namespace warifu::wire
