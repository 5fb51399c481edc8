//===- ComputeType.cpp - The type that operators compute in ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/ComputeType.h"
#include "DecompositionUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

Type tapml::getComputeType(Type element) {
  auto type = dyn_cast<FloatType>(element);
  if (type && type.getWidth() < 32)
    return Float32Type::get(type.getContext());
  return element;
}

/// Returns the type of a value of type `type` while an operator computes.
static Type getComputeTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.clone(getComputeType(tensor.getElementType())) : type;
}

/// Returns `tensor`, whose shape is `shape`, with elements of another type.
static Value convertElements(OpBuilder &builder, Location loc, Value tensor,
                             const ShapeAndSizes &shape) {
  AffineMap identity = builder.getMultiDimIdentityMap(shape.getRank());
  return createMap(
      builder, loc, shape, {{tensor, identity}},
      [&](OpBuilder &b, Location loc, ValueRange elements) -> Value {
        return convertFloat(b, loc, elements[0], shape.type.getElementType());
      });
}

Value tapml::detail::widenElements(OpBuilder &builder, Location loc,
                                   Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  auto wide = cast<RankedTensorType>(getComputeTensor(type));
  if (type == wide)
    return tensor;
  // Constants stay constants: decompositions look at them.
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements))) {
    auto convert = [&](APFloat number) {
      bool losesInfo;
      number.convert(cast<FloatType>(wide.getElementType()).getFloatSemantics(),
                     APFloat::rmNearestTiesToEven, &losesInfo);
      return number.bitcastToAPInt();
    };
    return arith::ConstantOp::create(
        builder, loc,
        cast<DenseFPElementsAttr>(elements).mapValues(wide.getElementType(),
                                                      convert));
  }
  ShapeAndSizes shape = getShapeOf(builder, loc, tensor);
  return convertElements(builder, loc, tensor, {wide, shape.sizes});
}

Value tapml::getStored(Value tensor) {
  auto generic = tensor.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumDpsInputs() != 1 ||
      !llvm::all_of(generic.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return tensor;
  Block &body = generic.getRegion().front();
  auto extension =
      body.getTerminator()->getOperand(0).getDefiningOp<arith::ExtFOp>();
  bool widens = extension && extension.getIn() == body.getArgument(0);
  return widens ? generic.getDpsInputs()[0] : tensor;
}

FailureOr<SmallVector<Value>> tapml::decomposeOperator(TapMLOperator op,
                                                       OpBuilder &builder) {
  auto isStored = [](Type type) { return getComputeTensor(type) != type; };
  // The largest element only moves, but is found by comparisons. What is in a
  // region says itself what it computes in.
  bool moves =
      op.getNumericalClass() == NumericalClass::Movement && !isa<AmaxOp>(op);
  if (moves || op->getNumRegions() != 0 ||
      !(llvm::any_of(op->getOperandTypes(), isStored) ||
        llvm::any_of(op->getResultTypes(), isStored)))
    return op.decompose(builder);

  Operation *wide = op->clone();
  llvm::scope_exit destroy([&] { wide->destroy(); });
  for (OpOperand &operand : wide->getOpOperands())
    if (isStored(operand.get().getType()))
      operand.set(widenElements(builder, op.getLoc(), operand.get()));
  for (OpResult result : wide->getResults())
    result.setType(getComputeTensor(result.getType()));
  FailureOr<Values> results = cast<TapMLOperator>(wide).decompose(builder);
  if (failed(results))
    return failure();
  for (auto [value, result] : llvm::zip_equal(*results, op->getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    if (!isStored(type) || value.getType() == type)
      continue;
    ShapeAndSizes shape = getShapeOf(builder, op.getLoc(), value);
    value = convertElements(builder, op.getLoc(), value, {type, shape.sizes});
  }
  return results;
}
