//===- Report.cpp - What a migration found out, for people ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Report.h"
#include "MigrationPrinter.h"
#include "ReportPage.h"
#include "Support.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tapml;

Error tapml::report(const ReportJob &job) {
  Expected<std::optional<MigrationState>> state =
      MigrationState::load(job.directory);
  if (!state)
    return makeError(toString(state.takeError()) +
                     "; 'tapml migrate' of this build writes states that can "
                     "be reported");
  if (!*state)
    return makeError(job.directory +
                     " holds no migration: it has no state.json; 'tapml "
                     "migrate MODEL --target=NAME -o " +
                     job.directory + "' makes one");
  if (job.json)
    outs() << formatv("{0:2}\n", toJSON(**state));
  if (!job.output.empty())
    return writeFile(job.output, makeReportPage(**state));
  if (!job.json)
    MigrationPrinter(/*json=*/false).printReport(**state);
  return Error::success();
}
