//===- Session.cpp - Running an executable --------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Session.h"

#include <algorithm>

using namespace tapml::rt;

/// "2x7, expected batch x seq".
static std::string describeShape(const Manifest &m, const InputDesc &input) {
  std::string text;
  for (const DimSpec &dim : input.shape)
    text += concat(text.empty() ? "" : " x ", dim.symbol
                                                  ? m.symbols[*dim.symbol].name
                                                  : std::to_string(dim.size));
  return text.empty() ? "scalar" : text;
}

Status tapml::rt::checkInputs(const Manifest &m,
                              const std::vector<InputTensor> &inputs) {
  if (inputs.size() != m.inputs.size()) {
    std::string names;
    for (const InputDesc &input : m.inputs)
      names += concat(names.empty() ? "'" : ", '", input.name, "'");
    return makeError(StatusCode::InvalidArgument, "got ", inputs.size(),
                     " inputs, the model has ", m.inputs.size(), ": ", names);
  }
  struct Bound {
    int64_t size;
    std::string where;
  };
  std::vector<std::optional<Bound>> bound(m.symbols.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const InputDesc &desc = m.inputs[i];
    const InputTensor &input = inputs[i];
    std::string where = "input '" + desc.name + "'";
    if (input.dtype != desc.dtype)
      return makeError(StatusCode::InvalidArgument, where, " has element type ",
                       name(input.dtype), ", expected ", name(desc.dtype));
    if (input.shape.size() != desc.shape.size())
      return makeError(StatusCode::InvalidArgument, where, " has rank ",
                       input.shape.size(), " (", toString(input.shape),
                       "), expected rank ", desc.shape.size(), " (",
                       describeShape(m, desc), ")");
    for (size_t d = 0; d < desc.shape.size(); ++d) {
      int64_t size = input.shape[d];
      const DimSpec &dim = desc.shape[d];
      if (!dim.symbol) {
        if (size != dim.size)
          return makeError(StatusCode::InvalidArgument, where, ": dimension ",
                           d, " is ", size, ", expected ", dim.size);
        continue;
      }
      const SymbolDesc &symbol = m.symbols[*dim.symbol];
      if (size < symbol.min || size > symbol.max)
        return makeError(StatusCode::InvalidArgument, where, ": dimension ", d,
                         " ('", symbol.name, "') is ", size, ", expected ",
                         symbol.min, " to ", symbol.max);
      std::optional<Bound> &before = bound[*dim.symbol];
      if (before && before->size != size)
        return makeError(StatusCode::InvalidArgument, where, ": dimension ", d,
                         " ('", symbol.name, "') is ", size, ", expected ",
                         before->size, " as in ", before->where);
      if (!before)
        before = Bound{size, concat("dimension ", d, " of ", where)};
    }
    std::optional<uint64_t> bytes = byteSize(input.dtype, input.shape);
    if (!bytes)
      return makeError(StatusCode::InvalidArgument, where, " has the size ",
                       toString(input.shape));
    if (*bytes && !input.data)
      return makeError(StatusCode::InvalidArgument, where, " has no data");
  }
  return Status();
}

Result<Binding *> Session::findBinding(const std::vector<Shape> &shapes,
                                       bool perStep, double &milliseconds) {
  for (auto it = bindings.begin(); it != bindings.end(); ++it)
    if (it->perStep == perStep && it->shapes == shapes) {
      bindings.splice(bindings.begin(), bindings, it);
      return bindings.front().binding.get();
    }
  auto start = std::chrono::steady_clock::now();
  TAPML_ASSIGN_OR_RETURN(ShapePlan plan, planShapes(*loaded, shapes));
  if (!arenas.fits(plan)) {
    // The recorded programs point into the arenas that are replaced.
    bindings.clear();
    TAPML_RETURN_IF_ERROR(arenas.grow(*loaded, plan));
  }
  TAPML_ASSIGN_OR_RETURN(auto binding,
                         Binding::create(*loaded, plan, arenas, perStep));
  while (bindings.size() >= maxBindings)
    bindings.pop_back();
  bindings.push_front(Entry{shapes, perStep, std::move(binding)});
  milliseconds = std::chrono::duration<double, std::milli>(
                     std::chrono::steady_clock::now() - start)
                     .count();
  return bindings.front().binding.get();
}

