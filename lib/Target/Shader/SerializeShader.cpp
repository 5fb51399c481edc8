//===- SerializeShader.cpp - Kernels as binaries of text ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/Legalize.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Target/MSL/MSL.h"
#include "tapml/Target/Shader/Passes.h"
#include "tapml/Target/WGSL/WGSL.h"

namespace tapml {
#define GEN_PASS_DEF_SERIALIZESHADERPASS
#include "tapml/Target/Shader/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Puts a binary with the text of `kernel` in front of its module.
static LogicalResult serialize(gpu::GPUFuncOp kernel, gpu::GPUModuleOp module,
                               TargetKind kind) {
  bool isWGSL = kind == TargetKind::WebGPU;
  FailureOr<std::string> text =
      isWGSL ? translateToWGSL(kernel) : translateToMSL(kernel);
  if (failed(text))
    return failure();
  OpBuilder builder(module);
  SmallVector<int8_t> bytes(text->begin(), text->end());
  auto binary = BinaryOp::create(
      builder, kernel.getLoc(), kernel.getName(), isWGSL ? "wgsl" : "msl",
      /*target_triple=*/StringAttr(), /*target_cpu=*/StringAttr(),
      /*target_features=*/ArrayAttr(),
      builder.getArrayAttr(describeKernel(kernel)), bytes);
  SymbolTable symbols(module->getParentOp());
  symbols.remove(binary);
  symbols.insert(binary, module->getIterator());
  return success();
}

namespace {
struct SerializeShaderPass final
    : tapml::impl::SerializeShaderPassBase<SerializeShaderPass> {
  using SerializeShaderPassBase::SerializeShaderPassBase;

  void runOnOperation() override {
    SmallVector<std::pair<gpu::GPUModuleOp, TargetKind>> modules;
    getOperation()->walk([&](gpu::GPUModuleOp module) {
      auto variant = dyn_cast<VariantOp>(module->getParentOp());
      if (!variant)
        return;
      TargetKind kind = variant.getTarget().getKind();
      if (kind == TargetKind::WebGPU || kind == TargetKind::Metal)
        modules.emplace_back(module, kind);
    });
    bool hasFailed = false;
    for (auto [module, kind] : modules) {
      for (auto kernel : module.getOps<gpu::GPUFuncOp>())
        hasFailed |= failed(serialize(kernel, module, kind));
      if (!hasFailed)
        module.erase();
    }
    if (hasFailed)
      signalPassFailure();
  }
};
} // namespace
