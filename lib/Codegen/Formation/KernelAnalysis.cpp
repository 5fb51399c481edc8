//===- KernelAnalysis.cpp - What the ops of a kernel do -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Codegen/KernelAnalysis.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Kinds of ops
//===----------------------------------------------------------------------===//

KernelOpKind tapml::getKernelOpKind(Operation *op) {
  return TypeSwitch<Operation *, KernelOpKind>(op)
      .Case<tensor::EmptyOp>([](auto) { return KernelOpKind::Empty; })
      .Case<linalg::FillOp>([](auto) { return KernelOpKind::Fill; })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
            tensor::ExtractSliceOp, tensor::CastOp>(
          [](auto) { return KernelOpKind::Shape; })
      .Case<linalg::GenericOp>([](linalg::GenericOp generic) {
        if (generic.getNumReductionLoops() == 0)
          return KernelOpKind::Elementwise;
        return getContractionDims(generic) ? KernelOpKind::Contraction
                                           : KernelOpKind::Reduction;
      })
      .Default([](Operation *) { return KernelOpKind::None; });
}

/// Returns true if the body of `op` is `out + a * b` on f32.
static bool isMultiplyAdd(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  auto add = yield.getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || !add.getType().isF32() || body.getOperations().size() != 3)
    return false;
  auto isProduct = [&](Value value) {
    auto mul = value.getDefiningOp<arith::MulFOp>();
    if (!mul)
      return false;
    Value a = body.getArgument(0), b = body.getArgument(1);
    return (mul.getLhs() == a && mul.getRhs() == b) ||
           (mul.getLhs() == b && mul.getRhs() == a);
  };
  Value out = body.getArgument(2);
  return (add.getLhs() == out && isProduct(add.getRhs())) ||
         (add.getRhs() == out && isProduct(add.getLhs()));
}

std::optional<ContractionDims> tapml::getContractionDims(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (!llvm::all_of(
          maps, [](AffineMap map) { return map.isProjectedPermutation(); }) ||
      !isMultiplyAdd(op))
    return std::nullopt;
  ContractionDims dims;
  for (unsigned loop = 0, e = op.getNumLoops(); loop < e; ++loop) {
    bool inA = maps[0].isFunctionOfDim(loop);
    bool inB = maps[1].isFunctionOfDim(loop);
    bool inResult = maps[2].isFunctionOfDim(loop);
    if (inA && inB)
      (inResult ? dims.batch : dims.k).push_back(loop);
    else if (inResult && inA)
      dims.m.push_back(loop);
    else if (inResult && inB)
      dims.n.push_back(loop);
    else
      return std::nullopt;
  }
  if (dims.m.empty() || dims.n.empty() || dims.k.empty())
    return std::nullopt;
  unsigned innermost = maps[2].getDimPosition(maps[2].getNumResults() - 1);
  if (llvm::is_contained(dims.m, innermost)) {
    std::swap(dims.m, dims.n);
    std::swap(dims.lhs, dims.rhs);
  }
  return dims;
}

bool tapml::isExpensive(linalg::GenericOp op) {
  return llvm::any_of(op.getRegion().front(), [](Operation &inner) {
    return isa_and_nonnull<math::MathDialect>(inner.getDialect()) &&
           !isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
                math::FloorOp, math::FmaOp, math::RoundEvenOp, math::TruncOp>(
               inner);
  });
}

bool tapml::readsInit(linalg::GenericOp op) {
  return op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
}

void tapml::forEachCapture(Operation *op, function_ref<void(Value)> callback) {
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (!region.isAncestor(operand.getParentRegion()))
          callback(operand);
    });
}

//===----------------------------------------------------------------------===//
// ExtentAnalysis
//===----------------------------------------------------------------------===//

ExtentAnalysis::ExtentAnalysis(Block &block) {
  for (Operation &op : block) {
    addOp(&op);
    if (auto kernel = dyn_cast<KernelOp>(op))
      for (Operation &inner : kernel.getBody().front())
        addOp(&inner);
  }
}

ExtentAnalysis::Key ExtentAnalysis::getKey(Value tensor, unsigned dim) const {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(dim))
    return {nullptr, type.getDimSize(dim)};
  return {tensor.getAsOpaquePointer(), dim};
}

