#include "agents/agent.h"

#include "base/check.h"

namespace warifu::agents {

std::uint16_t port_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kMcp:
      return 8000;
    case Protocol::kA2a:
      return 9000;
    case Protocol::kHttp:
    case Protocol::kAgui:
      return 8080;
  }
  CHECK(false, "no such protocol");
  return 0;
}

std::string_view path_of(Protocol protocol) {
  switch (protocol) {
    case Protocol::kMcp:
      return "/mcp";
    case Protocol::kA2a:
      return "/";
    case Protocol::kHttp:
    case Protocol::kAgui:
      return "/invocations";
  }
  CHECK(false, "no such protocol");
  return {};
}

}  // namespace warifu::agents
