//===- VariantTranslation.cpp - Bodies to launches and size tables --------===//
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

class VariantTranslator {
public:
  VariantTranslator(ManifestBuilder &builder, VariantOp variant)
      : builder(builder), variant(variant), body(variant.getBodyFunc()),
        table(body) {}

  FailureOr<json::Object> translate();

private:
  LogicalResult collectResults();
  LogicalResult translateArguments();
  LogicalResult translateLaunch(LaunchOp launch);
  FailureOr<json::Object> getBuffer(LaunchOp launch, Value tensor);
  LogicalResult addBuffer(LaunchOp launch, unsigned number, Value tensor,
                          json::Array &buffers);
  LogicalResult defineResult(LaunchOp launch, OpResult result);
  FailureOr<json::Object> describeTensor(Operation *op, Value tensor);
  LogicalResult checkTensor(Operation *op, Value tensor, const Twine &what);
  LogicalResult addCheck(Operation *op, Id expr, int64_t max,
                         const Twine &what);
  LogicalResult checkGrid(LaunchOp launch, ArrayRef<Id> guards, unsigned entry,
                          ArrayRef<Id> grid);

  ManifestBuilder &builder;
  VariantOp variant;
  func::FuncOp body;
  SizeExprTable table;

  DenseMap<Value, unsigned> results; // By storage.
  DenseMap<Value, unsigned> prepared;
  DenseMap<Value, int64_t> slots;
  SmallVector<Id> slotBytes;
  SmallVector<Value> slotOwners; // The tensor that is in each slot now.
  DenseSet<Value> written;
  DenseSet<std::pair<Id, int64_t>> checked;
  json::Array args, resultArray, preparedArray, checks, init, steps;
};

} // namespace

/// Finds which tensors the caller provides.
LogicalResult VariantTranslator::collectResults() {
  auto terminator = body.getBody().front().getTerminator();
  for (auto [index, operand] : llvm::enumerate(terminator->getOperands())) {
    Value storage = getStorage(operand);
    if (!storage || !storage.getDefiningOp<LaunchOp>())
      return terminator->emitOpError("operand ")
             << index << " is not the result of a launch; results of a body "
             << "are new tensors";
    if (!results.try_emplace(storage, index).second)
      return terminator->emitOpError("operand ")
             << index << " is returned twice; results of a body are different "
             << "tensors";
    FailureOr<json::Object> tensor = describeTensor(terminator, operand);
    if (failed(tensor) ||
        failed(checkTensor(terminator, operand, "result " + Twine(index))))
      return failure();
    resultArray.push_back(std::move(*tensor));
  }
  return success();
}

LogicalResult VariantTranslator::translateArguments() {
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      break; // Sizes follow.
    FailureOr<std::string> dtype =
        builder.getElementType(body, type.getElementType());
    if (failed(dtype))
      return failure();
    json::Array shape;
    for (int64_t size : type.getShape())
      shape.push_back(ShapedType::isDynamic(size) ? -1 : size);
    unsigned number = argument.getArgNumber();
    args.push_back(json::Object{
        {"dtype", *dtype},
        {"shape", std::move(shape)},
        {"constant", body.getArgAttr(number, kConstantAttr) != nullptr}});
    if (failed(checkTensor(body, argument, "argument " + Twine(number))))
      return failure();
  }
  return success();
}

