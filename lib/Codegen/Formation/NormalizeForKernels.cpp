//===- NormalizeForKernels.cpp - The ops that kernels are made of ---------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formation.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Building blocks
//===----------------------------------------------------------------------===//

/// Copies attributes of TapML from `from`, such as the operator's identity.
static void copyDiscardableAttrs(Operation *from, Operation *to) {
  for (NamedAttribute attr : from->getDiscardableAttrs())
    if (attr.getName().getValue().starts_with("tapml."))
      to->setDiscardableAttr(attr.getName(), attr.getValue());
}

/// Creates a tensor of the type and sizes of `value`, without values.
static Value createEmptyLike(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return tensor::EmptyOp::create(builder, loc,
                                 tensor::getMixedSizes(builder, loc, value),
                                 type.getElementType(), type.getEncoding());
}

/// Creates a generic with one parallel loop per dimension of `init`, which
/// reads each of `inputs` at its own indices.
static linalg::GenericOp
createElementwise(OpBuilder &builder, Location loc, ValueRange inputs,
                  Value init,
                  function_ref<void(OpBuilder &, Location, ValueRange)> body) {
  auto type = cast<RankedTensorType>(init.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<AffineMap> maps(inputs.size() + 1, identity);
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, type, inputs, init, maps,
                                   iterators, body);
}

/// Creates a tensor like `like`, each element of which is `scalar`.
static Value createFill(OpBuilder &builder, Location loc, Value scalar,
                        Value init) {
  return linalg::FillOp::create(builder, loc, ValueRange{scalar},
                                ValueRange{init})
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Named ops and constants
//===----------------------------------------------------------------------===//

/// Turns every linalg op but fills into a generic.
static void generalizeNamedOps(func::FuncOp function, IRRewriter &rewriter) {
  SmallVector<linalg::LinalgOp> ops;
  function.walk([&](linalg::LinalgOp op) {
    if (!isa<linalg::GenericOp, linalg::FillOp>(op.getOperation()))
      ops.push_back(op);
  });
  for (linalg::LinalgOp op : ops) {
    SmallVector<NamedAttribute> attrs;
    for (NamedAttribute attr : op->getDiscardableAttrs())
      if (attr.getName().getValue().starts_with("tapml."))
        attrs.push_back(attr);
    rewriter.setInsertionPoint(op);
    FailureOr<linalg::GenericOp> generic =
        linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      continue; // Diagnosed by `verifyOps`.
    for (NamedAttribute attr : attrs)
      (*generic)->setDiscardableAttr(attr.getName(), attr.getValue());
  }
}

/// A dense constant with more elements than this does not become code.
static constexpr int64_t kMaxConstantElements = 64;

/// Replaces the constant `op`, a tensor, by a fill, or by a generic that
/// selects the element by its index. Leaves large constants alone.
static void expandConstant(arith::ConstantOp op, IRRewriter &rewriter) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  auto type = dyn_cast<RankedTensorType>(op.getType());
  if (!dense || !type ||
      (!dense.isSplat() && type.getNumElements() > kMaxConstantElements))
    return;
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  auto scalar = [&](OpBuilder &builder, Attribute value) -> Value {
    return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(value));
  };
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                        type.getElementType());
  if (type.getNumElements() == 0) {
    // Without elements there is no value to fill in: any will do.
    Value zero = scalar(rewriter, rewriter.getZeroAttr(type.getElementType()));
    rewriter.replaceOp(op, createFill(rewriter, loc, zero, empty));
    return;
  }
  if (dense.isSplat()) {
    Value value = scalar(rewriter, dense.getSplatValue<Attribute>());
    rewriter.replaceOp(op, createFill(rewriter, loc, value, empty));
    return;
  }
  linalg::GenericOp generic = createElementwise(
      rewriter, loc, {}, empty,
      [&](OpBuilder &builder, Location loc, ValueRange) {
        Value index;
        for (int64_t dim = 0; dim < type.getRank(); ++dim) {
          Value here = linalg::IndexOp::create(builder, loc, dim);
          if (!index) {
            index = here;
            continue;
          }
          Value size = arith::ConstantIndexOp::create(builder, loc,
                                                      type.getDimSize(dim));
          index = arith::MulIOp::create(builder, loc, index, size);
          index = arith::AddIOp::create(builder, loc, index, here);
        }
        Value result;
        for (auto [position, value] :
             llvm::enumerate(dense.getValues<Attribute>())) {
          Value element = scalar(builder, value);
          if (!result) {
            result = element;
            continue;
          }
          Value here = arith::ConstantIndexOp::create(builder, loc, position);
          Value isHere = arith::CmpIOp::create(
              builder, loc, arith::CmpIPredicate::eq, index, here);
          result =
              arith::SelectOp::create(builder, loc, isHere, element, result);
        }
        linalg::YieldOp::create(builder, loc, result);
      });
  copyDiscardableAttrs(op, generic);
  rewriter.replaceOp(op, generic.getResults());
}

