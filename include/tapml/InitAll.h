//===- InitAll.h - Registration of everything in TapML ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_INITALL_H
#define TAPML_INITALL_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace tapml {

/// Registers the tapml dialect, and the upstream dialects and external models
/// that its passes create ops of.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers TapML's passes and pipelines; upstream passes are not touched.
/// May be called more than once.
void registerAllPasses();

} // namespace tapml

#endif // TAPML_INITALL_H
