//===- NumericsTestUtils.h - Operators and tensors for tests ----*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_UNITTESTS_DIALECT_NUMERICSTESTUTILS_H
#define TAPML_UNITTESTS_DIALECT_NUMERICSTESTUTILS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Dialect/TapML/Numerics/Compare.h"
#include "tapml/Dialect/TapML/Numerics/Evaluate.h"
#include "gtest/gtest.h"
#include <cstring>

namespace tapml::test {

/// A module of operators, and tensors to evaluate them on.
class NumericsTest : public testing::Test {
protected:
  NumericsTest() {
    context.loadDialect<TapMLDialect, mlir::arith::ArithDialect,
                        mlir::func::FuncDialect, mlir::tensor::TensorDialect>();
  }

  /// Parses `text` and returns its first function.
  mlir::func::FuncOp parse(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    return *module->getOps<mlir::func::FuncOp>().begin();
  }

  mlir::Type f32() { return mlir::Float32Type::get(&context); }
  mlir::Type integer(unsigned bits) {
    return mlir::IntegerType::get(&context, bits);
  }

  template <typename T>
  HostTensor tensor(mlir::Type type, llvm::ArrayRef<int64_t> shape,
                    std::vector<T> elements) {
    std::vector<char> bytes(elements.size() * sizeof(T));
    if (!elements.empty())
      std::memcpy(bytes.data(), elements.data(), bytes.size());
    return HostTensor(type, shape, std::move(bytes));
  }
  HostTensor floats(llvm::ArrayRef<int64_t> shape,
                    std::vector<float> elements) {
    return tensor(f32(), shape, std::move(elements));
  }
  Estimate exact(llvm::ArrayRef<int64_t> shape, std::vector<float> elements) {
    return Estimate::exact(floats(shape, std::move(elements)));
  }

  /// Evaluates the first function of `text`, which returns one tensor.
  Estimate evaluate(llvm::StringRef text, std::vector<Estimate> arguments,
                    EvaluationOptions options = {}) {
    auto results = evaluateFunction(parse(text), arguments, options);
    EXPECT_TRUE(mlir::succeeded(results));
    return mlir::succeeded(results) ? results->front() : Estimate();
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace tapml::test

#endif // TAPML_UNITTESTS_DIALECT_NUMERICSTESTUTILS_H
