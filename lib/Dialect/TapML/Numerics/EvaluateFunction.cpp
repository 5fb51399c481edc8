//===- EvaluateFunction.cpp - Graphs of operators in float64 --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EvaluationUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

namespace {
/// Evaluates the operations of one block in order.
class BlockEvaluator {
public:
  BlockEvaluator(Block &block, const EvaluationOptions &options)
      : block(block), options(options) {}

  FailureOr<SmallVector<Estimate>> run(ArrayRef<Estimate> arguments);

private:
  FailureOr<SmallVector<Estimate>> evaluate(Operation *op,
                                            ArrayRef<Estimate> operands);
  FailureOr<Estimate> evaluateGlobal(GetGlobalOp op);
  FailureOr<Estimate> evaluateSize(Operation *op, ArrayRef<Estimate> operands);
  Estimate perturb(const Estimate &result);

  void define(Value value, Estimate estimate) {
    int64_t uses = std::distance(value.use_begin(), value.use_end());
    if (uses != 0)
      values[value] = {std::move(estimate), uses};
  }
  FailureOr<SmallVector<Estimate>> takeOperands(Operation *op);

  Block &block;
  const EvaluationOptions &options;
  SymbolTableCollection symbols;
  /// Values still to be used, and by how many uses.
  DenseMap<Value, std::pair<Estimate, int64_t>> values;
  uint64_t numPerturbed = 0;
};
} // namespace

/// Returns the next of a sequence of well mixed numbers (splitmix64).
static uint64_t nextRandom(uint64_t &state) {
  uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

Estimate BlockEvaluator::perturb(const Estimate &result) {
  if (!result.isFloat() || result.isExact())
    return result.withoutBounds();
  // Each result has a sequence of its own.
  uint64_t state = *options.perturbation;
  state = nextRandom(state) + ++numPerturbed;
  state = nextRandom(state);
  std::vector<double> values = result.getFloats().vec();
  ArrayRef<double> bounds = result.getBounds();
  for (size_t i = 0; i < values.size(); ++i) {
    double unit = static_cast<double>(nextRandom(state) >> 11) * 0x1p-52 - 1.0;
    if (std::isfinite(values[i]) && std::isfinite(bounds[i]))
      values[i] += unit * bounds[i];
  }
  return Estimate::floats(result.getElementType(), result.getShape(),
                          std::move(values));
}

FailureOr<SmallVector<Estimate>> BlockEvaluator::takeOperands(Operation *op) {
  SmallVector<Estimate> operands;
  for (Value operand : op->getOperands()) {
    auto it = values.find(operand);
    if (it == values.end())
      return op->emitOpError("cannot be evaluated: it uses a value from "
                             "outside the block");
    operands.push_back(it->second.first);
  }
  for (Value operand : op->getOperands())
    if (auto it = values.find(operand);
        it != values.end() && --it->second.second == 0)
      values.erase(it);
  return operands;
}

FailureOr<Estimate> BlockEvaluator::evaluateGlobal(GetGlobalOp op) {
  auto global =
      symbols.lookupNearestSymbolFrom<GlobalOp>(op, op.getGlobalAttr());
  if (!global)
    return op.emitOpError("cannot be evaluated: there is no weight ")
           << op.getGlobalAttr();
  if (!options.weights)
    return op.emitOpError("cannot be evaluated: no weights are given");
  FailureOr<HostTensor> tensor = options.weights(global);
  if (failed(tensor))
    return failure();
  auto type = cast<RankedTensorType>(op.getType());
  if (tensor->getElementType() != type.getElementType() ||
      tensor->getShape() != type.getShape())
    return op.emitOpError("cannot be evaluated: weight '")
           << global.getWeightKey() << "' is given as "
           << RankedTensorType::get(tensor->getShape(),
                                    tensor->getElementType());
  return Estimate::exact(*tensor);
}

FailureOr<Estimate> BlockEvaluator::evaluateSize(Operation *op,
                                                 ArrayRef<Estimate> operands) {
  MLIRContext *context = op->getContext();
  auto cannot = [&]() -> InFlightDiagnostic {
    return op->emitOpError("cannot be evaluated: only operators, constants, "
                           "weights and arithmetic on sizes can");
  };
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    int64_t index = operands[1].getIntegers().front();
    if (index < 0 || index >= operands[0].getRank())
      return op->emitOpError("cannot be evaluated: there is no dimension ")
             << index;
    return Estimate::size(context, operands[0].getShape()[index]);
  }
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      !op->getResult(0).getType().isIntOrIndex())
    return cannot();
  // Folding is how these operations say what they compute.
  SmallVector<Attribute> constants;
  for (auto [operand, value] : llvm::zip(operands, op->getOperands())) {
    if (!value.getType().isIntOrIndex())
      return cannot();
    constants.push_back(
        IntegerAttr::get(value.getType(), operand.getIntegers().front()));
  }
  SmallVector<OpFoldResult> folded;
  Operation *scratch = op->clone();
  LogicalResult result = scratch->fold(constants, folded);
  std::optional<int64_t> number;
  if (succeeded(result) && folded.size() == 1) {
    if (auto attr = dyn_cast<Attribute>(folded.front())) {
      if (auto integer = dyn_cast<IntegerAttr>(attr))
        number = integer.getValue().getSExtValue();
    } else {
      Value value = cast<Value>(folded.front());
      for (auto [operand, estimate] : llvm::zip(op->getOperands(), operands))
        if (operand == value)
          number = estimate.getIntegers().front();
    }
  }
  scratch->destroy();
  if (!number)
    return cannot();
  return Estimate::integers(op->getResult(0).getType(), {}, {*number});
}

