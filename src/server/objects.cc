#include "server/objects.h"

#include "base/encoding.h"

namespace warifu::server {

bool is_object_upload(const http::Request& head) {
  if (head.method != "PUT") return false;
  if (const auto authorization = head.headers.get("authorization")) {
    return authorization->find("/s3/aws4_request") != std::string_view::npos;
  }
  const std::string query = to_lower(head.query());
  return query.find("%2fs3%2faws4_request") != std::string::npos ||
         query.find("/s3/aws4_request") != std::string::npos || query.find("awsaccesskeyid=") != std::string::npos;
}

}  // namespace warifu::server
