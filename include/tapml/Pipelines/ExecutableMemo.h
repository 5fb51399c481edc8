//===- ExecutableMemo.h - What executables were compiled to -----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_PIPELINES_EXECUTABLEMEMO_H
#define TAPML_PIPELINES_EXECUTABLEMEMO_H

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include <map>
#include <memory>
#include <mutex>

namespace tapml {

/// What parts of the pipeline made of executables, in the memory of one
/// process, for those who compile many plans of one model. A part is what runs
/// on each executable by itself between two extension points; it gives the same
/// for the same executable, so that only what comes in is compared. The context
/// has to outlive this.
class ExecutableMemo {
public:
  ExecutableMemo() = default;
  ExecutableMemo(const ExecutableMemo &) = delete;
  ExecutableMemo &operator=(const ExecutableMemo &) = delete;

  /// Makes of `executable` what `part` made of an equal one. Returns false if
  /// there was none.
  bool replay(llvm::StringRef part, ExecutableOp executable);

  /// Notes that `part` made `after` of `before`.
  void note(llvm::StringRef part, mlir::OwningOpRef<ExecutableOp> before,
            ExecutableOp after);

private:
  struct Entry {
    mlir::OwningOpRef<ExecutableOp> before, after;
  };
  using Entries = std::vector<std::unique_ptr<Entry>>;

  const Entry *find(const Entries &candidates, ExecutableOp executable) const;

  std::mutex mutex;
  std::map<std::pair<std::string, size_t>, Entries> entries;
};

/// A pass that runs `pipeline`, the part of that name, on an executable, or has
/// what it gave before from `memo`.
std::unique_ptr<mlir::Pass> createMemoizedPartPass(llvm::StringRef part,
                                                   mlir::OpPassManager pipeline,
                                                   ExecutableMemo &memo);

} // namespace tapml

#endif // TAPML_PIPELINES_EXECUTABLEMEMO_H
