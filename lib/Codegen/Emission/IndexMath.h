//===- IndexMath.h - Index arithmetic of kernels ----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_CODEGEN_EMISSION_INDEXMATH_H
#define TAPML_LIB_CODEGEN_EMISSION_INDEXMATH_H

#include "ScopedMap.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/Builders.h"
#include <map>
#include <memory>
#include <tuple>

namespace tapml::emission {

/// Creates arithmetic on `index` values that are never negative. Folds
/// constants, creates equal operations once per scope, and knows by which
/// number a value is divisible.
class IndexBuilder {
public:
  /// `entry` is the block at whose start constants are created; `onHost` says
  /// that the code is the host-side region, whose arithmetic stays readable
  /// (`ceildivsi` and not its expansion).
  IndexBuilder(mlir::OpBuilder &builder, mlir::Location loc, mlir::Block *entry,
               bool onHost = false);

  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs);
  mlir::Value div(mlir::Value lhs, mlir::Value rhs);
  mlir::Value rem(mlir::Value lhs, mlir::Value rhs);
  mlir::Value min(mlir::Value lhs, mlir::Value rhs);
  mlir::Value max(mlir::Value lhs, mlir::Value rhs);
  mlir::Value ceilDiv(mlir::Value lhs, mlir::Value rhs);
  mlir::Value product(mlir::ArrayRef<mlir::Value> values);
  /// Returns `lhs < rhs` as an i1; null where that is true for all values.
  mlir::Value lessThan(mlir::Value lhs, mlir::Value rhs);

  /// Returns a number that divides `value` whatever its value is; zero for the
  /// constant zero.
  int64_t getDivisor(mlir::Value value);
  /// States that `value`, which no arithmetic defines, is divisible.
  void setDivisor(mlir::Value value, int64_t divisor) {
    divisors[value] = divisor;
  }

  /// Drops what is known about the values of a block that is going away.
  void forget(mlir::Block &block);

  void pushScope() { memo.push(); }
  void popScope() { memo.pop(); }

  mlir::OpBuilder &builder;
  mlir::Location loc;

private:
  enum class Kind { Add, Sub, Mul, Div, Rem, Min, Max, CeilDiv };
  mlir::Value create(Kind kind, mlir::Value lhs, mlir::Value rhs);

  mlir::Block *entry;
  bool onHost;
  std::map<int64_t, mlir::Value> constants;
  llvm::DenseMap<mlir::Value, int64_t> divisors;
  ScopedMap<std::tuple<int, void *, void *>, mlir::Value> memo;
};

/// Returns the value of a constant of type `index`.
std::optional<int64_t> getConstantIndex(mlir::Value value);

/// An element's index in one dimension, for several adjacent elements
/// (*lanes*) at once. Expressions are unique: equal ones are one object.
/// Quotients and remainders stay symbolic until they are needed, so that
/// splitting a linear index over the dimensions of one shape and joining it
/// again for another costs nothing.
struct IndexExpr {
  enum class Kind {
    /// Lane `l` has `base + stride * l`.
    Lanes,
    /// Lane `l` has `lanes[l]`.
    Divergent,
    /// `lhs / size`.
    Div,
    /// `lhs % size`.
    Rem,
    /// `lhs * size + rhs`.
    Join
  };
  explicit IndexExpr(Kind kind) : kind(kind) {}

  Kind kind;
  mlir::Value base;
  int64_t stride = 0;
  mlir::SmallVector<mlir::Value, 4> lanes;
  const IndexExpr *lhs = nullptr, *rhs = nullptr;
  mlir::Value size;
  /// Join: `rhs < size` is known.
  bool bounded = false;
};
using Index = const IndexExpr *;

/// The values of an index for all lanes, as code.
struct LaneIndices {
  mlir::Value base;
  int64_t stride = 0;
  /// Not empty where the lanes' indices have no common stride.
  mlir::SmallVector<mlir::Value, 4> lanes;

  bool isUniform() const { return lanes.empty() && stride == 0; }
};

/// Creates index expressions, and code for them.
class IndexContext {
public:
  explicit IndexContext(IndexBuilder &ix) : ix(ix) {}

  Index get(mlir::Value base, int64_t stride = 0);
  Index getDivergent(mlir::ArrayRef<mlir::Value> lanes);
  Index getConstant(int64_t value) { return get(ix.constant(value)); }
  Index div(Index lhs, mlir::Value size);
  Index rem(Index lhs, mlir::Value size);
  /// `lhs * size + rhs`; `bounded` says that `rhs < size`.
  Index join(Index lhs, mlir::Value size, Index rhs, bool bounded);
  Index add(Index lhs, Index rhs);
  Index mul(Index lhs, mlir::Value factor);
  /// Evaluates an affine expression; null if it holds symbols.
  Index apply(mlir::AffineExpr expr, mlir::ArrayRef<Index> dims);

  /// Returns the row-major position of `indices` in a shape.
  Index linearize(mlir::ArrayRef<Index> indices,
                  mlir::ArrayRef<mlir::Value> sizes);
  /// Splits a row-major position into one index per dimension.
  mlir::SmallVector<Index> delinearize(Index linear,
                                       mlir::ArrayRef<mlir::Value> sizes);

  /// Creates the code that computes `index` for `lanes` lanes.
  LaneIndices materialize(Index index, int64_t lanes);
  /// Returns the stride between the lanes of `index`, or nothing if they have
  /// none in common. Creates no code.
  std::optional<int64_t> getStride(Index index, int64_t lanes);

  void pushScope() { memo.push(); }
  void popScope() { memo.pop(); }

  IndexBuilder &ix;

private:
  Index unique(IndexExpr expr);
  /// Returns whether all lanes of an index that starts at a multiple of
  /// `divisor` have the same quotient by `size`.
  bool staysInBlock(int64_t divisor, int64_t stride, int64_t lanes,
                    mlir::Value size);
  int64_t getDivisor(Index index);

  using Key = std::tuple<int, void *, int64_t, std::vector<void *>,
                         const void *, const void *, void *, bool>;
  std::map<Key, std::unique_ptr<IndexExpr>> exprs;
  ScopedMap<std::pair<Index, int64_t>, LaneIndices> memo;
};

} // namespace tapml::emission

#endif // TAPML_LIB_CODEGEN_EMISSION_INDEXMATH_H