ExtentAnalysis::Key ExtentAnalysis::getKey(OpFoldResult size) const {
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return {nullptr, *constant};
  Value value = cast<Value>(size);
  if (auto dim = value.getDefiningOp<tensor::DimOp>())
    if (std::optional<int64_t> index = dim.getConstantIndex())
      if (*index >= 0 && *index < dim.getSource().getType().getRank())
        return getKey(dim.getSource(), *index);
  return {value.getAsOpaquePointer(), -1};
}

bool ExtentAnalysis::areEqual(Value lhs, unsigned a, Value rhs,
                              unsigned b) const {
  Key left = getKey(lhs, a), right = getKey(rhs, b);
  return left == right || classes.isEquivalent(left, right);
}

/// Returns the only dimension of `group` whose size in `type` is not 1;
/// nothing if there are several.
static std::optional<int64_t> getOnlyNonUnit(ArrayRef<int64_t> group,
                                             RankedTensorType type) {
  std::optional<int64_t> found;
  for (int64_t dim : group) {
    if (type.getDimSize(dim) == 1)
      continue;
    if (found)
      return std::nullopt;
    found = dim;
  }
  return found;
}

void ExtentAnalysis::addOp(Operation *op) {
  auto unite = [&](Key a, Key b) { classes.unionSets(a, b); };
  auto uniteShape = [&](Value value, ArrayRef<OpFoldResult> sizes) {
    for (auto [dim, size] : llvm::enumerate(sizes))
      unite(getKey(value, dim), getKey(size));
  };
  auto uniteReassociation = [&](Value expanded, Value collapsed,
                                ArrayRef<ReassociationIndices> groups) {
    auto type = cast<RankedTensorType>(expanded.getType());
    for (auto [dim, group] : llvm::enumerate(groups))
      if (std::optional<int64_t> other = getOnlyNonUnit(group, type))
        unite(getKey(expanded, *other), getKey(collapsed, dim));
  };
  TypeSwitch<Operation *>(op)
      .Case([&](tensor::EmptyOp empty) {
        uniteShape(empty, empty.getMixedSizes());
      })
      .Case([&](tensor::CastOp cast) {
        auto type = dyn_cast<RankedTensorType>(cast.getType());
        if (!type || !isa<RankedTensorType>(cast.getSource().getType()))
          return;
        for (int64_t dim = 0; dim < type.getRank(); ++dim)
          unite(getKey(cast, dim), getKey(cast.getSource(), dim));
      })
      .Case([&](tensor::ExpandShapeOp expand) {
        uniteShape(expand, expand.getMixedOutputShape());
        uniteReassociation(expand, expand.getSrc(),
                           expand.getReassociationIndices());
      })
      .Case([&](tensor::CollapseShapeOp collapse) {
        uniteReassociation(collapse.getSrc(), collapse,
                           collapse.getReassociationIndices());
      })
      .Case([&](tensor::ExtractSliceOp slice) {
        if (slice.getType().getRank() == slice.getSourceType().getRank())
          uniteShape(slice, slice.getMixedSizes());
      })
      .Case([&](linalg::LinalgOp linalgOp) {
        for (unsigned loop = 0, e = linalgOp.getNumLoops(); loop < e; ++loop) {
          std::optional<Key> first;
          for (OpOperand &operand : linalgOp->getOpOperands()) {
            if (!isa<RankedTensorType>(operand.get().getType()))
              continue;
            AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
            for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
              if (expr != getAffineDimExpr(loop, op->getContext()))
                continue;
              Key key = getKey(operand.get(), dim);
              unite(first.value_or(key), key);
              first = key;
            }
          }
        }
        for (OpOperand &init : linalgOp.getDpsInitsMutable()) {
          Value result = linalgOp.getTiedOpResult(&init);
          auto type = cast<RankedTensorType>(result.getType());
          for (int64_t dim = 0; dim < type.getRank(); ++dim)
            unite(getKey(result, dim), getKey(init.get(), dim));
        }
      });
}

