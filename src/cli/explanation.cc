#include <fmt/format.h>

#include "cli/why.h"

namespace warifu::cli {
namespace {

using json::Value;

std::string text(const Value& value, std::string_view name) { return value.find_string(name).value_or(""); }

const std::vector<Value>& list(const Value& value, std::string_view name) {
  static const std::vector<Value> kNone;
  const Value* found = value.find(name);
  return found != nullptr && found->is_array() ? found->items() : kNone;
}

std::string joined(const Value& value, std::string_view name) {
  std::string out;
  for (const Value& item : list(value, name)) {
    if (!out.empty()) out += ", ";
    out += item.is_string() ? item.as_string() : item.dump();
  }
  return out;
}

bool flag(const Value& value, std::string_view name) {
  const Value* found = value.find(name);
  return found != nullptr && found->is_bool() && found->as_bool();
}

void add_finding(std::string& out, const Value& finding, bool failed) {
  const std::string key = text(finding, "Key");
  const std::string name = key.empty() ? text(finding, "Name") : fmt::format("{} {}", text(finding, "Operator"), key);
  const std::string actual = joined(finding, "RequestValues");
  const std::string note = text(finding, "Note");
  out += fmt::format("      {}{}: ", key.empty() ? "" : "Condition ", name);
  out += note.empty() ? std::string(failed ? "does not fit" : "holds") : note;
  out += fmt::format("\n        policy:  {}\n", joined(finding, "PolicyValues"));
  if (!actual.empty()) out += fmt::format("        request: {}\n", actual);
}

void add_statement(std::string& out, const Value& statement) {
  const Value* number = statement.find("Statement");
  const std::string sid = text(statement, "Sid");
  out += fmt::format("    {} {}{} of {}\n", text(statement, "Effect"), sid.empty() ? "statement " : "",
                     sid.empty() && number != nullptr ? number->dump() : sid, text(statement, "Policy"));
  for (const Value& finding : list(statement, "Failed")) add_finding(out, finding, true);
  for (const Value& finding : list(statement, "Conditions")) add_finding(out, finding, false);
}

void add_layer(std::string& out, const Value& layer) {
  out += fmt::format("  {:<28}{}{}\n", text(layer, "Layer"), text(layer, "Verdict"),
                     flag(layer, "Missing") ? "  ← its allow is missing" : "");
  const std::string kind = text(layer, "Layer");
  // One layer a level of the organization: which level, only the names tell.
  if (kind == "service control policy" || kind == "resource control policy") {
    out += fmt::format("    {}\n", joined(layer, "Policies"));
  }
  if (text(layer, "Verdict") == "silent" && !list(layer, "Statements").empty()) out += "    nearest:\n";
  for (const Value& statement : list(layer, "Statements")) add_statement(out, statement);
}

std::string view_text(const std::string& view) {
  if (view == "caller") return "You see the caller's half; the owner of the resource sees its own.\n";
  if (view == "owner") return "You see the resource owner's half; the caller's account sees its own.\n";
  return {};
}

}  // namespace

std::string explanation_text(const Value& answer) {
  const Value* explained = answer.find("Explanation");
  if (explained == nullptr) return "the server's answer holds no explanation\n";
  const Value& why = *explained;
  std::string out = fmt::format("{}  {} on {}\n", flag(why, "Allowed") ? "ALLOWED" : "DENIED ", text(why, "Action"),
                                text(why, "Resource"));
  if (const std::string message = text(answer, "Message"); !message.empty()) out += "  " + message + "\n";
  out += view_text(text(answer, "View"));
  if (const Value* principal = why.find("Principal")) {
    const std::string arn = text(*principal, "Arn");
    out += fmt::format("\nPrincipal  {} of account {}\n", arn.empty() ? text(*principal, "UserId") : arn,
                       text(*principal, "Account"));
  }
  out += "Keys\n";
  for (const Value& key : list(why, "Keys")) {
    out += fmt::format("  {} = {}\n", text(key, "Key"), joined(key, "Values"));
  }
  out += "Layers\n";
  for (const Value& layer : list(why, "Layers")) add_layer(out, layer);
  for (const Value& absent : list(why, "Absent")) {
    if (absent.is_string()) out += fmt::format("  {:<28}there is none  ← its allow is missing\n", absent.as_string());
  }
  for (const Value& fix : list(why, "Fixes")) {
    const std::string account = text(fix, "Account");
    out += fmt::format("\nTo allow it, {} adds to {}:\n  {}\n",
                       account.empty() ? "the organization's management account" : "account " + account,
                       text(fix, "Where"), text(fix, "Statement"));
  }
  return out;
}

}  // namespace warifu::cli