FailureOr<json::Object> VariantTranslator::describeTensor(Operation *op,
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
// Limits
//===----------------------------------------------------------------------===//

/// Adds a check that `expr` is at most `max`; fails if it never is.
LogicalResult VariantTranslator::addCheck(Operation *op, Id expr, int64_t max,
                                          const Twine &what) {
  if (max == INT64_MAX || !checked.insert({expr, max}).second)
    return success();
  if (std::optional<int64_t> value = table.getConstantValue(expr)) {
    if (*value <= max)
      return success();
    return op->emitOpError("exceeds a limit of '@")
           << variant.getSymName() << "': " << what.str() << " is " << *value
           << ", at most " << max
           << " is possible; place the operator on '@host'";
  }
  checks.push_back(json::Object{{"expr", static_cast<int64_t>(expr)},
                                {"max", max},
                                {"what", what.str()}});
  return success();
}

/// Devices index with 32 bits.
LogicalResult VariantTranslator::checkTensor(Operation *op, Value tensor,
                                             const Twine &what) {
  ProfileAttr profile = variant.getTarget();
  if (profile.isHost())
    return success();
  FailureOr<Id> elements = table.getNumElements(tensor);
  if (failed(elements))
    return failure();
  return addCheck(op, *elements, kMaxDeviceElements,
                  "number of elements of " + what);
}

/// Checks the grid of entry point `entry` in the cases where it is launched.
LogicalResult VariantTranslator::checkGrid(LaunchOp launch, ArrayRef<Id> guards,
                                           unsigned entry, ArrayRef<Id> grid) {
  if (variant.getTarget().isHost())
    return success();
  SmallVector<int64_t, 3> limits =
      variant.getTarget().getLimit3("max_workgroup_count");
  Id zero = table.getConstant(0);
  for (auto [dim, size, limit] : llvm::enumerate(grid, limits)) {
    if (table.getConstantValue(size).value_or(INT64_MAX) <= limit)
      continue;
    Id effective = size;
    for (auto [index, guard] : llvm::enumerate(guards.take_front(entry + 1))) {
      Id taken = table.getBinary(SizeExpr::Op::Eq, guard, zero);
      if (index == entry)
        taken = table.getBinary(SizeExpr::Op::Eq, taken, zero);
      effective = table.getBinary(SizeExpr::Op::Mul, effective, taken);
    }
    StringRef axis = StringRef("xyz").substr(dim, 1);
    auto name = cast<SymbolRefAttr>(launch.getKernels()[entry]);
    if (failed(addCheck(launch, effective, limit,
                        "number of workgroups in " + axis + " of kernel '" +
                            name.getLeafReference().getValue() + "'")))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// The manifest's name of the buffer that holds `tensor`.
FailureOr<json::Object> VariantTranslator::getBuffer(LaunchOp launch,
                                                     Value tensor) {
  Value storage = getStorage(tensor);
  if (auto argument = dyn_cast_or_null<BlockArgument>(storage))
    return json::Object{{"arg", argument.getArgNumber()}};
  if (!storage || !written.contains(storage))
    return launch.emitOpError("uses a tensor that no launch has written, of "
                              "type ")
           << tensor.getType();
  if (auto it = results.find(storage); it != results.end())
    return json::Object{{"result", it->second}};
  if (auto it = prepared.find(storage); it != prepared.end())
    return json::Object{{"prepared", it->second}};
  int64_t slot = slots.lookup(storage);
  if (slotOwners[slot] != storage)
    return launch.emitOpError("uses a tensor whose slot, ")
           << slot << ", has been taken by another; run 'tapml-plan-memory'";
  return json::Object{{"slot", slot}};
}

/// Finds a place for a result.
LogicalResult VariantTranslator::defineResult(LaunchOp launch,
                                              OpResult result) {
  written.insert(result);
  bool isInit = launch->hasAttr(kInitAttr);
  if (results.contains(result)) {
    if (isInit)
      return launch.emitOpError(
          "runs once per load and cannot write a result of the body");
    return success();
  }
  if (failed(checkTensor(launch, result, "an intermediate result")))
    return failure();
  int64_t slot = getSlot(result);
  if (slot == kNoSlot) {
    if (!isInit)
      return launch.emitOpError("writes an intermediate result without a slot; "
                                "run 'tapml-plan-memory'");
    FailureOr<json::Object> tensor = describeTensor(launch, result);
    if (failed(tensor))
      return failure();
    prepared[result] = preparedArray.size();
    preparedArray.push_back(std::move(*tensor));
    return success();
  }
  // The planner's slots are numbered densely.
  int64_t most = 0;
  for (auto other : body.getBody().front().getOps<LaunchOp>())
    most += other.getNumResults();
  if (slot < 0 || slot >= most)
    return launch.emitOpError("has slot ")
           << slot << ", more than there are tensors; run "
           << "'tapml-plan-memory'";
  FailureOr<Id> bytes = table.getNumBytes(result);
  if (failed(bytes))
    return failure();
  Id none = table.getConstant(0);
  if (static_cast<size_t>(slot) >= slotBytes.size()) {
    slotBytes.resize(slot + 1, none);
    slotOwners.resize(slot + 1);
  }
  Id &all = slotBytes[slot];
  all = all == none ? *bytes : table.getBinary(SizeExpr::Op::Max, all, *bytes);
  slots[result] = slot;
  slotOwners[slot] = result;
  return success();
}

/// Adds a buffer of `launch`, or each of its parts. Devices bind buffers of
/// limited size.
LogicalResult VariantTranslator::addBuffer(LaunchOp launch, unsigned number,
                                           Value tensor, json::Array &buffers) {
  FailureOr<json::Object> buffer = getBuffer(launch, tensor);
  FailureOr<Id> bytes = table.getNumBytes(tensor);
  if (failed(buffer) || failed(bytes))
    return failure();
  ProfileAttr profile = variant.getTarget();
  int64_t parts = getNumParts(launch, number);
  if (parts == 1) {
    buffers.push_back(std::move(*buffer));
    if (profile.isHost())
      return success();
    std::string what = "an intermediate result";
    const json::Object &where = *buffers.back().getAsObject();
    if (std::optional<int64_t> index = where.getInteger("arg"))
      what = "argument " + std::to_string(*index);
    else if (std::optional<int64_t> index = where.getInteger("result"))
      what = "result " + std::to_string(*index);
    return addCheck(launch, *bytes,
                    profile.getLimit("max_storage_buffer_bytes"),
                    "number of bytes of " + what);
  }
  std::optional<int64_t> all = table.getConstantValue(*bytes);
  int64_t partBytes = getPartBytes(profile);
  if (!all || llvm::divideCeil(*all, partBytes) != static_cast<uint64_t>(parts))
    return launch.emitOpError("binds buffer ")
           << number << " in " << parts << " parts of " << partBytes
           << " bytes, of type " << tensor.getType()
           << "; run 'tapml-split-buffers'";
  for (int64_t offset = 0; offset < *all; offset += partBytes)
    buffers.push_back(
        json::Object{{"part_of", json::Object(*buffer)},
                     {"offset", offset},
                     {"bytes", std::min(partBytes, *all - offset)}});
  return success();
}

LogicalResult VariantTranslator::translateLaunch(LaunchOp launch) {
  json::Object result;
  json::Array buffers;
  unsigned number = 0;
  for (Value input : launch.getInputs())
    if (failed(addBuffer(launch, number++, input, buffers)))
      return failure();
  for (OpResult output : launch->getResults())
    if (failed(defineResult(launch, output)) ||
        failed(addBuffer(launch, number++, output, buffers)))
      return failure();
  result["buffers"] = std::move(buffers);

  auto getAll = [&](ValueRange values, SmallVectorImpl<Id> &ids) {
    for (Value value : values) {
      FailureOr<Id> id = table.get(value);
      if (failed(id))
        return failure();
      ids.push_back(*id);
    }
    return success();
  };
  SmallVector<Id> sizes, guards, grids;
  if (failed(getAll(launch.getSizes(), sizes)) ||
      failed(getAll(launch.getGuards(), guards)) ||
      failed(getAll(launch.getGrids(), grids)))
    return failure();
  result["sizes"] = toJson(sizes);

  json::Array cases;
  for (auto [entry, name] :
       llvm::enumerate(launch.getKernels().getAsRange<SymbolRefAttr>())) {
    FailureOr<unsigned> kernel = builder.getKernel(launch, variant, name);
    if (failed(kernel))
      return failure();
    ArrayRef<Id> grid = ArrayRef<Id>(grids).slice(3 * entry, 3);
    if (failed(checkGrid(launch, guards, entry, grid)))
      return failure();
    json::Object alternative{{"kernel", *kernel}, {"grid", toJson(grid)}};
    if (entry < guards.size())
      alternative["when"] = static_cast<int64_t>(guards[entry]);
    cases.push_back(std::move(alternative));
  }
  result["cases"] = std::move(cases);
  (launch->hasAttr(kInitAttr) ? init : steps).push_back(std::move(result));
  return success();
}

FailureOr<json::Object> VariantTranslator::translate() {
  if (!llvm::hasSingleElement(body.getBody()))
    return body.emitOpError("must be one block to be put into an executable");
  if (failed(translateArguments()) || failed(collectResults()))
    return failure();
  // What runs at load is there before anything that runs at calls.
  for (bool isInit : {true, false})
    for (auto launch : body.getBody().front().getOps<LaunchOp>())
      if (launch->hasAttr(kInitAttr) == isInit &&
          failed(translateLaunch(launch)))
        return failure();
  if (auto kernels = body.getBody().front().getOps<KernelOp>();
      !kernels.empty())
    return (*kernels.begin())
        .emitOpError("has not been lowered; run 'tapml-emit-kernels'");

  for (Id &bytes : slotBytes)
    bytes = roundToSlot(table, bytes);
  for (Id id : table.getAssumedNonNegative())
    checks.push_back(
        json::Object{{"expr", static_cast<int64_t>(id)},
                     {"min", 0},
                     {"what", "a size that unsigned arithmetic takes"}});
  int64_t sizeArgs = body.getNumArguments() - args.size();
  return json::Object{{"place", builder.getPlace(variant)},
                      {"args", std::move(args)},
                      {"size_args", sizeArgs},
                      {"exprs", toJson(table)},
                      {"results", std::move(resultArray)},
                      {"prepared", std::move(preparedArray)},
                      {"slots", toJson(slotBytes)},
                      {"checks", std::move(checks)},
                      {"init", std::move(init)},
                      {"steps", std::move(steps)}};
}

FailureOr<json::Object> tapml::translateVariant(ManifestBuilder &builder,
                                                VariantOp variant) {
  return VariantTranslator(builder, variant).translate();
}
