//===- Pipelines.h - From a captured graph to binaries ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The path of a model as a list of named stages. The IR between two stages is
// valid and can be printed; `tapml compile --stop-after=STAGE` stops there and
// `tapml-opt` can start there. Hooks are pipelines of other people's passes
// that run at the named extension points.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_PIPELINES_PIPELINES_H
#define TAPML_PIPELINES_PIPELINES_H

#include "mlir/Pass/PassManager.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"
#include <map>
#include <string>
#include <vector>

namespace tapml {

class ExecutableMemo;
class HostObjectCache;

/// What a user can choose about a compilation.
struct CompileOptions {
  /// Plan file; or the plan itself. Without both, everything is on the first
  /// target, and on the host with its reason where that is not possible.
  std::string plan, planJSON;
  /// Targets as `NAME`, `NAME=PRESET` or `NAME=PROFILE.json`; none for the host
  /// alone.
  std::vector<std::string> targets;
  /// `operator` or `largest`: one region per operator, or as few as possible.
  std::string granularity = "largest";
  /// Where to write the effective plan; empty for nowhere.
  std::string effectivePlan;
  /// Where to write a table of the placements ("-" for stdout); may be empty.
  std::string explanation;
  /// Triple of the host code; empty for this machine's.
  std::string hostTriple;
  /// CPU levels of the host code, best last; empty for the triple's defaults.
  std::vector<std::string> hostCpus;
  /// Textual pass pipelines on the module, by extension point.
  std::multimap<std::string, std::string> hooks;
  /// What was compiled before in this process and is equal is taken from here;
  /// null for nothing. The memo belongs to the module's context.
  ExecutableMemo *executables = nullptr;
  HostObjectCache *hostObjects = nullptr;
};

/// The stages, in order.
enum class Stage { Graph, Partition, Linalg, Kernels, Structured, Binary };

/// Returns the names of the stages, in order: graph, partition, linalg,
/// kernels, structured, binary.
llvm::ArrayRef<llvm::StringRef> getStageNames();

/// Returns the extension points, in order: after-capture, before-partition,
/// after-partition, before-codegen, after-legalisation.
llvm::ArrayRef<llvm::StringRef> getExtensionPoints();

/// Adds the passes that lead to `stage` from the one before it, with the hooks
/// of that part. Fails with a diagnostic on stderr if a hook does not parse.
mlir::LogicalResult buildStagePipeline(mlir::OpPassManager &pm, Stage stage,
                                       const CompileOptions &options);

/// Adds every stage after `graph`.
mlir::LogicalResult buildCompilePipeline(mlir::OpPassManager &pm,
                                         const CompileOptions &options);

/// Registers `tapml-compile` and a pipeline per stage (`tapml-to-partition`,
/// ...) for textual use.
void registerPipelines();

} // namespace tapml

#endif // TAPML_PIPELINES_PIPELINES_H
