//===- NameKernels.cpp - Names that tell what a kernel computes -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tapml;

/// No name lists more operators than this.
static constexpr size_t kMaxOperators = 3;

/// Returns the static sizes among `loops` of `op`.
static SmallVector<int64_t> getStaticSizes(linalg::GenericOp op,
                                           ArrayRef<unsigned> loops) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges(), sizes;
  for (unsigned loop : loops)
    if (!ShapedType::isDynamic(ranges[loop]))
      sizes.push_back(ranges[loop]);
  return sizes;
}

/// Returns the op that gives `group` its structure: the contraction, the last
/// reduction of rows, or the root.
static Operation *getMainOp(const KernelGroup &group) {
  for (Operation *member : group.members) {
    KernelOpKind kind = getKernelOpKind(member);
    if (kind == KernelOpKind::Contraction ||
        (kind == KernelOpKind::Reduction && group.rowRank))
      return member;
  }
  return group.root;
}

/// Returns the sizes that tell `group` from others: k and n of a contraction,
/// the row length, or the static sizes of the result.
static SmallVector<int64_t> getTellingSizes(const KernelGroup &group) {
  if (group.hasContraction) {
    auto generic = cast<linalg::GenericOp>(getMainOp(group));
    std::optional<ContractionDims> dims = getContractionDims(generic);
    SmallVector<unsigned> loops(dims->k);
    llvm::append_range(loops, dims->n);
    return getStaticSizes(generic, loops);
  }
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(group.root->getResult(0).getType()).getShape();
  SmallVector<int64_t> sizes;
  for (int64_t size : shape.drop_front(group.rowRank.value_or(0)))
    if (!ShapedType::isDynamic(size))
      sizes.push_back(size);
  return sizes;
}

/// Returns the operators that `group` computes, each once: that of the main op
/// first, then those that follow it; without a main op, in program order.
static SmallVector<StringRef> getOperators(const KernelGroup &group) {
  llvm::SetVector<StringRef> names;
  auto add = [&](Operation *op) {
    if (auto name = op->getAttrOfType<StringAttr>("tapml.operator"))
      names.insert(name.getValue());
  };
  Operation *main = getMainOp(group);
  bool hasMainOp = group.hasContraction || group.rowRank;
  if (hasMainOp)
    add(main);
  for (Operation *member : llvm::reverse(group.members))
    if (!hasMainOp || main->isBeforeInBlock(member))
      add(member);
  return names.takeVector();
}

/// Returns what the body of `op` computes, by its only op, or "".
static StringRef describeBody(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  Value yielded = body.getTerminator()->getOperand(0);
  if (auto argument = dyn_cast<BlockArgument>(yielded)) {
    if (argument.getOwner() != &body)
      return "fill";
    AffineMap input =
        op.getMatchingIndexingMap(op.getMatchingOpOperand(argument));
    if (!input.isProjectedPermutation())
      return "copy";
    if (input.getNumResults() < input.getNumDims())
      return "broadcast";
    return input.isIdentity() ? "copy" : "transpose";
  }
  Operation *producer = yielded.getDefiningOp();
  if (producer->getBlock() != &body)
    return "fill";
  if (isa<tensor::ExtractOp>(producer))
    return "gather";
  if (!llvm::hasSingleElement(body.without_terminator()))
    return "";
  // arith.addf and arith.addi are an addition each.
  StringRef name = producer->getName().stripDialect();
  if (isa<arith::ArithDialect>(producer->getDialect()))
    for (StringRef suffix : {"f", "si", "ui", "i"})
      if (name.consume_back(suffix))
        break;
  return name;
}

/// Returns the structure of `group` where its ops do not say what they are.
static std::string describe(const KernelGroup &group) {
  if (group.hasContraction)
    return "matmul";
  if (group.rowRank) {
    bool hasExp = false, hasMax = false, hasRsqrt = false;
    for (Operation *member : group.members)
      member->walk([&](Operation *op) {
        hasExp |= isa<math::ExpOp>(op);
        hasMax |= isa<arith::MaximumFOp, arith::MaxNumFOp>(op);
        hasRsqrt |= isa<math::RsqrtOp, math::SqrtOp>(op);
      });
    return hasExp && hasMax ? "softmax" : hasRsqrt ? "normalize" : "rows";
  }
  if (isa<linalg::FillOp>(group.root))
    return "fill";
  if (group.hasInlineReduction)
    return "reduce";
  llvm::SetVector<StringRef> parts;
  for (Operation *member : llvm::reverse(group.members))
    if (auto generic = dyn_cast<linalg::GenericOp>(member))
      parts.insert(describeBody(generic));
  if (parts.size() > kMaxOperators || parts.contains(""))
    return "elementwise";
  return llvm::join(parts, "_");
}

std::string tapml::nameKernel(const KernelGroup &group,
                              llvm::StringSet<> &taken) {
  SmallVector<StringRef> operators = getOperators(group);
  std::string name =
      operators.empty() ? describe(group) : operators.front().str();
  // An operator of several kernels, such as attention: tell them apart.
  auto isNamed = [&](ArrayRef<StringRef> words) {
    return llvm::any_of(
        words, [&](StringRef word) { return StringRef(name).contains(word); });
  };
  bool isClear = group.hasContraction ? isNamed({"linear", "matmul"})
                 : group.rowRank      ? isNamed({"norm", "softmax"})
                                      : !group.weightOnly;
  if (!operators.empty() && !isClear)
    name += "_" + describe(group);
  for (auto [index, size] : llvm::enumerate(getTellingSizes(group)))
    name += (index ? "x" : "_") + std::to_string(size);
  if (operators.size() > kMaxOperators)
    name += "_fused";
  else
    for (StringRef op :
         ArrayRef(operators).drop_front(operators.empty() ? 0 : 1))
      name += "_" + op.str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';

  std::string unique = name;
  for (unsigned suffix = 1; !taken.insert(unique).second; ++suffix)
    unique = name + "_" + std::to_string(suffix);
  return unique;
}
