#include "server/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/log.h"
#include "json/writer.h"

namespace warifu::server {
namespace {

spdlog::level::level_enum spdlog_level(log::Level level) {
  switch (level) {
    case log::Level::kDebug:
      return spdlog::level::debug;
    case log::Level::kInfo:
      return spdlog::level::info;
    case log::Level::kWarn:
      return spdlog::level::warn;
    case log::Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::optional<log::Level> level_named(std::string_view name) {
  if (name == "debug") return log::Level::kDebug;
  if (name == "info") return log::Level::kInfo;
  if (name == "warn") return log::Level::kWarn;
  if (name == "error") return log::Level::kError;
  return std::nullopt;
}

std::string as_json(std::string_view message, std::span<const log::Field> fields) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("message").string(message);
  for (const log::Field& field : fields) writer.key(field.key).string(field.value);
  writer.end_object();
  // The pattern opens and closes the object, with time and level before these members.
  return out.substr(1, out.size() - 2);
}

/// Values are escaped as JSON strings: what a client sent must not be able to write lines of its own.
std::string as_text(std::string_view message, std::span<const log::Field> fields) {
  std::string out(message);
  for (const log::Field& field : fields) {
    if (field.value.empty()) continue;
    out.append(" ").append(field.key).append("=");
    json::append_quoted(out, field.value);
  }
  return out;
}

}  // namespace

Result<> set_up_logging(LogFormat format, const std::string& level) {
  const auto threshold = level_named(level);
  if (!threshold) {
    return fail(validation_error(fmt::format("--log-level is debug, info, warn or error, not `{}`", level)));
  }
  auto logger = std::make_shared<spdlog::logger>("warifu", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog_level(*threshold));
  log::set_threshold(*threshold);
  logger->flush_on(spdlog::level::warn);
  const bool json = format == LogFormat::kJson;
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v})"
                           : "%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %v");
  log::set_sink([logger, json](log::Level at, std::string_view message, std::span<const log::Field> fields) {
    logger->log(spdlog_level(at), json ? as_json(message, fields) : as_text(message, fields));
  });
  return {};
}

void log_request(const api::Report& report) {
  const log::Level level = report.status >= 500   ? log::Level::kError
                           : report.status >= 400 ? log::Level::kWarn
                                                  : log::Level::kDebug;
  if (!log::enabled(level)) return;
  const std::string status = std::to_string(report.status);
  const std::string micros = std::to_string(report.duration_us);
  log::write(level, "request",
             {{"status", status},
              {"service", report.service},
              {"operation", report.operation},
              {"principal", report.principal_arn},
              {"resource", report.resource},
              {"peer", report.peer_ip},
              {"request_id", report.request_id},
              {"us", micros},
              {"error", report.error_code},
              {"why", report.message}});
}

}  // namespace warifu::server
