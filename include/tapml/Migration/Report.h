//===- Report.h - What a migration found out, for people --------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_REPORT_H
#define TAPML_MIGRATION_REPORT_H

#include "llvm/Support/Error.h"
#include <string>

namespace tapml {

/// What `tapml report` was asked for.
struct ReportJob {
  /// The directory of a migration, finished or not.
  std::string directory;
  /// The HTML file to write; empty for none.
  std::string output;
  /// Print the state as JSON, in place of a summary.
  bool json = false;
};

/// Reports on a migration: writes a page that needs nothing beside itself, or
/// prints a summary, or prints JSON. Fails where the directory holds no state,
/// or one that this build cannot read, and where the page cannot be written.
llvm::Error report(const ReportJob &job);

} // namespace tapml

#endif // TAPML_MIGRATION_REPORT_H
