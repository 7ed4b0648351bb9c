// A fuzz target with a planted bug: an input that begins with `bird` aborts. The fuzzer must find it from an empty
// corpus within seconds, and replaying its corpus must die of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  // One branch a letter, so that coverage leads the fuzzer there step by step.
  if (data[0] != 'b') return 0;
  if (data[1] != 'i') return 0;
  if (data[2] != 'r') return 0;
  if (data[3] == 'd') std::abort();
  return 0;
}
