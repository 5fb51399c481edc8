//===- Passes.td - From host kernels to machine code -------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_HOST_PASSES_TD
#define TAPML_TARGET_HOST_PASSES_TD

include "mlir/Pass/PassBase.td"

def CompileHostPass : Pass<"tapml-compile-host", "::mlir::ModuleOp"> {
  let summary = "Compile the host kernels of all executables to shared objects";
  let description = [{
    Takes the functions marked `tapml.host_kernel` out of the host variants of
    all executables, gives each a name that is unique in the module, and
    compiles them together: once for each CPU of `host-cpus`, into one
    `tapml.binary` per CPU in the module. Launches name the entry points of
    these binaries afterwards.

    A kernel takes one-dimensional memrefs and then `index` sizes, of which the
    last two are the range of workgroups to run. In the shared object it is

    ```c
    void kernel(void *const *buffers, const int64_t *sizes,
                int64_t begin, int64_t end);
    ```

    The buffers must be aligned to their element type. One that the kernel
    writes must not overlap any other. The shared object needs no library: it
    may call memcpy, memmove, memset and memcmp of the process that loads it,
    and nothing else. Mathematical functions that would become calls to libm
    are refused; `tapml-expand-math` comes before.
  }];
  let options = [
    Option<"hostTriple", "host-triple", "std::string", /*default=*/"\"\"",
           "Triple to compile for; that of this machine if empty">,
    ListOption<"hostCPUs", "host-cpus", "std::string",
               "CPUs to compile for; a portable choice for the triple if empty">
  ];
  let dependentDialects = [
    "::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect",
    "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect", "::mlir::ub::UBDialect"
  ];
}

#endif // TAPML_TARGET_HOST_PASSES_TD
