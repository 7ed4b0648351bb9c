#include "services/gateway/target.h"

#include "json/writer.h"

namespace warifu::services::gateway {

const json::Value& Invocation::arguments() const {
  static const json::Value kNone = json::Value::object();
  const json::Value* found = params.find("arguments");
  return found != nullptr && found->is_object() ? *found : kNone;
}

std::string failed_result(bool debug, std::string_view why) {
  std::string out;
  json::Writer writer(out);
  const std::string_view shown = debug ? why : kGenericFailure;
  writer.begin_object().key("isError").boolean(true).key("content").begin_array();
  writer.begin_object().key("type").string("text").key("text").string(shown).end_object().end_array();
  if (debug) {
    writer.key("_meta").begin_object().key("debug").begin_object();
    writer.key("type").string("text").key("text").string(why).end_object().end_object();
  }
  writer.end_object();
  return out;
}

std::string text_result(std::string_view text, std::string_view structured) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("isError").boolean(false).key("content").begin_array();
  writer.begin_object().key("type").string("text").key("text").string(text).end_object().end_array();
  if (!structured.empty()) writer.key("structuredContent").raw(structured);
  writer.end_object();
  return out;
}

}  // namespace warifu::services::gateway
