//===- Widening.cpp - Elements held in wider ones -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Widening.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SCF/Transforms/Patterns.h"

using namespace mlir;
using namespace tapml;

Type tapml::getTypeLike(Type like, Type element) {
  auto vector = dyn_cast<VectorType>(like);
  return vector ? Type(vector.clone(element)) : element;
}

LogicalResult tapml::widenKernel(
    gpu::GPUFuncOp kernel, Type wide, function_ref<bool(Type)> isNarrow,
    function_ref<bool(Operation *)> stays,
    function_ref<void(TypeConverter &, RewritePatternSet &)> populate) {
  MLIRContext *context = kernel.getContext();
  TypeConverter types;
  types.addConversion([&](Type type) {
    if (auto memory = dyn_cast<MemRefType>(type)) {
      if (!memory.getMemorySpace() || !isNarrow(memory.getElementType()))
        return type;
      return Type(MemRefType::Builder(memory).setElementType(wide));
    }
    return isNarrow(getElementTypeOrSelf(type)) ? getTypeLike(type, wide)
                                                : type;
  });
  auto convert = [&](OpBuilder &b, Type type, ValueRange values,
                     Location loc) -> Value {
    if (values.size() != 1 || !isa<FloatType>(getElementTypeOrSelf(type)))
      return nullptr;
    if (getElementTypeOrSelf(type) == wide)
      return arith::ExtFOp::create(b, loc, type, values[0]);
    return arith::TruncFOp::create(b, loc, type, values[0]);
  };
  types.addTargetMaterialization(convert);
  types.addSourceMaterialization(convert);
  ConversionTarget target(*context);
  // What is not legal is not illegal either, as it may stay.
  target.markUnknownOpDynamicallyLegal(
      [&](Operation *op) -> std::optional<bool> {
        if (types.isLegal(op) || stays(op))
          return true;
        return std::nullopt;
      });
  RewritePatternSet patterns(context);
  populate(types, patterns);
  scf::populateSCFStructuralTypeConversionsAndLegality(types, patterns, target,
                                                       /*benefit=*/3);
  return applyPartialConversion(kernel.getOperation(), target,
                                std::move(patterns));
}
