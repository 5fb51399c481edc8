//===- SerializeSPIRV.cpp - SPIR-V modules as binaries ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Target/SPIRV/Serialization.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Target/SPIRV/Passes.h"
#include "llvm/Support/Endian.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLSERIALIZESPIRVPASS
#include "tapml/Target/SPIRV/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

FailureOr<SmallVector<uint32_t>>
tapml::serializeToSPIRV(spirv::ModuleOp module) {
  SmallVector<uint32_t> words;
  if (failed(spirv::serialize(module, words)))
    return failure();
  return words;
}

/// Returns the words as bytes, little-endian on every host.
static SmallVector<int8_t> getBytes(ArrayRef<uint32_t> words) {
  SmallVector<int8_t> bytes(4 * words.size());
  for (auto [index, word] : llvm::enumerate(words))
    llvm::support::endian::write32le(&bytes[4 * index], word);
  return bytes;
}

/// Replaces `module` by a binary in its variant.
static LogicalResult serialize(spirv::ModuleOp module) {
  Builder b(module.getContext());
  SmallVector<Attribute> entryPoints;
  for (auto function : module.getOps<spirv::FuncOp>())
    if (Attribute entry = function->removeAttr(kEntryPointAttrName))
      entryPoints.push_back(entry);
  FailureOr<SmallVector<uint32_t>> words = serializeToSPIRV(module);
  if (failed(words))
    return module.emitOpError("cannot be serialized to SPIR-V");
  OpBuilder builder(module);
  auto binary = BinaryOp::create(builder, module.getLoc(), "spirv", "spirv",
                                 /*target_triple=*/StringAttr(),
                                 /*target_cpu=*/StringAttr(),
                                 /*target_features=*/ArrayAttr(),
                                 b.getArrayAttr(entryPoints), getBytes(*words));
  SymbolTable symbols(module->getParentOp());
  symbols.remove(binary);
  symbols.insert(binary, module->getIterator());
  module.erase();
  return success();
}

namespace {
struct SerializeSPIRVPass final
    : tapml::impl::TapMLSerializeSPIRVPassBase<SerializeSPIRVPass> {
  using TapMLSerializeSPIRVPassBase::TapMLSerializeSPIRVPassBase;

  void runOnOperation() override {
    SmallVector<spirv::ModuleOp> modules;
    getOperation()->walk([&](spirv::ModuleOp module) {
      if (isa<VariantOp>(module->getParentOp()))
        modules.push_back(module);
    });
    for (spirv::ModuleOp module : modules)
      if (failed(serialize(module)))
        return signalPassFailure();
  }
};
} // namespace

void tapml::registerSPIRVTranslations(
    const std::function<void(DialectRegistry &)> &registerDialects) {
  static TranslateFromMLIRRegistration registration(
      "tapml-binary-to-spirv",
      "write the words of the only SPIR-V tapml.binary of a module",
      [](Operation *op, raw_ostream &output) -> LogicalResult {
        BinaryOp found;
        WalkResult result = op->walk([&](BinaryOp binary) {
          if (binary.getFormat() != "spirv")
            return WalkResult::advance();
          if (found) {
            binary.emitOpError("is the second SPIR-V binary: write one at a "
                               "time");
            return WalkResult::interrupt();
          }
          found = binary;
          return WalkResult::advance();
        });
        if (result.wasInterrupted())
          return failure();
        if (!found)
          return op->emitError("no 'tapml.binary' of format 'spirv' here");
        ArrayRef<int8_t> data = found.getData();
        output.write(reinterpret_cast<const char *>(data.data()), data.size());
        return success();
      },
      registerDialects);
}
