#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/document.h"

namespace warifu::policy {

struct Program;  // compiled statements and their index; program.h, for this module only

/// A policy ready to be matched. Immutable, thread-safe, shared: compile once per content, keep by content version.
class CompiledPolicy {
 public:
  /// Cannot fail: `parse` accepted the document.
  [[nodiscard]] static std::shared_ptr<const CompiledPolicy> compile(const Policy& policy);
  /// parse, then compile.
  [[nodiscard]] static Result<std::shared_ptr<const CompiledPolicy>> compile(std::string_view document, Kind kind);

  CompiledPolicy(std::unique_ptr<const Program> program, Kind kind, std::string document);
  ~CompiledPolicy();

  [[nodiscard]] Kind kind() const { return kind_; }
  /// The text that it was compiled from; empty when it was compiled from a Policy.
  [[nodiscard]] const std::string& document() const { return document_; }

  [[nodiscard]] std::size_t statement_count() const;
  /// Empty when the statement has none. REQUIRES: statement < statement_count().
  [[nodiscard]] std::string_view sid(std::size_t statement) const;
  [[nodiscard]] const Program& program() const { return *program_; }

 private:
  std::unique_ptr<const Program> program_;
  Kind kind_;
  std::string document_;
};

}  // namespace warifu::policy
