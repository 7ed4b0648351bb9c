#include "audit/record.h"

#include "json/writer.h"

namespace warifu::audit {
namespace {

constexpr std::string_view kEventVersion = "1.11";
constexpr std::string_view kAnonymous = "anonymous";

/// Cut so that no UTF-8 sequence is halved.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

void text(json::Writer& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out.key(name).string(value);
}

void elements(json::Writer& out, std::string_view name, std::string_view json) {
  out.key(name);
  if (json.empty()) {
    out.null();
  } else if (json.size() <= kElementsBytesMax) {
    out.raw(json);
  } else {
    out.begin_object().key("omitted").boolean(true);
    out.key("originalSize").integer(static_cast<std::int64_t>(json.size()));
    out.key("reason").string(std::string(name) + " too large").end_object();
  }
}

void session_context(json::Writer& out, const UserIdentity& who) {
  if (!who.session_created) return;
  out.key("sessionContext").begin_object();
  if (who.issuer) {
    out.key("sessionIssuer").begin_object().key("type").string(who.issuer->type);
    out.key("principalId").string(who.issuer->principal_id).key("arn").string(who.issuer->arn);
    out.key("accountId").string(who.issuer->account);
    text(out, "userName", who.issuer->user_name);
    out.end_object();
  }
  out.key("attributes").begin_object().key("creationDate").string(iso8601(*who.session_created));
  out.key("mfaAuthenticated").string(who.mfa ? "true" : "false").end_object();
  text(out, "sourceIdentity", who.source_identity);
  out.end_object();
}

void identity(json::Writer& out, const UserIdentity& who) {
  out.key("userIdentity").begin_object().key("type").string(who.type);
  if (who.account == kAnonymous) out.key("principalId").string("");
  text(out, "principalId", who.principal_id);
  text(out, "arn", who.arn);
  text(out, "accountId", who.account);
  text(out, "accessKeyId", who.access_key_id);
  text(out, "userName", who.user_name);
  session_context(out, who);
  text(out, "invokedBy", who.invoked_by);
  out.end_object();
}

void resources(json::Writer& out, const std::vector<Resource>& all) {
  bool begun = false;
  for (const Resource& one : all) {
    if (one.arn.empty()) continue;
    if (!begun) out.key("resources").begin_array();
    begun = true;
    out.begin_object();
    text(out, "accountId", one.account);
    out.key("type").string(one.type).key("ARN").string(one.arn).end_object();
  }
  if (begun) out.end_array();
}

/// What an owner in another account is told of the caller.
UserIdentity as_the_owner_sees(const UserIdentity& who) {
  if (who.type == "AWSService" || who.account == kAnonymous) return who;
  UserIdentity out;
  out.type = "AWSAccount";
  out.principal_id = who.principal_id;
  out.account = who.account;
  out.invoked_by = who.invoked_by;
  return out;
}

struct Copy {
  const AccountId& recipient;
  const EventId& id;
  std::string_view shared_id;
  const UserIdentity& who;
  bool tells_denial;
};

std::string json_of(const Record& record, const Copy& copy) {
  std::string text_out;
  json::Writer out(text_out);
  out.begin_object().key("eventVersion").string(kEventVersion);
  identity(out, copy.who);
  out.key("eventTime").string(iso8601(record.when)).key("eventSource").string(record.event_source);
  out.key("eventName").string(record.event_name).key("awsRegion").string(record.region);
  out.key("sourceIPAddress").string(record.source_ip);
  text(out, "userAgent", cut(record.user_agent, kUserAgentBytesMax));
  text(out, "errorCode", cut(record.error_code, kErrorBytesMax));
  if (!record.denied || copy.tells_denial) text(out, "errorMessage", cut(record.error_message, kErrorBytesMax));
  elements(out, "requestParameters", record.request_parameters);
  elements(out, "responseElements", record.response_elements);
  if (!record.additional_event_data.empty()) out.key("additionalEventData").raw(record.additional_event_data);
  out.key("requestID").string(record.request_id).key("eventID").string(copy.id.text());
  out.key("readOnly").boolean(record.read_only);
  resources(out, record.resources);
  out.key("eventType").string("AwsApiCall").key("managementEvent").boolean(!record.data_event);
  out.key("recipientAccountId").string(copy.recipient.str());
  text(out, "sharedEventID", copy.shared_id);
  out.key("eventCategory").string(record.data_event ? "Data" : "Management").end_object();
  return text_out;
}

Row row_of(const Record& record, const Copy& copy) {
  return {.account = copy.recipient,
          .region = record.region,
          .id = copy.id,
          .attributes = {.event_name = record.event_name,
                         .event_source = record.event_source,
                         .username = copy.who.known_as,
                         .access_key_id = copy.who.access_key_id,
                         .read_only = record.read_only,
                         .resources = record.resources},
          .json = json_of(record, copy)};
}

}  // namespace

std::vector<Row> rows_of(const Record& record, const Copies& copies) {
  std::vector<Row> rows;
  rows.push_back(row_of(record, {.recipient = copies.caller,
                                 .id = copies.callers_id,
                                 .shared_id = copies.shared_id,
                                 .who = record.identity,
                                 .tells_denial = true}));
  if (copies.owner && copies.owners_id) {
    const UserIdentity seen = as_the_owner_sees(record.identity);
    rows.push_back(row_of(record, {.recipient = *copies.owner,
                                   .id = *copies.owners_id,
                                   .shared_id = copies.shared_id,
                                   .who = seen,
                                   .tells_denial = false}));
  }
  return rows;
}

}  // namespace warifu::audit
