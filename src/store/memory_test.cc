#include "store/memory.h"

#include "store/conformance_cases.h"
#include "store/conformance_concurrency.h"

namespace warifu::store::conformance {
namespace {

Engine memory_engine() { return {.keeps = nullptr, .db = open_memory()}; }

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance, testing::Values(&memory_engine));

}  // namespace
}  // namespace warifu::store::conformance
