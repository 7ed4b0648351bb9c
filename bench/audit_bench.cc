// What the trail costs: the same signed requests through two pipelines over one data folder, one of which records,
// turn about in one run; and how many records a second the queue takes. Wall time is what a caller feels; processor
// time has the writing threads' share too.
//
//   audit_bench [PAIRS] [REQUESTS] > Markdown rows

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "access/authenticate.h"
#include "api/pipeline.h"
#include "audit/rows.h"
#include "base/check.h"
#include "gen/model/services.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "json/value.h"
#include "server/storage.h"
#include "services/memory/operations.h"
#include "sigv4/sign.h"

namespace {

using namespace warifu;

constexpr std::string_view kAccount = "111111111111";
constexpr std::size_t kRecords = 200'000;

double seconds_of(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct Cost {
  double wall, processor;
};

template <class F>
Cost cost_of(const F& work) {
  const double wall = seconds_of(CLOCK_MONOTONIC), processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  work();
  return {seconds_of(CLOCK_MONOTONIC) - wall, seconds_of(CLOCK_PROCESS_CPUTIME_ID) - processor};
}

template <class T>
T await(Task<T> task) {
  boost::asio::io_context loop;
  std::optional<T> out;
  boost::asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& failure, T value) {
    CHECK(failure == nullptr, "a coroutine threw");
    out = std::move(value);
  });
  const auto work = boost::asio::make_work_guard(loop);
  while (!out) loop.run_one();
  return std::move(*out);
}

Task<bool> serve_all(api::Pipeline& pipeline, const http::Request& request, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const http::Response response = co_await pipeline.serve(request);
    CHECK(response.status == 200, response.body);
  }
  co_return true;
}

class Bench {
 public:
  explicit Bench(const std::string& folder) : storage_(std::move(*server::Storage::open(folder, "sync"))) {
    services::memory::bind(registry_);
    api::PipelineOptions recording;
    recording.trail = &trail_;
    on_ = std::make_unique<api::Pipeline>(environment_, registry_, router_, std::move(recording));
    off_ = std::make_unique<api::Pipeline>(environment_, registry_, router_, api::PipelineOptions{});
    make_account();
    const auto made = send("POST", "/memories/create", R"({"name":"bench","eventExpiryDuration":30})");
    memory_ = made.find("memory")->find_string("id").value();
    const std::string events = fmt::format("/memories/{}/events", memory_);
    const auto event = send("POST", events,
                            fmt::format(R"({{"actorId":"a","sessionId":"s","eventTimestamp":{},"payload":[{{)"
                                        R"("conversational":{{"role":"USER","content":{{"text":"{}"}}}}}}]}})",
                                        clock_.now().seconds(), std::string(800, 'x')));
    event_ = event.find("event")->find_string("eventId").value();
  }

  void compare(std::string_view name, const std::string& target, int pairs, std::size_t requests) {
    const http::Request request = signed_request("GET", target, {});
    (void)await(serve_all(*off_, request, requests));
    (void)await(serve_all(*on_, request, requests));
    std::vector<double> wall, processor, plain;
    for (int pair = 0; pair < pairs; ++pair) {
      const Cost without = cost_of([&] { (void)await(serve_all(*off_, request, requests)); });
      const Cost with = cost_of([&] {
        (void)await(serve_all(*on_, request, requests));
        (void)await(trail_.settled());
      });
      plain.push_back(without.wall * 1e6 / static_cast<double>(requests));
      wall.push_back(with.wall / without.wall);
      processor.push_back(with.processor / without.processor);
    }
    row(fmt::format("{}, not recorded, microseconds", name), plain);
    row(fmt::format("{}: recorded / not, wall time, {} pairs", name, pairs), wall);
    row(fmt::format("{}: recorded / not, processor time, {} pairs", name, pairs), processor);
  }

