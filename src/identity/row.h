#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/types.h"

/// The bytes of an identity row: a version byte (1), then the fields in order. A string is its length as a LEB128
/// number and its bytes; a number is 8 bytes, big-endian; a list is its count and its elements. New fields go to the
/// end: a reader takes an end of row before a field as that field's default. `fields` below is the one description
/// of each row, for writing and reading alike.
namespace warifu::identity {

class RowWriter {
 public:
  RowWriter() : out_(1, '\1') {}
  void operator()(const std::string& text);
  void operator()(std::int64_t number);
  void operator()(bool flag) { (*this)(std::int64_t{flag}); }
  void operator()(Timestamp time) { (*this)(time.ms); }
  void operator()(EntityKind kind) { (*this)(static_cast<std::int64_t>(kind)); }
  void operator()(const std::vector<std::string>& list);
  void operator()(const Tags& tags);
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  void length(std::size_t n);
  std::string out_;
};

class RowReader {
 public:
  explicit RowReader(std::string_view row);
  void operator()(std::string& text);
  void operator()(std::int64_t& number);
  void operator()(bool& flag);
  void operator()(Timestamp& time) { (*this)(time.ms); }
  void operator()(EntityKind& kind);
  void operator()(std::vector<std::string>& list);
  void operator()(Tags& tags);
  /// False when the version is unknown or a field was cut off.
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  [[nodiscard]] std::size_t length();
  std::string_view rest_;
  bool ok_ = true;
};

/// Leads from a unique id to its entity: the kind, and the name in lower case, which is its key.
struct IdRow {
  EntityKind kind = EntityKind::kUser;
  std::string name;
};
/// In the system partition, leads from an access key id or a unique id to its account (and user).
struct OwnerRow {
  std::string account, user_id;
};

struct InlineRow {
  std::string document;
};
struct PolicyVersionRow {
  std::string document;
  Timestamp created;
};
struct ResourcePolicyRow {
  std::string document;
  Timestamp updated;
  std::int64_t version = 0;
};
struct TagsRow {
  Tags tags;
};

template <class A, class T>
void named_fields(A& a, T& row) {
  a(row.name), a(row.path), a(row.id), a(row.created);
}
template <class A>
void fields(A& a, Account& row) {
  a(row.id), a(row.name), a(row.email), a(row.alias), a(row.created);
}
template <class A>
void fields(A& a, User& row) {
  named_fields(a, row), a(row.boundary_arn);
}
template <class A>
void fields(A& a, Group& row) {
  named_fields(a, row);
}
template <class A>
void fields(A& a, Role& row) {
  named_fields(a, row), a(row.description), a(row.max_session_seconds), a(row.boundary_arn), a(row.linked_service);
}
template <class A>
void fields(A& a, ManagedPolicy& row) {
  named_fields(a, row), a(row.description), a(row.default_version), a(row.last_version), a(row.updated);
}
template <class A>
void fields(A& a, InstanceProfile& row) {
  named_fields(a, row), a(row.role_ids);
}
template <class A>
void fields(A& a, AccessKey& row) {
  a(row.id), a(row.user_id), a(row.secret), a(row.active), a(row.created);
}
template <class A>
void fields(A& a, OidcProvider& row) {
  a(row.url), a(row.client_ids), a(row.thumbprints), a(row.created);
}
template <class A>
void fields(A& a, LastUsed& row) {
  a(row.when), a(row.service), a(row.region);
}
template <class A>
void fields(A& a, IdRow& row) {
  a(row.kind), a(row.name);
}
template <class A>
void fields(A& a, OwnerRow& row) {
  a(row.account), a(row.user_id);
}
template <class A>
void fields(A& a, InlineRow& row) {
  a(row.document);
}
template <class A>
void fields(A& a, PolicyVersionRow& row) {
  a(row.document), a(row.created);
}
template <class A>
void fields(A& a, ResourcePolicyRow& row) {
  a(row.document), a(row.updated), a(row.version);
}
template <class A>
void fields(A& a, TagsRow& row) {
  a(row.tags);
}

/// By value, so that one `fields` serves both directions.
template <class T>
[[nodiscard]] std::string encode_row(T row) {
  RowWriter writer;
  fields(writer, row);
  return writer.take();
}

/// kInternal when the bytes are not such a row.
template <class T>
[[nodiscard]] Result<T> decode_row(std::string_view bytes) {
  RowReader reader(bytes);
  T row;
  fields(reader, row);
  if (!reader.ok()) return fail(internal_error("an identity row does not decode"));
  return row;
}

}  // namespace warifu::identity
