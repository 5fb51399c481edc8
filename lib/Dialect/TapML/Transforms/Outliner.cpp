//===- Outliner.cpp - Cuts regions out of a graph -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Outliner.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tapml/Dialect/TapML/IR/Names.h"
#include "tapml/Dialect/TapML/Transforms/Placement.h"

using namespace mlir;
using namespace tapml;

/// The attribute that holds an operator's identity.
static constexpr StringLiteral kInstance = "instance";

static bool isScalar(Type type) { return isa<IndexType, IntegerType>(type); }

//===----------------------------------------------------------------------===//
// Values between places
//===----------------------------------------------------------------------===//

Value Outliner::getAt(Value value, const Target &target) {
  Value here = computed.contains(value) ? computed.lookup(value) : value;
  auto place = StringAttr::get(graph.getContext(), target.place);
  auto home = homes.contains(value)
                  ? homes.lookup(value)
                  : StringAttr::get(graph.getContext(), kHostPlace);
  if (home == place || !isa<RankedTensorType>(here.getType()))
    return here;
  Value &there = moved[{value, place}];
  if (there)
    return there;

  Type type = getTypeAt(here.getType(), target.profile);
  there = TransferOp::create(builder, value.getLoc(), type, here,
                             FlatSymbolRefAttr::get(place));
  SizePolynomial bytes = sizes.getBytes(value, getElementTypeOrSelf(type));
  if (value.getDefiningOp<GetGlobalOp>()) {
    ++counts.weights;
    counts.weightBytes += bytes;
  } else {
    ++counts.transfers;
    counts.bytes += bytes;
  }
  return there;
}

//===----------------------------------------------------------------------===//
// Interfaces of regions
//===----------------------------------------------------------------------===//

std::optional<std::pair<Value, int64_t>>
Outliner::findSize(Value index, const Interface &interface) {
  for (Value tensor : interface.tensors)
    for (auto [dim, size] : llvm::enumerate(sizes.get(tensor)))
      if (size == OpFoldResult(index))
        return std::make_pair(tensor, static_cast<int64_t>(dim));
  return std::nullopt;
}

bool Outliner::isKnownInside(Value index, Interface &interface,
                             unsigned depth) {
  constexpr unsigned maxDepth = 32;
  auto [it, inserted] = interface.known.try_emplace(index, false);
  if (!inserted)
    return it->second;
  Operation *op = index.getDefiningOp();
  bool known = findSize(index, interface).has_value();
  if (!known && op && depth < maxDepth && op->getNumRegions() == 0 &&
      isPure(op)) {
    known = op->getNumOperands() != 0 || op->hasTrait<OpTrait::ConstantLike>();
    for (Value operand : op->getOperands())
      known = known && isScalar(operand.getType()) &&
              isKnownInside(operand, interface, depth + 1);
  }
  return interface.known[index] = known;
}

