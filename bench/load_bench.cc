// A lean client for benchmarks of the whole server: signs all requests beforehand, then plays them over keep-alive
// connections, one in flight on each, from one thread. Prints one JSON object: requests per second, latencies.
//
//   load_bench MODE --port P --key ID --secret S --memory M [--count N] [--connections C] [--sessions N] [--first N]
//   MODE create: distinct CreateEvent requests of 1 KB, spread over the sessions
//        get:    GetEvent of the event ids read from standard input
//        list:   ListEvents of one page (100 events), round the sessions
//        records: BatchCreateMemoryRecords of 100 each, `--count` records in `--namespace`
//        retrieve: RetrieveMemoryRecords in `--namespace`, topK 10
//        lua:    as get, but prints a wrk script that replays the requests
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/http.h"
#include "crypto/hash.h"
#include "sigv4/sign.h"

namespace {

using namespace warifu;
using Steady = std::chrono::steady_clock;

struct Options {
  std::string mode, key, secret, memory, name_space;
  int port = 0;
  std::size_t count = 10'000, connections = 64, sessions = 64, first = 0;
};

Options read_options(int argc, char** argv) {
  Options options;
  std::map<std::string, std::string> given;
  for (int i = 2; i + 1 < argc; i += 2) given[argv[i]] = argv[i + 1];
  const auto number = [&](const char* name, std::size_t fallback) {
    return given.contains(name) ? static_cast<std::size_t>(std::stoull(given[name])) : fallback;
  };
  options.mode = argc > 1 ? argv[1] : "";
  options.key = given["--key"];
  options.secret = given["--secret"];
  options.memory = given["--memory"];
  options.name_space = given["--namespace"];
  options.port = static_cast<int>(number("--port", 4566));
  options.count = number("--count", options.count);
  options.connections = number("--connections", options.connections);
  options.sessions = number("--sessions", options.sessions);
  options.first = number("--first", 0);
  return options;
}

http::Request signed_request(const Options& options, std::string method, std::string target, std::string body) {
  http::Request request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.body = std::move(body);
  request.headers.add("Host", fmt::format("127.0.0.1:{}", options.port));
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  const sigv4::Credentials credentials{
      .access_key_id = options.key, .secret = crypto::SecretBytes::copy_of(options.secret), .session_token = {}};
  sigv4::sign(request, credentials, {.region = "us-east-1", .service = "bedrock-agentcore"}, SystemClock{}.now());
  return request;
}

std::string raw(const http::Request& request) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  for (const auto& [name, value] : request.headers.fields()) out += fmt::format("{}: {}\r\n", name, value);
  out += fmt::format("Content-Length: {}\r\n\r\n", request.body.size());
  return out + request.body;
}

/// What an SDK sends when its caller names no token: a version-4 UUID, here the one of that number.
std::string client_token(std::size_t i) {
  const std::string hex = crypto::sha256_hex(fmt::format("token-{}", i));
  return fmt::format("{}-{}-4{}-a{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 3), hex.substr(15, 3),
                     hex.substr(18, 12));
}

std::string create_body(const Options& options, std::size_t i) {
  const std::int64_t ms = SystemClock{}.now().ms + static_cast<std::int64_t>(i % 1000);
  return fmt::format(R"({{"actorId":"actor-{}","sessionId":"session-{}","eventTimestamp":{}.{:03},"clientToken":"{}",)"
                     R"("payload":[{{"conversational":{{"content":{{"text":"{}"}},"role":"USER"}}}}]}})",
                     i % options.sessions, i % options.sessions, ms / 1000, ms % 1000, client_token(i),
                     std::string(880, 'x'));
}

/// Words of a made-up language, the frequent ones often: texts that differ as people's do.
std::string words(std::size_t seed, std::size_t count) {
  static constexpr std::array<std::string_view, 32> kSyllables{
      "ka", "to",  "mi",  "ren", "sol", "ba",  "lu", "ter", "an",  "is", "po", "ver", "gan", "dor", "el",  "fu",
      "ni", "ras", "che", "om",  "pi",  "wen", "za", "hal", "cor", "ti", "be", "nu",  "sha", "lor", "qui", "dra"};
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 1;
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    const double uniform = static_cast<double>(state >> 11U) / 9007199254740992.0;
    const auto word = static_cast<std::size_t>(uniform * uniform * uniform * 32768);
    out.append(i == 0 ? "" : " ").append(kSyllables[word % 32]).append(kSyllables[word / 32 % 32]);
    out.append(kSyllables[word / 1024]);
  }
  return out;
}

std::string records_body(const Options& options, std::size_t first, std::size_t count) {
  std::string records;
  for (std::size_t i = first; i < first + count; ++i) {
    records += fmt::format(
        R"({}{{"requestIdentifier":"{}","namespaces":["{}"],"content":{{"text":"The user {}."}},)"
        R"("timestamp":1783165130}})",
        i == first ? "" : ",", i, options.name_space, words(i, 12));
  }
  return fmt::format(R"({{"records":[{}],"clientToken":"{}-{}"}})", records, options.name_space, first);
}

std::string retrieve_body(const Options& options, std::size_t i) {
  return fmt::format(R"({{"namespace":"{}","searchCriteria":{{"searchQuery":"What {}?","topK":10}}}})",
                     options.name_space, words(i + 777'000'000, 6));
}

