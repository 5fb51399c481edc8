//===- Evaluate.cpp - One operator in float64 -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Numerics/Evaluate.h"
#include "EvaluationUtils.h"
#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::detail;

const Estimate &Evaluation::operator[](Value operand) const {
  for (auto [index, value] : llvm::enumerate(op->getOperands()))
    if (value == operand)
      return operands[index];
  llvm::report_fatal_error("not an operand of the operator evaluated");
}

/// Returns whether arithmetic certainly sees the elements as they are: an exact
/// tensor without subnormal numbers, or where these are kept. Does not convert
/// the elements: weights are many.
static bool isUnchanged(const Estimate &given, const Arithmetic &arithmetic) {
  if (!given.isExact())
    return false;
  if (!arithmetic.flushesSubnormals)
    return true;
  const HostTensor *tensor = given.getTensor();
  if (!tensor || !tensor->getElementType().isF32())
    return false;
  const char *bytes = tensor->getBytes().data();
  uint32_t isSubnormal = 0;
  for (int64_t i = 0, count = tensor->getNumElements(); i < count; ++i) {
    uint32_t bits;
    std::memcpy(&bits, bytes + i * sizeof(bits), sizeof(bits));
    // Zero wraps around.
    isSubnormal |= (bits & 0x7fffffff) - 1 < 0x7fffff;
  }
  return !isSubnormal;
}

Estimate Evaluation::read(Value operand) const {
  const Estimate &given = (*this)[operand];
  if (!given.isFloat())
    return given;
  if (isUnchanged(given, arithmetic))
    return given;
  ArrayRef<double> values = given.getFloats();
  FloatFormat format = FloatFormat::get(given.getElementType());
  auto mayFlush = [&](double value, double bound) {
    return arithmetic.flushesSubnormals && (value != 0.0 || bound != 0.0) &&
           std::fabs(value) - bound < format.smallestNormal;
  };
  auto mayOverflow = [&](double value, double bound) {
    return bound != 0.0 && std::fabs(value) + bound >= format.overflow;
  };
  bool changes = false;
  ArrayRef<double> bounds = given.getBounds(), worst = given.getWorst();
  if (arithmetic.flushesSubnormals || !bounds.empty())
    for (size_t i = 0; i < values.size() && !changes; ++i) {
      double limit = worst.empty() ? 0.0 : worst[i];
      changes = mayFlush(values[i], limit) || mayOverflow(values[i], limit);
    }
  if (!changes)
    return given;

  auto admit = [&](double value, double bound) {
    if (mayOverflow(value, bound))
      return kInfinity;
    if (!mayFlush(value, bound))
      return bound;
    // Any of the numbers that the element may be can become zero.
    return std::max(bound,
                    std::min(std::fabs(value) + bound, format.smallestNormal));
  };
  std::vector<double> newBounds(values.size()), newWorst(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    newBounds[i] = admit(values[i], bounds.empty() ? 0.0 : bounds[i]);
    newWorst[i] = admit(values[i], worst.empty() ? 0.0 : worst[i]);
  }
  return Estimate::floats(given.getElementType(), given.getShape(),
                          values.vec(), std::move(newBounds),
                          std::move(newWorst));
}

int64_t Evaluation::getSize(Value operand) const {
  return (*this)[operand].getIntegers().front();
}

RankedTensorType Evaluation::getResultType() const {
  return cast<RankedTensorType>(op->getResult(0).getType());
}

FailureOr<Shape> Evaluation::getResultShape(ValueRange sizes) const {
  Shape shape(getResultType().getShape());
  for (int64_t &size : shape) {
    if (!ShapedType::isDynamic(size))
      continue;
    size = getSize(sizes.front());
    sizes = sizes.drop_front();
    if (size < 0)
      return op->emitOpError("cannot be evaluated: size ")
             << size << " is negative";
  }
  return shape;
}

/// Returns whether a tensor of `element` and `shape` is of type `type`.
static bool hasType(const Estimate &estimate, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return estimate.getElementType() == type && estimate.getRank() == 0;
  return estimate.getElementType() == tensor.getElementType() &&
         estimate.getRank() == tensor.getRank() &&
         llvm::all_of_zip(estimate.getShape(), tensor.getShape(),
                          [](int64_t size, int64_t declared) {
                            return size == declared ||
                                   ShapedType::isDynamic(declared);
                          });
}

/// Returns the type of what `estimate` holds, for diagnostics.
static Type getType(const Estimate &estimate) {
  if (estimate.getElementType().isIndex())
    return estimate.getElementType();
  return RankedTensorType::get(estimate.getShape(), estimate.getElementType());
}

FailureOr<SmallVector<Estimate>>
tapml::evaluateOperator(Operation *op, ArrayRef<Estimate> operands,
                        const Arithmetic &arithmetic) {
  auto interface = dyn_cast<TapMLOperator>(op);
  if (!interface)
    return op->emitOpError("cannot be evaluated: it does not implement "
                           "TapMLOperator");
  if (operands.size() != op->getNumOperands())
    return op->emitOpError("cannot be evaluated: it has ")
           << op->getNumOperands() << " operands, " << operands.size()
           << " are given";
  for (auto [index, operand] : llvm::enumerate(operands)) {
    Type type = op->getOperand(index).getType();
    if (!hasType(operand, type))
      return op->emitOpError("cannot be evaluated: operand ")
             << index << " is " << type << ", the tensor given is "
             << getType(operand);
  }
  Evaluation evaluation(op, operands, arithmetic);
  if (failed(interface.evaluate(evaluation)))
    return failure();
  if (evaluation.getResults().size() != op->getNumResults())
    return op->emitOpError("cannot be evaluated: its evaluation gives ")
           << evaluation.getResults().size() << " results, it has "
           << op->getNumResults();
  for (auto [index, result] : llvm::enumerate(evaluation.getResults())) {
    Type type = op->getResult(index).getType();
    if (!hasType(result, type))
      return op->emitOpError("cannot be evaluated: result ")
             << index << " is " << type << ", its operands give "
             << getType(result);
  }
  return SmallVector<Estimate>(evaluation.getResults());
}