FailureOr<Outliner::Interface>
Outliner::getInterface(const PlacedRegion &region) {
  Interface interface;
  SmallPtrSet<Operation *, 16> inside(region.ops.begin(), region.ops.end());
  llvm::SetVector<Value> indices;
  for (Operation *op : region.ops) {
    for (Value value : getUsedValues(op)) {
      Operation *producer = value.getDefiningOp();
      if (producer && (inside.contains(producer) || isClonedConstant(producer)))
        continue;
      if (isa<RankedTensorType>(value.getType()))
        interface.tensors.insert(value);
      else if (value.getType().isIndex())
        indices.insert(value);
      else
        return emitError(op->getLoc())
               << "'" << op->getName() << "' uses a value of type "
               << value.getType()
               << "; operators of a graph use ranked tensors and index values";
    }
    for (Value result : op->getResults()) {
      bool escapes = result.use_empty();
      for (Operation *user : result.getUsers())
        escapes |=
            !inside.contains(op->getBlock()->findAncestorOpInBlock(*user));
      if (escapes)
        interface.results.push_back(result);
    }
  }
  for (Value index : indices)
    if (!isKnownInside(index, interface))
      interface.indices.insert(index);
  return interface;
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Value Outliner::getInside(OpBuilder &inside, Value value,
                          const Interface &interface, IRMapping &mapping) {
  if (Value known = mapping.lookupOrNull(value))
    return known;
  if (auto size = findSize(value, interface)) {
    auto [tensor, dim] = *size;
    Value result = tensor::DimOp::create(inside, value.getLoc(),
                                         mapping.lookup(tensor), dim);
    mapping.map(value, result);
    return result;
  }
  Operation *op = value.getDefiningOp();
  for (Value operand : op->getOperands())
    getInside(inside, operand, interface, mapping);
  inside.clone(*op, mapping);
  return mapping.lookup(value);
}

/// Clones the constant `op` without dimensions, in the type that it has under
/// `profile`.
static Operation *cloneConstant(OpBuilder &builder, Operation *op,
                                ProfileAttr profile, IRMapping &mapping) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto there = cast<RankedTensorType>(getTypeAt(type, profile));
  DenseIntElementsAttr value;
  if (there == type || !matchPattern(op, m_Constant(&value)))
    return builder.clone(*op, mapping);
  // The placement has checked that the value fits.
  APInt narrow = value.getSplatValue<APInt>().trunc(32);
  Operation *constant = arith::ConstantOp::create(
      builder, op->getLoc(), DenseElementsAttr::get(there, narrow));
  mapping.map(op->getResult(0), constant->getResult(0));
  return constant;
}

/// Returns what people call `tensor`: an input's name, a weight's key, or the
/// operator instance that computes it.
static std::string getTensorName(Value tensor) {
  if (auto argument = dyn_cast<BlockArgument>(tensor)) {
    auto graph = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    auto name = graph ? graph.getArgAttrOfType<StringAttr>(
                            argument.getArgNumber(), "tapml.name")
                      : nullptr;
    return name ? name.str() : std::string();
  }
  Operation *op = tensor.getDefiningOp();
  if (auto global = dyn_cast<GetGlobalOp>(op))
    return global.getGlobal().str();
  auto computed = dyn_cast<TapMLOperator>(op);
  ArrayAttr instances = computed ? computed.getInstances() : nullptr;
  return instances && !instances.empty()
             ? cast<StringAttr>(instances.getValue().back()).str()
             : std::string();
}

/// Returns the name of the graph input's dimension that `size` is, if any.
static std::string getSizeName(OpFoldResult size) {
  auto value = dyn_cast<Value>(size);
  auto op = value ? value.getDefiningOp<tensor::DimOp>() : nullptr;
  auto input = op ? dyn_cast<BlockArgument>(op.getSource()) : nullptr;
  auto graph =
      input ? dyn_cast<func::FuncOp>(input.getOwner()->getParentOp()) : nullptr;
  auto dims = graph ? graph.getArgAttrOfType<ArrayAttr>(input.getArgNumber(),
                                                        "tapml.dims")
                    : nullptr;
  std::optional<int64_t> dim = op ? op.getConstantIndex() : std::nullopt;
  if (!dims || !dim || *dim < 0 || *dim >= static_cast<int64_t>(dims.size()))
    return {};
  return cast<StringAttr>(dims[*dim]).str();
}