/// Turns constant tensors, splats and one-element tensors into fills.
static void expandConstants(func::FuncOp function, IRRewriter &rewriter) {
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    rewriter.setInsertionPoint(&op);
    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      expandConstant(constant, rewriter);
      continue;
    }
    Value scalar;
    if (auto splat = dyn_cast<tensor::SplatOp>(op))
      scalar = splat.getInput();
    if (auto from = dyn_cast<tensor::FromElementsOp>(op))
      if (from.getElements().size() == 1)
        scalar = from.getElements().front();
    if (!scalar)
      continue;
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    SmallVector<Value> sizes;
    if (auto splat = dyn_cast<tensor::SplatOp>(op))
      llvm::append_range(sizes, splat.getDynamicSizes());
    Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), type, sizes);
    Value fill = createFill(rewriter, op.getLoc(), scalar, empty);
    copyDiscardableAttrs(&op, fill.getDefiningOp());
    rewriter.replaceOp(&op, fill);
  }
}

//===----------------------------------------------------------------------===//
// Generics
//===----------------------------------------------------------------------===//

/// Replaces an output that is not read by a tensor without values, so that it
/// is no input of a kernel.
static void dropUnreadInit(linalg::LinalgOp op, IRRewriter &rewriter) {
  OpOperand &init = op.getDpsInitsMutable()[0];
  if (op.payloadUsesValueFromOperand(&init) ||
      init.get().getDefiningOp<tensor::EmptyOp>())
    return;
  rewriter.setInsertionPoint(op);
  Value empty = createEmptyLike(rewriter, op.getLoc(), init.get());
  rewriter.modifyOpInPlace(op, [&] { init.set(empty); });
}