/// True when host kernels can work on the memory as it is.
static bool isUsable(const void *data, uint64_t bytes) {
  return reinterpret_cast<uintptr_t>(data) % hostKernelAlignment == 0 &&
         bytes == bindingBytes(bytes);
}

Result<std::shared_ptr<RunResult>>
Session::run(const std::vector<InputTensor> &inputs,
             const std::vector<OutputBuffer> &outputs,
             const RunOptions &options) {
  const Manifest &m = loaded->manifest();
  HostDevice &host = loaded->host();
  TAPML_RETURN_IF_ERROR(checkInputs(m, inputs));
  TAPML_RETURN_IF_ERROR(loaded->checkWeightsFile());
  if (!outputs.empty() && outputs.size() != m.outputs.size())
    return makeError(StatusCode::InvalidArgument, "got ", outputs.size(),
                     " output buffers, the model has ", m.outputs.size(),
                     " outputs");
  std::vector<Shape> shapes;
  for (const InputTensor &input : inputs)
    shapes.push_back(input.shape);
  TAPML_ASSIGN_OR_RETURN(std::vector<Shape> outputShapes,
                         inferOutputShapes(m, shapes));
  auto result = std::make_shared<RunResult>();
  for (size_t i = 0; i < m.outputs.size(); ++i) {
    OutputTensor tensor;
    tensor.name = m.outputs[i].name;
    tensor.dtype = m.main.values[m.outputs[i].value].dtype;
    tensor.shape = outputShapes[i];
    tensor.bytes = *byteSize(tensor.dtype, tensor.shape);
    if (!outputs.empty() && outputs[i].data) {
      if (outputs[i].bytes < tensor.bytes)
        return makeError(StatusCode::InvalidArgument, "output '", tensor.name,
                         "' needs ", tensor.bytes, " bytes (",
                         toString(tensor.shape), " ", name(tensor.dtype),
                         "), the buffer has ", outputs[i].bytes);
      tensor.data = outputs[i].data;
    }
    result->outputs.push_back(std::move(tensor));
  }

  std::lock_guard<std::mutex> lock(mutex);
  double bindTime = 0;
  TAPML_ASSIGN_OR_RETURN(Binding * binding,
                         findBinding(shapes, options.perStep, bindTime));
  std::vector<std::shared_ptr<DeviceBuffer>> temporary;
  std::vector<void *> inputPointers, outputPointers;
  for (size_t i = 0; i < inputs.size(); ++i) {
    uint64_t bytes = *byteSize(inputs[i].dtype, inputs[i].shape);
    // The runtime only reads inputs; the table of addresses serves both ways.
    void *data = const_cast<void *>(inputs[i].data);
    if (binding->hostReadsInput(i) && !isUsable(data, bytes)) {
      TAPML_ASSIGN_OR_RETURN(auto copy, host.allocate(bindingBytes(bytes)));
      if (bytes)
        std::memcpy(copy->hostPointer(), data, bytes);
      data = copy->hostPointer();
      temporary.push_back(std::move(copy));
    }
    inputPointers.push_back(data);
  }
  for (size_t i = 0; i < result->outputs.size(); ++i) {
    OutputTensor &tensor = result->outputs[i];
    void *data = tensor.data;
    bool inPlace =
        data && (!binding->hostWritesOutput(i) || isUsable(data, tensor.bytes));
    if (!inPlace) {
      TAPML_ASSIGN_OR_RETURN(auto buffer,
                             host.allocate(bindingBytes(tensor.bytes)));
      data = buffer->hostPointer();
      (tensor.data ? temporary : result->owned).push_back(std::move(buffer));
    }
    if (!tensor.data)
      tensor.data = data;
    outputPointers.push_back(data);
  }
  result->report.bindMilliseconds = bindTime;
  TAPML_RETURN_IF_ERROR(
      binding->run(inputPointers, outputPointers, options, result->report));
  for (size_t i = 0; i < result->outputs.size(); ++i) {
    const OutputTensor &tensor = result->outputs[i];
    if (tensor.data != outputPointers[i] && tensor.bytes)
      std::memcpy(tensor.data, outputPointers[i], tensor.bytes);
  }
  return result;
}
