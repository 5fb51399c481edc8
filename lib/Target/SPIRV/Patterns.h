//===- Patterns.h - Conversions in place of the stock ones ------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SPIRV_PATTERNS_H
#define TAPML_LIB_TARGET_SPIRV_PATTERNS_H

#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"

namespace tapml {

/// Adds the conversion of buffers that are read as texels, and of their loads.
void populateTexelToSPIRVPatterns(mlir::SPIRVTypeConverter &types,
                                  mlir::RewritePatternSet &patterns);

/// Adds the conversion of loops, in place of the stock one.
void populateLoopToSPIRVPatterns(mlir::SPIRVTypeConverter &types,
                                 mlir::RewritePatternSet &patterns);

} // namespace tapml

#endif // TAPML_LIB_TARGET_SPIRV_PATTERNS_H
