#pragma once

#include <memory>
#include <utility>

#include "agents/session.h"
#include "net/byte_stream.h"

namespace warifu::agents {

/// A connection into a session, which is active while this lives.
class HeldStream final : public net::ByteStream {
 public:
  HeldStream(std::unique_ptr<net::ByteStream> stream, Lease lease)
      : stream_(std::move(stream)), lease_(std::move(lease)) {}

  Task<Result<std::size_t>> read_some(std::span<char> into) override { return stream_->read_some(into); }
  Task<Result<>> write_all(std::string_view head, std::string_view body) override {
    return stream_->write_all(head, body);
  }
  std::size_t try_write(std::string_view head, std::string_view body) override {
    return stream_->try_write(head, body);
  }
  Task<> finish_writing() override { return stream_->finish_writing(); }
  void cancel() override { stream_->cancel(); }
  bool usable() override { return stream_->usable(); }
  bool gone() override { return stream_->gone(); }
  void close() override { stream_->close(); }

 private:
  std::unique_ptr<net::ByteStream> stream_;
  Lease lease_;
};

}  // namespace warifu::agents
