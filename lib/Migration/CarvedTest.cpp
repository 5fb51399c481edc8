//===- CarvedTest.cpp - A test with its data ------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/CarvedTest.h"
#include "Support.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace tapml;

/// Maps the tensor that `data` names.
static llvm::Expected<HostTensor> map(DataAttr data, ContentStore &store) {
  llvm::Expected<ArrayRef<char>> bytes =
      store.read(data.getHash(), data.getByteSize());
  if (!bytes)
    return bytes.takeError();
  RankedTensorType type = data.getType();
  return HostTensor::borrow(type.getElementType(), type.getShape(), *bytes);
}

llvm::Expected<CarvedTest> CarvedTest::load(TestOp test, ContentStore &store) {
  CarvedTest result;
  result.test = test;
  for (auto [attributes, tensors] :
       {std::pair(test.getInputs(), &result.inputs),
        std::pair(test.getExpects(), &result.expected),
        std::pair(test.getOracle(), &result.oracle)})
    for (Attribute attribute : attributes) {
      auto data = dyn_cast<DataAttr>(attribute);
      if (!data) {
        tensors->emplace_back();
        continue;
      }
      llvm::Expected<HostTensor> tensor = map(data, store);
      if (!tensor)
        return tensor.takeError();
      tensors->push_back(std::move(*tensor));
    }
  return result;
}

FailureOr<SmallVector<Estimate>>
CarvedTest::evaluate(const Arithmetic &arithmetic) const {
  SmallVector<Estimate> arguments;
  for (const HostTensor &input : inputs)
    arguments.push_back(Estimate::exact(input));
  EvaluationOptions options;
  options.arithmetic = arithmetic;
  FailureOr<SmallVector<Estimate>> results =
      evaluateBlock(getOp().getBody().front(), arguments, options);
  if (failed(results))
    return failure();
  for (auto [i, result] : llvm::enumerate(*results))
    if (result.getShape() != expected[i].getShape())
      return getOp().emitOpError("result ")
             << i << " has shape [" << result.getShape()
             << "], but the source's has [" << expected[i].getShape() << "]";
  return results;
}

FailureOr<SmallVector<Estimate>>
CarvedTest::estimate(const Arithmetic &arithmetic) const {
  FailureOr<SmallVector<Estimate>> results = evaluate(arithmetic);
  if (failed(results))
    return failure();
  for (auto [i, result] : llvm::enumerate(*results)) {
    if (getOp().getOracleOf(i)) {
      std::vector<double> values(oracle[i].getNumElements());
      oracle[i].read(0, values.size(), values.data());
      result = Estimate::floats(result.getElementType(), result.getShape(),
                                std::move(values), result.getBounds().vec(),
                                result.getWorst().vec());
    } else if (result.isExact()) {
      result = Estimate::exact(expected[i]);
    }
  }
  return results;
}

OwningOpRef<ModuleOp> tapml::makeBodyModule(TestOp test, bool keepInstances) {
  OpBuilder builder(test.getContext());
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc, "test");
  builder.setInsertionPointToEnd(module->getBody());
  Block &body = test.getBody().front();
  YieldOp yield = test.getYield();
  auto function =
      func::FuncOp::create(builder, loc, "forward",
                           builder.getFunctionType(body.getArgumentTypes(),
                                                   yield.getOperandTypes()));
  IRMapping mapping;
  Block *entry = function.addEntryBlock();
  for (auto [from, to] :
       llvm::zip_equal(body.getArguments(), entry->getArguments())) {
    mapping.map(from, to);
    auto type = cast<RankedTensorType>(from.getType());
    if (type.hasStaticShape())
      continue;
    // Sizes of different tensors may be equal, but nothing says so.
    SmallVector<std::string> names(type.getRank());
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        names[dim] =
            ("d" + Twine(from.getArgNumber()) + "_" + Twine(dim)).str();
    function.setArgAttr(
        from.getArgNumber(), "tapml.dims",
        builder.getStrArrayAttr(llvm::to_vector_of<StringRef>(names)));
  }
  builder.setInsertionPointToEnd(entry);
  for (Operation &op : body.without_terminator()) {
    Operation *clone = builder.clone(op, mapping);
    clone->setLoc(loc);
    if (!keepInstances)
      clone->removeAttr("instance");
  }
  SmallVector<Value> results;
  for (Value result : yield.getOperands())
    results.push_back(mapping.lookup(result));
  func::ReturnOp::create(builder, loc, results);
  return module;
}

bool tapml::roundsOnce(TestOp test) {
  unsigned roundings = 0;
  test.walk([&](TapMLOperator op) {
    switch (op.getNumericalClass()) {
    case NumericalClass::Movement:
    case NumericalClass::Discrete:
      return;
    case NumericalClass::Elementwise:
      ++roundings;
      return;
    case NumericalClass::Transcendental:
    case NumericalClass::Accumulation:
    case NumericalClass::Composite:
      roundings += 2;
    }
  });
  return roundings <= 1;
}

std::string tapml::findStore(StringRef path) {
  SmallString<256> directory(path);
  if (llvm::sys::fs::make_absolute(directory))
    return "";
  while (llvm::sys::path::has_parent_path(directory)) {
    llvm::sys::path::remove_filename(directory);
    std::string store = joinPath(directory, "data");
    // Many a directory is called `data`.
    if (llvm::sys::fs::is_directory(store) &&
        llvm::sys::fs::exists(joinPath(directory, "lit.cfg.py")))
      return store;
  }
  return "";
}
