#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "search/embedder.h"

namespace warifu::search {

/// Opens the sentence transformer in `folder`, which `warifu model install` and `make model` fill:
///
///     libonnxruntime.so   ONNX Runtime's C library
///     model.onnx          the transformer: `input_ids`, `attention_mask` (and `token_type_ids`) to states or one
///     vector vocabulary.txt      its WordPiece pieces, one a line (BERT's uncased form) model.txt `key=value` lines:
///     name, query_prefix, passage_prefix, low, high, weight, window
///
/// The embedder runs one text at a time on the calling thread, milliseconds each: `window` ids with their two marks,
/// the mean of the states, length 1. Thread-safe; several threads may embed at once. The library stays loaded for good.
///
/// Errors: kNotFound when there is no such folder or file, kValidation when one is not what it should be, with its
/// name.
[[nodiscard]] Result<std::unique_ptr<Embedder>> open_embedder(const std::filesystem::path& folder);

}  // namespace warifu::search
