//===- Passes.td - From structured kernels to WGSL and MSL -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_SHADER_PASSES_TD
#define TAPML_TARGET_SHADER_PASSES_TD

include "mlir/Pass/PassBase.td"

def LegalizeShaderPass : Pass<"tapml-legalize-shader"> {
  let summary = "Rewrite kernels into what WGSL or MSL can express";
  let description = [{
    Works on every `gpu.module` of a WebGPU or Metal variant, in this order:

    - Functions that take, give or hold what the profile lacks, memory, wide
      vectors or several results are inlined. Tables of what it lacks, and of
      infinities or NaN, become tables of 32-bit integers.
    - As for SPIR-V: memory attributions become allocations, buffers of several
      dimensions arrays of their elements, transfers of vectors that are in bounds
      loads and stores; 64-bit integers are narrowed if the profile lacks `int64`,
      vectors split into vectors of at most four elements, buffers made buffers of
      vectors or of scalars, bytes, 16-bit integers and 16-bit floats packed into
      words if the profile lacks them. Without `float16` kernels compute with 32
      bits and round; a fused multiply-add of f16 is refused.
    - Integers of 8 and 16 bits become 32-bit integers with zeros above, if the
      profile lacks `int8` or `int16`.
    - Minimum, maximum and comparisons that ask for NaN become ordinary
      comparisons and integer arithmetic on the bits; conversions from floats
      saturate and turn NaN into zero; truncation to a boolean, sign copies and
      rounding away from zero are spelled out.
    - Rounding divisions and reductions of vectors are expanded. A division by a
      constant zero, or a shift by a constant of the width or more, gets an
      operand that is defined.
    - Kernels whose names the language keeps for itself are renamed, and the
      launches with them.
    - Signed operations and loops on what is provably not negative become
      unsigned, as indices are in shaders.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::vector::VectorDialect",
                           "::tapml::TapMLDialect"];
}

def SerializeShaderPass : Pass<"tapml-serialize-shader"> {
  let summary = "Replace the kernels of WebGPU and Metal variants by text";
  let description = [{
    Each kernel in the `gpu.module`s of a WebGPU or Metal variant becomes a
    `tapml.binary` of format `wgsl` or `msl`, called like the kernel, whose
    bytes are the text of a shader with that entry point. What the language
    cannot express is an error at its place.
  }];
}

#endif // TAPML_TARGET_SHADER_PASSES_TD
