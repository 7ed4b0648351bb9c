#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/server.h"
#include "server/options.h"

namespace warifu::server {

/// The whole server: store, vault, services, pipeline and sockets, wired together. One a data folder.
class App {
 public:
  /// Opens the data folder, makes what is missing (master key, management account), binds every service, and listens.
  /// Errors are one line for a person.
  [[nodiscard]] static Result<std::unique_ptr<App>> start(const ServeOptions& options);
  /// Stops at once what `stop` has not stopped.
  ~App();

  [[nodiscard]] std::vector<net::Endpoint> endpoints() const;
  /// `http://127.0.0.1:4566`: the URL that clients are told.
  [[nodiscard]] const std::string& public_url() const;
  /// Stops accepting, lets running requests finish for `drain`, closes the store. True: nothing had to be cut.
  bool stop(std::chrono::milliseconds drain);

 private:
  struct Parts;
  explicit App(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Runs the server until SIGINT or SIGTERM. Prints `listening on URL` to standard output once it answers; the process'
/// exit status.
[[nodiscard]] int serve(const ServeOptions& options);

}  // namespace warifu::server
