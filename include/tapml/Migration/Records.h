//===- Records.h - What the source gave and got, operator by operator -----===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the `records` of a captured model. Nothing in them is taken on trust:
// hashes, counts, types and shapes are compared with the graph, and each kind
// of disagreement is an error of its own that says what to do.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_RECORDS_H
#define TAPML_MIGRATION_RECORDS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "tapml/Migration/RecordedData.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"
#include <optional>
#include <string>
#include <vector>

namespace tapml {

/// The range of a tensor's values. Numbers that do not exist (of an empty
/// tensor, or the subnormals of integers) are missing.
struct RangeStatistics {
  std::optional<double> min, max, mean, variance, largestMagnitude;
  std::optional<int64_t> subnormals, nan, inf;
};

/// A value that an operator got or gave.
struct RecordedValue {
  enum class Kind {
    /// A tensor in a data file of the records.
    Data,
    /// A weight of the model, by its key.
    Weight,
    /// A number of type `index`.
    Size
  };
  Kind kind = Kind::Data;
  /// The element type as records write it ("f32"), and the shape.
  std::string type;
  llvm::SmallVector<int64_t> shape;
  /// The hash or the key.
  std::string name;
  /// Where the bytes of a tensor begin: data file and offset.
  std::string file;
  int64_t offset = 0;
  int64_t size = 0;
  RangeStatistics statistics;
};

/// An operator of the source: one call of the framework, which became one
/// operation of the graph or a few.
struct RecordedOperator {
  std::string name;
  std::vector<std::string> instances;
  /// What the operator is called in the graph and in the framework, and where
  /// the model calls it.
  std::string op, aten, source;
  int64_t visits = 0, recorded = 0;
  /// Why not all visits are recorded; empty if they are.
  std::string why;
  /// Why results have no oracle; empty if they have one or need none.
  std::string noOracle;
};

/// One execution of an operator.
struct Visit {
  /// Index of the operator in `Records::getOperators()`.
  unsigned op = 0;
  /// Number of the sample in the package.
  int64_t sample = 0;
  /// Number of the visit within operator and sample.
  int64_t number = 0;
  /// Where it stands, for diagnostics: `FILE:LINE`.
  std::string position;
  std::vector<RecordedValue> operands, results;
  /// The framework's float64 evaluation of each result, where there is one.
  std::vector<std::optional<RecordedValue>> oracle;
};

/// The operations of one operator in the graph and the values at its border.
struct OperatorGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  /// Values from outside, constants aside, in the order of their first use.
  llvm::SmallVector<mlir::Value> operands;
  /// Values that are used outside, in the order of their definition.
  llvm::SmallVector<mlir::Value> results;
};

/// Finds the values at the border of `group.ops`.
void findBorder(OperatorGroup &group);

/// The records of a captured model.
class Records {
public:
  /// Opens the records of the package at `directory`, whose graph is `graph`,
  /// read from the file `graphPath`; checks that graph and weights are those
  /// that were recorded.
  static llvm::Expected<std::unique_ptr<Records>>
  open(llvm::StringRef directory, llvm::StringRef graphPath,
       llvm::StringRef weightsPath, mlir::ModuleOp graph);

  llvm::ArrayRef<RecordedOperator> getOperators() const { return operators; }
  const OperatorGroup &getGroup(unsigned op) const { return groups[op]; }
  unsigned getNumSamples() const { return samples.size(); }
  /// The number in the package of the sample at `index`.
  int64_t getSampleNumber(unsigned index) const {
    return samples[index].number;
  }
  /// Whether the recording came to its end; what there is, is good either way.
  bool isComplete() const { return complete; }
  /// The framework and its version, for people.
  const std::string &getSource() const { return source; }

  /// Returns the bytes of a tensor of kind `Data`; they stay valid as long as
  /// the records. Several threads may read.
  llvm::Expected<llvm::ArrayRef<char>> read(const RecordedValue &value);

  /// Calls `callback` with every visit of the sample at `index`, in order,
  /// after it was compared with the graph. Stops at the first error.
  llvm::Error
  forEachVisit(unsigned index,
               llvm::function_ref<llvm::Error(const Visit &)> callback);

private:
  struct Sample {
    int64_t number;
    std::string file, hash;
    int64_t visits;
  };

  Records(llvm::StringRef directory) : directory(directory) {}
  llvm::Error readIndex(llvm::StringRef graphPath, llvm::StringRef weightsPath);
  llvm::Error findGroups(mlir::ModuleOp graph);
  llvm::Expected<Visit> parseVisit(int64_t sample, const std::string &position,
                                   llvm::StringRef line) const;
  llvm::Error checkVisit(const Visit &visit) const;
  llvm::Error checkPlace(const Visit &visit, const RecordedValue &value) const;

  std::string directory;
  RecordedData data;
  std::string source;
  bool complete = false;
  std::vector<Sample> samples;
  std::vector<RecordedOperator> operators;
  std::vector<OperatorGroup> groups;
  llvm::StringMap<unsigned> operatorNumbers;
};

/// Returns the bytes that an element of the type that records call `name`
/// takes; 0 if there is no such type.
unsigned getElementBytes(llvm::StringRef name);

/// Returns the bytes of a tensor.
uint64_t getByteSize(const RecordedValue &value);

/// Returns the element type that records call `name`, or null.
mlir::Type getRecordedType(mlir::MLIRContext *context, llvm::StringRef name);

/// Returns `value` as a tensor type; null if it is a size.
mlir::RankedTensorType getTensorType(mlir::MLIRContext *context,
                                     const RecordedValue &value);

} // namespace tapml

#endif // TAPML_MIGRATION_RECORDS_H
