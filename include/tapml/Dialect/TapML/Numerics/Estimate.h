//===- Estimate.h - What an operator should give ----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_NUMERICS_ESTIMATE_H
#define TAPML_DIALECT_TAPML_NUMERICS_ESTIMATE_H

#include "tapml/Dialect/TapML/Numerics/Arithmetic.h"
#include "tapml/Dialect/TapML/Numerics/HostTensor.h"

namespace tapml {

/// What the elements of a tensor should be: float64 values for floating-point
/// types, int64 for integers, booleans and sizes; and how far a faithful
/// computation may be from them, by the probabilistic bound and in the worst
/// case. Where that is infinite the element is free: it may be anything, NaN
/// included. An estimate without bounds is exact.
///
/// Copies share the values, which never change.
class Estimate {
public:
  Estimate() = default;

  /// Exactly the elements of `tensor`, which are converted when asked for.
  static Estimate exact(HostTensor tensor);

  /// A size or an index: of type `index`, without dimensions.
  static Estimate size(mlir::MLIRContext *context, int64_t value);

  /// Floating-point elements. `bounds` and `worst` are both empty or hold one
  /// number per element; numbers that are not the type's become infinite.
  static Estimate floats(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
                         std::vector<double> values,
                         std::vector<double> bounds = {},
                         std::vector<double> worst = {});

  /// Integers, booleans (0 and 1) or sizes, with bounds in the same way.
  static Estimate integers(mlir::Type elementType,
                           llvm::ArrayRef<int64_t> shape,
                           std::vector<int64_t> values,
                           std::vector<double> bounds = {},
                           std::vector<double> worst = {});

  /// Returns the same elements, in order, in another shape.
  Estimate withShape(llvm::ArrayRef<int64_t> shape) const;

  /// Returns the same elements without bounds: taken for exact.
  Estimate withoutBounds() const;

  mlir::Type getElementType() const { return elementType; }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getNumElements() const { return tapml::getNumElements(shape); }
  bool isFloat() const { return mlir::isa<mlir::FloatType>(elementType); }
  bool isExact() const { return !bounds; }

  /// The elements of a floating-point tensor, and of any other. What `exact`
  /// made is converted by the first call, once for all copies and threads.
  llvm::ArrayRef<double> getFloats() const;
  llvm::ArrayRef<int64_t> getIntegers() const;

  /// The bounds of all elements, or nothing if they are exact.
  llvm::ArrayRef<double> getBounds() const;
  llvm::ArrayRef<double> getWorst() const;

  /// The bounds of one element.
  ErrorBound getBound(int64_t element) const {
    if (isExact())
      return {};
    return {bounds->bound[element], bounds->worst[element]};
  }

  /// The tensor whose elements these are exactly, or null if there is none.
  const HostTensor *getTensor() const;

private:
  struct Values;
  struct Bounds {
    std::vector<double> bound, worst;
  };

  Estimate(mlir::Type elementType, llvm::ArrayRef<int64_t> shape,
           std::shared_ptr<Values> values, std::vector<double> bounds,
           std::vector<double> worst);

  mlir::Type elementType;
  llvm::SmallVector<int64_t, 4> shape;
  std::shared_ptr<Values> values;
  /// Null if the elements are exact.
  std::shared_ptr<const Bounds> bounds;
};

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_NUMERICS_ESTIMATE_H
