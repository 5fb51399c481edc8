//===- Passes.td - Passes inside the tapml dialect -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD
#define TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"


#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PASSES_TD
