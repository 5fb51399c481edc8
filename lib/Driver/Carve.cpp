//===- Carve.cpp - Makes tests from records -------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/Carve.h"
#include "Output.h"
#include "mlir/IR/MLIRContext.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Driver/Driver.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tapml;

/// Says on a terminal how far it is; quiet otherwise.
static void showProgress(unsigned number, unsigned count) {
  llvm::raw_ostream &os = llvm::errs();
  if (!os.is_displayed())
    return;
  os << "\r\x1b[K";
  if (number < count)
    os << "carving: " << number << " of " << count;
  os.flush();
}

LogicalResult tapml::carve(const CarveJob &job) {
  llvm::Expected<Package> package = openPackage(job.package);
  if (!package)
    return fail(llvm::toString(package.takeError()));
  if (package->weights.empty())
    return fail(job.package + ": is a graph alone; name the captured model, "
                              "which has the records");
  MLIRContext context;
  prepareContext(context);
  llvm::SourceMgr sourceMgr;
  SourceMgrDiagnosticHandler diagnostics(sourceMgr, &context);
  OwningOpRef<ModuleOp> graph = parseGraph(package->graph, sourceMgr, context);
  if (!graph)
    return failure();
  CarveOptions options;
  options.model = package->name;
  options.directory = package->directory;
  options.graphPath = package->graph;
  options.weightsPath = package->weights;
  options.output = job.output;
  options.keep = job.keep;
  options.progress = showProgress;
  llvm::Expected<Coverage> coverage = carveTests(*graph, options);
  showProgress(0, 0);
  if (!coverage)
    return fail(llvm::toString(coverage.takeError()));
  if (job.json)
    printReadableJson(coverage->toJSON(), llvm::outs());
  else
    coverage->print(llvm::outs(), job.output);
  if (unsigned doubts = coverage->countDoubts())
    return fail("the framework's float64 evaluation and TapML's do not agree "
                "on " +
                llvm::Twine(doubts) +
                " visits, which are not carved; see the flags");
  return success();
}
