//===- ModelData.cpp - Weights and samples of a captured model ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModelData.h"
#include "Support.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;
using namespace tapml;
using llvm::Error;
using llvm::Expected;
using llvm::raw_string_ostream;

Type tapml::getElementType(MLIRContext *context, rt::DType type) {
  Builder builder(context);
  switch (type) {
  case rt::DType::F16:
    return builder.getF16Type();
  case rt::DType::BF16:
    return builder.getBF16Type();
  case rt::DType::F32:
    return builder.getF32Type();
  case rt::DType::F64:
    return builder.getF64Type();
  // The framework's booleans are one byte; so are ours.
  case rt::DType::U8:
  case rt::DType::I1:
    return builder.getI1Type();
  case rt::DType::I32:
    return builder.getI32Type();
  case rt::DType::I64:
    return builder.getI64Type();
  default:
    return nullptr;
  }
}

static std::string describe(Type elementType, ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << RankedTensorType::get(shape, elementType);
  return text;
}

/// Borrows a tensor from a file. Its type and shape must be those of `type`,
/// which may have dynamic sizes.
static Expected<HostTensor> getTensor(const rt::SafetensorsFile &file,
                                      const std::string &name,
                                      RankedTensorType type,
                                      const Twine &where) {
  const rt::SafetensorsEntry *entry = file.find(name);
  if (!entry)
    return makeError(where + " has no tensor '" + name +
                     "'; capture the model again");
  Type elementType = getElementType(type.getContext(), entry->dtype);
  bool fits = elementType == type.getElementType() &&
              int64_t(entry->shape.size()) == type.getRank();
  for (int64_t i = 0; fits && i < type.getRank(); ++i)
    fits = type.isDynamicDim(i) || type.getDimSize(i) == entry->shape[i];
  if (!fits)
    return makeError(where + ": '" + name + "' is " + rt::name(entry->dtype) +
                     " " + rt::toString(entry->shape) + ", the graph has " +
                     describe(type.getElementType(), type.getShape()) +
                     "; capture the model again");
  rt::ByteSpan bytes = file.bytes(*entry);
  return HostTensor::borrow(
      elementType, entry->shape,
      {reinterpret_cast<const char *>(bytes.data), bytes.size});
}

Error ModelData::readSample(const std::string &path) {
  auto file = rt::SafetensorsFile::open(path);
  if (!file.ok())
    return makeError(file.status().message());
  Sample sample;
  auto read = [&](ArrayRef<std::string> names, ArrayRef<Type> types,
                  StringRef side, std::vector<HostTensor> &tensors) -> Error {
    for (auto [name, type] : zip_equal(names, types)) {
      Expected<HostTensor> tensor =
          getTensor(**file, (side + "." + name).str(),
                    cast<RankedTensorType>(type), "sample " + path);
      if (!tensor)
        return tensor.takeError();
      tensors.push_back(std::move(*tensor));
    }
    return Error::success();
  };
  if (Error error =
          read(inputNames, function.getArgumentTypes(), "input", sample.inputs))
    return error;
  if (Error error = read(outputNames, function.getResultTypes(), "output",
                         sample.outputs))
    return error;
  files.push_back(std::move(*file));
  samples.push_back(std::move(sample));
  return Error::success();
}

Expected<std::unique_ptr<ModelData>> ModelData::open(const Package &package,
                                                     ModuleOp graph) {
  auto data = std::make_unique<ModelData>();
  auto functions = graph.getOps<func::FuncOp>();
  if (!hasSingleElement(functions))
    return makeError(package.graph + ": must have one function");
  func::FuncOp function = data->function = *functions.begin();
  auto getName = [](auto attribute, StringRef what, unsigned index) {
    auto name = cast_or_null<StringAttr>(attribute);
    return name ? name.str() : (what + Twine(index)).str();
  };
  for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
    data->inputNames.push_back(
        getName(function.getArgAttr(i, "tapml.name"), "input", i));
  for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
    data->outputNames.push_back(
        getName(function.getResultAttr(i, "tapml.name"), "output", i));
  if (!graph.getOps<GlobalOp>().empty()) {
    auto file = rt::SafetensorsFile::open(package.weights);
    if (!file.ok())
      return makeError(file.status().message());
    data->weights = std::move(*file);
  }
  for (unsigned i = 0;; ++i) {
    std::string path =
        joinPath(package.samplesDir, (Twine(i) + ".safetensors").str());
    if (!llvm::sys::fs::exists(path))
      break;
    if (Error error = data->readSample(path))
      return std::move(error);
  }
  if (data->samples.empty())
    return makeError(package.samplesDir +
                     ": has no samples to run; capture the model again");
  return std::move(data);
}

FailureOr<HostTensor> ModelData::getWeight(GlobalOp global) const {
  Expected<HostTensor> tensor =
      getTensor(*weights, global.getWeightKey().str(),
                cast<RankedTensorType>(global.getType()), "the weights file");
  if (!tensor)
    return global.emitError(toString(tensor.takeError()));
  return *tensor;
}
