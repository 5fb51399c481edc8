//===- Contraction.cpp - Finds the contraction of a matmul ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Strategies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

/// Adds the block arguments of `block` that `value` is computed from.
static void collectArguments(Value value, Block *block,
                             llvm::SmallDenseSet<unsigned> &arguments,
                             llvm::SmallDenseSet<Value> &seen) {
  if (!seen.insert(value).second)
    return;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (argument.getOwner() == block)
      arguments.insert(argument.getArgNumber());
    return;
  }
  Operation *op = value.getDefiningOp();
  if (op->getBlock() != block)
    return;
  for (Value operand : op->getOperands())
    collectArguments(operand, block, arguments, seen);
}

/// Returns the only block argument that `value` is computed from.
static std::optional<unsigned> getOnlyArgument(Value value, Block *block) {
  llvm::SmallDenseSet<unsigned> arguments;
  llvm::SmallDenseSet<Value> seen;
  collectArguments(value, block, arguments, seen);
  if (arguments.size() != 1)
    return std::nullopt;
  return *arguments.begin();
}

/// Matches a body that adds a product of two inputs to its result.
static std::optional<Contraction> matchContraction(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0 || op.getNumDpsInputs() != 2 ||
      op.getNumDpsInits() != 1)
    return std::nullopt;
  Block *block = op.getBlock();
  Value accumulator = block->getArgument(2);
  Operation *add = block->getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::AddFOp, arith::AddIOp>(add) ||
      !llvm::is_contained(add->getOperands(), accumulator))
    return std::nullopt;
  Value product = add->getOperand(add->getOperand(0) == accumulator ? 1 : 0);
  Operation *mul = product.getDefiningOp();
  if (!isa_and_nonnull<arith::MulFOp, arith::MulIOp>(mul))
    return std::nullopt;
  auto first = getOnlyArgument(mul->getOperand(0), block);
  auto second = getOnlyArgument(mul->getOperand(1), block);
  if (!first || !second || *first == *second || *first > 1 || *second > 1)
    return std::nullopt;

  Contraction result;
  result.op = op;
  result.lhs = 0;
  result.rhs = 1;
  AffineMap outputMap = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  AffineMap maps[] = {op.getMatchingIndexingMap(op.getDpsInputOperand(0)),
                      op.getMatchingIndexingMap(op.getDpsInputOperand(1))};
  // Vectors run along the output's innermost dimension.
  if (outputMap.getNumResults() != 0)
    if (auto last = dyn_cast<AffineDimExpr>(
            outputMap.getResult(outputMap.getNumResults() - 1));
        last && maps[0].isFunctionOfDim(last.getPosition()) &&
        !maps[1].isFunctionOfDim(last.getPosition()))
      std::swap(result.lhs, result.rhs);
  result.lhsFactor = mul->getOperand(*first == result.lhs ? 0 : 1);
  result.rhsFactor = mul->getOperand(*first == result.lhs ? 1 : 0);
  for (auto [loop, type] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (type == utils::IteratorType::reduction) {
      result.depth.push_back(loop);
      continue;
    }
    bool inLhs = maps[result.lhs].isFunctionOfDim(loop);
    bool inRhs = maps[result.rhs].isFunctionOfDim(loop);
    (inLhs == inRhs ? result.batch
     : inLhs        ? result.rows
                    : result.columns)
        .push_back(loop);
  }
  return result;
}

FailureOr<Contraction> tapml::emission::findContraction(KernelOp kernel) {
  std::optional<Contraction> result;
  for (auto op : kernel.getBody().getOps<linalg::LinalgOp>()) {
    auto match = matchContraction(op);
    if (match && result) {
      InFlightDiagnostic diag = op->emitOpError(
          "is a second contraction in a kernel with a matmul lowering");
      diag.attachNote(result->op.getLoc()) << "the first is here";
      return diag;
    }
    if (match)
      result = match;
  }
  if (!result)
    return kernel.emitOpError("has a matmul lowering but no contraction (a sum "
                              "of products of two tensors) in it");
  return *result;
}