std::optional<std::pair<Value, unsigned>>
tapml::getLoopExtent(linalg::GenericOp op, unsigned loop) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, expr] : llvm::enumerate(map.getResults()))
      if (expr == getAffineDimExpr(loop, op.getContext()))
        return std::make_pair(operand.get(), unsigned(dim));
  }
  return std::nullopt;
}

int64_t tapml::getStaticLoopExtent(linalg::GenericOp op, unsigned loop) {
  return op.getStaticLoopRanges()[loop];
}

//===----------------------------------------------------------------------===//
// AccessAnalysis
//===----------------------------------------------------------------------===//

std::optional<unsigned> Access::getRowRank() const {
  if (!map)
    return std::nullopt;
  unsigned rank = 0;
  bool zeros = false;
  for (AffineExpr expr : map.getResults()) {
    if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
      if (constant.getValue() != 0)
        return std::nullopt;
      zeros = true;
      continue;
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || zeros || dim.getPosition() != rank)
      return std::nullopt;
    ++rank;
  }
  return rank;
}

AccessAnalysis::AccessAnalysis(const ExtentAnalysis &extents, Value root)
    : extents(extents), root(root) {
  int64_t rank = cast<RankedTensorType>(root.getType()).getRank();
  Access access;
  access.map = AffineMap::getMultiDimIdentityMap(rank, root.getContext());
  record(root, access);
}

ArrayRef<Access> AccessAnalysis::getAccesses(Value value) const {
  auto it = accesses.find(value);
  return it == accesses.end() ? ArrayRef<Access>() : it->second;
}

/// Beyond this number, further accesses say nothing new: the value is read at
/// too many places to be computed at each.
static constexpr size_t kMaxRecorded = 16;

void AccessAnalysis::record(Value value, const Access &access) {
  SmallVector<Access, 2> &list = accesses[value];
  if (list.size() >= kMaxRecorded ||
      (access.map && llvm::is_contained(list, access)))
    return;
  list.push_back(access);
}

void AccessAnalysis::addOp(Operation *op) {
  for (Value result : op->getResults()) {
    // A copy: recording an operand may move the lists.
    SmallVector<Access, 2> list(getAccesses(result));
    for (const Access &access : list) {
      if (auto generic = dyn_cast<linalg::GenericOp>(op))
        addGeneric(generic, access);
      else if (getKernelOpKind(op) == KernelOpKind::Shape)
        addShape(op, access);
    }
  }
}

std::optional<unsigned>
AccessAnalysis::getReducedRowRank(linalg::GenericOp op,
                                  const Access &access) const {
  std::optional<unsigned> rowRank = access.getRowRank();
  unsigned rank = cast<RankedTensorType>(root.getType()).getRank();
  SmallVector<unsigned> reduced;
  op.getReductionDims(reduced);
  if (!rowRank || reduced.empty() || *rowRank + reduced.size() != rank)
    return std::nullopt;
  for (auto [index, loop] : llvm::enumerate(reduced)) {
    std::optional<std::pair<Value, unsigned>> extent = getLoopExtent(op, loop);
    if (!extent || !extents.areEqual(extent->first, extent->second, root,
                                     *rowRank + index))
      return std::nullopt;
  }
  return rowRank;
}

std::optional<unsigned>
AccessAnalysis::getReducedRowRank(linalg::GenericOp op) const {
  std::optional<unsigned> common;
  for (const Access &access : getAccesses(op->getResult(0))) {
    std::optional<unsigned> rowRank = getReducedRowRank(op, access);
    if (!rowRank || (common && *common != *rowRank))
      return std::nullopt;
    common = rowRank;
  }
  return common;
}

