//===- HostTensor.h - Tensors in the host's memory --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_NUMERICS_HOSTTENSOR_H
#define TAPML_DIALECT_TAPML_NUMERICS_HOSTTENSOR_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <memory>
#include <optional>
#include <vector>

namespace tapml {

/// Returns the number of bytes that an element of type `element` takes in a
/// HostTensor, or nothing if there are none of it. Booleans take one.
std::optional<int64_t> getHostElementBytes(mlir::Type element);

/// Returns the number of elements of a tensor of that shape.
int64_t getNumElements(llvm::ArrayRef<int64_t> shape);

/// A dense tensor in row-major order: element type (f16, bf16, f32, f64, i1,
/// i32, i64), shape and bytes, which it owns or borrows. Copies share them.
class HostTensor {
public:
  HostTensor() = default;

  /// Takes the bytes over. They must be as many as the shape needs.
  HostTensor(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
             std::vector<char> bytes);

  /// Returns a tensor whose elements lie at `bytes`, of any alignment, which
  /// must outlive it and its copies.
  static HostTensor borrow(mlir::Type elementType,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::ArrayRef<char> bytes);

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getNumElements() const { return tapml::getNumElements(shape); }
  llvm::ArrayRef<char> getBytes() const { return bytes; }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(elementType); }

  /// Converts `count` elements from `begin` on, exactly: of a floating-point
  /// tensor, and of any other, where a boolean becomes 0 or 1.
  void read(int64_t begin, int64_t count, double *values) const;
  void read(int64_t begin, int64_t count, int64_t *values) const;

private:
  mlir::Type elementType;
  llvm::SmallVector<int64_t, 4> shape;
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const std::vector<char>> owned;
};

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_NUMERICS_HOSTTENSOR_H
