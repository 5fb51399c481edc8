//===- ValueSigns.h - Signed or unsigned integers ------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Integers of the IR have no sign; those of shader languages do. Signs are
// chosen by what is done with a value: division, order and conversion ask for
// one, sums and products take what their operands have, and whatever is kept in
// one variable has one sign. Where a value still meets the other sign, the text
// converts it, which never changes its bits.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_VALUESIGNS_H
#define TAPML_LIB_TARGET_SHADER_VALUESIGNS_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include <vector>

namespace tapml::shader {

/// The sign of every integer in a function.
class ValueSigns {
public:
  explicit ValueSigns(mlir::Operation *function);

  /// Returns whether the integer, vector of integers or memory is unsigned.
  bool isUnsigned(mlir::Value value) const;

  /// What an operation asks of its integer operands.
  enum class Demand { Any, Signed, Unsigned };
  /// Returns what `op` asks of operand `number`.
  static Demand getDemand(mlir::Operation *op, unsigned number);
  /// Returns what the value of `op` is, by itself.
  static Demand getResultDemand(mlir::Operation *op);

private:
  unsigned getNode(mlir::Value value);
  unsigned find(unsigned node) const;
  void tie(mlir::Value a, mlir::Value b);
  void ask(mlir::Value value, Demand demand);
  void visit(mlir::Operation *op);
  void settle();

  llvm::DenseMap<mlir::Value, unsigned> nodes;
  std::vector<unsigned> parents;
  /// Positive where more ask for unsigned than for signed.
  std::vector<int> votes;
  std::vector<bool> prefersUnsigned;
  std::vector<std::pair<unsigned, unsigned>> neighbors;
};

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_VALUESIGNS_H
