//===- EmitKernels.cpp - Kernels from fused regions -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "Strategies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/OperationSupport.h"
#include "tapml/Codegen/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

namespace tapml {
#define GEN_PASS_DEF_EMITKERNELSPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

FailureOr<SmallVector<SizeFormula>>
tapml::emission::getIterationSpace(KernelOp kernel, Strategy strategy,
                                   KernelSizes &sizes) {
  Value result = kernel.getBody().front().getTerminator()->getOperand(0);
  if (strategy == Strategy::Elementwise)
    return SmallVector<SizeFormula>{getProduct(sizes.getSizes(result))};
  auto ofLoops = [&](linalg::LinalgOp op, ArrayRef<unsigned> loops) {
    SmallVector<SizeId> ids;
    for (unsigned loop : loops)
      if (auto id = sizes.getLoopSize(op, loop))
        ids.push_back(*id);
    return getProduct(ids);
  };
  if (strategy == Strategy::RowReduction) {
    FailureOr<Rows> rows = findRows(kernel, sizes);
    if (failed(rows))
      return failure();
    SmallVector<unsigned> dims;
    rows->reductions.front().getReductionDims(dims);
    return SmallVector<SizeFormula>{getProduct(rows->rowSizes),
                                    ofLoops(rows->reductions.front(), dims)};
  }
  FailureOr<Contraction> c = findContraction(kernel);
  if (failed(c))
    return failure();
  return SmallVector<SizeFormula>{ofLoops(c->op, c->rows),
                                  ofLoops(c->op, c->columns),
                                  ofLoops(c->op, c->depth)};
}

namespace {

/// Emits all kernels that one function launches.
class FunctionEmitter {
public:
  /// `block` receives the kernels of the host; those of a target go to a
  /// `gpu.module` in it.
  FunctionEmitter(func::FuncOp function, ProfileAttr profile, Block *block)
      : function(function), profile(profile), block(block) {}

  LogicalResult run();
  int64_t getNumEmitted() const { return numEmitted; }
  int64_t getNumShared() const { return numShared; }

private:
  LogicalResult emit(KernelOp kernel);
  LogicalResult checkLimits(KernelOp kernel, size_t buffers);
  FailureOr<Value> createGuard(KernelOp kernel, ConfigAttr config,
                               IndexBuilder &ix, KernelSizes &sizes,
                               const SizeMap &sizeOf);
  SymbolRefAttr addKernel(FunctionOpInterface kernel, KernelOp op);
  Block *getKernelBlock();
  std::string getName(KernelOp kernel, unsigned number);

