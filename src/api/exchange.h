#pragma once

#include <optional>
#include <string>

#include "access/authenticate.h"
#include "access/subject.h"
#include "api/pipeline.h"
#include "api/recording.h"

namespace warifu::api {

/// One request on its way through the pipeline. Of the pipeline's own files alone.
struct Pipeline::Exchange {
  http::Request request;
  Report report;
  Timestamp now;
  std::optional<HostClaim> host;
  const wire::Service* service = nullptr;
  const wire::Operation* operation = nullptr;
  std::string s3_region;                         // of a request of S3's that names none; its AuthParams point here
  bool anonymous = false;                        // a request of S3's without any signature
  std::optional<access::Credential> credential;  // set once; `subject` and the Call point into it
  std::optional<access::Subject> subject;
  Recording recording;  // the Call points into it
};

}  // namespace warifu::api
