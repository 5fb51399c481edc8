//===- Evaluate.h - Operators in float64, with bounds -----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The oracle: every operator evaluated in float64, by its mathematical
// definition and not by its decomposition, together with bounds on the error
// that a faithful computation in f32 makes. Bounds are derived by first-order
// error analysis from the elements themselves, and errors of the operands are
// carried through, so that chains of operators have bounds too.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_NUMERICS_EVALUATE_H
#define TAPML_DIALECT_TAPML_NUMERICS_EVALUATE_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Operation.h"
#include "tapml/Dialect/TapML/Numerics/Estimate.h"
#include <functional>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace tapml {
class GlobalOp;

/// One evaluation of one operator: its operands, and the results that
/// TapMLOperator::evaluate gives.
class Evaluation {
public:
  Evaluation(mlir::Operation *op, llvm::ArrayRef<Estimate> operands,
             const Arithmetic &arithmetic)
      : op(op), operands(operands), arithmetic(arithmetic) {}

  mlir::Operation *getOperation() const { return op; }
  const Arithmetic &getArithmetic() const { return arithmetic; }

  /// Returns the elements of `operand`, one of the operator's operands, as they
  /// are: for operators that move them.
  const Estimate &operator[](mlir::Value operand) const;

  /// Returns the elements of `operand` as arithmetic sees them: those that the
  /// place may flush to zero, or that may have overflowed, have bounds that
  /// admit it.
  Estimate read(mlir::Value operand) const;

  /// Returns the value of `operand`, a size or an index.
  int64_t getSize(mlir::Value operand) const;

  /// Returns the result's type.
  mlir::RankedTensorType getResultType() const;

  /// Returns the result's shape, whose dynamic dimensions `sizes` gives in
  /// order. Fails with a diagnostic where one is negative.
  llvm::FailureOr<llvm::SmallVector<int64_t>>
  getResultShape(mlir::ValueRange sizes) const;

  /// Appends a result.
  void addResult(Estimate result) { results.push_back(std::move(result)); }
  llvm::ArrayRef<Estimate> getResults() const { return results; }

private:
  mlir::Operation *op;
  llvm::ArrayRef<Estimate> operands;
  const Arithmetic &arithmetic;
  llvm::SmallVector<Estimate, 1> results;
};

/// Returns what each result of `op`, which must implement TapMLOperator, should
/// be, given its operands in order; sizes are rank-0 estimates of type index.
/// Fails with a diagnostic on `op` where operands do not have the types of the
/// IR or sizes that fit together.
llvm::FailureOr<llvm::SmallVector<Estimate>>
evaluateOperator(mlir::Operation *op, llvm::ArrayRef<Estimate> operands,
                 const Arithmetic &arithmetic);

/// How a function or block is evaluated.
struct EvaluationOptions {
  Arithmetic arithmetic;
  /// The arithmetic of each operator, where not all run at one place.
  std::function<Arithmetic(mlir::Operation *)> arithmeticOf;

  /// Whether errors are carried from one operator to the next. Else each
  /// operator takes its operands for exact: the bounds that the observer sees
  /// are the operator's own, and what is returned has none.
  bool propagate = true;

  /// Adds to every floating-point element that an operator computes a random
  /// number within its own operator's bounds, the same for the same seed; the
  /// perturbed results, without bounds, are what the observer and later
  /// operators see.
  std::optional<uint64_t> perturbation;

  /// Gives the elements of a weight. Needed where there are any.
  std::function<llvm::FailureOr<HostTensor>(GlobalOp)> weights;

  /// Called after each operator, `tapml.constant` included, with its operands
  /// and results; may stop the evaluation by returning failure after a
  /// diagnostic.
  std::function<llvm::LogicalResult(mlir::Operation *,
                                    llvm::ArrayRef<Estimate> operands,
                                    llvm::MutableArrayRef<Estimate> results)>
      observer;
};

/// Evaluates `block`, made of operators, `tensor.dim`, constants, weights and
/// arithmetic on sizes, for these arguments, in order. Returns the operands of
/// its terminator. Fails with a diagnostic on the operation that cannot be
/// evaluated.
llvm::FailureOr<llvm::SmallVector<Estimate>>
evaluateBlock(mlir::Block &block, llvm::ArrayRef<Estimate> arguments,
              const EvaluationOptions &options);

/// Evaluates the only block of `function`.
llvm::FailureOr<llvm::SmallVector<Estimate>>
evaluateFunction(mlir::func::FuncOp function,
                 llvm::ArrayRef<Estimate> arguments,
                 const EvaluationOptions &options);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_NUMERICS_EVALUATE_H
