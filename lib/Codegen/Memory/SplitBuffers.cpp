//===- SplitBuffers.cpp - Tensors larger than a binding -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Codegen/Analysis/Divisibility.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Codegen/SizeExpr.h"
#include "tapml/Codegen/Storage.h"
#include "llvm/Support/MathExtras.h"

namespace tapml {
#define GEN_PASS_DEF_SPLITBUFFERSPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Calls `build` for the part that holds element `index`, in a chain of
/// conditions; returns what it returns, if anything.
static Value
dispatchOnPart(OpBuilder &b, Location loc, ArrayRef<Value> parts, Value part,
               Type result,
               function_ref<Value(OpBuilder &, Value buffer)> build) {
  if (parts.size() == 1)
    return build(b, parts.front());
  unsigned last = parts.size() - 1;
  Value number = arith::ConstantIndexOp::create(b, loc, last);
  Value isLast =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, part, number);
  auto choice =
      scf::IfOp::create(b, loc, result ? TypeRange(result) : TypeRange(),
                        isLast, /*withElseRegion=*/true);
  auto fill = [&](OpBuilder inside, ArrayRef<Value> from) {
    Value value = dispatchOnPart(inside, loc, from, part, result, build);
    if (result)
      scf::YieldOp::create(inside, loc, value);
  };
  fill(choice.getThenBodyBuilder(), parts.back());
  fill(choice.getElseBodyBuilder(), parts.drop_back());
  return result ? choice.getResult(0) : Value();
}

namespace {
/// Rewrites the accesses of one buffer to its parts of `partSize` elements, a
/// power of two.
class AccessSplitter {
public:
  AccessSplitter(ArrayRef<Value> parts, int64_t partSize)
      : parts(parts), partSize(partSize) {}

  /// Fails if `op` is not a load or a store.
  LogicalResult split(Operation *op, bool isAligned) {
    OpBuilder b(op);
    Location loc = op->getLoc();
    if (auto load = dyn_cast<memref::LoadOp>(op)) {
      load.getResult().replaceAllUsesWith(
          access(b, loc, load.getIndices()[0], load.getType(), Value()));
    } else if (auto store = dyn_cast<memref::StoreOp>(op)) {
      access(b, loc, store.getIndices()[0], Type(), store.getValue());
    } else if (auto load = dyn_cast<vector::LoadOp>(op)) {
      load.getResult().replaceAllUsesWith(
          isAligned ? access(b, loc, load.getIndices()[0], load.getType(), {})
                    : loadElements(b, load));
    } else if (auto store = dyn_cast<vector::StoreOp>(op)) {
      if (isAligned)
        access(b, loc, store.getIndices()[0], Type(), store.getValueToStore());
      else
        storeElements(b, store);
    } else {
      return failure();
    }
    op->erase();
    return success();
  }

private:
  /// Loads a `type` from, or stores `stored` to, the part that holds `index`.
  Value access(OpBuilder &b, Location loc, Value index, Type type,
               Value stored) {
    Value shift =
        arith::ConstantIndexOp::create(b, loc, llvm::Log2_64(partSize));
    Value mask = arith::ConstantIndexOp::create(b, loc, partSize - 1);
    Value part = arith::ShRUIOp::create(b, loc, index, shift);
    Value offset = arith::AndIOp::create(b, loc, index, mask);
    return dispatchOnPart(
        b, loc, parts, part, type, [&](OpBuilder &b, Value buffer) -> Value {
          if (stored && isa<VectorType>(stored.getType()))
            vector::StoreOp::create(b, loc, stored, buffer, offset);
          else if (stored)
            memref::StoreOp::create(b, loc, stored, buffer, offset);
          else if (auto vector = dyn_cast<VectorType>(type))
            return vector::LoadOp::create(b, loc, vector, buffer, offset);
          else
            return memref::LoadOp::create(b, loc, buffer, offset);
          return Value();
        });
  }

  Value elementIndex(OpBuilder &b, Location loc, Value first, int64_t element) {
    Value distance = arith::ConstantIndexOp::create(b, loc, element);
    return arith::AddIOp::create(b, loc, first, distance);
  }

  /// A vector that may lie across two parts, one element at a time.
  Value loadElements(OpBuilder &b, vector::LoadOp load) {
    Location loc = load.getLoc();
    VectorType type = load.getVectorType();
    SmallVector<Value> elements;
    for (int64_t i = 0; i < type.getNumElements(); ++i)
      elements.push_back(access(b, loc,
                                elementIndex(b, loc, load.getIndices()[0], i),
                                type.getElementType(), Value()));
    return vector::FromElementsOp::create(b, loc, type, elements);
  }

  void storeElements(OpBuilder &b, vector::StoreOp store) {
    Location loc = store.getLoc();
    for (int64_t i = 0; i < store.getVectorType().getNumElements(); ++i)
      access(b, loc, elementIndex(b, loc, store.getIndices()[0], i), Type(),
             vector::ExtractOp::create(b, loc, store.getValueToStore(), i));
  }

  ArrayRef<Value> parts;
  int64_t partSize;
};

/// Splits the large buffers of one variant.
class VariantSplitter {
public:
  explicit VariantSplitter(VariantOp variant)
      : variant(variant), partBytes(getPartBytes(variant.getTarget())) {}

  /// Returns the number of kernels that take parts.
  FailureOr<unsigned> run();

private:
  LogicalResult splitLaunch(LaunchOp launch);
  FailureOr<SymbolRefAttr> splitKernel(LaunchOp launch, SymbolRefAttr name,
                                       DenseI64ArrayAttr parts);
  LogicalResult splitArgument(gpu::GPUFuncOp kernel, unsigned number,
                              int64_t count);

