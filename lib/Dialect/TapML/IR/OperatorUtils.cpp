//===- OperatorUtils.cpp - What operators' methods share ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorUtils.h"
#include "tapml/Dialect/TapML/IR/Sizes.h"
#include "llvm/ADT/SmallSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

bool tapml::detail::isCompatible(int64_t lhs, int64_t rhs) {
  return lhs == rhs || ShapedType::isDynamic(lhs) || ShapedType::isDynamic(rhs);
}

std::string tapml::detail::printShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "[";
  llvm::interleaveComma(shape, os, [&](int64_t size) {
    if (ShapedType::isDynamic(size))
      os << "?";
    else
      os << size;
  });
  os << "]";
  return text;
}

/// Returns what sizes `lhs` and `rhs` of one dimension broadcast to, or nothing
/// where they do not. A known size wins over a dynamic one, any over 1.
static std::optional<int64_t> broadcastSize(int64_t lhs, int64_t rhs) {
  if (lhs == rhs || rhs == 1)
    return lhs;
  if (lhs == 1 || ShapedType::isDynamic(lhs))
    return rhs;
  if (ShapedType::isDynamic(rhs))
    return lhs;
  return std::nullopt;
}

FailureOr<Shape> tapml::detail::inferBroadcast(Operation *op,
                                               ArrayRef<NamedOperand> operands,
                                               ArrayRef<Shape> shapes) {
  Shape result;
  for (auto [index, shape] : llvm::enumerate(shapes)) {
    if (shape.size() > result.size())
      result.insert(result.begin(), shape.size() - result.size(), 1);
    size_t offset = result.size() - shape.size();
    for (auto [dim, size] : llvm::enumerate(shape)) {
      std::optional<int64_t> joined = broadcastSize(result[offset + dim], size);
      if (!joined)
        return op->emitOpError("operand '")
               << operands[index].name << "' of type "
               << operands[index].getType() << " has size " << size
               << " in dimension " << dim
               << ", which does not broadcast with the size "
               << result[offset + dim] << " of the operands before it";
      result[offset + dim] = *joined;
    }
  }
  return result;
}

LogicalResult tapml::detail::verifyBroadcast(Operation *op,
                                             ArrayRef<StringRef> names) {
  SmallVector<NamedOperand> operands;
  SmallVector<Shape> shapes;
  for (auto [name, value] : llvm::zip_equal(names, op->getOperands())) {
    operands.push_back({name, value});
    shapes.emplace_back(operands.back().getType().getShape());
  }
  FailureOr<Shape> shape = inferBroadcast(op, operands, shapes);
  return failed(shape) ? failure() : verifyResultShape(op, *shape);
}

LogicalResult tapml::detail::verifyResultShape(Operation *op,
                                               ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getRank() == static_cast<int64_t>(shape.size()) &&
      llvm::all_of_zip(type.getShape(), shape, isCompatible))
    return success();
  return op->emitOpError("result has type ")
         << type << ", but the operands give shape " << printShape(shape);
}

LogicalResult tapml::detail::verifySizes(Operation *op, OperandRange sizes) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (type.getNumDynamicDims() == sizes.size())
    return success();
  return op->emitOpError("needs one size for each dynamic dimension of its "
                         "result ")
         << type << ": " << type.getNumDynamicDims() << ", got "
         << sizes.size();
}

LogicalResult tapml::detail::verifyDim(Operation *op, int64_t dim,
                                       NamedOperand operand) {
  if (dim >= 0 && dim < operand.getType().getRank())
    return success();
  return op->emitOpError("dimension ")
         << dim << " is not one of operand '" << operand.name << "' of type "
         << operand.getType();
}

