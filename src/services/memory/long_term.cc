#include "services/memory/long_term.h"

#include <algorithm>
#include <thread>

#include "base/check.h"

namespace warifu::services::memory {
namespace {

/// Text that is tokenised and embedded by the static table within a millisecond.
constexpr std::size_t kSmallText = 16 * 1024;

std::vector<search::Embedder*> views_of(const std::vector<std::unique_ptr<search::Embedder>>& embedders) {
  CHECK(!embedders.empty(), "records need an embedder");
  std::vector<search::Embedder*> out;
  for (const auto& one : embedders) out.push_back(one.get());
  return out;
}

std::size_t threads_of(const LongTermOptions& options) {
  return options.threads > 0 ? options.threads : std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

std::size_t text_bytes(const std::vector<records::Record>& records) {
  std::size_t bytes = 0;
  for (const records::Record& record : records) bytes += record.text.size() + record.index_text.size();
  return bytes;
}

}  // namespace

LongTerm::LongTerm(std::vector<std::unique_ptr<search::Embedder>> embedders, LongTermOptions options)
    : embedders_(std::move(embedders)), index_(views_of(embedders_), options.index), pool_(threads_of(options)) {}

LongTerm::~LongTerm() {
  close();
  pool_.join();
}

void LongTerm::close() {
  for (const auto& one : embedders_) one->close();
}

Task<Result<std::vector<records::Found>>> LongTerm::search(store::Db& db, store::Partition partition,
                                                           records::Request request) {
  if (auto found = index_.search_now(db, partition, request)) co_return *std::move(found);
  auto work = [this, &db, partition = std::move(partition), request = std::move(request)] {
    return index_.search(db, partition, request);
  };
  co_return co_await on(pool_, std::move(work));
}

Task<Result<std::vector<records::Prepared>>> LongTerm::prepare(std::vector<records::Record> records) {
  if (!embedder().info().slow && text_bytes(records) <= kSmallText) {
    co_return records::prepare_all(records, embedder());
  }
  auto work = [this, records = std::move(records)] { return records::prepare_all(records, embedder()); };
  co_return co_await on(pool_, std::move(work));
}

}  // namespace warifu::services::memory