void AccessAnalysis::addGeneric(linalg::GenericOp op, const Access &access) {
  MLIRContext *context = op.getContext();
  unsigned rank = cast<RankedTensorType>(root.getType()).getRank();
  bool isContraction = getKernelOpKind(op) == KernelOpKind::Contraction;
  bool reduces = op.getNumReductionLoops() != 0;

  // The loops of `op` in terms of the kernel's result; null where unknown.
  SmallVector<AffineExpr> loops(op.getNumLoops());
  if (access.map) {
    AffineMap output = op.getIndexingMapsArray().back();
    for (auto [expr, index] :
         llvm::zip_equal(output.getResults(), access.map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        loops[dim.getPosition()] = index;
  }
  std::optional<unsigned> rowRank = getReducedRowRank(op, access);
  if (rowRank && !isContraction) {
    SmallVector<unsigned> reduced;
    op.getReductionDims(reduced);
    for (auto [index, loop] : llvm::enumerate(reduced))
      loops[loop] = getAffineDimExpr(*rowRank + index, context);
  }

  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()) ||
        !op.payloadUsesValueFromOperand(&operand))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool isInit = op.isDpsInit(&operand);
    Access read = access;
    read.map = AffineMap();
    bool known = true;
    for (unsigned loop = 0, e = loops.size(); loop < e; ++loop) {
      if (map.isFunctionOfDim(loop))
        known &= bool(loops[loop]);
      else if (!isInit && getStaticLoopExtent(op, loop) != 1)
        read.repeated = true;
    }
    if (known) {
      SmallVector<AffineExpr> indices;
      for (AffineExpr expr : map.getResults())
        indices.push_back(expr.replaceDims(loops));
      read.map = AffineMap::get(rank, 0, indices, context);
    }
    if (!isInit) {
      read.inReduction |= reduces;
      read.contractionInput |= isContraction;
    }
    record(operand.get(), read);
  }
  forEachCapture(op, [&](Value value) {
    if (!isa<RankedTensorType>(value.getType()))
      return;
    Access read = access;
    read.map = AffineMap();
    read.repeated = true;
    read.inReduction |= reduces;
    record(value, read);
  });
}

void AccessAnalysis::addShape(Operation *op, const Access &access) {
  MLIRContext *context = op->getContext();
  unsigned rank = cast<RankedTensorType>(root.getType()).getRank();
  AffineExpr zero = getAffineConstantExpr(0, context);
  Access read = access;
  read.map = AffineMap();
  // The source's indices, while all of them are known.
  SmallVector<AffineExpr> indices;
  bool known = bool(access.map);
  if (known)
    TypeSwitch<Operation *>(op)
        .Case([&](tensor::CastOp) { read.map = access.map; })
        .Case([&](tensor::ExpandShapeOp expand) {
          for (ArrayRef<int64_t> group : expand.getReassociationIndices()) {
            auto isUnit = [&](int64_t dim) {
              return expand.getResultType().getDimSize(dim) == 1;
            };
            std::optional<int64_t> dim =
                getOnlyNonUnit(group, expand.getResultType());
            known &= dim || llvm::all_of(group, isUnit);
            indices.push_back(dim ? access.map.getResult(*dim) : zero);
          }
          if (known)
            read.map = AffineMap::get(rank, 0, indices, context);
        })
        .Case([&](tensor::CollapseShapeOp collapse) {
          RankedTensorType type = collapse.getSrcType();
          indices.assign(type.getRank(), zero);
          for (auto [index, group] :
               llvm::enumerate(collapse.getReassociationIndices())) {
            auto isUnit = [&](int64_t dim) {
              return type.getDimSize(dim) == 1;
            };
            if (std::optional<int64_t> dim = getOnlyNonUnit(group, type))
              indices[*dim] = access.map.getResult(index);
            else
              known &= llvm::all_of(group, isUnit);
          }
          if (known)
            read.map = AffineMap::get(rank, 0, indices, context);
        })
        .Case([&](tensor::ExtractSliceOp slice) {
          bool fromStart =
              slice.getType().getRank() == slice.getSourceType().getRank() &&
              llvm::all_of(slice.getMixedOffsets(),
                           [](OpFoldResult f) { return isZeroInteger(f); }) &&
              llvm::all_of(slice.getMixedStrides(),
                           [](OpFoldResult f) { return isOneInteger(f); });
          if (fromStart)
            read.map = access.map;
        });
  record(op->getOperand(0), read);
}

//===----------------------------------------------------------------------===//
// Whole kernels
//===----------------------------------------------------------------------===//

SmallVector<Value> tapml::getCapturedTensors(KernelOp kernel) {
  llvm::SetVector<Value> captured;
  forEachCapture(kernel, [&](Value value) {
    if (isa<RankedTensorType>(value.getType()))
      captured.insert(value);
  });
  return captured.takeVector();
}