  void flood() {
    audit::Record record;
    record.when = clock_.now();
    record.identity.type = "IAMUser";
    record.identity.known_as = "bench";
    record.event_source = "bedrock-agentcore.amazonaws.com";
    record.event_name = "GetMemory";
    record.region = "us-east-1";
    record.user_agent = std::string(120, 'u');
    record.request_parameters = R"({"memoryId":"bench-0123456789"})";
    std::size_t bytes = 0;
    const Cost cost = cost_of([&] {
      for (std::size_t i = 0; i < kRecords; ++i) {
        auto rows =
            audit::rows_of(record, {.caller = account_, .callers_id = audit::EventId::make(record.when, random_)});
        bytes = rows.front().json.size();
        CHECK(await(trail_.note(std::move(rows))).has_value(), "the queue gives room");
      }
      CHECK(await(trail_.settled()).has_value(), "the store writes");
    });
    fmt::print("| records of {} bytes that the queue takes in, a second | | {:.0f} | |\n", bytes,
               static_cast<double>(kRecords) / cost.wall);
  }

  [[nodiscard]] std::string get_event() const {
    std::string id = event_;
    if (const auto mark = id.find('#'); mark != std::string::npos) id.replace(mark, 1, "%23");
    return fmt::format("/memories/{}/actor/a/sessions/s/events/{}", memory_, id);
  }
  [[nodiscard]] std::string get_memory() const { return fmt::format("/memories/{}/details", memory_); }

 private:
  static void row(const std::string& name, std::vector<double> values) {
    std::ranges::sort(values);
    fmt::print("| {} | {:.3g} | {:.3g} | {:.3g} |\n", name, values.front(), values[values.size() / 2], values.back());
  }

  void make_account() {
    key_ = identity::new_access_key_id(random_);
    secret_ = identity::new_secret_key(random_);
    const std::string user = identity::new_unique_id(identity::EntityKind::kUser, random_);
    const Result<> made = storage_->db().write_blocking([&](store::Txn& txn) -> Result<> {
      const Timestamp now = clock_.now();
      TRY(identity::create_account(txn,
                                   {.id = account_.str(), .name = "bench", .email = {}, .alias = {}, .created = now}));
      TRY(access::create_administrator(txn, account_, "admin", user, now));
      return identity::create_access_key(
          txn, account_, {.id = key_, .user_id = user, .secret = secret_, .active = true, .created = now});
    });
    CHECK(made.has_value(), "the account is made");
  }

  http::Request signed_request(const std::string& method, const std::string& target, const std::string& body) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.peer_ip = "127.0.0.1";
    request.headers.add("Host", "127.0.0.1:4566");
    request.headers.add("User-Agent", "audit_bench");
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    const sigv4::Credentials credentials{
        .access_key_id = key_, .secret = crypto::SecretBytes::copy_of(secret_), .session_token = {}};
    sigv4::sign(request, credentials, {.region = "us-east-1", .service = "bedrock-agentcore"}, clock_.now());
    return request;
  }

  json::Value send(const std::string& method, const std::string& target, const std::string& body) {
    const http::Response response = await(off_->serve(signed_request(method, target, body)));
    CHECK(response.status < 300, response.body);
    return std::move(*json::parse(response.body));
  }

  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<server::Storage> storage_;
  api::Environment environment_{.db = storage_->db(),
                                .sealer = storage_->sealer(),
                                .clock = clock_,
                                .random = random_,
                                .public_url = "http://127.0.0.1:4566"};
  audit::Trail trail_{storage_->db(), clock_};
  api::Registry registry_;
  wire::Router router_{model::services()};
  std::unique_ptr<api::Pipeline> on_, off_;
  AccountId account_ = *AccountId::parse(kAccount);
  std::string key_, secret_, memory_, event_;
};

}  // namespace

int main(int argc, char** argv) {
  const int pairs = argc > 1 ? std::atoi(argv[1]) : 15;
  const auto requests = static_cast<std::size_t>(argc > 2 ? std::atoi(argv[2]) : 5'000);
  std::string folder = (std::filesystem::temp_directory_path() / "audit_bench_XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    Bench bench(folder);
    bench.compare("GetEvent (a data event)", bench.get_event(), pairs, requests);
    bench.compare("GetMemory (a management event)", bench.get_memory(), pairs, requests);
    bench.flood();
  }
  std::filesystem::remove_all(folder);
  return 0;
}
