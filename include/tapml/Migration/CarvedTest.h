//===- CarvedTest.h - A test with its data ----------------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_MIGRATION_CARVEDTEST_H
#define TAPML_MIGRATION_CARVEDTEST_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "tapml/Dialect/TapML/Numerics/Evaluate.h"
#include "tapml/Migration/ContentStore.h"

namespace tapml {

/// Marks a `tapml.test` whose operators are to be merged into regions.
inline constexpr llvm::StringLiteral kFusedAttr = "tapml.fused";

/// A `tapml.test` with its tensors, mapped from a content store.
class CarvedTest {
public:
  /// Maps the data of `test`. `store` must outlive the result.
  static llvm::Expected<CarvedTest> load(TestOp test, ContentStore &store);

  /// Gives the inputs the values of another test's, repeated as often as their
  /// own shapes need. What the source computed is then unknown, and the
  /// evaluation alone decides. Fails if the other has other inputs.
  llvm::Error takeValues(const CarvedTest &other);

  TestOp getOp() const { return test; }
  llvm::ArrayRef<HostTensor> getInputs() const { return inputs; }
  /// Empty if the source never had these inputs.
  llvm::ArrayRef<HostTensor> getExpected() const { return expected; }

  /// Evaluates the operator on the inputs: values, and bounds for an arithmetic
  /// such as `arithmetic`. Fails with a diagnostic.
  mlir::FailureOr<llvm::SmallVector<Estimate>>
  evaluate(const Arithmetic &arithmetic) const;

  /// Says what each result should be: what the test's oracle says, within the
  /// evaluation's bounds; or exactly what the source computed, where there is
  /// nothing to round. Fails with a diagnostic.
  mlir::FailureOr<llvm::SmallVector<Estimate>>
  estimate(const Arithmetic &arithmetic) const;

private:
  TestOp test;
  std::vector<HostTensor> inputs, expected, oracle;
};

/// Returns a module whose main function is the body of `test`, to be compiled.
/// Without `keepInstances` it is the same for all tests of one computation.
mlir::OwningOpRef<mlir::ModuleOp> makeBodyModule(TestOp test,
                                                 bool keepInstances);

/// Whether each result of `test` is correctly rounded or exact, so that the
/// share of the bound at which it lies means nothing.
bool roundsOnce(TestOp test);

/// Returns the content store of the test file at `path`: the directory `data`
/// of the nearest directory above that was carved. Empty if there is none.
std::string findStore(llvm::StringRef path);

/// Finds the files of the tests below `directory`, in order, but for those that
/// failures left in `evidence`. Fails where a carving did not come to its end,
/// or one of its tests is gone.
llvm::Error findTests(llvm::StringRef directory, llvm::StringRef evidence,
                      std::vector<std::string> &files);

} // namespace tapml

#endif // TAPML_MIGRATION_CARVEDTEST_H
