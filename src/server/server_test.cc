#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "identity/access_keys.h"
#include "json/value.h"
#include "net/client.h"
#include "server/app.h"
#include "server/last_use_writer.h"
#include "server/management.h"
#include "store/memory.h"

namespace warifu::server {
namespace {

TEST(ServeOptions, RefuseWhatWouldOpenTheServer) {
  struct Case {
    std::string what;
    ServeOptions options;
    bool good;
  };
  std::vector<Case> cases;
  const auto add = [&](std::string what, bool good, const std::function<void(ServeOptions&)>& change) {
    ServeOptions options;
    change(options);
    cases.push_back({std::move(what), options, good});
  };
  add("the default", true, [](ServeOptions&) {});
  add("a public address in plain text", false, [](ServeOptions& o) { o.listen = {"0.0.0.0:1"}; });
  add("the same when told", true, [](ServeOptions& o) { o.listen = {"0.0.0.0:1"}, o.insecure = true; });
  add("development keys on a public address", false,
      [](ServeOptions& o) { o.listen = {"10.0.0.1:1"}, o.insecure = o.development = true; });
  add("a certificate without its key", false, [](ServeOptions& o) { o.tls_cert = "x"; });
  add("a network for functions that reach nothing", false,
      [](ServeOptions& o) { o.function_networks = {"10.0.0.0/8"}; });
  add("the same where they reach something", true,
      [](ServeOptions& o) { o.function_networks = {"10.0.0.0/8"}, o.function_egress = "public"; });
  add("a network that is none", false,
      [](ServeOptions& o) { o.function_networks = {"ten"}, o.function_egress = "public"; });
  add("an unknown durability", false, [](ServeOptions& o) { o.durability = "maybe"; });
  add("no address", false, [](ServeOptions& o) { o.listen.clear(); });
  for (const Case& c : cases) EXPECT_EQ(check(c.options).has_value(), c.good) << c.what;
}

class DataFolder {
 public:
  DataFolder() : path(std::filesystem::temp_directory_path() / ("warifu-server-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~DataFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(Management, CredentialsAreMadeOnceAndRenewedWhenLost) {
  const DataFolder folder;
  const auto db = store::open_memory();
  const SystemClock clock;
  SystemRandom random;
  const auto read = [&] {
    std::ifstream file(folder.path / kManagementFile);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  ASSERT_TRUE(ensure_management(*db, folder.path, clock, random));
  const std::string first = read();
  struct stat status{};
  ASSERT_EQ(::stat((folder.path / kManagementFile).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_TRUE(ensure_management(*db, folder.path, clock, random));
  EXPECT_EQ(read(), first);

  std::filesystem::remove(folder.path / kManagementFile);
  ASSERT_TRUE(ensure_management(*db, folder.path, clock, random));
  EXPECT_NE(read(), first);
  const auto old = AccessKeyId::parse(json::parse(first)->find_string("AccessKeyId").value_or(""));
  const auto found = db->read([&](store::Reader& reader) { return identity::find_access_key(reader, *old); });
  EXPECT_FALSE(found->has_value()) << "the lost key still opens the server";
}

TEST(LastUse, IsWrittenDownAtTheLatestWhenTheServerStops) {
  const auto db = store::open_memory();
  const auto account = AccountId::parse("111111111111");
  const access::Principal user{
      .kind = access::PrincipalKind::kUser, .account = *account, .access_key_id = "AKIAEXAMPLEEXAMPLE12"};
  const Timestamp now{1'783'165'130'000};
  {
    LastUseWriter writer(*db);
    writer.note(user, "bedrock-agentcore", "eu-west-1", now);
  }
  const auto used =
      db->read([&](store::Reader& reader) { return identity::last_used(reader, *account, "AKIAEXAMPLEEXAMPLE12"); });
  ASSERT_TRUE(used);
  EXPECT_EQ(used->when, now);
  EXPECT_EQ(used->service, "bedrock-agentcore");
  EXPECT_EQ(used->region, "eu-west-1");
}

TEST(App, ServesItsOwnRoutesAndComesBackAfterAStop) {
  const DataFolder folder;
  std::ofstream(folder.path / "foreign.txt") << "stays";
  ServeOptions options;
  options.listen = {"127.0.0.1:0"};
  options.data = folder.path.string();
  options.threads = 1;
  for (int round = 0; round < 2; ++round) {
    auto app = App::start(options);
    ASSERT_TRUE(app) << app.error().message;
    const std::string url = (*app)->public_url();
    const auto get = [&](const std::string& path) {
      http::Request request;
      request.method = "GET";
      return net::fetch_blocking(url + path, std::move(request), std::chrono::seconds(10));
    };
    EXPECT_EQ(get("/_warifu/health")->body, R"({"status":"ok"})");
    EXPECT_NE(get("/_warifu/metrics")->body.find("warifu_connections"), std::string::npos);
    EXPECT_EQ(get("/_warifu/other")->status, 404);
    EXPECT_EQ(get("/memories/")->status, 403);
    EXPECT_FALSE(App::start(options)) << "two servers on one folder";
    EXPECT_TRUE((*app)->stop(std::chrono::seconds(5)));
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path / "foreign.txt"));
}

}  // namespace
}  // namespace warifu::server
