//===- HostTensor.cpp - Tensors in the host's memory ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Numerics/HostTensor.h"
#include "llvm/ADT/APFloat.h"
#include <cstring>

using namespace mlir;
using namespace tapml;

std::optional<int64_t> tapml::getHostElementBytes(Type element) {
  if (element.isInteger(1))
    return 1;
  if (element.isF16() || element.isBF16())
    return 2;
  if (element.isF32() || element.isSignlessInteger(32))
    return 4;
  if (element.isF64() || element.isSignlessInteger(64))
    return 8;
  return std::nullopt;
}

int64_t tapml::getNumElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

HostTensor::HostTensor(Type elementType, ArrayRef<int64_t> shape,
                       std::vector<char> bytes)
    : elementType(elementType), shape(shape),
      owned(std::make_shared<const std::vector<char>>(std::move(bytes))) {
  this->bytes = *owned;
}

HostTensor HostTensor::borrow(Type elementType, ArrayRef<int64_t> shape,
                              ArrayRef<char> bytes) {
  HostTensor tensor;
  tensor.elementType = elementType;
  tensor.shape.assign(shape.begin(), shape.end());
  tensor.bytes = bytes;
  return tensor;
}

/// Converts `count` elements of type `From`, at any alignment.
template <typename From, typename To>
static void convert(const char *bytes, int64_t count, To *values) {
  for (int64_t i = 0; i < count; ++i) {
    From element;
    std::memcpy(&element, bytes + i * sizeof(From), sizeof(From));
    values[i] = static_cast<To>(element);
  }
}

/// Returns what each of the 16-bit floats is.
static std::vector<double> listNumbers(const llvm::fltSemantics &semantics) {
  std::vector<double> numbers(1 << 16);
  for (size_t bits = 0; bits < numbers.size(); ++bits) {
    llvm::APFloat number(semantics, llvm::APInt(16, bits));
    bool losesInfo;
    number.convert(llvm::APFloat::IEEEdouble(),
                   llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    numbers[bits] = number.convertToDouble();
  }
  return numbers;
}

/// Converts 16-bit floats.
static void convertHalves(const std::vector<double> &numbers, const char *bytes,
                          int64_t count, double *values) {
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, bytes + 2 * i, 2);
    values[i] = numbers[bits];
  }
}

void HostTensor::read(int64_t begin, int64_t count, double *values) const {
  const char *first = bytes.data() + begin * *getHostElementBytes(elementType);
  if (elementType.isF32())
    return convert<float>(first, count, values);
  if (elementType.isF64())
    return convert<double>(first, count, values);
  static const std::vector<double> halves =
      listNumbers(llvm::APFloat::IEEEhalf());
  static const std::vector<double> brains =
      listNumbers(llvm::APFloat::BFloat());
  convertHalves(elementType.isF16() ? halves : brains, first, count, values);
}

void HostTensor::read(int64_t begin, int64_t count, int64_t *values) const {
  const char *first = bytes.data() + begin * *getHostElementBytes(elementType);
  if (elementType.isInteger(64))
    return convert<int64_t>(first, count, values);
  if (elementType.isInteger(32))
    return convert<int32_t>(first, count, values);
  for (int64_t i = 0; i < count; ++i)
    values[i] = first[i] != 0;
}