/// Returns the product of `factors`, kDynamic unless it is static.
static int64_t multiply(ArrayRef<int64_t> factors) {
  int64_t product = 1;
  bool isDynamic = false;
  for (int64_t factor : factors) {
    if (ShapedType::isDynamic(factor))
      isDynamic = true;
    else
      product *= factor;
  }
  return isDynamic && product != 0 ? ShapedType::kDynamic : product;
}

/// Fills in the sizes of the iteration space.
static void setSizes(KernelInfo &info) {
  if (info.strategy == Strategy::Matmul) {
    SmallVector<int64_t> loops = info.contraction.getStaticLoopRanges();
    for (ArrayRef<unsigned> kind :
         {ArrayRef(info.dims->m), ArrayRef(info.dims->n),
          ArrayRef(info.dims->k)}) {
      SmallVector<int64_t> factors;
      for (unsigned loop : kind)
        factors.push_back(loops[loop]);
      info.sizes.push_back(multiply(factors));
    }
    for (unsigned loop : info.dims->batch)
      if (!ShapedType::isDynamic(loops[loop]))
        info.batch *= loops[loop];
    return;
  }
  ArrayRef<int64_t> shape =
      cast<RankedTensorType>(info.root->getResult(0).getType()).getShape();
  if (info.strategy == Strategy::RowReduction)
    info.sizes.push_back(multiply(shape.take_front(info.rowRank)));
  info.sizes.push_back(multiply(shape.drop_front(info.rowRank)));
}

FailureOr<KernelInfo> tapml::analyzeKernel(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  Operation *yield = body.getTerminator();
  if (yield->getNumOperands() != 1)
    return kernel.emitOpError("must have one result to be compiled, has ")
           << yield->getNumOperands();
  KernelInfo info;
  info.root = yield->getOperand(0).getDefiningOp();
  if (!info.root || info.root->getBlock() != &body ||
      !isa<linalg::GenericOp, linalg::FillOp>(info.root))
    return kernel.emitOpError("must yield the result of a 'linalg.generic' or "
                              "'linalg.fill' in its region");

  ExtentAnalysis extents(body);
  AccessAnalysis accesses(extents, yield->getOperand(0));
  bool hasRows = false, hasInline = false;
  for (Operation &op : llvm::reverse(body.without_terminator())) {
    KernelOpKind kind = getKernelOpKind(&op);
    if (kind == KernelOpKind::Contraction) {
      auto generic = cast<linalg::GenericOp>(op);
      if (info.contraction) {
        InFlightDiagnostic diag =
            kernel.emitOpError("holds two contractions, can compute one");
        diag.attachNote(op.getLoc()) << "first contraction";
        diag.attachNote(info.contraction.getLoc()) << "second contraction";
        return diag;
      }
      info.contraction = generic;
      info.dims = getContractionDims(generic);
      for (const Access &access : accesses.getAccesses(generic.getResult(0)))
        if (!access.isPlain())
          return generic.emitOpError("is not read at the indices of the "
                                     "kernel's result; give it a kernel of its "
                                     "own");
    }
    if (kind == KernelOpKind::Reduction) {
      auto generic = cast<linalg::GenericOp>(op);
      if (std::optional<unsigned> rank = accesses.getReducedRowRank(generic)) {
        if (hasRows && info.rowRank != *rank)
          return generic.emitOpError("reduces rows of another length than the "
                                     "kernel's other reductions");
        hasRows = true;
        info.rowRank = *rank;
      } else {
        hasInline = true;
      }
    }
    accesses.addOp(&op);
  }
  if (hasRows && (hasInline || info.contraction))
    return kernel.emitOpError("mixes a reduction of rows with another "
                              "reduction; split it into two kernels");
  if (info.contraction)
    info.strategy = Strategy::Matmul;
  else if (hasRows)
    info.strategy = Strategy::RowReduction;

  info.linearisable =
      !hasRows && !hasInline && !info.contraction &&
      llvm::all_of(getCapturedTensors(kernel), [&](Value value) {
        return cast<RankedTensorType>(value.getType()).getRank() == 0 ||
               llvm::all_of(accesses.getAccesses(value),
                            [](const Access &a) { return a.isPlain(); });
      });
  setSizes(info);
  return info;
}
