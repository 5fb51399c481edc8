//===- KernelAbi.h - The interface of host kernels --------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_HOST_KERNELABI_H
#define TAPML_LIB_TARGET_HOST_KERNELABI_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"

namespace tapml {

/// The attribute that marks a function as a kernel of the host.
inline constexpr llvm::StringLiteral kHostKernelAttr = "tapml.host_kernel";
/// The access of each buffer: an array of strings.
inline constexpr llvm::StringLiteral kAccessAttr = "tapml.access";

/// Checks that `kernel` has the form of a host kernel and uses nothing that
/// cannot be compiled, and drops assumptions that the C interface does not
/// make; returns how it is called.
mlir::FailureOr<EntryPointAttr> prepareHostKernel(mlir::func::FuncOp kernel);

/// Appends the passes that take a module of host kernels to the LLVM dialect.
void buildHostLoweringPipeline(mlir::OpPassManager &pm);

/// Gives the kernel of a module in the LLVM dialect its C interface: a function
/// of the kernel's name that takes its buffers and sizes from arrays. The
/// kernel is inlined into it.
void addEntryPoint(mlir::ModuleOp module, EntryPointAttr entry);

} // namespace tapml

#endif // TAPML_LIB_TARGET_HOST_KERNELABI_H
