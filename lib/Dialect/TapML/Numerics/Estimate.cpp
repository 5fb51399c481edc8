//===- Estimate.cpp - What an operator should give ------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Numerics/Estimate.h"
#include <mutex>

using namespace mlir;
using namespace tapml;

struct Estimate::Values {
  /// Where the elements come from if they were not computed.
  HostTensor tensor;
  bool hasTensor = false;
  std::vector<double> floats;
  std::vector<int64_t> integers;
  std::once_flag converted;
};

Estimate::Estimate(Type elementType, ArrayRef<int64_t> shape,
                   std::shared_ptr<Values> values, std::vector<double> bounds,
                   std::vector<double> worst)
    : elementType(elementType), shape(shape), values(std::move(values)) {
  if (!bounds.empty())
    this->bounds = std::make_shared<const Bounds>(
        Bounds{std::move(bounds), std::move(worst)});
}

Estimate Estimate::exact(HostTensor tensor) {
  auto values = std::make_shared<Values>();
  Type elementType = tensor.getElementType();
  SmallVector<int64_t> shape(tensor.getShape());
  values->tensor = std::move(tensor);
  values->hasTensor = true;
  return Estimate(elementType, shape, std::move(values), {}, {});
}

Estimate Estimate::size(MLIRContext *context, int64_t value) {
  return integers(IndexType::get(context), {}, {value});
}

Estimate Estimate::floats(Type elementType, ArrayRef<int64_t> shape,
                          std::vector<double> floats,
                          std::vector<double> bounds,
                          std::vector<double> worst) {
  auto values = std::make_shared<Values>();
  values->floats = std::move(floats);
  return Estimate(elementType, shape, std::move(values), std::move(bounds),
                  std::move(worst));
}

Estimate Estimate::integers(Type elementType, ArrayRef<int64_t> shape,
                            std::vector<int64_t> integers,
                            std::vector<double> bounds,
                            std::vector<double> worst) {
  auto values = std::make_shared<Values>();
  values->integers = std::move(integers);
  return Estimate(elementType, shape, std::move(values), std::move(bounds),
                  std::move(worst));
}

Estimate Estimate::withShape(ArrayRef<int64_t> shape) const {
  Estimate result = *this;
  result.shape.assign(shape.begin(), shape.end());
  return result;
}

Estimate Estimate::withoutBounds() const {
  Estimate result = *this;
  result.bounds = nullptr;
  return result;
}

/// Converts all elements of `tensor`.
template <typename T> static std::vector<T> readAll(const HostTensor &tensor) {
  std::vector<T> elements(tensor.getNumElements());
  tensor.read(0, elements.size(), elements.data());
  return elements;
}

ArrayRef<double> Estimate::getFloats() const {
  if (values->hasTensor)
    std::call_once(values->converted,
                   [&] { values->floats = readAll<double>(values->tensor); });
  return values->floats;
}

ArrayRef<int64_t> Estimate::getIntegers() const {
  if (values->hasTensor)
    std::call_once(values->converted, [&] {
      values->integers = readAll<int64_t>(values->tensor);
    });
  return values->integers;
}

ArrayRef<double> Estimate::getBounds() const {
  return bounds ? ArrayRef<double>(bounds->bound) : ArrayRef<double>();
}

ArrayRef<double> Estimate::getWorst() const {
  return bounds ? ArrayRef<double>(bounds->worst) : ArrayRef<double>();
}

const HostTensor *Estimate::getTensor() const {
  return values && values->hasTensor ? &values->tensor : nullptr;
}
