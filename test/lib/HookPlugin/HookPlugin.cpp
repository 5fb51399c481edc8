//===- HookPlugin.cpp - A pass plugin, as somebody else would write one ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/ADT/StringMap.h"
#include <cstdlib>
#include <map>

using namespace mlir;

namespace {

/// Remarks how many operations of each dialect the module holds: enough to show
/// at which extension point it ran.
struct CountDialectsPass
    : public PassWrapper<CountDialectsPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountDialectsPass)

  StringRef getArgument() const final { return "test-count-dialects"; }
  StringRef getDescription() const final {
    return "Remark the number of operations of each dialect";
  }

  void runOnOperation() override {
    std::map<std::string, unsigned> counts;
    getOperation()->walk([&](Operation *op) {
      ++counts[op->getName().getDialectNamespace().str()];
    });
    InFlightDiagnostic remark = getOperation().emitRemark("operations:");
    for (auto &[dialect, count] : counts)
      remark << " " << dialect << "=" << count;
    markAllAnalysesPreserved();
  }
};

/// Breaks in one of two ways.
struct BreakPass : public PassWrapper<BreakPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(BreakPass)

  BreakPass() = default;
  BreakPass(const BreakPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "test-break"; }
  StringRef getDescription() const final { return "Fail, or crash"; }

  void runOnOperation() override {
    if (crash)
      std::abort();
    getOperation().emitError("a pass that always fails");
    signalPassFailure();
  }

  Option<bool> crash{*this, "crash", llvm::cl::desc("Crash")};
};

} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "HookPlugin", "1", [] {
            PassRegistration<CountDialectsPass>();
            PassRegistration<BreakPass>();
          }};
}
