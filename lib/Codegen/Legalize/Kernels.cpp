//===- Kernels.cpp - What kernels are compiled for, and how errors name them
//-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Legalize.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

LogicalResult tapml::forEachKernelModule(
    Operation *root, StringRef preset, ArrayRef<TargetKind> kinds,
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
    if (!llvm::is_contained(kinds, profile.getKind()))
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

ArrayRef<BlockArgument> tapml::getInterface(gpu::GPUFuncOp kernel) {
  return ArrayRef<BlockArgument>(kernel.getBody().getArguments())
      .take_front(kernel.getFunctionType().getNumInputs());
}

bool tapml::packsBytes(ProfileAttr profile) {
  return !profile.hasFeature("storage8") || !profile.hasFeature("int8");
}

bool tapml::packsShorts(ProfileAttr profile) {
  return !profile.hasFeature("storage16") || !profile.hasFeature("int16");
}

bool tapml::packsHalves(ProfileAttr profile) {
  // SPIR-V loads, stores and converts 16-bit floats wherever it may store them;
  // the other languages have the whole type or nothing.
  bool needsType = profile.getKind() != TargetKind::Vulkan;
  return !profile.hasFeature("storage16") ||
         (needsType && !profile.hasFeature("float16"));
}

bool tapml::widensHalves(ProfileAttr profile) {
  return packsHalves(profile) || !profile.hasFeature("float16");
}

int64_t tapml::getWidth(Type type) {
  auto vector = dyn_cast<VectorType>(type);
  return vector ? vector.getNumElements() : 1;
}

EntryPointAttr tapml::describeKernel(gpu::GPUFuncOp kernel, SizeBlock block) {
  int64_t sizes = llvm::count_if(kernel.getArgumentTypes(),
                                 [](Type type) { return type.isIndex(); });
  auto access = kernel->getAttrOfType<ArrayAttr>(kAccessAttrName);
  if (!access) {
    Builder b(kernel.getContext());
    SmallVector<StringRef> unknown(kernel.getNumArguments() - sizes,
                                   "readwrite");
    access = b.getStrArrayAttr(unknown);
  }
  SmallVector<int64_t> workgroup(llvm::map_range(
      *kernel.getKnownBlockSize(), [](int32_t size) { return size; }));
  return EntryPointAttr::get(kernel.getContext(), kernel.getName(), access,
                             sizes, workgroup, block);
}
