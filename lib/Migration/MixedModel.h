//===- MixedModel.h - A model, part host and part target --------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_MIXEDMODEL_H
#define TAPML_LIB_MIGRATION_MIXEDMODEL_H

#include "Envelope.h"
#include "ModelData.h"
#include "mlir/IR/MLIRContext.h"
#include "tapml/Compiler/Compiler.h"
#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Migration/Migrate.h"
#include "tapml/Migration/Step.h"
#include "tapml/Pipelines/ExecutableMemo.h"
#include "tapml/Target/Host/HostObjectCache.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/SourceMgr.h"
#include <map>
#include <memory>

namespace tapml {

struct SetRequest;

/// An operator of the graph and what a plan that wants everything on the target
/// says about it.
struct PlacedOperator {
  std::string instance, op;
  bool movable = false;
  /// Why it stays on the host.
  std::string reason;
  /// The instances that its operands come from, each once.
  std::vector<std::string> operands;
};

/// Compiles a captured model for any division between host and target, runs it
/// on its samples, and judges what every operator gave. The device stays open
/// and the model parsed between the steps.
class MixedModel {
public:
  static llvm::Expected<std::unique_ptr<MixedModel>>
  open(const MigrateJob &job);

  /// The operators in the order of the graph.
  llvm::Expected<std::vector<PlacedOperator>> listOperators();

  /// Does what `request` says. What goes wrong is part of the report; an error
  /// is one of the request or of the package.
  /// `announce` hears of each operator that is about to run.
  using Announcer = llvm::function_ref<void(const std::string &)>;
  llvm::Expected<StepReport> run(const StepRequest &request,
                                 Announcer announce);

  /// Carves the tests of the model below the migration's directory. Returns
  /// their number, or nothing if it has no records.
  llvm::Expected<std::optional<int64_t>> carve();
  /// Carves one test of several operators and returns its file.
  llvm::Expected<std::string> carve(const SetRequest &request);

  const MigrateJob &getJob() const { return job; }
  /// The host's machine code of this process.
  HostObjectCache &getHostObjects() { return hostObjects; }

  /// Where the migration runs, for people: "vulkan:0 (llvmpipe ...)".
  const std::string &getDevice() const { return deviceName; }
  /// The samples that steps run, and the number of input elements of each.
  llvm::ArrayRef<int64_t> getSamples() const { return samples; }
  std::vector<int64_t> getSampleSizes() const;

private:
  /// Which operator gives each result of the dispatches, in program order.
  using ResultNames = std::vector<std::vector<std::string>>;

  explicit MixedModel(const MigrateJob &job) : job(job) {}
  /// The target as compile options take it; nothing for the host alone.
  std::vector<std::string> getTargetSpecs() const;
  llvm::Error openDevice();
  std::string makePlan(const StepRequest &request) const;
  /// Makes `compiled` what the step needs, unless it is that already.
  llvm::Error compile(const StepRequest &request);
  llvm::Expected<std::unique_ptr<ExecutableHandle>> load(llvm::StringRef bytes,
                                                         StepReport &report);
  void runSample(tapml_session session, int64_t sample,
                 const StepRequest &request, const ResultNames &results,
                 Announcer announce, StepReport &report);

  /// An executable, and what it was made of. To blame an operator the same one
  /// is run again, with other repeats.
  struct Compiled {
    std::string plan, output;
    bool largest = false;
    std::string bytes;
    ResultNames results;
  };

  const MigrateJob &job;
  mlir::MLIRContext context;
  llvm::SourceMgr sourceMgr;
  std::unique_ptr<mlir::ScopedDiagnosticHandler> diagnostics;
  /// What was reported since it was last cleared.
  std::string messages;
  Package package;
  mlir::OwningOpRef<mlir::ModuleOp> graph;
  std::unique_ptr<ModelData> data;
  std::vector<int64_t> samples;
  std::unique_ptr<Envelopes> envelopes;
  std::string targetPlace, deviceName;
  Handle<tapml_device, tapml_device_release> device;
  std::optional<Compiled> compiled;
  /// What the steps before were compiled to: from one to the next most
  /// executables stay the same.
  ExecutableMemo executables;
  HostObjectCache hostObjects;
  /// What the target promises; the host's where there is none.
  Arithmetic targetArithmetic;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_MIXEDMODEL_H
