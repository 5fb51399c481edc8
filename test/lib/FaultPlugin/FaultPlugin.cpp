//===- FaultPlugin.cpp - Plants faults for migrations to find -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Faults that real GPU back ends have had, one at a time, in code for targets
// only: the host stays right, as it does in practice. Where the pass runs (its
// extension point) decides which faults it can plant. For tests; never
// installed.
//
//===----------------------------------------------------------------------===//

#include "Faults.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Transforms/Profile.h"
#include "llvm/Support/GlobPattern.h"

using namespace mlir;
using namespace tapml;

const FaultKind *tapml::findFault(StringRef name) {
  for (ArrayRef<FaultKind> kinds : {getOperatorFaults(), getComputationFaults(),
                                    getKernelFaults(), getPlanFaults()})
    for (const FaultKind &kind : kinds)
      if (kind.name == name)
        return &kind;
  return nullptr;
}

namespace {
struct PlantFaultPass
    : public PassWrapper<PlantFaultPass, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PlantFaultPass)

  PlantFaultPass() = default;
  PlantFaultPass(const PlantFaultPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "tapml-test-plant-fault"; }
  StringRef getDescription() const final {
    return "Plant a fault in code for targets";
  }

  void runOnOperation() override {
    auto glob = llvm::GlobPattern::create(instance);
    if (!glob) {
      getOperation().emitError(toString(glob.takeError()));
      return signalPassFailure();
    }
    const FaultKind *kind = findFault(fault);
    if (!kind) {
      getOperation().emitError("there is no fault '") << fault << "'";
      return signalPassFailure();
    }
    unsigned count = 0;
    getOperation().walk([&](DispatchOp) { ++count; });
    if (count < least)
      return;
    // The first region that has a place for it gets it.
    getOperation().walk([&](VariantOp variant) {
      if (variant.getSymName() == kHostPlace)
        return WalkResult::advance();
      return plantIn(variant, *kind, *glob) ? WalkResult::interrupt()
                                            : WalkResult::advance();
    });
    if (kind->plantInModule)
      kind->plantInModule(getOperation(),
                          [&](Operation *op) { return matches(op, *glob); });
  }

  bool plantIn(VariantOp variant, const FaultKind &kind,
               const llvm::GlobPattern &glob) {
    if (!kind.plant)
      return false;
    // Plants change what is walked.
    SmallVector<Operation *> places;
    variant.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (matches(op, glob))
        places.push_back(op);
    });
    bool planted = false;
    for (Operation *op : places) {
      OpBuilder builder(op);
      planted |= kind.plant(op, builder);
      if (planted && !kind.everywhere)
        break;
    }
    return planted;
  }

  /// Whether `op`, or the kernel that it is part of, belongs to an operator
  /// that the glob names.
  bool matches(Operation *op, const llvm::GlobPattern &glob) {
    for (Operation *at = op; at; at = at->getParentOp())
      for (StringRef name : {"instance", "tapml.instances", "instances"})
        if (auto instances = at->getAttrOfType<ArrayAttr>(name))
          return llvm::any_of(instances.getAsRange<StringAttr>(),
                              [&](StringAttr instance) {
                                return glob.match(instance.getValue());
                              });
    return false;
  }

  Option<std::string> fault{*this, "fault", llvm::cl::desc("Which one")};
  Option<std::string> instance{*this, "instance",
                               llvm::cl::desc("Operators that may get it"),
                               llvm::cl::init("*")};
  Option<unsigned> least{*this, "least",
                         llvm::cl::desc("Only where as many regions run"),
                         llvm::cl::init(0)};
};
} // namespace

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "FaultPlugin", "1",
          [] { PassRegistration<PlantFaultPass>(); }};
}
