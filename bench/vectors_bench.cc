// The vector part of a search, for bench/search_vs_faiss.py: reads vectors and queries (little-endian f32, row after
// row), keeps the vectors as a shard does, and answers each query twice, measuring the second time.
//
//   vectors_bench DIMENSIONS VECTORS QUERIES > one line a query: microseconds, then the ten best rows

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "search/rank.h"

namespace {

using namespace warifu::search;
using Clock = std::chrono::steady_clock;

std::vector<Vector> read(const char* path, std::size_t dimensions) {
  std::ifstream file(path, std::ios::binary);
  std::vector<float> row(dimensions);
  std::vector<Vector> out;
  while (file.read(reinterpret_cast<char*>(row.data()), static_cast<std::streamsize>(dimensions * sizeof(float)))) {
    out.push_back(quantise(1, row));
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto dimensions = static_cast<std::size_t>(std::atoi(argv[1]));
  Shard shard;
  std::uint64_t order = 0;
  for (Vector& vector : read(argv[2], dimensions)) {
    Key key{.order = order};
    std::memcpy(key.id.data(), &order, sizeof(order));
    Entry entry;
    entry.vector = std::move(vector);
    shard.put(key, "", entry);
    ++order;
  }
  const Shard* shards[] = {&shard};
  for (const Vector& vector : read(argv[3], dimensions)) {
    const Query query{.terms = {}, .vectors = {{.vector = vector, .calibration = {.low = -1, .high = 1, .weight = 1}}}};
    std::vector<Hit> hits = rank(shards, query, {}, 10);
    const auto start = Clock::now();
    hits = rank(shards, query, {}, 10);
    const auto spent = std::chrono::duration<double, std::micro>(Clock::now() - start).count();
    std::string line = fmt::format("{:.1f}", spent);
    for (const Hit& hit : hits) line += fmt::format(" {}", hit.order);
    std::puts(line.c_str());
  }
  return 0;
}
