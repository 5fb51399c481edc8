//===- ReservedWords.h - Names that MSL keeps ----------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_MSL_RESERVEDWORDS_H
#define TAPML_LIB_TARGET_MSL_RESERVEDWORDS_H

#include "llvm/ADT/StringRef.h"

namespace tapml::shader::msl {

/// Returns whether no declaration in MSL should have this name: keywords of C++
/// and MSL, and names of the standard library, whose namespace texts use.
bool isReserved(llvm::StringRef name);

} // namespace tapml::shader::msl

#endif // TAPML_LIB_TARGET_MSL_RESERVEDWORDS_H
