#include "search/onnx_runtime.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace warifu::search {
namespace {

// Opaque types of the C interface.
struct Status;
struct Env;
struct Options;
struct Session;
struct Value;
struct MemoryInfo;
struct ShapeInfo;
struct Allocator;

using Function = void (*)();
/// The interface: `get(version)` gives the table of functions.
struct ApiBase {
  const Function* (*get)(std::uint32_t version);
  const char* (*version)();
};

constexpr std::uint32_t kApiVersion = 1;
constexpr int kLogErrors = 3;
constexpr int kAllOptimisations = 99;
constexpr int kDeviceAllocator = 0;
constexpr int kDefaultMemory = 0;
constexpr int kFloat = 1;
constexpr int kInt64 = 7;

/// The places in the table of what we call. Version 1 ends with ReleaseCustomOpDomain in place 101.
enum Place : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kDisableMemPattern = 17,
  kSetGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kSessionGetInputCount = 30,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorWithData = 49,
  kGetTensorMutableData = 51,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kAllocatorFree = 76,
  kGetDefaultAllocator = 78,
  kReleaseEnv = 92,
  kReleaseStatus = 93,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseShapeInfo = 99,
  kReleaseSessionOptions = 100,
};

class Api {
 public:
  explicit Api(const Function* table) : table_(table) {}

  /// Calls what may fail; its words become our Error.
  template <class... Arguments>
  Result<> call(Place place, Arguments... arguments) const {
    auto* const status = reinterpret_cast<Status* (*)(Arguments...)>(table_[place])(arguments...);
    if (status == nullptr) return {};
    std::string words = reinterpret_cast<const char* (*)(const Status*)>(table_[kGetErrorMessage])(status);
    release(kReleaseStatus, status);
    return fail(validation_error(fmt::format("ONNX Runtime: {}", words)));
  }

  template <class T>
  void release(Place place, T* object) const {
    if (object != nullptr) reinterpret_cast<void (*)(T*)>(table_[place])(object);
  }

 private:
  const Function* table_;
};

/// An object of the library, released with its owner.
template <class T, Place kRelease>
class Owned {
 public:
  explicit Owned(const Api& api) : api_(api) {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() { api_.release(kRelease, object_); }

  [[nodiscard]] T* get() const { return object_; }
  T** out() { return &object_; }

 private:
  const Api api_;
  T* object_ = nullptr;
};

Result<Api> load(const std::filesystem::path& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr)
    return fail(validation_error(fmt::format("cannot load `{}`: {}", library.string(), dlerror())));
  auto* const base = reinterpret_cast<const ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
  if (base == nullptr) return fail(validation_error(fmt::format("`{}` is not ONNX Runtime", library.string())));
  const Function* const table = base()->get(kApiVersion);
  if (table == nullptr)
    return fail(validation_error(fmt::format("`{}` does not speak version 1 of its interface", library.string())));
  return Api(table);
}

}  // namespace

struct OnnxModel::State {
  explicit State(const Api& loaded) : api(loaded) {}

  Result<> open(const std::filesystem::path& model);
  Result<std::vector<float>> read(const Value* output) const;

  Api api;
  // In the order in which they must not be released.
  Owned<Env, kReleaseEnv> env{api};
  Owned<MemoryInfo, kReleaseMemoryInfo> memory{api};
  Owned<Session, kReleaseSession> session{api};
  std::vector<std::string> inputs;
  std::string output;
};

Result<> OnnxModel::State::open(const std::filesystem::path& model) {
  Owned<Options, kReleaseSessionOptions> options{api};
  TRY(api.call(kCreateEnv, kLogErrors, "warifu", env.out()));
  TRY(api.call(kCreateCpuMemoryInfo, kDeviceAllocator, kDefaultMemory, memory.out()));
  TRY(api.call(kCreateSessionOptions, options.out()));
  TRY(api.call(kSetIntraOpNumThreads, options.get(), 1));
  TRY(api.call(kSetInterOpNumThreads, options.get(), 1));
  TRY(api.call(kSetGraphOptimizationLevel, options.get(), kAllOptimisations));
  // Every text has its own length: a pattern kept for each would only take memory.
  TRY(api.call(kDisableMemPattern, options.get()));
  TRY(api.call(kCreateSession, static_cast<const Env*>(env.get()), model.c_str(),
               static_cast<const Options*>(options.get()), session.out()));

  Allocator* allocator = nullptr;
  TRY(api.call(kGetDefaultAllocator, &allocator));
  const auto* const opened = static_cast<const Session*>(session.get());
  std::size_t count = 0;
  TRY(api.call(kSessionGetInputCount, opened, &count));
  for (std::size_t i = 0; i <= count; ++i) {
    char* name = nullptr;
    TRY(api.call(i < count ? kSessionGetInputName : kSessionGetOutputName, opened, i < count ? i : std::size_t{0},
                 allocator, &name));
    (i < count ? inputs.emplace_back() : output) = name;
    TRY(api.call(kAllocatorFree, allocator, static_cast<void*>(name)));
  }
  const bool known = std::ranges::all_of(inputs, [](const std::string& name) {
    return name == "input_ids" || name == "attention_mask" || name == "token_type_ids";
  });
  if (!known || inputs.empty())
    return fail(validation_error(fmt::format("`{}` is not a sentence transformer", model.string())));
  return {};
}

