//===- Utils.cpp - Shared by the SPIR-V passes ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Utils.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

LogicalResult tapml::forEachKernelModule(
    Operation *root, StringRef preset,
    function_ref<LogicalResult(gpu::GPUModuleOp, ProfileAttr)> function) {
  SmallVector<gpu::GPUModuleOp> modules;
  root->walk([&](gpu::GPUModuleOp module) { modules.push_back(module); });
  for (gpu::GPUModuleOp module : modules) {
    ProfileAttr profile;
    if (auto variant = module->getParentOfType<VariantOp>()) {
      profile = variant.getTarget();
    } else if (preset.empty()) {
      return module.emitOpError(
          "is in no 'tapml.variant': name what to compile for with the pass "
          "option 'profile'");
    } else {
      profile = ProfileAttr::getPreset(root->getContext(), preset);
      if (!profile)
        return module.emitOpError("cannot be compiled for '")
               << preset << "': unknown profile, expected one of "
               << llvm::join(ProfileAttr::getPresetNames(), ", ");
    }
    if (profile.getKind() != TargetKind::Vulkan)
      continue;
    if (failed(function(module, profile)))
      return failure();
  }
  return success();
}

InFlightDiagnostic tapml::emitKernelError(Operation *op) {
  auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
  if (!kernel)
    kernel = op->getParentOfType<gpu::GPUFuncOp>();
  // Folded constants have no place in the source.
  Location loc = op->getLoc();
  if (isa<UnknownLoc>(loc) && kernel)
    loc = kernel.getLoc();
  InFlightDiagnostic diag = emitError(loc, "kernel '");
  diag << (kernel ? kernel.getName() : StringRef("?")) << "'";
  auto instances =
      kernel ? kernel->getAttrOfType<ArrayAttr>(kInstancesAttrName) : nullptr;
  if (instances && !instances.empty()) {
    diag << " of ";
    if (auto first = dyn_cast<StringAttr>(instances[0]))
      diag << first.getValue();
    else
      diag << instances[0];
    if (instances.size() > 1)
      diag << " and " << instances.size() - 1 << " more";
  }
  diag << ": ";
  return diag;
}

bool tapml::packsBytes(ProfileAttr profile) {
  return !profile.hasFeature("storage8") || !profile.hasFeature("int8");
}

int64_t tapml::getWidth(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}
