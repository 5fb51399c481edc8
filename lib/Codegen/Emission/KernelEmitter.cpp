//===- KernelEmitter.cpp - One entry point being emitted ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tapml/Dialect/TapML/IR/Names.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::emission;

SizeFormula tapml::emission::getProduct(ArrayRef<SizeId> sizes) {
  std::vector<SizeId> factors(sizes.begin(), sizes.end());
  return [factors](IndexBuilder &ix, const SizeMap &sizeOf) {
    SmallVector<Value> values;
    for (SizeId factor : factors) {
      values.push_back(sizeOf(factor));
      if (!values.back())
        return Value();
    }
    return ix.product(values);
  };
}

//===----------------------------------------------------------------------===//
// Grids
//===----------------------------------------------------------------------===//

/// No kernel has more workgroups: every one computes at least an element of
/// fewer than 2^31.
static constexpr int64_t kMaxGroups = int64_t(1) << 31;

/// Returns whether `groups` workgroups fit in the grid's first dimension.
static bool fitsFirstDimension(ProfileAttr profile, Value groups) {
  int64_t limit = profile.getLimit3("max_workgroup_count")[0];
  auto constant = getConstantIndex(groups);
  return constant.value_or(kMaxGroups) <= limit;
}

SmallVector<Value, 3> tapml::emission::createGrid(IndexBuilder &ix,
                                                  ProfileAttr profile,
                                                  Value groups) {
  Value one = ix.constant(1);
  if (fitsFirstDimension(profile, groups))
    return {groups, one, one};
  SmallVector<int64_t, 3> limits = profile.getLimit3("max_workgroup_count");
  Value x = ix.min(groups, ix.constant(limits[0]));
  Value layers = ix.ceilDiv(groups, ix.max(x, one));
  int64_t mostLayers = getConstantIndex(layers).value_or(
      llvm::divideCeil(kMaxGroups, limits[0]));
  if (mostLayers <= limits[1])
    return {x, layers, one};
  Value y = ix.min(layers, ix.constant(limits[1]));
  return {x, y, ix.ceilDiv(layers, ix.max(y, one))};
}

Value KernelEmitter::getGroupNumber(Value groups) {
  auto id = [&](gpu::Dimension dim) -> Value {
    return gpu::BlockIdOp::create(builder, loc, dim);
  };
  auto count = [&](gpu::Dimension dim) -> Value {
    return gpu::GridDimOp::create(builder, loc, dim);
  };
  Value x = id(gpu::Dimension::x);
  if (fitsFirstDimension(profile, groups))
    return x;
  // As `createGrid` spreads them: x runs fastest.
  overruns = true;
  Value y = id(gpu::Dimension::y);
  if (llvm::divideCeil(kMaxGroups,
                       profile.getLimit3("max_workgroup_count")[0]) >
      static_cast<uint64_t>(profile.getLimit3("max_workgroup_count")[1]))
    y = ix->add(ix->mul(id(gpu::Dimension::z), count(gpu::Dimension::y)), y);
  return ix->add(ix->mul(y, count(gpu::Dimension::x)), x);
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

KernelEmitter::KernelEmitter(KernelOp kernel, ConfigAttr config,
                             ProfileAttr profile, KernelSizes &sizes)
    : kernel(kernel), config(config), profile(profile), sizes(sizes),
      builder(kernel.getContext()), loc(kernel.getLoc()) {}

KernelEmitter::~KernelEmitter() = default;

Value KernelEmitter::getResult() {
  return kernel.getBody().front().getTerminator()->getOperand(0);
}

SmallVector<Value> KernelEmitter::getResultSizes() {
  return evaluator->getSizeValues(getResult());
}

int64_t KernelEmitter::getInvocationsPerGroup() const {
  int64_t product = 1;
  for (int64_t size : config.getWorkgroup())
    product *= size;
  return product;
}

/// Returns the type of a tensor's buffer: flat, booleans as bytes.
static MemRefType getBufferType(Value tensor) {
  Type element = cast<RankedTensorType>(tensor.getType()).getElementType();
  if (element.isInteger(1))
    element = IntegerType::get(tensor.getContext(), 8);
  return MemRefType::get({ShapedType::kDynamic}, element);
}

/// Returns what people call the tensors that a kernel reads.
static SmallVector<std::string> getInputNames(ArrayRef<Value> inputs) {
  SmallVector<std::string> paths;
  for (Value input : inputs) {
    std::string path = tapml::getName(input.getLoc()).str();
    // An earlier kernel of the same function is called after what it computes.
    if (auto launch = input.getDefiningOp<LaunchOp>(); launch && path.empty())
      path = cast<SymbolRefAttr>(launch.getKernels()[0])
                 .getLeafReference()
                 .getValue()
                 .take_until([](char c) { return llvm::isDigit(c); })
                 .rtrim('_')
                 .str();
    paths.push_back(path);
  }
  return getShortNames(llvm::to_vector_of<StringRef>(paths));
}

LogicalResult KernelEmitter::createFunction(Block *block, StringRef name) {
  SmallVector<Type> types;
  for (Value input : sizes.getInputs())
    types.push_back(getBufferType(input));
  types.push_back(getBufferType(kernel.getResult(0)));
  if (isHost())
    types.append(2, builder.getIndexType());
  auto type = builder.getFunctionType(types, {});

  builder.setInsertionPointToEnd(block);
  if (isHost()) {
    auto func = func::FuncOp::create(builder, loc, name, type);
    entry = func.addEntryBlock();
    begin = entry->getArgument(types.size() - 2);
    end = entry->getArgument(types.size() - 1);
    builder.setInsertionPointToEnd(entry);
    func::ReturnOp::create(builder, loc);
    func->setAttr("tapml.host_kernel", builder.getUnitAttr());
    function = func;
  } else {
    auto func = gpu::GPUFuncOp::create(builder, loc, name, type);
    entry = &func.getBody().front();
    builder.setInsertionPointToEnd(entry);
    gpu::ReturnOp::create(builder, loc);
    func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(),
                  builder.getUnitAttr());
    SmallVector<int32_t> workgroup(config.getWorkgroup());
    func.setKnownBlockSizeAttr(builder.getDenseI32ArrayAttr(workgroup));
    function = func;
  }
  for (auto [number, input, called] :
       llvm::enumerate(sizes.getInputs(), getInputNames(sizes.getInputs()))) {
    buffers[input] = entry->getArgument(number);
    buffers[input].setLoc(getNamedLoc(loc, called));
  }
  output = entry->getArgument(sizes.getInputs().size());
  output.setLoc(getNamedLoc(loc, "result"));
  builder.setInsertionPoint(entry->getTerminator());
  return success();
}

