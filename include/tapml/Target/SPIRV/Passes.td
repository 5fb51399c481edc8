//===- Passes.td - From structured kernels to SPIR-V -------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_SPIRV_PASSES_TD
#define TAPML_TARGET_SPIRV_PASSES_TD

include "mlir/Pass/PassBase.td"

def TapMLLegalizeSPIRVPass : Pass<"tapml-legalize-spirv"> {
  let summary = "Rewrite kernels into what SPIR-V and the profile can express";
  let description = [{
    Works on every `gpu.module` of a Vulkan variant, in this order:

    - Functions are inlined, constant tables become private arrays that are set
      first, and memory attributions of kernels allocations. Buffers of several
      dimensions become arrays of their elements, row by row, and transfers of
      vectors that are in bounds loads and stores.
    - 64-bit integers are narrowed to 32 bits where ranges, or the 32 bits of
      an index or a truncation, show that nothing is lost.
    - Vectors of more than four elements are split into vectors of four or
      fewer.
    - A buffer whose vectors of four are all accessed at provable multiples of
      four becomes a buffer of vectors; scalar loads from it load a vector and
      pick an element. A scalar store, or an access that is not provably
      aligned, keeps the buffer scalar, and vectors are loaded and stored
      element by element.
    - Buffers of bytes are packed into 32-bit words, if the profile lacks
      `storage8` or `int8`. Four bytes at a provable multiple of four are
      stored as one word; other bytes by an atomic and and an atomic or, which
      is correct when other invocations write the rest of the word.
    - Likewise 16-bit floats, if it lacks `storage16`. Where it has that and
      lacks `float16` they are loaded, stored and converted, and 32-bit floats
      otherwise, rounded after every operation that may not give a half. A fused
      multiply-add of them is refused.
    - Integers of 8 and 16 bits become 32-bit integers with zeros above, if the
      profile lacks `int8` or `int16`.
    - Operations without a SPIR-V form (rounding divisions, bitwise reductions)
      are expanded.
    - Where the profile prefers texel reads, a buffer that is only read, and
      that fits in a view of texels whatever its size, is put in the storage
      class `Image`: its loads become fetches, and `tapml.access` says of which
      format the texels are.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::spirv::SPIRVDialect",
                           "::mlir::vector::VectorDialect",
                           "::tapml::TapMLDialect"];
}

def TapMLConvertToSPIRVPass : Pass<"tapml-convert-to-spirv"> {
  let summary = "Convert kernels to the spirv dialect";
  let description = [{
    Converts every `gpu.module` of a Vulkan variant to a `spirv.module` for the
    profile, in one full conversion. Buffer i of a kernel becomes binding i of
    set 0, `NonWritable` where `tapml.access` says that it is only read; one that
    is read through texels is a uniform texel buffer. Size k becomes the 32-bit
    push constant at offset 4 k; where the profile's push constants cannot hold
    all sizes, the member at that offset of a uniform buffer, whose binding
    follows those of the buffers. `known_block_size` becomes the local size; the
    entry point has the kernel's name.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::spirv::SPIRVDialect",
                           "::mlir::vector::VectorDialect",
                           "::tapml::TapMLDialect"];
}

def TapMLSerializeSPIRVPass : Pass<"tapml-serialize-spirv"> {
  let summary = "Replace the spirv.modules of variants by tapml.binary";
  let description = [{
    Each `spirv.module` of a `tapml.variant` becomes a `tapml.binary` of format
    `spirv`, called `@spirv` (and `@spirv_0`, ... where that is taken). Its
    attribute `entry_points` says for each kernel: `name`, `workgroup`,
    `access` of each buffer, number of `sizes`, and `instances`.
  }];
}

#endif // TAPML_TARGET_SPIRV_PASSES_TD