func::FuncOp Outliner::buildBody(const PlacedRegion &region,
                                 const Target &target,
                                 const Interface &interface,
                                 SmallVectorImpl<ArrayAttr> &names) {
  MLIRContext *context = graph.getContext();
  Location loc = region.ops.front()->getLoc();
  SmallVector<Type> argumentTypes;
  for (Value tensor : interface.tensors)
    argumentTypes.push_back(getTypeAt(tensor.getType(), target.profile));
  argumentTypes.append(interface.indices.size(), IndexType::get(context));
  auto body = func::FuncOp::create(
      loc, "body",
      FunctionType::get(context, argumentTypes,
                        TypeRange(ValueRange(interface.results))));

  Block *block = body.addEntryBlock();
  IRMapping mapping;
  for (auto [index, tensor] : llvm::enumerate(interface.tensors)) {
    mapping.map(tensor, block->getArgument(index));
    SmallVector<std::string> dims(
        llvm::map_range(sizes.get(tensor), getSizeName));
    block->getArgument(index).setLoc(
        getNamedLoc(tensor.getLoc(), getTensorName(tensor), dims));
    if (tensor.getDefiningOp<GetGlobalOp>())
      body.setArgAttr(index, "tapml.constant", UnitAttr::get(context));
  }
  for (auto [index, size] : llvm::enumerate(interface.indices))
    mapping.map(size, block->getArgument(interface.tensors.size() + index));

  auto inside = OpBuilder::atBlockEnd(block);
  auto recordNames = [&](Operation *op) {
    if (auto clone = dyn_cast<TapMLOperator>(op)) {
      names.push_back(clone.getInstances());
      op->removeAttr(kInstance);
    }
  };
  for (Operation *op : region.ops) {
    for (Value value : getUsedValues(op)) {
      if (mapping.contains(value))
        continue;
      if (isScalar(value.getType()))
        getInside(inside, value, interface, mapping);
      else
        recordNames(cloneConstant(inside, value.getDefiningOp(), target.profile,
                                  mapping));
    }
    recordNames(inside.clone(*op, mapping));
  }
  func::ReturnOp::create(
      inside, loc, llvm::map_to_vector(interface.results, [&](Value result) {
        return mapping.lookup(result);
      }));
  return body;
}

//===----------------------------------------------------------------------===//
// Dispatches
//===----------------------------------------------------------------------===//

LogicalResult Outliner::dispatch(const PlacedRegion &region) {
  FailureOr<Interface> interface = getInterface(region);
  if (failed(interface))
    return failure();
  const Target &target = *findTarget(targets, region.place);
  SmallVector<ArrayAttr> names;
  func::FuncOp body = buildBody(region, target, *interface, names);
  Location loc = body.getLoc();
  ExecutableOp executable = executables.getOrCreate(body, target, names);

  SmallVector<Value> inputs, outputs;
  for (Value tensor : interface->tensors)
    inputs.push_back(getAt(tensor, target));
  for (Value result : interface->results)
    outputs.push_back(
        tensor::EmptyOp::create(builder, result.getLoc(), sizes.get(result),
                                getElementTypeOrSelf(result.getType())));
  SmallVector<Attribute> instances;
  for (Operation *op : region.ops)
    if (ArrayAttr own = cast<TapMLOperator>(op).getInstances())
      llvm::append_range(instances, own);

  auto dispatch = DispatchOp::create(
      builder, loc, TypeRange(ValueRange(interface->results)),
      FlatSymbolRefAttr::get(executable.getSymNameAttr()),
      FlatSymbolRefAttr::get(region.place), interface->indices.getArrayRef(),
      inputs, outputs,
      instances.empty() ? ArrayAttr() : builder.getArrayAttr(instances));
  for (auto [result, value] :
       llvm::zip_equal(interface->results, dispatch.getResults())) {
    computed[result] = value;
    homes[result] = region.place;
  }
  return success();
}

void Outliner::eraseOperators() {
  SmallVector<Operation *> ops;
  for (Operation &op : graph.getBody().front().without_terminator())
    ops.push_back(&op);
  // Users before producers.
  for (Operation *op : llvm::reverse(ops))
    if (isa<TapMLOperator>(op) || isOpTriviallyDead(op))
      op->erase();
}

LogicalResult Outliner::run(const GraphRegions &regions) {
  Operation *terminator = graph.getBody().front().getTerminator();
  builder.setInsertionPoint(terminator);
  const Target &host = *findTarget(targets, kHostPlace);
  auto useHostValues = [&](Operation *op) {
    for (Value value : getUsedValues(op))
      if (computed.contains(value))
        value.replaceUsesWithIf(getAt(value, host), [&](OpOperand &use) {
          return op->isAncestor(use.getOwner());
        });
  };
  for (const GraphStep &step : regions.steps) {
    if (!step.op) {
      if (failed(dispatch(regions.regions[step.region])))
        return failure();
      continue;
    }
    useHostValues(step.op);
    step.op->moveBefore(terminator);
  }
  useHostValues(terminator);
  eraseOperators();
  return success();
}
