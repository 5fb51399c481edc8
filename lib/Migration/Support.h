//===- Support.h - Errors, files and time -----------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_SUPPORT_H
#define TAPML_LIB_MIGRATION_SUPPORT_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tapml {

inline llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// "ran on host; the plan has it on vulkan".
std::string describePlaces(llvm::StringRef place, llvm::StringRef planned);

std::string joinPath(llvm::StringRef directory, llvm::StringRef name);

/// Writes a file in a directory that is made if it is missing. The file is
/// whole or not there.
llvm::Error writeFile(llvm::StringRef path, llvm::StringRef content);

/// Seconds of a clock that never goes back.
double readSteadyClock();

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_SUPPORT_H