  VariantOp variant;
  int64_t partBytes;
  /// The split forms of kernels, by name and parts.
  llvm::DenseMap<std::pair<Attribute, Attribute>, SymbolRefAttr> known;
};

struct SplitBuffersPass final
    : tapml::impl::SplitBuffersPassBase<SplitBuffersPass> {
  void runOnOperation() override {
    WalkResult result = getOperation()->walk([&](VariantOp variant) {
      if (variant.getTarget().isHost())
        return WalkResult::skip();
      FailureOr<unsigned> kernels = VariantSplitter(variant).run();
      if (failed(kernels))
        return WalkResult::interrupt();
      numSplit += *kernels;
      return WalkResult::skip();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace

FailureOr<unsigned> VariantSplitter::run() {
  SmallVector<LaunchOp> launches;
  variant.walk([&](LaunchOp launch) { launches.push_back(launch); });
  for (LaunchOp launch : launches)
    if (failed(splitLaunch(launch)))
      return failure();
  // Kernels that are now used in split form alone.
  llvm::DenseSet<Attribute> used;
  for (LaunchOp launch : launches)
    used.insert_range(launch.getKernels());
  for (auto &[key, split] : known)
    if (used.insert(key.first).second)
      SymbolTable::lookupNearestSymbolFrom(variant.getBodyFunc(),
                                           cast<SymbolRefAttr>(key.first))
          ->erase();
  return static_cast<unsigned>(known.size());
}

LogicalResult VariantSplitter::splitLaunch(LaunchOp launch) {
  SmallVector<int64_t> counts;
  SmallVector<Value> tensors(launch.getInputs());
  llvm::append_range(tensors, launch.getOutputs());
  for (Value tensor : tensors)
    counts.push_back(getNumParts(cast<RankedTensorType>(tensor.getType()),
                                 variant.getTarget()));
  if (llvm::all_of(counts, [](int64_t count) { return count == 1; }))
    return success();
  auto parts = DenseI64ArrayAttr::get(launch.getContext(), counts);
  SmallVector<Attribute> kernels;
  for (auto name : launch.getKernels().getAsRange<SymbolRefAttr>()) {
    FailureOr<SymbolRefAttr> split = splitKernel(launch, name, parts);
    if (failed(split))
      return failure();
    kernels.push_back(*split);
  }
  launch.setKernelsAttr(ArrayAttr::get(launch.getContext(), kernels));
  launch->setAttr(kPartsAttr, parts);
  return success();
}

/// Returns the kernel `name` with its buffers in `parts`.
FailureOr<SymbolRefAttr> VariantSplitter::splitKernel(LaunchOp launch,
                                                      SymbolRefAttr name,
                                                      DenseI64ArrayAttr parts) {
  SymbolRefAttr &split = known[{name, parts}];
  if (split)
    return split;
  auto kernel =
      SymbolTable::lookupNearestSymbolFrom<gpu::GPUFuncOp>(launch, name);
  if (!kernel)
    return launch.emitOpError("names ")
           << name << ", which is no kernel that can be split; split large "
           << "buffers before kernels are converted";
  gpu::GPUFuncOp copy = kernel.clone();
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  copy.setName((kernel.getName() + "_split").str());
  SymbolTable(module).insert(copy, ++kernel->getIterator());
  // From the last, so that the numbers of those before it stay.
  for (unsigned i = parts.size(); i-- > 0;)
    if (parts[i] > 1 && failed(splitArgument(copy, i, parts[i])))
      return failure();
  split = SymbolRefAttr::get(module.getSymNameAttr(),
                             FlatSymbolRefAttr::get(copy.getNameAttr()));
  return split;
}

LogicalResult VariantSplitter::splitArgument(gpu::GPUFuncOp kernel,
                                             unsigned number, int64_t count) {
  BlockArgument buffer = kernel.getArgument(number);
  auto type = cast<MemRefType>(buffer.getType());
  int64_t partSize = partBytes / getElementBytes(type.getElementType());

  // Which vectors cannot lie across two parts, before the IR changes.
  DivisibilityAnalysis divisibility;
  SmallVector<std::pair<Operation *, bool>> accesses;
  for (Operation *user : buffer.getUsers()) {
    bool isAligned = true;
    auto check = [&](Value index, VectorType vector) {
      int64_t width = vector.getNumElements();
      isAligned =
          llvm::isPowerOf2_64(width) && divisibility.isMultipleOf(index, width);
    };
    if (auto load = dyn_cast<vector::LoadOp>(user))
      check(load.getIndices()[0], load.getVectorType());
    else if (auto store = dyn_cast<vector::StoreOp>(user))
      check(store.getIndices()[0], store.getVectorType());
    accesses.push_back({user, isAligned});
  }

  SmallVector<Value> parts = {buffer};
  SmallVector<Attribute> access;
  if (auto old = kernel->getAttrOfType<ArrayAttr>("tapml.access"))
    access.assign(old.begin(), old.end());
  for (int64_t i = 1; i < count; ++i) {
    if (failed(kernel.insertArgument(number + i, type, {}, buffer.getLoc())))
      return failure();
    parts.push_back(kernel.getArgument(number + i));
    if (number < access.size())
      access.insert(access.begin() + number, access[number]);
  }
  if (!access.empty())
    kernel->setAttr("tapml.access",
                    ArrayAttr::get(kernel.getContext(), access));
  AccessSplitter splitter(parts, partSize);
  for (auto [user, isAligned] : accesses)
    if (failed(splitter.split(user, isAligned)))
      return user->emitOpError("uses a buffer that has to be split, in another "
                               "way than to load or store");
  return success();
}