FailureOr<SmallVector<Estimate>>
BlockEvaluator::evaluate(Operation *op, ArrayRef<Estimate> operands) {
  if (isa<TapMLOperator>(op))
    return evaluateOperator(op, operands,
                            options.arithmeticOf ? options.arithmeticOf(op)
                                                 : options.arithmetic);
  auto global = dyn_cast<GetGlobalOp>(op);
  FailureOr<Estimate> result =
      global ? evaluateGlobal(global) : evaluateSize(op, operands);
  if (failed(result))
    return failure();
  return SmallVector<Estimate>{*result};
}

FailureOr<SmallVector<Estimate>>
BlockEvaluator::run(ArrayRef<Estimate> arguments) {
  Operation *parent = block.getParentOp();
  if (arguments.size() != block.getNumArguments())
    return parent->emitOpError("cannot be evaluated: it has ")
           << block.getNumArguments() << " arguments, " << arguments.size()
           << " are given";
  for (auto [value, estimate] : llvm::zip(block.getArguments(), arguments))
    define(value, estimate);
  for (Operation &op : block.without_terminator()) {
    FailureOr<SmallVector<Estimate>> operands = takeOperands(&op);
    if (failed(operands))
      return failure();
    FailureOr<SmallVector<Estimate>> results = evaluate(&op, *operands);
    if (failed(results))
      return failure();
    if (isa<TapMLOperator>(op)) {
      if (options.perturbation)
        for (Estimate &result : *results)
          result = perturb(result);
      if (options.observer &&
          failed(options.observer(&op, *operands, *results)))
        return failure();
    }
    for (auto [value, estimate] : llvm::zip(op.getResults(), *results))
      define(value, options.propagate ? estimate : estimate.withoutBounds());
  }
  return takeOperands(block.getTerminator());
}

FailureOr<SmallVector<Estimate>>
tapml::evaluateBlock(Block &block, ArrayRef<Estimate> arguments,
                     const EvaluationOptions &options) {
  return BlockEvaluator(block, options).run(arguments);
}

FailureOr<SmallVector<Estimate>>
tapml::evaluateFunction(func::FuncOp function, ArrayRef<Estimate> arguments,
                        const EvaluationOptions &options) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("cannot be evaluated: it has ")
           << function.getBody().getBlocks().size() << " blocks, not one";
  return evaluateBlock(function.getBody().front(), arguments, options);
}
