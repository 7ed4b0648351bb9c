#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "agents/agent.h"
#include "base/clock.h"
#include "base/http.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"

namespace warifu::agents {

/// What instance metadata says of whom it serves.
struct MetadataSubject {
  std::string role_name;
  std::string role_arn;
  std::string region;
  std::string account;
  std::string instance_id;  // `i-…`; made when empty
};

/// The instance metadata service, version 2 (IMDSv2; EC2 User Guide, "Use IMDSv2"): a token by PUT with its time to
/// live, then metadata for who shows the token. Version 1 is refused, and so is what came through a proxy
/// (X-Forwarded-For). Credentials are kept until five minutes before their end. Thread-safe; `clock` and `random`
/// outlive it.
class Metadata {
 public:
  Metadata(MetadataSubject subject, CredentialsSource credentials, const Clock& clock, Random& random);
  ~Metadata();
  Metadata(const Metadata&) = delete;
  Metadata& operator=(const Metadata&) = delete;

  [[nodiscard]] Task<http::Response> serve(http::Request request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warifu::agents
