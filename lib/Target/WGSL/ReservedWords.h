//===- ReservedWords.h - Names that WGSL keeps ---------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_WGSL_RESERVEDWORDS_H
#define TAPML_LIB_TARGET_WGSL_RESERVEDWORDS_H

#include "llvm/ADT/StringRef.h"

namespace tapml::shader::wgsl {

/// Returns whether no declaration in WGSL should have this name: keywords,
/// reserved words, and what is predeclared, which a declaration would hide.
bool isReserved(llvm::StringRef name);

} // namespace tapml::shader::wgsl

#endif // TAPML_LIB_TARGET_WGSL_RESERVEDWORDS_H
