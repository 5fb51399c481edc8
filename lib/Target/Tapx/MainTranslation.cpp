//===- MainTranslation.cpp - The main function to values and steps --------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Codegen/Storage.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;
using Id = SizeExprTable::Id;

namespace {

class MainTranslator {
public:
  MainTranslator(ManifestBuilder &builder, func::FuncOp main)
      : builder(builder), main(main), table(main) {}

  LogicalResult translate(json::Object &manifest);

private:
  LogicalResult translateInput(BlockArgument argument);
  LogicalResult translateTransfer(TransferOp transfer);
  LogicalResult translateDispatch(DispatchOp dispatch);
  LogicalResult translateOutputs();

  /// The manifest's value for `tensor` as `op` uses it at `place`.
  FailureOr<unsigned> getValue(Operation *op, Value tensor, StringAttr place);
  /// Adds a value that a step writes at `place`.
  FailureOr<unsigned> addSlotValue(OpResult result, StringAttr place);
  FailureOr<json::Object> describeTensor(Operation *op, Value tensor);
  LogicalResult addSymbol(StringAttr name);

  ManifestBuilder &builder;
  func::FuncOp main;
  SizeExprTable table;

  struct Slot {
    StringAttr place;
    Id bytes;
    Value owner; // The tensor that is in the slot now.
  };
  DenseMap<Value, unsigned> values;
  DenseMap<std::pair<Operation *, StringAttr>, unsigned> weightValues;
  SmallVector<std::optional<Slot>> slots;
  llvm::SetVector<StringAttr> symbolNames;
  json::Array symbols, inputs, outputs, valueArray, steps;
};

} // namespace

/// The `tapml.name` of an argument or a result, or a name made of its number.
static std::string getTensorName(Attribute name, StringRef kind,
                                 unsigned number) {
  if (auto string = dyn_cast_or_null<StringAttr>(name))
    return string.str();
  return (kind + Twine(number)).str();
}

/// Looks through casts between static and dynamic sizes.
static Value skipCasts(Value tensor) {
  while (auto cast = tensor.getDefiningOp<tensor::CastOp>())
    tensor = cast.getSource();
  return tensor;
}

FailureOr<json::Object> MainTranslator::describeTensor(Operation *op,
                                                       Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  FailureOr<std::string> dtype =
      builder.getElementType(op, type.getElementType());
  FailureOr<SmallVector<Id>> shape = table.getShape(tensor);
  if (failed(dtype) || failed(shape))
    return failure();
  return json::Object{{"dtype", *dtype}, {"shape", toJson(*shape)}};
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

LogicalResult MainTranslator::addSymbol(StringAttr name) {
  if (!symbolNames.insert(name))
    return success();
  int64_t min = 0, max = kMaxDeviceElements;
  if (auto ranges = main->getAttrOfType<DictionaryAttr>("tapml.dim_ranges"))
    if (auto range = ranges.getAs<DenseI64ArrayAttr>(name)) {
      min = range[0];
      max = range[1];
    }
  symbols.push_back(
      json::Object{{"name", name.getValue()}, {"min", min}, {"max", max}});
  return success();
}

LogicalResult MainTranslator::translateInput(BlockArgument argument) {
  unsigned number = argument.getArgNumber();
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type)
    return main.emitOpError("argument ")
           << number << " has type " << argument.getType()
           << "; the inputs of a model are tensors";
  auto dims = main.getArgAttrOfType<ArrayAttr>(number, "tapml.dims");
  if (!dims && !type.hasStaticShape())
    return main.emitOpError("argument ")
           << number << " of type " << type
           << " needs 'tapml.dims', a name for each dynamic dimension";
  json::Array shape;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (!type.isDynamicDim(i)) {
      shape.push_back(type.getDimSize(i));
      continue;
    }
    auto name = cast<StringAttr>(dims[i]);
    if (failed(addSymbol(name)))
      return failure();
    shape.push_back(name.getValue());
  }
  FailureOr<json::Object> value = describeTensor(main, argument);
  if (failed(value))
    return failure();
  inputs.push_back(
      json::Object{{"name", getTensorName(main.getArgAttr(number, "tapml.name"),
                                          "input", number)},
                   {"dtype", value->getString("dtype")->str()},
                   {"shape", std::move(shape)}});
  (*value)["kind"] = "input";
  (*value)["index"] = number;
  (*value)["place"] = 0;
  values[argument] = valueArray.size();
  valueArray.push_back(std::move(*value));
  return success();
}