LogicalResult tapml::detail::verifyDims(Operation *op, ArrayRef<int64_t> dims,
                                        NamedOperand operand) {
  if (dims.empty())
    return op->emitOpError("needs at least one dimension in 'dims'");
  llvm::SmallSet<int64_t, 8> seen;
  for (int64_t dim : dims) {
    if (failed(verifyDim(op, dim, operand)))
      return failure();
    if (!seen.insert(dim).second)
      return op->emitOpError("names dimension ") << dim << " twice in 'dims'";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Shape inference
//===----------------------------------------------------------------------===//

void tapml::detail::setReifiedShape(Operation *op, OpBuilder &builder,
                                    ArrayRef<OpFoldResult> sizes,
                                    ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> &shape = shapes.emplace_back();
  for (auto [dim, size] : llvm::enumerate(sizes))
    shape.push_back(
        type.isDynamicDim(dim)
            ? OpFoldResult(toIndexValue(builder, op->getLoc(), size))
            : builder.getIndexAttr(type.getDimSize(dim)));
}

SmallVector<OpFoldResult> tapml::detail::getBroadcastSizes(OpBuilder &builder,
                                                           Location loc,
                                                           ValueRange operands,
                                                           int64_t trailing) {
  int64_t rank = 0;
  for (Value operand : operands)
    rank = std::max(rank, cast<RankedTensorType>(operand.getType()).getRank());
  SmallVector<OpFoldResult> sizes;
  for (int64_t fromEnd = rank; fromEnd > trailing; --fromEnd) {
    // The operand whose size decides: one of known size, else of any but 1.
    Value source;
    int64_t sourceSize = 1;
    for (Value operand : operands) {
      auto type = cast<RankedTensorType>(operand.getType());
      if (type.getRank() < fromEnd)
        continue;
      int64_t size = type.getDimSize(type.getRank() - fromEnd);
      bool better =
          size != 1 && (sourceSize == 1 || (ShapedType::isDynamic(sourceSize) &&
                                            !ShapedType::isDynamic(size)));
      if (!source || better) {
        source = operand;
        sourceSize = size;
      }
    }
    int64_t sourceRank = cast<RankedTensorType>(source.getType()).getRank();
    sizes.push_back(getSize(builder, loc, source, sourceRank - fromEnd));
  }
  return sizes;
}

LogicalResult
tapml::detail::reifyBroadcastShape(Operation *op, OpBuilder &builder,
                                   ReifiedRankedShapedTypeDims &shapes) {
  setReifiedShape(op, builder,
                  getBroadcastSizes(builder, op->getLoc(), op->getOperands()),
                  shapes);
  return success();
}

LogicalResult
tapml::detail::reifyFromSizes(Operation *op, OpBuilder &builder,
                              ValueRange dynamicSizes,
                              ReifiedRankedShapedTypeDims &shapes) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  SmallVector<OpFoldResult> sizes;
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    sizes.push_back(dynamicSizes.front());
    dynamicSizes = dynamicSizes.drop_front();
  }
  setReifiedShape(op, builder, sizes, shapes);
  return success();
}

//===----------------------------------------------------------------------===//
// Numerical class and support
//===----------------------------------------------------------------------===//

NumericalClass tapml::detail::getClassOfElementwise(Operation *op,
                                                    NumericalClass floatClass) {
  bool isFloat =
      isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
  return isFloat || floatClass == NumericalClass::Movement
             ? floatClass
             : NumericalClass::Discrete;
}

/// Returns whether the device holds 64-bit integers in 32 bits.
static bool narrowsIntegers(ProfileAttr profile) {
  return !profile.isHost() && !profile.hasFeature("int64");
}

std::optional<std::string>
tapml::detail::getUnsupportedArithmeticReason(Operation *op,
                                              ProfileAttr profile) {
  if (auto reason = getUnsupportedTypeReason(op, profile))
    return reason;
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  if (element.isInteger(64) && narrowsIntegers(profile))
    return "computes i64 values, which may not fit the 32 bits that a profile "
           "without 'int64' holds them in";
  return std::nullopt;
}

std::optional<std::string>
tapml::detail::getUnsupportedValueReason(Operation *op, Attribute value,
                                         ProfileAttr profile) {
  if (auto reason = getUnsupportedTypeReason(op, profile))
    return reason;
  if (!narrowsIntegers(profile))
    return std::nullopt;
  auto fits = [](const APInt &integer) { return integer.isSignedIntN(32); };
  bool allFit = true;
  if (auto integer = dyn_cast<IntegerAttr>(value))
    allFit = fits(integer.getValue());
  else if (auto dense = dyn_cast<DenseIntElementsAttr>(value))
    allFit = dense.isSplat() ? fits(dense.getSplatValue<APInt>())
                             : llvm::all_of(dense.getValues<APInt>(), fits);
  if (allFit)
    return std::nullopt;
  return "holds an i64 value beyond 32 bits, the profile lacks 'int64'";
}

std::optional<std::string>
tapml::detail::getUnsupportedBuffersReason(Operation *op, ProfileAttr profile) {
  if (auto reason = getUnsupportedTypeReason(op, profile))
    return reason;
  llvm::SmallDenseSet<Value> buffers(op->operand_begin(), op->operand_end());
  int64_t needed = op->getNumResults();
  for (Value buffer : buffers)
    needed += isa<RankedTensorType>(buffer.getType());
  int64_t available = profile.getLimit("max_storage_buffers");
  if (needed <= available)
    return std::nullopt;
  return "needs " + std::to_string(needed) +
         " storage buffers, the profile guarantees " +
         std::to_string(available);
}
