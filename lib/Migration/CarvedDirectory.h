//===- CarvedDirectory.h - A directory of tests -----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_CARVEDDIRECTORY_H
#define TAPML_LIB_MIGRATION_CARVEDDIRECTORY_H

#include "tapml/Migration/ContentStore.h"
#include "tapml/Migration/Coverage.h"
#include "llvm/ADT/StringSet.h"
#include <mutex>

namespace tapml {

/// The directory that a carving writes:
///
///   tests/OP/OPERATOR.sSAMPLE.vVISIT.mlir
///   data/AB/ABCDEF...
///   lit.cfg.py, coverage.json
///
/// `coverage.json` comes last and says that the directory is whole.
class CarvedDirectory {
public:
  explicit CarvedDirectory(llvm::StringRef path);

  ContentStore &getStore() { return store; }

  /// Prepares for writing. Refuses a directory that holds something else.
  llvm::Error begin();

  /// Writes a test of operator kind `op`; returns its path from the directory.
  /// Several threads may write at a time.
  llvm::Expected<std::string>
  writeTest(llvm::StringRef op, llvm::StringRef name, llvm::StringRef text);

  /// Removes what an earlier carving left and this one does not need, counts
  /// the data and writes the coverage.
  llvm::Error finish(Coverage &coverage);

private:
  std::string path;
  ContentStore store;
  std::mutex mutex;
  llvm::StringSet<> tests;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_CARVEDDIRECTORY_H