LogicalResult MainTranslator::translateOutputs() {
  auto terminator = main.getBody().front().getTerminator();
  auto host = StringAttr::get(main.getContext(), kHostPlace);
  for (auto [number, operand] : llvm::enumerate(terminator->getOperands())) {
    FailureOr<unsigned> value = getValue(terminator, operand, host);
    if (failed(value))
      return failure();
    outputs.push_back(json::Object{
        {"name", getTensorName(main.getResultAttr(number, "tapml.name"),
                               "output", number)},
        {"value", *value}});
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

FailureOr<unsigned> MainTranslator::getValue(Operation *op, Value tensor,
                                             StringAttr place) {
  tensor = skipCasts(tensor);
  if (GetGlobalOp get = getWeight(tensor)) {
    StringAttr at = getPlace(tensor);
    if (at && at != place)
      return op->emitOpError("uses a weight that was transferred to '@")
             << at.getValue() << "' at '@" << place.getValue() << "'";
    auto global = SymbolTable::lookupNearestSymbolFrom<GlobalOp>(
        get, get.getGlobalAttr());
    FailureOr<unsigned> number = builder.getPlace(op, place);
    FailureOr<json::Object> value = describeTensor(op, tensor);
    if (failed(number) || failed(value))
      return failure();
    auto [it, inserted] =
        weightValues.try_emplace({global, place}, valueArray.size());
    if (inserted) {
      (*value)["kind"] = "weight";
      (*value)["index"] = builder.getWeight(global);
      (*value)["place"] = *number;
      valueArray.push_back(std::move(*value));
    }
    return it->second;
  }
  auto it = values.find(tensor);
  if (it == values.end()) {
    Operation *producer = tensor.getDefiningOp();
    InFlightDiagnostic diag = op->emitOpError(
        "uses a tensor that is no input, weight, transfer or result of a "
        "dispatch");
    if (producer)
      diag.attachNote(producer->getLoc()) << "it is computed here";
    return diag;
  }
  if (StringAttr at = getPlace(tensor); at != place)
    return op->emitOpError("uses a tensor at '@")
           << place.getValue() << "' that is at '@" << at.getValue()
           << "'; put a 'tapml.transfer' between";
  if (auto result = dyn_cast<OpResult>(tensor);
      result && slots[getSlot(result)]->owner != tensor)
    return op->emitOpError("uses a tensor whose slot, ")
           << getSlot(result)
           << ", has been taken by another; run 'tapml-plan-memory'";
  return it->second;
}

FailureOr<unsigned> MainTranslator::addSlotValue(OpResult result,
                                                 StringAttr place) {
  Operation *op = result.getOwner();
  int64_t number = getSlot(result);
  if (number == kNoSlot)
    return op->emitOpError(
        "has a result without a slot; run 'tapml-plan-memory'");
  int64_t limit = llvm::range_size(main.getBody().front());
  FailureOr<unsigned> placeNumber = builder.getPlace(op, place);
  FailureOr<Id> bytes = table.getNumBytes(result);
  FailureOr<json::Object> value = describeTensor(op, result);
  if (failed(placeNumber) || failed(bytes) || failed(value))
    return failure();
  if (number < 0 || number >= limit)
    return op->emitOpError("has slot ")
           << number
           << ", more than there are tensors; run 'tapml-plan-memory'";
  if (static_cast<size_t>(number) >= slots.size())
    slots.resize(number + 1);
  std::optional<Slot> &entry = slots[number];
  if (entry && entry->place != place)
    return op->emitOpError("has slot ")
           << number << ", which is at '@" << entry->place.getValue()
           << "'; run 'tapml-plan-memory'";
  Id most =
      entry ? table.getBinary(SizeExpr::Op::Max, entry->bytes, *bytes) : *bytes;
  entry = Slot{place, most, result};
  (*value)["kind"] = "slot";
  (*value)["slot"] = number;
  (*value)["place"] = *placeNumber;
  values[result] = valueArray.size();
  valueArray.push_back(std::move(*value));
  return values[result];
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

LogicalResult MainTranslator::translateTransfer(TransferOp transfer) {
  if (getWeight(transfer.getResult()))
    return success(); // The runtime puts weights where they are needed.
  Value source = transfer.getSource();
  StringAttr from = getPlace(skipCasts(source));
  if (!from) // A weight whose elements are converted on the way.
    from = StringAttr::get(main.getContext(), kHostPlace);
  FailureOr<unsigned> operand = getValue(transfer, source, from);
  if (failed(operand))
    return failure();
  FailureOr<unsigned> result =
      addSlotValue(transfer->getResult(0), transfer.getPlaceAttr().getAttr());
  if (failed(result))
    return failure();
  steps.push_back(
      json::Object{{"op", "transfer"}, {"from", *operand}, {"to", *result}});
  return success();
}

LogicalResult MainTranslator::translateDispatch(DispatchOp dispatch) {
  auto executable = SymbolTable::lookupNearestSymbolFrom<ExecutableOp>(
      dispatch, dispatch.getExecutableAttr());
  StringAttr place = dispatch.getPlaceAttr().getAttr();
  // The dispatch has been verified: both exist, with fitting types.
  unsigned executableNumber = 0, variantNumber = 0;
  for (auto other : builder.getModule().getOps<ExecutableOp>()) {
    if (other == executable)
      break;
    ++executableNumber;
  }
  VariantOp variant;
  for (auto other : executable.getBody().getOps<VariantOp>()) {
    if (other.getSymNameAttr() == place) {
      variant = other;
      break;
    }
    ++variantNumber;
  }

  json::Array operands, results;
  func::FuncOp body = variant.getBodyFunc();
  for (auto [index, input] : llvm::enumerate(dispatch.getInputs())) {
    if (body.getArgAttr(index, kConstantAttr) && !getWeight(input)) {
      InFlightDiagnostic diag = dispatch.emitOpError("input ")
                                << index << " must be a weight";
      diag.attachNote(body.getLoc())
          << "the argument is marked 'tapml.constant' here";
      return diag;
    }
    FailureOr<unsigned> value = getValue(dispatch, input, place);
    if (failed(value))
      return failure();
    operands.push_back(*value);
  }
  SmallVector<Id> sizes;
  for (Value size : dispatch.getSizes()) {
    FailureOr<Id> id = table.get(size);
    if (failed(id))
      return failure();
    sizes.push_back(*id);
  }
  for (OpResult result : dispatch->getResults()) {
    FailureOr<unsigned> value = addSlotValue(result, place);
    if (failed(value))
      return failure();
    results.push_back(*value);
  }
  json::Object step{
      {"op", "dispatch"},         {"executable", executableNumber},
      {"variant", variantNumber}, {"operands", std::move(operands)},
      {"sizes", toJson(sizes)},   {"results", std::move(results)}};
  if (ArrayAttr instances = dispatch.getInstancesAttr())
    step["instances"] = toJson(instances);
  steps.push_back(std::move(step));
  return success();
}

LogicalResult MainTranslator::translate(json::Object &manifest) {
  if (!llvm::hasSingleElement(main.getBody()))
    return main.emitOpError("must be one block to be put into an executable");
  for (BlockArgument argument : main.getArguments())
    if (failed(translateInput(argument)))
      return failure();
  for (Operation &op : main.getBody().front()) {
    if (auto transfer = dyn_cast<TransferOp>(op)) {
      if (failed(translateTransfer(transfer)))
        return failure();
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      if (failed(translateDispatch(dispatch)))
        return failure();
    } else if (isa<TapMLOperator>(op)) {
      return op.emitOpError("has not been placed; run 'tapml-partition'");
    }
  }
  if (failed(translateOutputs()))
    return failure();

  json::Array slotArray;
  for (auto [number, slot] : llvm::enumerate(slots)) {
    if (!slot)
      return main.emitOpError("uses no slot ")
             << number << " but higher ones; run 'tapml-plan-memory'";
    FailureOr<unsigned> place = builder.getPlace(main, slot->place);
    if (failed(place))
      return failure();
    Id bytes = roundToSlot(table, slot->bytes);
    slotArray.push_back(json::Object{{"place", *place},
                                     {"bytes", static_cast<int64_t>(bytes)}});
  }
  manifest["symbols"] = std::move(symbols);
  manifest["inputs"] = std::move(inputs);
  manifest["outputs"] = std::move(outputs);
  manifest["main"] = json::Object{{"exprs", toJson(table)},
                                  {"values", std::move(valueArray)},
                                  {"slots", std::move(slotArray)},
                                  {"steps", std::move(steps)}};
  return success();
}

LogicalResult tapml::translateMain(ManifestBuilder &builder, func::FuncOp main,
                                   json::Object &manifest) {
  return MainTranslator(builder, main).translate(manifest);
}
