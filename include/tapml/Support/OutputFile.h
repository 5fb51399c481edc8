//===- OutputFile.h - Files that are whole or not there ---------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_SUPPORT_OUTPUTFILE_H
#define TAPML_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace tapml {

/// Writes what `write` prints to the file at `path`; "-" is stdout. When it
/// cannot be written to its end, what was at `path` stays, and the error says
/// which file it was.
llvm::Error writeOutput(llvm::StringRef path,
                        llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace tapml

#endif // TAPML_SUPPORT_OUTPUTFILE_H