Result<std::vector<float>> OnnxModel::State::read(const Value* value) const {
  Owned<ShapeInfo, kReleaseShapeInfo> shape{api};
  TRY(api.call(kGetTensorTypeAndShape, value, shape.out()));
  const auto* const known = static_cast<const ShapeInfo*>(shape.get());
  int type = 0;
  std::size_t rank = 0;
  TRY(api.call(kGetTensorElementType, known, &type));
  TRY(api.call(kGetDimensionsCount, known, &rank));
  std::array<std::int64_t, 3> extents{};
  if (type != kFloat || rank < 2 || rank > extents.size()) return fail(validation_error("the model gives no vectors"));
  TRY(api.call(kGetDimensions, known, extents.data(), rank));
  const std::int64_t rows = rank == 2 ? 1 : extents[1];
  const std::int64_t width = extents[rank - 1];
  if (extents[0] != 1 || rows < 1 || width < 1) return fail(validation_error("the model gives no vectors"));

  void* data = nullptr;
  TRY(api.call(kGetTensorMutableData, const_cast<Value*>(value), &data));
  const auto* const states = static_cast<const float*>(data);
  std::vector<float> mean(static_cast<std::size_t>(width));
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    for (std::size_t d = 0; d < mean.size(); ++d) mean[d] += states[row * mean.size() + d];
  }
  for (float& component : mean) component /= static_cast<float>(rows);
  return mean;
}

Result<OnnxModel> OnnxModel::open(const std::filesystem::path& library, const std::filesystem::path& model) {
  const Api api = TRY(load(library));
  auto state = std::make_unique<State>(api);
  TRY(state->open(model));
  return OnnxModel(std::move(state));
}

OnnxModel::OnnxModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
OnnxModel::OnnxModel(OnnxModel&&) noexcept = default;
OnnxModel& OnnxModel::operator=(OnnxModel&&) noexcept = default;
OnnxModel::~OnnxModel() = default;

Result<std::vector<float>> OnnxModel::pooled(std::span<const std::int64_t> ids) const {
  const Api& api = state_->api;
  // The runtime only reads its inputs, though its interface takes them as mutable.
  std::vector<std::int64_t> values(ids.begin(), ids.end());
  std::vector<std::int64_t> ones(ids.size(), 1);
  std::vector<std::int64_t> zeros(ids.size(), 0);
  const std::array<std::int64_t, 2> shape = {1, static_cast<std::int64_t>(ids.size())};
  std::vector<std::unique_ptr<Owned<Value, kReleaseValue>>> tensors;
  std::vector<const char*> names;
  std::vector<const Value*> given;
  for (const std::string& name : state_->inputs) {
    std::vector<std::int64_t>& data = name == "input_ids" ? values : name == "attention_mask" ? ones : zeros;
    auto& tensor = *tensors.emplace_back(std::make_unique<Owned<Value, kReleaseValue>>(api));
    TRY(api.call(kCreateTensorWithData, static_cast<const MemoryInfo*>(state_->memory.get()),
                 static_cast<void*>(data.data()), data.size() * sizeof(std::int64_t), shape.data(), shape.size(),
                 kInt64, tensor.out()));
    names.push_back(name.c_str());
    given.push_back(tensor.get());
  }
  Owned<Value, kReleaseValue> output{api};
  const char* const wanted = state_->output.c_str();
  TRY(api.call(kRun, state_->session.get(), static_cast<const void*>(nullptr),
               static_cast<const char* const*>(names.data()), static_cast<const Value* const*>(given.data()),
               given.size(), &wanted, std::size_t{1}, output.out()));
  return state_->read(output.get());
}

}  // namespace warifu::search
