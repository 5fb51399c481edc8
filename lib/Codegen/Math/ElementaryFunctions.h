//===- ElementaryFunctions.h - Functions as arithmetic ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Builds elementary functions of f32 scalars and vectors out of arith ops that
// every target language has. The bounds are in the description of
// `tapml-expand-math`.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_MATH_ELEMENTARYFUNCTIONS_H
#define TAPML_LIB_CODEGEN_MATH_ELEMENTARYFUNCTIONS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace tapml {

/// Emits arithmetic on values of one f32 type, scalar or vector.
class FloatEmitter {
public:
  /// `type` is f32 or a vector of it; `fma` allows math.fma.
  FloatEmitter(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type,
               bool fma);

  mlir::Value exp(mlir::Value x);
  mlir::Value exp2(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value pow(mlir::Value x, mlir::Value y);
  mlir::Value tanh(mlir::Value x);
  mlir::Value erf(mlir::Value x);
  mlir::Value sin(mlir::Value x);
  mlir::Value cos(mlir::Value x);
  mlir::Value rsqrt(mlir::Value x);
  mlir::Value trunc(mlir::Value x);

private:
  // Constants of the type, of the i32 type of the same shape, and of i1.
  mlir::Value real(float value);
  mlir::Value integer(int32_t value);
  mlir::Value boolean(bool value);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// a * b + c, rounded twice unless fma is allowed.
  mlir::Value mad(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value neg(mlir::Value a);
  mlir::Value abs(mlir::Value a);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value compare(mlir::arith::CmpFPredicate predicate, mlir::Value a,
                      mlir::Value b);
  mlir::Value bits(mlir::Value a);
  mlir::Value fromBits(mlir::Value a);
  mlir::Value toFloat(mlir::Value a);
  /// Truncates `a`, which is in range.
  mlir::Value toInteger(mlir::Value a);

  /// The magnitude of the first with the sign bit of the second.
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign);
  /// `x` within [lo, hi]; a NaN becomes `hi`, so that the result can become an
  /// integer.
  mlir::Value clamp(mlir::Value x, float lo, float hi);
  /// `r`, or `x` where `x` is a NaN.
  mlir::Value orNaN(mlir::Value x, mlir::Value r);
  /// The nearest integer (halves either way) to `x`, |x| < 2^31.
  mlir::Value nearest(mlir::Value x);
  /// c[0] + c[1] x + ..., Horner's rule.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<float> coefficients);
  /// 2^k for -126 <= k <= 127.
  mlir::Value powerOfTwo(mlir::Value k);
  /// `x` 2^k for -252 <= k <= 254, with one rounding.
  mlir::Value scale(mlir::Value x, mlir::Value k);
  /// exp(x) 2^-k and k, for a finite |x| <= 104.
  std::pair<mlir::Value, mlir::Value> expParts(mlir::Value x);
  /// exp(x) for x in [-87, 88], neither NaN nor outside.
  mlir::Value expInRange(mlir::Value x);
  /// sin(x + quarters * pi/2).
  mlir::Value sine(mlir::Value x, int32_t quarters);
  /// x minus the nearest multiple k of pi/2, and k.
  std::pair<mlir::Value, mlir::Value> reduceQuarter(mlir::Value x);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Type type, intType, boolType;
  bool fma;
};

} // namespace tapml

#endif // TAPML_LIB_CODEGEN_MATH_ELEMENTARYFUNCTIONS_H