/// Makes the contraction `op` start from zero; what it started from is added
/// afterwards.
static void accumulateFromZero(linalg::GenericOp op, IRRewriter &rewriter) {
  OpOperand &init = op.getDpsInitsMutable()[0];
  Value start = init.get();
  if (auto fill = start.getDefiningOp<linalg::FillOp>())
    if (matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
      return;
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  auto type = cast<RankedTensorType>(start.getType());
  Value zero = arith::ConstantOp::create(
      rewriter, loc,
      cast<TypedAttr>(rewriter.getZeroAttr(type.getElementType())));
  Value empty = createEmptyLike(rewriter, loc, start);
  Value filled = createFill(rewriter, loc, zero, empty);
  rewriter.modifyOpInPlace(op, [&] { init.set(filled); });
  rewriter.setInsertionPointAfter(op);
  linalg::GenericOp sum = createElementwise(
      rewriter, loc, {op.getResult(0), start}, empty,
      [](OpBuilder &builder, Location loc, ValueRange args) {
        Value value = arith::AddFOp::create(builder, loc, args[0], args[1]);
        linalg::YieldOp::create(builder, loc, value);
      });
  copyDiscardableAttrs(op, sum);
  rewriter.replaceAllUsesExcept(op.getResult(0), sum.getResult(0), sum);
}

/// Replaces `op`, which has several results that do not depend on each other's
/// previous values, by one generic per result. Returns false if they do.
static bool splitResults(linalg::GenericOp op, IRRewriter &rewriter) {
  unsigned inputs = op.getNumDpsInputs(), results = op.getNumResults();
  Block &body = op.getRegion().front();
  if (op.getNumReductionLoops() != 0)
    return false;
  for (unsigned i = 0; i < results; ++i)
    if (!body.getArgument(inputs + i).use_empty())
      return false;
  rewriter.setInsertionPoint(op);
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (unsigned i = 0; i < results; ++i) {
    SmallVector<AffineMap> kept(ArrayRef(maps).take_front(inputs));
    kept.push_back(maps[inputs + i]);
    auto single = linalg::GenericOp::create(
        rewriter, op.getLoc(), op.getResult(i).getType(), op.getInputs(),
        op.getDpsInits()[i], kept, op.getIteratorTypesArray(),
        [&](OpBuilder &builder, Location loc, ValueRange args) {
          IRMapping mapping;
          for (unsigned input = 0; input < inputs; ++input)
            mapping.map(body.getArgument(input), args[input]);
          for (Operation &inner : body.without_terminator())
            builder.clone(inner, mapping);
          Value value =
              mapping.lookupOrDefault(body.getTerminator()->getOperand(i));
          linalg::YieldOp::create(builder, loc, value);
        });
    copyDiscardableAttrs(op, single);
    rewriter.replaceAllUsesWith(op.getResult(i), single.getResult(0));
  }
  rewriter.eraseOp(op);
  return true;
}

/// Where a tensor without defined values is read, reads zeros instead.
static void defineValues(tensor::EmptyOp op, IRRewriter &rewriter) {
  auto isRead = [](OpOperand &use) {
    auto linalgOp = dyn_cast<linalg::LinalgOp>(use.getOwner());
    if (linalgOp)
      return linalgOp.payloadUsesValueFromOperand(&use);
    return !isa<tensor::DimOp>(use.getOwner());
  };
  if (llvm::none_of(op->getUses(), isRead))
    return;
  rewriter.setInsertionPointAfter(op);
  Value zero = arith::ConstantOp::create(
      rewriter, op.getLoc(),
      cast<TypedAttr>(rewriter.getZeroAttr(op.getType().getElementType())));
  Value fill = createFill(rewriter, op.getLoc(), zero, op);
  rewriter.replaceUsesWithIf(op, fill, [&](OpOperand &use) {
    return use.getOwner() != fill.getDefiningOp() && isRead(use);
  });
}

static void normalizeGenerics(func::FuncOp function, IRRewriter &rewriter) {
  SmallVector<linalg::GenericOp> generics;
  function.walk([&](linalg::GenericOp op) {
    if (op.getNumResults() > 1)
      generics.push_back(op);
  });
  for (linalg::GenericOp op : generics)
    splitResults(op, rewriter);
  generics.clear();
  function.walk([&](linalg::GenericOp op) {
    if (op.getNumResults() == 1)
      generics.push_back(op);
  });
  function.walk([&](linalg::FillOp op) { dropUnreadInit(op, rewriter); });
  for (linalg::GenericOp op : generics) {
    dropUnreadInit(op, rewriter);
    if (getContractionDims(op))
      accumulateFromZero(op, rewriter);
  }
  function.walk([&](tensor::EmptyOp op) { defineValues(op, rewriter); });
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

/// Appends the canonicalisation patterns of the ops of a dialect.
template <typename DialectT>
static void addCanonicalizations(RewritePatternSet &patterns) {
  MLIRContext *context = patterns.getContext();
  context->getOrLoadDialect<DialectT>()->getCanonicalizationPatterns(patterns);
  for (RegisteredOperationName name : context->getRegisteredOperationsByDialect(
           DialectT::getDialectNamespace()))
    name.getCanonicalizationPatterns(patterns, context);
}

/// Computes sizes from those of the arguments, with plain arithmetic.
static LogicalResult resolveSizes(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  addCanonicalizations<arith::ArithDialect>(patterns);
  tensor::DimOp::getCanonicalizationPatterns(patterns, function.getContext());
  tensor::EmptyOp::getCanonicalizationPatterns(patterns, function.getContext());
  tensor::CastOp::getCanonicalizationPatterns(patterns, function.getContext());
  populateAffineToStdConversionPatterns(patterns);
  return applyPatternsGreedily(function, std::move(patterns));
}

static LogicalResult simplify(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
  memref::populateResolveShapedTypeResultDimsPatterns(patterns);
  addCanonicalizations<affine::AffineDialect>(patterns);
  addCanonicalizations<arith::ArithDialect>(patterns);
  addCanonicalizations<linalg::LinalgDialect>(patterns);
  addCanonicalizations<tensor::TensorDialect>(patterns);
  return applyPatternsGreedily(function, std::move(patterns));
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Gives each returned tensor that is an argument, a renaming of indices, or
/// returned before a copy of its own. The attribute `tapml.result` keeps equal
/// copies apart.
static void copyReturned(func::FuncOp function, IRRewriter &rewriter) {
  Operation *terminator = function.getBody().front().getTerminator();
  llvm::SmallPtrSet<Operation *, 4> seen;
  rewriter.setInsertionPoint(terminator);
  for (OpOperand &operand : terminator->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    Operation *producer = operand.get().getDefiningOp();
    if (producer && isa<linalg::GenericOp, linalg::FillOp>(producer) &&
        seen.insert(producer).second)
      continue;
    Location loc = producer ? producer->getLoc() : function.getLoc();
    Value empty = createEmptyLike(rewriter, loc, operand.get());
    linalg::GenericOp copy = createElementwise(
        rewriter, loc, operand.get(), empty,
        [](OpBuilder &builder, Location loc, ValueRange args) {
          linalg::YieldOp::create(builder, loc, args[0]);
        });
    if (producer)
      copyDiscardableAttrs(producer, copy);
    copy->setDiscardableAttr(
        "tapml.result", rewriter.getI64IntegerAttr(operand.getOperandNumber()));
    rewriter.modifyOpInPlace(terminator,
                             [&] { operand.set(copy.getResult(0)); });
  }
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Diagnoses what the region of a generic may not hold.
static LogicalResult verifyGeneric(linalg::GenericOp op) {
  if (op.getNumResults() != 1)
    return op.emitOpError("has ")
           << op.getNumResults()
           << " results that depend on each other; a kernel computes one";
  for (Operation &inner : op.getRegion().front()) {
    if (isa<linalg::IndexOp, linalg::YieldOp, tensor::ExtractOp>(inner) ||
        (isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()) &&
         inner.getNumRegions() == 0))
      continue;
    return inner.emitOpError("cannot be part of a kernel: the region of a "
                             "'linalg.generic' may hold arith and math ops, "
                             "'linalg.index' and 'tensor.extract'");
  }
  return success();
}

/// Diagnoses types other than numbers and tensors of them of known rank.
static LogicalResult verifyTypes(func::FuncOp function) {
  auto isKnown = [](Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type))
      return tensor.getElementType().isIntOrIndexOrFloat();
    return type.isIntOrIndexOrFloat();
  };
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes()))
    if (!isKnown(type))
      return function.emitOpError("argument ")
             << index << " must be a number or a ranked tensor of numbers, got "
             << type;
  WalkResult result = function.getBody().walk([&](Operation *op) {
    for (Type type : op->getResultTypes())
      if (!isKnown(type)) {
        op->emitOpError("cannot be part of a kernel: results must be numbers "
                        "or ranked tensors of numbers, got ")
            << type;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Diagnoses scalars that come from outside: kernels take tensors and sizes.
static LogicalResult verifyOperands(Operation &op) {
  LogicalResult result = success();
  auto verify = [&](Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (failed(result) || !argument ||
        isa<RankedTensorType, IndexType>(value.getType()))
      return;
    result = op.emitOpError("uses a value of type ")
             << value.getType()
             << " from outside of the kernels; pass a tensor of rank 0";
  };
  llvm::for_each(op.getOperands(), verify);
  forEachCapture(&op, verify);
  return result;
}

static LogicalResult verifyOp(Operation &op) {
  if (auto generic = dyn_cast<linalg::GenericOp>(op))
    return verifyGeneric(generic);
  if (isa<func::ReturnOp>(op) || getKernelOpKind(&op) != KernelOpKind::None)
    return success();
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    if (!isa<BlockArgument>(dim.getSource()) || !dim.getConstantIndex())
      return op.emitOpError("cannot be computed before the kernels run: a size "
                            "must depend on the sizes of the arguments only");
    return success();
  }
  if (isa<arith::ConstantOp>(op) && isa<ShapedType>(op.getResult(0).getType()))
    return op.emitOpError("holds a constant of ")
           << cast<ShapedType>(op.getResult(0).getType()).getNumElements()
           << " elements, at most " << kMaxConstantElements
           << " become code; make it a 'tapml.global'";
  if (isa<arith::ArithDialect>(op.getDialect()) &&
      llvm::none_of(op.getResultTypes(), llvm::IsaPred<ShapedType>))
    return success();
  return op.emitOpError("cannot be part of a kernel: expected linalg and "
                        "tensor ops, and arithmetic on sizes");
}

//===----------------------------------------------------------------------===//
// Entry point
//===----------------------------------------------------------------------===//

LogicalResult tapml::normalizeForKernels(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("must have one block to be split into kernels");
  if (failed(verifyTypes(function)))
    return failure();
  IRRewriter rewriter(function.getContext());
  generalizeNamedOps(function, rewriter);
  if (failed(simplify(function)))
    return function.emitOpError("did not reach a fixed point when simplified");
  // After simplification, which makes constants of casts and reshapes of them.
  expandConstants(function, rewriter);
  normalizeGenerics(function, rewriter);
  copyReturned(function, rewriter);
  if (failed(resolveSizes(function)))
    return function.emitOpError("has sizes that could not be resolved");
  DominanceInfo dominance(function);
  eliminateCommonSubExpressions(rewriter, dominance, function);
  for (Operation &op : function.getBody().front())
    if (failed(verifyOp(op)) || failed(verifyOperands(op)))
      return failure();
  return success();
}