  func::FuncOp function;
  ProfileAttr profile;
  Block *block;
  gpu::GPUModuleOp gpuModule;
  SmallVector<FunctionOpInterface> kernels;
  std::set<std::string, std::less<>> names;
  int64_t numEmitted = 0, numShared = 0;
};

struct EmitKernelsPass
    : public tapml::impl::EmitKernelsPassBase<EmitKernelsPass> {
  using EmitKernelsPassBase::EmitKernelsPassBase;

  void runOnOperation() override {
    SmallVector<std::pair<func::FuncOp, ProfileAttr>> functions;
    getOperation()->walk([&](func::FuncOp func) {
      if (func.isExternal() || func.getBody().getOps<KernelOp>().empty())
        return;
      ProfileAttr target;
      if (auto variant = func->getParentOfType<VariantOp>())
        target = variant.getTarget();
      functions.emplace_back(func, target);
    });
    for (auto [func, target] : functions) {
      if (!target)
        target = ProfileAttr::getPreset(&getContext(), profile);
      if (!target) {
        func.emitOpError("has kernels outside of a 'tapml.variant', and "
                         "profile '")
            << profile << "' is not one of "
            << llvm::join(ProfileAttr::getPresetNames(), ", ");
        return signalPassFailure();
      }
      FunctionEmitter emitter(func, target, func->getBlock());
      if (failed(emitter.run()))
        return signalPassFailure();
      emitted += emitter.getNumEmitted();
      shared += emitter.getNumShared();
    }
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Names and sharing
//===----------------------------------------------------------------------===//

std::string FunctionEmitter::getName(KernelOp kernel, unsigned number) {
  std::string base;
  for (char c : kernel.getName())
    base.push_back(llvm::isAlnum(c) ? c : '_');
  if (base.empty() || llvm::isDigit(base.front()))
    base.insert(0, "k");
  auto configs = kernel.getLowering()->getConfigs();
  // Entry points of one kernel are told apart by their tiles.
  if (configs.size() > 1) {
    ArrayRef<int64_t> tile = configs[number].getTile();
    base += "_" + std::to_string(tile[0]) + "x" + std::to_string(tile[1]);
  }
  std::string name = base;
  for (unsigned suffix = 1; !names.insert(name).second; ++suffix)
    name = base + "_" + std::to_string(suffix);
  return name;
}

Block *FunctionEmitter::getKernelBlock() {
  if (profile.isHost())
    return block;
  if (!gpuModule) {
    OpBuilder b(function.getContext());
    b.setInsertionPointToEnd(block);
    if (auto module = function->getParentOfType<ModuleOp>();
        module && module.getBody() == block)
      b.setInsertionPointAfter(function);
    gpuModule = gpu::GPUModuleOp::create(b, function.getLoc(), "kernels");
  }
  return gpuModule.getBody();
}

/// Returns `kernel`'s symbol, or that of an earlier kernel which is the same;
/// the later one is erased.
SymbolRefAttr FunctionEmitter::addKernel(FunctionOpInterface kernel,
                                         KernelOp op) {
  auto reference = [&](FunctionOpInterface target) -> SymbolRefAttr {
    auto leaf = FlatSymbolRefAttr::get(target.getNameAttr());
    if (profile.isHost())
      return leaf;
    return SymbolRefAttr::get(gpuModule.getNameAttr(), {leaf});
  };
  auto unite = [&](FunctionOpInterface target) {
    auto known = target->getAttrOfType<ArrayAttr>("tapml.instances");
    SmallVector<Attribute> all;
    if (known)
      llvm::append_range(all, known);
    if (auto instances = op.getInstancesAttr())
      for (Attribute instance : instances)
        if (!llvm::is_contained(all, instance))
          all.push_back(instance);
    if (!all.empty())
      target->setAttr("tapml.instances", ArrayAttr::get(op.getContext(), all));
  };
  StringAttr name = kernel.getNameAttr();
  for (FunctionOpInterface known : kernels) {
    StringAttr knownName = known.getNameAttr();
    Attribute instances = known->removeAttr("tapml.instances");
    kernel.setName(knownName);
    bool equal = OperationEquivalence::isEquivalentTo(
        known, kernel, OperationEquivalence::IgnoreLocations);
    if (instances)
      known->setAttr("tapml.instances", instances);
    kernel.setName(name);
    if (!equal)
      continue;
    names.erase(name.str());
    kernel.erase();
    unite(known);
    ++numShared;
    return reference(known);
  }
  unite(kernel);
  kernels.push_back(kernel);
  ++numEmitted;
  return reference(kernel);
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

LogicalResult FunctionEmitter::checkLimits(KernelOp kernel, size_t buffers) {
  int64_t maxBuffers = profile.getLimit("max_storage_buffers");
  if (static_cast<int64_t>(buffers) > maxBuffers)
    return kernel.emitOpError("needs ")
           << buffers << " buffers, profile '" << profile.getName()
           << "' allows " << maxBuffers << "; fuse fewer operations into it";
  return success();
}

/// Returns 1 where every size of the iteration space is large enough, else 0.
FailureOr<Value> FunctionEmitter::createGuard(KernelOp kernel,
                                              ConfigAttr config,
                                              IndexBuilder &ix,
                                              KernelSizes &sizes,
                                              const SizeMap &sizeOf) {
  FailureOr<SmallVector<SizeFormula>> space =
      getIterationSpace(kernel, config.getStrategy(), sizes);
  if (failed(space))
    return failure();
  if (config.getAtLeast().size() > space->size())
    return kernel.emitOpError("has a lowering whose at_least has ")
           << config.getAtLeast().size() << " sizes; its iteration space has "
           << space->size();
  Value guard = ix.constant(1);
  for (auto [formula, minimum] : llvm::zip(*space, config.getAtLeast())) {
    if (minimum == 0)
      continue;
    Value size = formula(ix, sizeOf);
    if (!size)
      return failure();
    Value enough =
        arith::CmpIOp::create(ix.builder, ix.loc, arith::CmpIPredicate::sle,
                              ix.constant(minimum), size);
    guard = ix.mul(
        guard, arith::IndexCastUIOp::create(ix.builder, ix.loc,
                                            ix.builder.getIndexType(), enough));
  }
  return guard;
}

LogicalResult FunctionEmitter::emit(KernelOp kernel) {
  if (!kernel.getLowering())
    return kernel.emitOpError(
        "has no lowering; run tapml-select-lowering first");
  if (kernel.getNumResults() != 1)
    return kernel.emitOpError("must have one result to be emitted, has ")
           << kernel.getNumResults();
  ArrayRef<ConfigAttr> configs = kernel.getLowering()->getConfigs();
  KernelSizes sizes(kernel);

  // All entry points take the same arguments: what any of them needs.
  SmallVector<std::unique_ptr<KernelEmitter>> emitters;
  llvm::SetVector<unsigned> usedInputs;
  std::vector<SizeId> usedSizes;
  for (auto [number, config] : llvm::enumerate(configs)) {
    emitters.push_back(
        std::make_unique<KernelEmitter>(kernel, config, profile, sizes));
    if (failed(
            emitters.back()->emit(getKernelBlock(), getName(kernel, number))))
      return failure();
    emitters.back()->finish(usedInputs, usedSizes);
  }
  auto sorted = llvm::to_vector(usedInputs);
  llvm::sort(sorted);
  if (failed(checkLimits(kernel, sorted.size() + 1)))
    return failure();

  OpBuilder b(kernel);
  IndexBuilder ix(b, kernel.getLoc(), &function.getBody().front(),
                  /*onHost=*/true);
  std::map<unsigned, Value> created;
  bool complete = true;
  SizeMap sizeOf = [&](SizeId size) {
    Value &value = created[size.number];
    if (!value)
      value = sizes.createOutside(size, ix);
    complete &= bool(value);
    return value;
  };

  SmallVector<Attribute> entries;
  SmallVector<Value> guards, grids;
  for (auto [number, emitter] : llvm::enumerate(emitters)) {
    emitter->setArguments(usedInputs, usedSizes);
    Value groups = emitter->getGroups()(ix, sizeOf);
    if (!groups)
      return failure();
    llvm::append_range(grids, createGrid(ix, profile, groups));
    if (number + 1 < emitters.size()) {
      FailureOr<Value> guard =
          createGuard(kernel, configs[number], ix, sizes, sizeOf);
      if (failed(guard))
        return failure();
      guards.push_back(*guard);
    }
    entries.push_back(addKernel(emitter->getFunction(), kernel));
  }

  SmallVector<Value> inputs, arguments, dynamicSizes;
  for (unsigned input : sorted)
    inputs.push_back(sizes.getInputs()[input]);
  for (SizeId size : usedSizes)
    arguments.push_back(sizeOf(size));
  auto type = cast<RankedTensorType>(kernel.getResult(0).getType());
  Value result = kernel.getBody().front().getTerminator()->getOperand(0);
  for (auto [dim, size] : llvm::enumerate(sizes.getSizes(result)))
    if (type.isDynamicDim(dim))
      dynamicSizes.push_back(sizeOf(size));
  if (!complete)
    return failure();
  Value output = tensor::EmptyOp::create(b, kernel.getLoc(), type.getShape(),
                                         type.getElementType(), dynamicSizes);
  auto launch = LaunchOp::create(
      b, kernel.getLoc(), TypeRange{type}, b.getArrayAttr(entries), guards,
      grids, arguments, inputs, ValueRange{output}, kernel.getInstancesAttr());
  kernel.replaceAllUsesWith(launch.getResults());
  kernel.erase();
  return success();
}

LogicalResult FunctionEmitter::run() {
  for (Operation &op : *block)
    if (auto symbol = dyn_cast<SymbolOpInterface>(op);
        symbol && profile.isHost())
      names.insert(symbol.getName().str());
  // In order: a later kernel's inputs are the launches of earlier ones.
  auto kernelOps = llvm::to_vector(function.getOps<KernelOp>());
  for (KernelOp kernel : kernelOps)
    if (failed(emit(kernel)))
      return failure();
  return success();
}
