#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "json/value.h"

/// HTTP APIs as tools: reads OpenAPI 3.0 and 3.1, API Gateway's exports of it, and Smithy's JSON model of AWS services,
/// and makes of a tool's arguments the HTTP request that the API wants. Pure; knows no network, no gateway, no MCP.
namespace warifu::openapi {

inline constexpr std::size_t kDocumentBytesMax = 50 * 1024 * 1024;  // an API Gateway export; callers have lower bounds
inline constexpr std::size_t kToolsMax = 10'000;
inline constexpr std::size_t kSchemaNodesMax = 5'000;   // of one tool's input schema, references resolved
inline constexpr std::size_t kSchemaDepthMax = 32;      // … how deep it nests
inline constexpr std::size_t kAllNodesMax = 1'000'000;  // of all tools' schemas together
inline constexpr std::size_t kUrlBytesMax = 64 * 1024;  // of a request's URL

/// Where an argument goes.
enum class Place : std::uint8_t { kPath, kQuery, kHeader, kBodyMember, kBody };

/// How one argument reaches the request.
struct Binding {
  std::string argument;  // its name in the tool's input schema
  std::string name;      // on the wire
  Place place = Place::kQuery;
  bool required = false;
  bool explode = false;  // a query's list: repeated, not joined by commas
  bool greedy = false;   // a path's value may hold slashes that stay slashes
  bool json = false;     // sent as JSON text
};

enum class BodyForm : std::uint8_t { kNone, kJson, kForm, kMultipart };

/// One operation as a tool. Plain value.
struct Tool {
  std::string name;          // operationId, or what an override says
  std::string description;   // may be empty
  json::Value input_schema;  // JSON Schema (2020-12) of an object, without references
  std::string method;        // upper case
  std::string server;        // `https://api.example.com/v1`: absolute, without a slash at its end
  std::string path;          // `/pets/{petId}?fixed=1`: a query in it is sent as it stands
  std::vector<Binding> bindings;
  BodyForm body = BodyForm::kNone;
  std::string content_type;  // of the body
  std::string signing_name;  // of a Smithy model: the service that requests are signed for (aws.auth#sigv4)
};

/// Which operations become tools (API Gateway's toolFilters). Without any, all do.
struct Filter {
  std::string path;                  // exact, or ending in `/*`
  std::vector<std::string> methods;  // upper case; empty: all
};
/// Another name or description for one operation (toolOverrides).
struct Override {
  std::string name, path, method, description;  // empty description: the document's stays
};

struct Options {
  std::size_t bytes_max = 10 * 1024 * 1024;
  std::vector<Filter> filters;
  std::vector<Override> overrides;
  std::string region = "us-east-1";  // of the AWS service that a Smithy model describes
};

/// The tools of a document, in its order: JSON, or YAML where it is OpenAPI. kValidation, one sentence that names the
/// operation: not such a document (Swagger 2 is none), an operation without operationId (and without override) or with
/// one that another has, no absolute http(s) server, what the service does not take either (oneOf, anyOf, allOf,
/// `matrix`, `deepObject` and their like, binary, a required cookie), a reference that leads nowhere or out of the
/// document, or past a bound. A schema that contains itself is cut where it begins anew: there any object may stand.
[[nodiscard]] Result<std::vector<Tool>> read(std::string_view document, const Options& options = {});

/// A request to send: `url` absolute and escaped. Headers have no Host and no Content-Length.
struct Request {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

/// The request that calls the tool. Arguments that the tool does not have are left out; null stands for an absent one.
/// kValidation names the argument: a required one is missing, a path's value is empty or would climb (`.`, `..`), a
/// header's value that no header can hold, a list or object where only a scalar can be written, `arguments` no object,
/// a URL past its bound. No argument can change the server, the path's shape, or add a header or parameter.
[[nodiscard]] Result<Request> request_for(const Tool& tool, const json::Value& arguments);

}  // namespace warifu::openapi