LogicalResult KernelEmitter::emit(Block *block, StringRef name) {
  if (isHost() && getInvocationsPerGroup() != 1)
    return kernel.emitOpError("has a lowering with ")
           << getInvocationsPerGroup()
           << " invocations per workgroup; on the host a workgroup is one "
              "invocation";
  if (failed(createFunction(block, name)))
    return failure();
  ix = std::make_unique<IndexBuilder>(builder, loc, entry);
  indices = std::make_unique<IndexContext>(*ix);
  evaluator = std::make_unique<ElementEvaluator>(
      kernel, sizes, *indices, buffers,
      [this](SizeId size) { return getSize(size); }, isHost());
  switch (config.getStrategy()) {
  case Strategy::Elementwise:
    return emitElementwise(*this);
  case Strategy::RowReduction:
    return emitRowReduction(*this);
  case Strategy::Matmul:
    return emitMatmul(*this);
  }
  llvm_unreachable("covered switch");
}

Value KernelEmitter::getSize(SizeId size) {
  if (auto constant = sizes.getStatic(size))
    return ix->constant(*constant);
  for (auto [known, argument] : sizeArguments)
    if (known == size)
      return argument;
  BlockArgument argument = entry->insertArgument(
      sizes.getInputs().size() + 1 + sizeArguments.size(),
      builder.getIndexType(), getNamedLoc(loc, sizes.getName(size)));
  sizeArguments.emplace_back(size, argument);
  return argument;
}

LogicalResult
KernelEmitter::emitGroups(SizeFormula formula,
                          function_ref<LogicalResult(Value group)> body) {
  groups = std::move(formula);
  if (!isHost())
    return body(getGroupNumber(
        groups(*ix, [this](SizeId size) { return getSize(size); })));
  auto loop =
      emitLoop(*evaluator, begin, end, 1, {}, [&](Value iv, ValueRange) {
        return succeeded(body(iv)) ? SmallVector<Value>()
                                   : SmallVector<Value>{Value()};
      });
  return success(loop.has_value());
}

