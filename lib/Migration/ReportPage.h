//===- ReportPage.h - The report as one HTML file ---------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_REPORTPAGE_H
#define TAPML_LIB_MIGRATION_REPORTPAGE_H

#include "MigrationState.h"
#include "llvm/ADT/StringRef.h"
#include <string>

namespace tapml {

/// Returns what the page shows: operators with their place in the drawing of
/// the graph, steps, and faults with their evidence.
llvm::json::Value makeReportData(const MigrationState &state);

/// Returns `value` as text that may stand in a script element: JSON without the
/// characters that end the element, begin a comment, or end a line in a script
/// but not in JSON.
std::string printForScript(const llvm::json::Value &value);

/// Returns the page.
std::string makeReportPage(const MigrationState &state);

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_REPORTPAGE_H
