//===- Passes.td - From linalg to kernels -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_PASSES_TD
#define TAPML_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def TapMLExpandMathPass : Pass<"tapml-expand-math"> {
  let summary = "Replace elementary functions of f32 by arithmetic";
  let description = [{
    Replaces `math.exp`, `exp2`, `log`, `powf`, `tanh`, `erf`, `sin`, `cos`,
    `rsqrt` and `trunc` on f32, scalar or vector, by arithmetic that every
    target language has, so that a function has one value everywhere: what
    devices offer is loose (Vulkan allows `exp` 3 + 2|x| ULP) or unsafe for
    large arguments (`tanh`). Other types and functions are left alone.

    Arguments are reduced to a small interval and the function evaluated there
    by a minimax polynomial (utils/math/fit_coefficients.py). With correctly
    rounded +, -, *, / and sqrt the largest distances from the true value, in
    units in the last place, stay below these bounds; a division or square root
    that the device rounds less well adds its own error once.

    | function | bound | range |
    |---|---|---|
    | exp, exp2 | 1.5 | all; below the smallest normal number half an ULP more |
    | log | 1.5 | all, subnormal arguments included |
    | tanh | 2 | all; exactly +-1 from 9.1 on |
    | erf | 2 | all; exactly +-1 from 3.9375 on |
    | sin, cos | 4 | up to 411774 (2^18 pi/2); NaN beyond |
    | rsqrt | 1.5 | all |
    | trunc | 0 | all |
    | powf | 2 + 3 \|y log x\| | all |

    NaN gives NaN, infinities give the limits, domain errors NaN, and special
    cases of `powf` are those of IEEE 754. Where the device flushes subnormal
    numbers they count as zero.
  }];
  let options = [
    Option<"fma", "fma", "bool", /*default=*/"false",
           "Evaluate polynomials with math.fma, where it is fast">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

#endif // TAPML_CODEGEN_PASSES_TD