Value KernelEmitter::getInvocation(Value group) {
  if (isHost())
    return group;
  auto id = [&](gpu::Dimension dim) -> Value {
    return gpu::ThreadIdOp::create(builder, loc, dim);
  };
  ArrayRef<int64_t> workgroup = config.getWorkgroup();
  Value local = id(gpu::Dimension::x);
  if (workgroup[1] != 1)
    local = ix->add(ix->mul(id(gpu::Dimension::y), ix->constant(workgroup[0])),
                    local);
  if (workgroup[2] != 1)
    local = ix->add(ix->mul(id(gpu::Dimension::z),
                            ix->constant(workgroup[0] * workgroup[1])),
                    local);
  Value number =
      ix->add(ix->mul(group, ix->constant(getInvocationsPerGroup())), local);
  setName(number, "invocation");
  return number;
}

std::pair<Value, Value> KernelEmitter::getSubgroup(Value group) {
  int64_t width = config.getSubgroup();
  if (width == 1)
    return {getInvocation(group), ix->constant(0)};
  Value lane = gpu::LaneIdOp::create(builder, loc, /*upper_bound=*/nullptr);
  if (getInvocationsPerGroup() == width)
    return {group, lane};
  Value number =
      gpu::SubgroupIdOp::create(builder, loc, /*upper_bound=*/nullptr);
  Value perGroup = ix->constant(getInvocationsPerGroup() / width);
  return {ix->add(ix->mul(group, perGroup), number), lane};
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

LogicalResult KernelEmitter::emitResult(ArrayRef<Index> at, int64_t lanes) {
  Value value = evaluator->evaluate(getResult(), at, lanes);
  if (!value)
    return failure();
  storeResult(value, at, lanes);
  return success();
}

void KernelEmitter::storeResult(Value value, ArrayRef<Index> at,
                                int64_t lanes) {
  evaluator->store(value, output, indices->linearize(at, getResultSizes()),
                   lanes);
}

LogicalResult KernelEmitter::emitElements(
    Value begin, Value end, Value lane,
    function_ref<LogicalResult(Index index, int64_t lanes)> body) {
  int64_t width = config.getVector(), share = config.getSubgroup();
  auto emit = [&](Value from, Value to, int64_t lanes) {
    auto loop =
        emitLoop(*evaluator, ix->add(from, ix->mul(lane, ix->constant(lanes))),
                 to, lanes * share, {}, [&](Value iv, ValueRange) {
                   return succeeded(body(indices->get(iv, lanes > 1), lanes))
                              ? SmallVector<Value>()
                              : SmallVector<Value>{Value()};
                 });
    return success(loop.has_value());
  };
  Value length = ix->sub(end, begin);
  if (width == 1)
    return emit(begin, end, 1);
  Value whole = end;
  bool exact = ix->getDivisor(length) % width == 0;
  if (!exact)
    whole = ix->add(begin, ix->mul(ix->div(length, ix->constant(width)),
                                   ix->constant(width)));
  if (failed(emit(begin, whole, width)))
    return failure();
  return exact ? success() : emit(whole, end, 1);
}

//===----------------------------------------------------------------------===//
// Arguments
//===----------------------------------------------------------------------===//

void KernelEmitter::finish(llvm::SetVector<unsigned> &usedInputs,
                           std::vector<SizeId> &usedSizes) {
  // Users first, so that one pass suffices.
  function->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
    if (isOpTriviallyDead(op))
      op->erase();
  });
  for (unsigned i = 0; i < sizes.getInputs().size(); ++i)
    if (!entry->getArgument(i).use_empty())
      usedInputs.insert(i);
  for (auto [size, argument] : sizeArguments)
    if (!argument.use_empty() && !llvm::is_contained(usedSizes, size))
      usedSizes.push_back(size);
}

void KernelEmitter::setArguments(const llvm::SetVector<unsigned> &keptInputs,
                                 ArrayRef<SizeId> keptSizes) {
  // Sizes: the kept ones in order, in front of the old ones.
  unsigned numInputs = sizes.getInputs().size();
  unsigned position = numInputs + 1;
  for (SizeId size : keptSizes) {
    BlockArgument argument =
        entry->insertArgument(position++, builder.getIndexType(),
                              getNamedLoc(loc, sizes.getName(size)));
    for (auto [known, old] : sizeArguments)
      if (known == size)
        old.replaceAllUsesWith(argument);
  }
  entry->eraseArguments(position, sizeArguments.size());
  sizeArguments.clear();
  for (unsigned i = numInputs; i-- > 0;)
    if (!keptInputs.contains(i))
      entry->eraseArgument(i);
  function.setType(
      builder.getFunctionType(entry->getArgumentTypes(), TypeRange()));
  SmallVector<StringRef> access(keptInputs.size(), "read");
  access.push_back("write");
  function->setAttr("tapml.access", builder.getStrArrayAttr(access));
}