std::vector<std::string> make_requests(const Options& options) {
  std::vector<std::string> out;
  const std::string base = "/memories/" + options.memory;
  if (options.mode == "create") {
    for (std::size_t i = options.first; i < options.first + options.count; ++i) {
      out.push_back(raw(signed_request(options, "POST", base + "/events", create_body(options, i))));
    }
  } else if (options.mode == "records") {
    constexpr std::size_t kBatch = 100;
    for (std::size_t i = 0; i < options.count; i += kBatch) {
      const std::string body = records_body(options, options.first + i, std::min(kBatch, options.count - i));
      out.push_back(raw(signed_request(options, "POST", base + "/memoryRecords/batchCreate", body)));
    }
  } else if (options.mode == "retrieve") {
    for (std::size_t i = 0; i < options.count; ++i) {
      out.push_back(raw(signed_request(options, "POST", base + "/retrieve", retrieve_body(options, i))));
    }
  } else if (options.mode == "list") {
    for (std::size_t i = 0; i < options.count; ++i) {
      const std::string target =
          fmt::format("{}/actor/actor-{}/sessions/session-{}", base, i % options.sessions, i % options.sessions);
      out.push_back(raw(signed_request(options, "POST", target, R"({"maxResults":100})")));
    }
  } else {
    std::array<char, 256> line{};
    while (std::fgets(line.data(), static_cast<int>(line.size()), stdin) != nullptr) {
      std::string path(line.data());
      while (!path.empty() && path.back() == '\n') path.pop_back();
      const std::size_t space = path.find(' ');
      const std::string target =
          fmt::format("{}/actor/actor-{}/sessions/session-{}/events/{}", base, path.substr(0, space),
                      path.substr(0, space), percent_encode(path.substr(space + 1)));
      out.push_back(raw(signed_request(options, "GET", target, "")));
    }
  }
  return out;
}

/// wrk sends each table entry as it is.
void print_lua(const std::vector<std::string>& requests) {
  fmt::print("local requests = {{\n");
  for (const std::string& request : requests) {
    std::string literal;
    for (const char c : request)
      literal += c == '\r' ? "\\r" : c == '\n' ? "\\n" : c == '"' ? "\\\"" : std::string(1, c);
    fmt::print("\"{}\",\n", literal);
  }
  fmt::print("}}\nlocal i = 0\nrequest = function()\n  i = i % #requests + 1\n  return requests[i]\nend\n");
}

struct Connection {
  int fd = -1;
  std::string_view out;
  std::string in;
  Steady::time_point begun;
};

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "no server");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/// The length of the whole response at the front of `in`, or 0. The server always sends Content-Length.
std::size_t response_length(std::string_view in) {
  const std::size_t end = in.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::size_t field = in.substr(0, end).find("Content-Length: ");
  if (field == std::string_view::npos) return end + 4;
  const std::size_t length = end + 4 + std::strtoull(in.data() + field + 16, nullptr, 10);
  return in.size() >= length ? length : 0;
}

class Player {
 public:
  Player(const Options& options, const std::vector<std::string>& requests) : requests_(requests) {
    epoll_ = ::epoll_create1(0);
    connections_.resize(std::min(options.connections, requests.size()));
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      connections_[i].fd = connect_to(options.port);
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_[i].fd, &event);
    }
  }

  void play() {
    latencies_us_.reserve(requests_.size());
    const auto begun = Steady::now();
    for (Connection& connection : connections_) send_next(connection);
    std::array<epoll_event, 128> events{};
    while (latencies_us_.size() < requests_.size()) {
      const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10'000);
      CHECK(n > 0, "the server stopped answering");
      for (int i = 0; i < n; ++i) receive(connections_[events[static_cast<std::size_t>(i)].data.u64]);
    }
    print(std::chrono::duration<double>(Steady::now() - begun).count());
  }

 private:
  void send_next(Connection& connection) {
    if (next_ == requests_.size()) return;
    connection.out = requests_[next_++];
    connection.begun = Steady::now();
    while (!connection.out.empty()) {
      const ssize_t n = ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
      if (n > 0) connection.out.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void receive(Connection& connection) {
    std::array<char, 65'536> buffer;
    const ssize_t n = ::recv(connection.fd, buffer.data(), buffer.size(), 0);
    if (n < 0) return;
    CHECK(n > 0, "the server closed a connection");
    connection.in.append(buffer.data(), static_cast<std::size_t>(n));
    const std::size_t length = response_length(connection.in);
    if (length == 0) return;
    if (connection.in[9] != '2' && failures_++ == 0) fmt::print(stderr, "{}\n", connection.in);
    connection.in.erase(0, length);
    latencies_us_.push_back(static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - connection.begun).count()));
    send_next(connection);
  }

  void print(double seconds) {
    std::ranges::sort(latencies_us_);
    const auto at = [&](double q) {
      return latencies_us_[static_cast<std::size_t>(q * static_cast<double>(latencies_us_.size() - 1))];
    };
    fmt::print(R"({{"requests":{},"failures":{},"per_second":{:.1f},"p50_us":{},"p99_us":{}}})"
               "\n",
               latencies_us_.size(), failures_, static_cast<double>(latencies_us_.size()) / seconds, at(0.5), at(0.99));
  }

  const std::vector<std::string>& requests_;
  std::vector<Connection> connections_;
  std::vector<std::uint32_t> latencies_us_;
  std::size_t next_ = 0;
  std::size_t failures_ = 0;
  int epoll_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  const std::vector<std::string> requests = make_requests(options);
  if (requests.empty()) return 1;
  if (options.mode == "lua") {
    print_lua(requests);
  } else {
    Player(options, requests).play();
  }
  return 0;
}
