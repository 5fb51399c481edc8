//===- Partition.cpp - Cuts a module into placed executables --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/Transforms/Partition.h"
#include "GraphSizes.h"
#include "Outliner.h"
#include "Regions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tapml/Support/OutputFile.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

namespace tapml {
#define GEN_PASS_DEF_TAPMLPARTITIONPASS
#include "tapml/Dialect/TapML/Transforms/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

void PartitionSummary::print(raw_ostream &os) const {
  auto count = [&](unsigned number, StringRef word) -> raw_ostream & {
    return os << number << ' ' << word << (number == 1 ? "" : "s");
  };
  count(operators, "operator") << ": ";
  llvm::interleaveComma(operatorsByPlace, os, [&](const auto &entry) {
    os << entry.second << " on " << entry.first;
  });
  if (unsupported)
    os << " (" << unsupported << " not supported where wanted)";
  os << "; ";
  count(regions, "region") << ", ";
  count(executables, "executable") << "; ";
  count(transfers, "transfer") << " of " << bytes << " bytes per run";
  if (weightTransfers) {
    os << ", ";
    count(weightTransfers, "weight")
        << " of " << weightBytes << " bytes per load";
  }
}

FailureOr<PartitionSummary> tapml::partitionModule(ModuleOp module,
                                                   const EffectivePlan &plan,
                                                   Granularity granularity) {
  PartitionSummary summary;
  DenseMap<Operation *, StringAttr> places;
  std::map<StringRef, unsigned> byPlace;
  for (const Placement &placement : plan.placements) {
    const PlanPin &decision = placement.decision;
    places[placement.op] = StringAttr::get(module.getContext(), decision.place);
    ++summary.operators;
    ++byPlace[decision.place];
    summary.unsupported += !decision.wanted.empty();
  }
  for (const Target &target : plan.targets)
    summary.operatorsByPlace.emplace_back(target.place, byPlace[target.place]);

  SmallVector<func::FuncOp> graphs;
  for (func::FuncOp graph : getGraphs(module))
    if (!graph.getOps<TapMLOperator>().empty())
      graphs.push_back(graph);
  TransferCounts transfers;
  if (!graphs.empty()) {
    ExecutableTable executables(module, graphs.front());
    for (func::FuncOp graph : graphs) {
      GraphSizes sizes(graph);
      if (failed(sizes.run()))
        return failure();
      GraphRegions regions = formRegions(graph, places, granularity);
      summary.regions += regions.regions.size();
      if (failed(Outliner(graph, sizes, plan.targets, executables, transfers)
                     .run(regions)))
        return failure();
    }
    executables.writeInstances();
    summary.executables = executables.size();
  }
  summary.transfers = transfers.transfers;
  summary.bytes = transfers.bytes.str();
  summary.weightTransfers = transfers.weights;
  summary.weightBytes = transfers.weightBytes.str();
  return summary;
}

namespace {

class TapMLPartitionPass
    : public tapml::impl::TapMLPartitionPassBase<TapMLPartitionPass> {
public:
  using TapMLPartitionPassBase::TapMLPartitionPassBase;

  void runOnOperation() override {
    if (failed(run()))
      signalPassFailure();
  }

private:
  LogicalResult run();
  FailureOr<Plan> readPlan(ArrayRef<Target> places);
  LogicalResult write(const EffectivePlan &effective, StringRef path,
                      bool json);
};

} // namespace

FailureOr<Plan> TapMLPartitionPass::readPlan(ArrayRef<Target> places) {
  MLIRContext *context = &getContext();
  if (!plan.empty() && !planJSON.empty())
    return emitError(UnknownLoc::get(context))
           << "both 'plan' and 'plan-json' are given; give one plan";
  if (!plan.empty())
    return loadPlan(context, plan);
  if (!planJSON.empty()) {
    // The parser of pass options takes off the outermost braces.
    std::string text = planJSON;
    if (!StringRef(text).ltrim().starts_with("{"))
      text = "{" + text + "}";
    return parsePlan(context, text, "plan-json");
  }
  return Plan::getDefault(places);
}

/// Writes the plan or the explanation to `path`, wholly or not at all.
LogicalResult TapMLPartitionPass::write(const EffectivePlan &effective,
                                        StringRef path, bool json) {
  if (path.empty())
    return success();
  llvm::Error error = writeOutput(
      path, [&](raw_ostream &os) { printExplanation(os, effective, json); });
  if (!error)
    return success();
  return emitError(UnknownLoc::get(&getContext()))
         << llvm::toString(std::move(error));
}

LogicalResult TapMLPartitionPass::run() {
  FailureOr<SmallVector<Target>> places =
      parseTargets(&getContext(), llvm::to_vector(targets));
  if (failed(places))
    return failure();
  FailureOr<Plan> read = readPlan(*places);
  if (failed(read))
    return failure();
  ModuleOp module = getOperation();
  FailureOr<EffectivePlan> effective = placeOperators(module, *read, *places);
  if (failed(effective))
    return failure();
  FailureOr<PartitionSummary> done =
      partitionModule(module, *effective, granularity);
  if (failed(done))
    return failure();
  if (failed(write(*effective, effectivePlan, /*json=*/true)) ||
      failed(write(*effective, explanation, /*json=*/false)))
    return failure();

  numOperators += done->operators;
  numOnHost += done->operatorsByPlace.back().second;
  numUnsupported += done->unsupported;
  numRegions += done->regions;
  numExecutables += done->executables;
  numTransfers += done->transfers;
  numWeightTransfers += done->weightTransfers;
  if (summary) {
    std::string text;
    llvm::raw_string_ostream os(text);
    done->print(os);
    emitRemark(module.getLoc()) << text;
  }
  return success();
}
