//===- ElementEvaluator.h - Code for single elements of tensors --*- C++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_ELEMENTEVALUATOR_H
#define TAPML_LIB_CODEGEN_EMISSION_ELEMENTEVALUATOR_H

#include "IndexMath.h"
#include "KernelSizes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tapml::emission {

/// Creates the code that computes elements of tensors by walking their
/// producers: the core that all strategies share.
///
/// Values are computed for `lanes` elements at once. What is the same for all
/// lanes stays a scalar; the rest is a vector. Every function returns null
/// after a diagnostic where an operation cannot be part of a kernel.
class ElementEvaluator {
public:
  /// `buffers` maps each tensor from outside to its memref, `sizeOf` gives the
  /// sizes. Vector accesses must be aligned unless `unalignedVectors`.
  ElementEvaluator(KernelOp kernel, KernelSizes &sizes, IndexContext &indices,
                   const llvm::DenseMap<mlir::Value, mlir::Value> &buffers,
                   SizeMap sizeOf, bool unalignedVectors);

  /// Returns the element at `indices`: a scalar where it is the same for all
  /// lanes, else a vector.
  mlir::Value evaluate(mlir::Value tensor, mlir::ArrayRef<Index> indices,
                       int64_t lanes);
  /// Gives the element at `indices` a value that is known already.
  void bind(mlir::Value tensor, mlir::ArrayRef<Index> indices, int64_t lanes,
            mlir::Value value);
  /// Makes evaluating `op` other than through `bind` an error.
  void requireBound(mlir::Operation *op) { boundOnly = op; }

  /// Returns the value of `value` in `op`'s body, for one iteration.
  /// `arguments` holds the block arguments that are known.
  mlir::Value
  evaluateBody(mlir::linalg::LinalgOp op, mlir::ArrayRef<Index> loops,
               mlir::Value value, int64_t lanes,
               mlir::ArrayRef<std::pair<mlir::Value, mlir::Value>> arguments);
  /// Returns the elements at `indices` of the initial value of `op`'s result.
  mlir::Value evaluateInit(mlir::linalg::LinalgOp op, unsigned result,
                           mlir::ArrayRef<Index> loops, int64_t lanes);
  /// Returns the loop indices of `op` at which it writes `indices` of result
  /// `result`; entries of reduction loops are null.
  mlir::FailureOr<mlir::SmallVector<Index>>
  getLoopIndices(mlir::linalg::LinalgOp op, unsigned result,
                 mlir::ArrayRef<Index> indices);
  mlir::Value getLoopSize(mlir::linalg::LinalgOp op, unsigned loop);

  /// Stores elements of a kernel's result.
  void store(mlir::Value value, mlir::Value buffer, Index linear,
             int64_t lanes);

  mlir::Value broadcast(mlir::Value value, int64_t lanes);
  /// Creates `op`, an elementwise operation of a body, on other operands:
  /// scalars, or vectors of `lanes` elements where one of them is a vector.
  mlir::Operation *cloneWithOperands(mlir::Operation *op,
                                     mlir::ArrayRef<mlir::Value> operands,
                                     int64_t lanes);
  mlir::SmallVector<mlir::Value> getSizeValues(mlir::Value tensor);
  mlir::Value getSize(SizeId size) { return sizeOf(size); }

  /// Returns how many accesses for several lanes (or computations of their
  /// indices) are done one by one when `tensor` is evaluated at `at`, or
  /// nothing after a diagnostic. Leaves no code behind.
  std::optional<unsigned> countScalarizedAccesses(mlir::Value tensor,
                                                  mlir::ArrayRef<Index> at,
                                                  int64_t lanes);

  void pushScope();
  void popScope();

  KernelSizes &sizes;
  IndexContext &indices;
  IndexBuilder &ix;
  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  using Elements = std::tuple<void *, std::vector<Index>, int64_t>;
  struct Body;
  /// A value in a body: of type index, either may be set.
  struct Element {
    mlir::Value value;
    Index index = nullptr;
    explicit operator bool() const { return value || index; }
  };

  mlir::Value evaluateUncached(mlir::Value tensor, mlir::ArrayRef<Index> at,
                               int64_t lanes);
  mlir::Value evaluateLinalg(mlir::linalg::LinalgOp op, unsigned result,
                             mlir::ArrayRef<Index> at, int64_t lanes);
  mlir::Value load(mlir::Value tensor, mlir::ArrayRef<Index> at, int64_t lanes);
  Element evaluateInBody(Body &body, mlir::Value value);
  Element evaluateOpInBody(Body &body, mlir::Operation *op, mlir::Value result);
  Element evaluateRegionScalar(mlir::Value value);
  mlir::Value toValue(Element element, int64_t lanes);
  Index toIndex(Element element, int64_t lanes);
  bool isAligned(mlir::Value base, int64_t lanes);

  KernelOp kernel;
  const llvm::DenseMap<mlir::Value, mlir::Value> &buffers;
  SizeMap sizeOf;
  bool unalignedVectors;
  mlir::Operation *boundOnly = nullptr;
  unsigned scalarizedAccesses = 0;
  ScopedMap<Elements, mlir::Value> memo;
};

/// Keeps what is remembered in step with a region of the emitted code, and
/// returns the insertion point to where it was.
class RegionScope {
public:
  explicit RegionScope(ElementEvaluator &evaluator)
      : evaluator(evaluator), guard(evaluator.builder) {
    evaluator.pushScope();
  }
  ~RegionScope() { evaluator.popScope(); }

private:
  ElementEvaluator &evaluator;
  mlir::OpBuilder::InsertionGuard guard;
};

/// Creates a loop from `begin` to `end`; `body` fills it and returns the values
/// of the next iteration (null ones after a diagnostic). Returns the results,
/// or nothing after a diagnostic.
std::optional<mlir::SmallVector<mlir::Value>> emitLoop(
    ElementEvaluator &evaluator, mlir::Value begin, mlir::Value end,
    int64_t step, mlir::ValueRange inits,
    llvm::function_ref<mlir::SmallVector<mlir::Value>(mlir::Value iv,
                                                      mlir::ValueRange args)>
        body);

/// Creates `then` under a condition; without one it is created in place.
mlir::LogicalResult
emitIf(ElementEvaluator &evaluator, mlir::Value condition,
       llvm::function_ref<mlir::LogicalResult()> thenBody,
       llvm::function_ref<mlir::LogicalResult()> elseBody = nullptr);

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_ELEMENTEVALUATOR_H
