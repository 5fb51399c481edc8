//===- SampleJudge.h - Whether a run was right ------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_SAMPLEJUDGE_H
#define TAPML_LIB_MIGRATION_SAMPLEJUDGE_H

#include "Envelope.h"
#include "ModelData.h"
#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "tapml/Migration/Step.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace tapml {

/// Returns the runtime's name for an element type of the graph.
tapml_dtype getRuntimeType(mlir::Type type);

/// Collects what the operators of one run gave and judges it twice: each
/// operator against its float64 evaluation on the inputs that it had in this
/// run (local), and each value against the float64 run of the whole model
/// (cumulative).
class SampleJudge {
public:
  /// `results` names the operator of each result of each dispatch, in order.
  /// What is found goes to `report`, which other samples share.
  SampleJudge(const ModelData &data, int64_t sample,
              const std::vector<std::vector<std::string>> &results,
              const Arithmetic &targetArithmetic, StepReport &report)
      : data(data), sample(sample), resultNames(results),
        targetArithmetic(targetArithmetic), report(report) {}

  /// Takes a step of the run.
  void observe(const tapml_observed_step &step);
  /// The operator after the last one that was observed, for errors.
  std::string getNextInstance() const;
  /// The outputs of the observed run.
  void setOutputs(tapml_result result);
  /// Compares another run's outputs with them, bit by bit.
  void compareRun(tapml_result result);
  /// Fails with a diagnostic where an operator cannot be evaluated.
  llvm::LogicalResult judge(Envelopes &envelopes);

private:
  struct Observed {
    HostTensor tensor;
    std::string place;
  };
  /// What a value of the executable held when it was made.
  struct Made {
    std::string producer;
    std::vector<char> bytes;
    /// The value that it is a copy of, or itself.
    size_t origin;
  };
  /// How far what an operator gave is from the float64 run of the model.
  struct Drift {
    /// Index of the operator's verdict in `report`.
    size_t verdict;
    double distance;
  };

  /// Notes a transfer of a value to where it is already. Returns its origin.
  size_t checkTransfer(const tapml_observed_value &value,
                       const tapml_observed_value &result);
  OperatorVerdict &getVerdict(mlir::Operation *op, llvm::StringRef instance);
  void judgeOperator(mlir::Operation *op, llvm::StringRef instance,
                     llvm::MutableArrayRef<Estimate> results,
                     const Envelope &envelope);
  void judgeOutputs(const Envelope &envelope);
  /// Whether some value is farther away than `envelope` allows.
  bool drifts(const Envelope &envelope) const;
  void noteDrifts(const Envelope &envelope);
  double getAllowed(const Envelope &envelope, const Drift &drift) const;
  std::vector<HostTensor> copyOutputs(tapml_result result) const;

  const ModelData &data;
  int64_t sample;
  const std::vector<std::vector<std::string>> &resultNames;
  Arithmetic targetArithmetic;
  StepReport &report;
  size_t numDispatches = 0;
  llvm::StringMap<Observed> values;
  /// Of all operators that ran, also those inside larger regions.
  llvm::StringMap<std::string> places;
  llvm::DenseMap<size_t, Made> made;
  /// Where each value is, that was computed or is an input, by its own number.
  llvm::DenseMap<size_t, llvm::StringSet<>> whereabouts;
  std::vector<HostTensor> outputs, unobservedOutputs;
  std::vector<Drift> operatorDrifts;
  /// Of the outputs in order.
  std::vector<double> outputDrifts;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_SAMPLEJUDGE_H
