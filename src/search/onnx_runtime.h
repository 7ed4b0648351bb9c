#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace warifu::search {

/// A model that ONNX Runtime runs on the calling thread. The library is loaded when it is asked for, through the one
/// symbol that it promises, and spoken to through the first version of its table of functions, whose order never
/// changes (onnxruntime_c_api.h: "Version 1 - DO NOT MODIFY").
///
/// Thread-safe. Owns the session; the library stays loaded.
class OnnxModel {
 public:
  /// Errors: kValidation with the runtime's own words when the library or the model cannot be used.
  static Result<OnnxModel> open(const std::filesystem::path& library, const std::filesystem::path& model);
  OnnxModel(OnnxModel&&) noexcept;
  OnnxModel& operator=(OnnxModel&&) noexcept;
  ~OnnxModel();

  /// What the model makes of one text's ids: the mean of its states, or its vector when it pools itself. Not
  /// normalised.
  [[nodiscard]] Result<std::vector<float>> pooled(std::span<const std::int64_t> ids) const;

 private:
  struct State;
  explicit OnnxModel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace warifu::search
