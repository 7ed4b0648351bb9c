#include "services/lambda/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/lambda/executor_testing.h"

namespace warifu::services::lambda {
namespace {

using ::testing::AllOf;
using testing::ExecutorTest;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ExecutorTest, AFunctionAnswersAndItsLogIsFramed) {
  const auto function = python(
      "def handler(event, context):\n"
      "    print('seen', event['a'])\n"
      "    return {'b': event['a'] + 1, 'id': context.aws_request_id}\n");
  const InvokeResult out = invoke(function, R"({"a": 41})");
  EXPECT_EQ(out.payload, R"({"b": 42, "id": "request-1"})");
  EXPECT_EQ(out.function_error, "");
  EXPECT_EQ(out.executed_version, "$LATEST");
  EXPECT_TRUE(out.cold);
  EXPECT_THAT(out.log_tail,
              StartsWith("START RequestId: request-1 Version: $LATEST\nseen 41\nEND RequestId: request-1\n"
                         "REPORT RequestId: request-1\tDuration: "));
  EXPECT_THAT(out.log_tail,
              AllOf(HasSubstr("\tMemory Size: 256 MB\tMax Memory Used: "), HasSubstr("\tInit Duration: ")));
  EXPECT_THAT(out.log_tail, Not(HasSubstr("Max Memory Used: 0 MB")));
  EXPECT_THAT(logged(), StartsWith("INIT_START Runtime Version: python3.11"));
}

TEST_F(ExecutorTest, TheNextCallIsWarmAndKeepsWhatTheModuleHolds) {
  const auto function = python(
      "n = 0\n"
      "def handler(event, context):\n"
      "    global n\n"
      "    n += 1\n"
      "    return n\n");
  for (int i = 1; i <= 20; ++i) {
    const InvokeResult out = invoke(function, "{}");
    EXPECT_EQ(out.payload, std::to_string(i));
    EXPECT_EQ(out.cold, i == 1);
  }
}

TEST_F(ExecutorTest, CallsAtOnceGetEnvironmentsOfTheirOwn) {
  const auto function = python(
      "import time\n"
      "def handler(event, context):\n"
      "    time.sleep(0.5)\n"
      "    return open('/proc/sys/kernel/random/boot_id').read() and event\n");
  const std::vector<Result<InvokeResult>> all = invoke_at_once(function, 4);
  int cold = 0;
  for (const auto& one : all) {
    ASSERT_TRUE(one) << one.error().message;
    EXPECT_EQ(one->function_error, "");
    cold += one->cold ? 1 : 0;
  }
  EXPECT_EQ(cold, 4);
}

TEST_F(ExecutorTest, ReservedConcurrencyAndTheExecutorsBoundThrottle) {
  const auto function = python(
      "import time\n"
      "def handler(event, context): time.sleep(0.5)\n");
  int throttled = 0;
  for (const auto& one : invoke_at_once(function, 3, 2)) {
    throttled += !one && one.error().code == ErrorCode::kThrottled ? 1 : 0;
    if (!one) {
      EXPECT_EQ(one.error().reason, "ReservedFunctionConcurrentInvocationLimitExceeded");
    }
  }
  EXPECT_EQ(throttled, 1);
}

TEST_F(ExecutorTest, AnErrorOfTheFunctionIsItsAnswer) {
  const auto function = python("def handler(event, context): raise ValueError('no such thing')\n");
  const InvokeResult out = invoke(function, "{}");
  EXPECT_EQ(out.function_error, "Unhandled");
  EXPECT_THAT(out.payload,
              AllOf(HasSubstr(R"("errorMessage": "no such thing")"), HasSubstr(R"("errorType": "ValueError")"),
                    HasSubstr(R"("requestId": "request-1")"), HasSubstr("stackTrace")));
  EXPECT_THAT(out.log_tail, HasSubstr("[ERROR] ValueError: no such thing\nTraceback"));
  EXPECT_FALSE(invoke(function, "{}").cold) << "an environment outlives an exception";
}

struct Failure {
  std::string name;
  std::string code;
  std::string payload;
  std::string log;
};

class FailureTest : public ExecutorTest, public ::testing::WithParamInterface<Failure> {};

TEST_P(FailureTest, IsToldAndLeavesNoProcess) {
  restart({.init_timeout = std::chrono::milliseconds{2'000}});
  const auto function = python(GetParam().code, {.memory_mb = 128, .timeout_s = 1});
  const InvokeResult out = invoke(function, "{}");
  EXPECT_EQ(out.function_error, "Unhandled");
  EXPECT_THAT(out.payload, HasSubstr(GetParam().payload));
  EXPECT_THAT(out.log_tail, HasSubstr(GetParam().log));
  EXPECT_THAT(out.log_tail, HasSubstr("REPORT RequestId: request-1"));
  executor_->retire(function->arn);
  wait_for_no_process();
}

const std::string kDef = "import os, sys, time\ndef handler(event, context):\n    ";

INSTANTIATE_TEST_SUITE_P(
    Functions, FailureTest,
    ::testing::Values(
        Failure{"loops", kDef + "while True: pass", "Error: Task timed out after 1.00 seconds", "Status: timeout"},
        Failure{"sleeps", kDef + "time.sleep(600)", "Sandbox.Timedout", "Task timed out after 1.00 seconds"},
        Failure{"exits", kDef + "os._exit(7)",
                R"({"errorType":"Runtime.ExitError","errorMessage":"RequestId: request-1 Error: Runtime exited )"
                R"(with error: exit status 7"})",
                "Status: error\tError Type: Runtime.ExitError"},
        Failure{"exits_well", kDef + "os._exit(0)", "Runtime exited without providing a reason", "Runtime.ExitError"},
        Failure{"crashes", kDef + "os.kill(os.getpid(), 11)",
                "Error: Runtime exited with error: signal: segmentation fault", "Runtime.ExitError"},
        Failure{"forks",
                kDef + "\n    for i in range(20):\n        if os.fork() == 0: time.sleep(600)\n    time.sleep(600)",
                "Task timed out", "timeout"},
        Failure{"eats", kDef + "\n    kept = []\n    while True: kept.append(b'x' * (1 << 22)); time.sleep(0.002)",
                "Runtime.OutOfMemory", "Runtime.OutOfMemory"},
        Failure{"cannot_be_imported", "import nothing_of_that_name\n", "Runtime.ImportModuleError", "Status: error"},
        Failure{"has_no_handler", "x = 1\n", "Runtime.HandlerNotFound", "Status: error"},
        Failure{"is_no_python", "def handler(:\n", "Runtime.UserCodeSyntaxError", "Status: error"},
        Failure{"ends_at_its_start", "import os\nos._exit(9)\n", "Runtime exited with error: exit status 9",
                "ExitError"},
        Failure{"stays_at_its_start", "import time\ntime.sleep(600)\n", "Task timed out", "timeout"},
        Failure{"answers_too_much", kDef + "return 'x' * (7 << 20)",
                "Response payload size exceeded maximum allowed payload size (6291556 bytes).", "END"}),
    [](const auto& param) { return param.param.name; });

TEST_F(ExecutorTest, AFunctionThatFailedIsStartedAnew) {
  const auto function = python(kDef + "os._exit(1) if event else None");
  EXPECT_EQ(invoke(function, "{}").payload, "null");
  EXPECT_EQ(invoke(function, "true").function_error, "Unhandled");
  EXPECT_TRUE(invoke(function, "{}").cold);
}

TEST_F(ExecutorTest, AnEnvironmentThatEndedWhileItWaitedIsReplacedUnseen) {
  const auto function = python(
      "import os, threading\n"
      "def handler(event, context):\n"
      "    threading.Timer(0.05, lambda: os._exit(3)).start()\n");
  ASSERT_EQ(invoke(function, "{}").function_error, "");
  wait_for_no_process();
  const InvokeResult again = invoke(function, "{}");
  EXPECT_EQ(again.function_error, "");
  EXPECT_TRUE(again.cold);
}

TEST_F(ExecutorTest, TheEnvironmentIsAsDocumented) {
  const auto function = python(
      "import os\n"
      "def handler(event, context):\n"
      "    return {**os.environ, 'context': [context.function_name, context.function_version,\n"
      "      context.invoked_function_arn, context.memory_limit_in_mb, context.log_group_name,\n"
      "      context.client_context.custom['k'], context.get_remaining_time_in_millis() > 500]}\n",
      {.environment = {{"MINE", "yes"}, {"AWS_REGION", "forged"}, {"TZ", "Europe/Berlin"}}});
  const InvokeResult out = invoke(function, "{}", R"({"custom":{"k":"v"}})");
  for (const char* part :
       {R"("_HANDLER": "app.handler")", R"("AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001")", R"("MINE": "yes")",
        R"("AWS_REGION": "eu-west-1")", R"("TZ": "Europe/Berlin")", R"("AWS_LAMBDA_FUNCTION_NAME": "f")",
        R"("AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256")", R"("AWS_ACCESS_KEY_ID": "ASIATEST")",
        R"("AWS_SESSION_TOKEN": "token")", R"("AWS_EXECUTION_ENV": "AWS_Lambda_python3.11")",
        R"("AWS_ENDPOINT_URL": "http://127.0.0.1:4566")", R"("LAMBDA_TASK_ROOT": "/var/task")",
        R"(["f", "$LATEST", "arn:aws:lambda:eu-west-1:111122223333:function:f", "256", "/aws/lambda/f", "v", true])"}) {
    EXPECT_THAT(out.payload, HasSubstr(part));
  }
}

TEST_F(ExecutorTest, TheServerAnswersInsideAtItsPublicUrlAndNobodyElseDoes) {
  const auto function = python(
      "import os, urllib.request\n"
      "def handler(event, context):\n"
      "    own = urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/path', timeout=5).read().decode()\n"
      "    try: urllib.request.urlopen('http://10.0.0.1/', timeout=2)\n"
      "    except OSError as e: return [own, str(e)]\n");
  EXPECT_EQ(invoke(function, "{}").payload,
            R"(["the server /path", "<urlopen error [Errno 101] Network is unreachable>"])");
}

constexpr const char* kTriesToLeave =
    "import os, socket, urllib.request\n"
    "def handler(event, context):\n"
    "    own = urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/path', timeout=5).read().decode()\n"
    "    proxy = os.environ.get('HTTPS_PROXY', '')\n"
    "    try: socket.create_connection(('93.184.215.14', 443), timeout=2)\n"
    "    except OSError as e: straight = e.errno\n"
    "    try: urllib.request.urlopen('https://example.com/', timeout=5)\n"
    "    except OSError as e: asked = str(e)\n"
    "    return [own, proxy, os.environ.get('NO_PROXY', ''), straight, asked]\n";

TEST_F(ExecutorTest, NothingLeadsOutWhereThereIsNoProxy) {
  EXPECT_THAT(invoke(python(kTriesToLeave), "{}").payload,
              AllOf(StartsWith(R"(["the server /path", "", "", 101, "<urlopen error )"), Not(HasSubstr("Tunnel"))));
}

TEST_F(ExecutorTest, WhereThereIsAProxyNothingElseLeadsOut) {
  restart({.proxy = true});
  EXPECT_THAT(
      invoke(python(kTriesToLeave), "{}").payload,
      AllOf(StartsWith(R"(["the server /path", "http://127.0.0.1:3128", "localhost,127.0.0.1,127.0.0.1", 101, )"),
            HasSubstr("Tunnel connection failed")));
}

TEST_F(ExecutorTest, WhatTheInterpreterLiesInIsThereAndReadOnly) {
  const auto function = python(
      "import os, sys\n"
      "def handler(event, context):\n"
      "    try: open(sys.base_prefix + '/written', 'w')\n"
      "    except OSError as e: return [os.path.isdir(sys.base_prefix), e.errno in (13, 30), sys.base_prefix]\n");
  const auto choice = executor_->choose("python3.11");
  ASSERT_TRUE(choice);
  const std::string prefix = choice->prefix.empty() ? "/usr" : choice->prefix;
  EXPECT_EQ(invoke(function, "{}").payload, "[true, true, \"" + prefix + "\"]");
}

TEST_F(ExecutorTest, Boto3IsThereAfterTheFunctionsOwnPackagesAndItsLayers) {
  const auto function = python(
      "import boto3, json, own, layered\n"
      "def handler(event, context):\n"
      "    return [boto3.__file__, own.NAME, layered.NAME,\n"
      "            'bedrock-agentcore' in boto3.Session().get_available_services()]\n",
      {.timeout_s = 20,
       .files = {{"own.py", "NAME = 'task'"}},
       .layers = {{{"python/own.py", "NAME = 'layer'"}, {"python/layered.py", "NAME = 'first'"}},
                  {{"python/layered.py", "NAME = 'second'"}}}});
  EXPECT_EQ(invoke(function, "{}").payload, R"(["/var/runtime/python/boto3/__init__.py", "task", "second", true])");
}

TEST_F(ExecutorTest, PackagesOfTheMachineAreNotThere) {
  const auto function = python(
      "import site, os\n"
      "def handler(event, context):\n"
      "    return [os.listdir(p) for p in site.getsitepackages() if os.path.isdir(p)]\n");
  EXPECT_THAT(invoke(function, "{}").payload, MatchesRegex(R"(\[\[\](, \[\])*\])"));
}

TEST_F(ExecutorTest, NodeRunsToo) {
  const auto function = files("nodejs22.x", {{"app.mjs",
                                              "export const handler = async (event, context) => {\n"
                                              "  console.log('from node');\n"
                                              "  if (event.fail) throw new TypeError('broken');\n"
                                              "  return {got: event.a, custom: context.clientContext?.custom}; };"}});
  const InvokeResult out = invoke(function, R"({"a": 1})", R"({"custom":{"k":"v"}})");
  EXPECT_EQ(out.payload, R"({"got":1,"custom":{"k":"v"}})") << out.log_tail;
  EXPECT_THAT(out.log_tail, HasSubstr("from node"));
  const InvokeResult failed = invoke(function, R"({"fail": true})");
  EXPECT_EQ(failed.function_error, "Unhandled");
  EXPECT_THAT(failed.payload, AllOf(HasSubstr("TypeError"), HasSubstr("broken")));
}

TEST_F(ExecutorTest, ProvidedRunsBootstrapAndAWrongRequestIdIsRefused) {
  const auto function =
      files("provided.al2023",
            {{"bootstrap",
              "#!/usr/bin/python3\n"
              "import http.client, os, json\n"
              "c = http.client.HTTPConnection(os.environ['AWS_LAMBDA_RUNTIME_API'])\n"
              "base = '/2018-06-01/runtime/invocation/'\n"
              "def send(id, body, kind='response'):\n"
              "    c.request('POST', base + id + '/' + kind, body); r = c.getresponse(); return [r.status, "
              "r.read().decode()]\n"
              "while True:\n"
              "    c.request('GET', base + 'next'); r = c.getresponse(); r.read()\n"
              "    id = r.headers['Lambda-Runtime-Aws-Request-Id']\n"
              "    assert int(r.headers['Lambda-Runtime-Deadline-Ms']) > 0 and "
              "r.headers['Lambda-Runtime-Trace-Id'].startswith('Root=1-')\n"
              "    wrong = send('another', 'x'); c.request('GET', '/elsewhere'); lost = c.getresponse(); lost.read()\n"
              "    send(id, json.dumps([wrong, lost.status, os.environ['_HANDLER']]))\n"}});
  EXPECT_EQ(
      invoke(function, "{}").payload,
      R"([[400, "{\"errorType\":\"InvalidRequestID\",\"errorMessage\":\"Invalid request ID\"}"], 404, "app.handler"])");
}

TEST_F(ExecutorTest, RetiredEnvironmentsGoAndTheNextCallIsCold) {
  const auto function = python("def handler(event, context): return 1\n");
  ASSERT_TRUE(invoke(function, "{}").cold);
  ASSERT_FALSE(invoke(function, "{}").cold);
  executor_->retire(function->arn);
  wait_for_no_process();
  EXPECT_TRUE(invoke(function, "{}").cold);
}

TEST_F(ExecutorTest, IdleEnvironmentsGo) {
  restart({.idle_timeout = std::chrono::milliseconds{10}});
  const auto function = python("def handler(event, context): return 1\n");
  ASSERT_TRUE(invoke(function, "{}").cold);
  wait_for_no_process();
  EXPECT_TRUE(invoke(function, "{}").cold);
}

TEST_F(ExecutorTest, AnIdleEnvironmentMakesRoomForAnotherFunction) {
  restart({.environments_max = 1});
  const auto one = python("def handler(event, context): return 1\n");
  const auto two = python("def handler(event, context): return 2\n");
  EXPECT_EQ(invoke(one, "{}").payload, "1");
  EXPECT_EQ(invoke(two, "{}").payload, "2");
  EXPECT_TRUE(invoke(one, "{}").cold);
}

TEST_F(ExecutorTest, WhatCannotRunHereIsSaid) {
  const auto choice = executor_->choose("python3.11");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->note, "");
  const auto older = executor_->choose("python3.9");
  ASSERT_TRUE(older);
  EXPECT_THAT(older->note, StartsWith("python3.9 is not installed here: it runs on Python 3."));
  const auto newer = executor_->choose("python3.15");
  ASSERT_TRUE(newer);
  EXPECT_THAT(newer->note, HasSubstr("(/usr/bin/python3"));
  for (const char* runtime : {"java21", "python2.7", "ruby3.4", ""}) {
    const auto none = executor_->choose(runtime);
    ASSERT_FALSE(none) << runtime;
    EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
  }
}

TEST_F(ExecutorTest, AFunctionWithoutCredentialsFailsWithTheirReason) {
  auto function = std::make_shared<FunctionVersion>(*python("def handler(event, context): return 1\n"));
  function->credentials = []() -> Task<Result<Credentials>> { co_return fail(unavailable("no such role")); };
  const Result<InvokeResult> out = try_invoke(function, "{}");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().message, "no such role");
}

}  // namespace
}  // namespace warifu::services::lambda
