//===- ModelData.h - Weights and samples of a captured model ----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_MIGRATION_MODELDATA_H
#define TAPML_LIB_MIGRATION_MODELDATA_H

#include "Safetensors.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tapml/Compiler/Package.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Numerics/HostTensor.h"
#include "llvm/Support/Error.h"
#include <map>
#include <memory>

namespace tapml {

/// Returns the element type that the runtime calls `type`, or null.
mlir::Type getElementType(mlir::MLIRContext *context, rt::DType type);

/// One input of the model with what the source gave for it.
struct Sample {
  /// In the order of the graph's arguments and results.
  std::vector<HostTensor> inputs, outputs;
};

/// The weights and samples of a package, mapped from their files.
class ModelData {
public:
  /// Opens the files and compares every tensor with the graph's types.
  static llvm::Expected<std::unique_ptr<ModelData>> open(const Package &package,
                                                         mlir::ModuleOp graph);

  mlir::func::FuncOp getFunction() const { return function; }
  llvm::ArrayRef<std::string> getInputNames() const { return inputNames; }
  llvm::ArrayRef<std::string> getOutputNames() const { return outputNames; }
  int64_t getNumSamples() const { return samples.size(); }
  const Sample &getSample(int64_t index) const { return samples[index]; }
  /// The elements of a weight; fails with a diagnostic on it.
  mlir::FailureOr<HostTensor> getWeight(GlobalOp global) const;

private:
  llvm::Error readSample(const std::string &path);

  mlir::func::FuncOp function;
  std::vector<std::string> inputNames, outputNames;
  std::shared_ptr<rt::SafetensorsFile> weights;
  std::vector<std::shared_ptr<rt::SafetensorsFile>> files;
  std::vector<Sample> samples;
};

} // namespace tapml

#endif // TAPML_LIB_MIGRATION_MODELDATA_H
