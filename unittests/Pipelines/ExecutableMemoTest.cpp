//===- ExecutableMemoTest.cpp - What is used again, and what is not -------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Pipelines/ExecutableMemo.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace tapml;

namespace {

/// Numbers its runs, and writes the number where it can be seen again.
struct NumberRuns : PassWrapper<NumberRuns, OperationPass<ExecutableOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(NumberRuns)
  explicit NumberRuns(unsigned &runs) : runs(&runs) {}
  void runOnOperation() override {
    Builder builder(&getContext());
    Attribute number = builder.getI64IntegerAttr(++*runs);
    getOperation()->setAttr("run", number);
    getOperation()->walk([&](arith::SubFOp op) { op->setAttr("run", number); });
  }
  unsigned *runs;
};

class ExecutableMemoTest : public ::testing::Test {
protected:
  ExecutableMemoTest() : context(MLIRContext::Threading::DISABLED) {
    context.loadDialect<TapMLDialect, func::FuncDialect, arith::ArithDialect>();
  }

  /// Runs a part on an executable that subtracts `a` and `b`, the arguments
  /// "%x" and "%y", and returns what becomes of it.
  std::string run(StringRef part, StringRef a, StringRef b,
                  StringRef symbol = "subtract") {
    std::string text = ("tapml.executable @" + symbol + R"( {
           tapml.variant @host target(<host, "host", {}, []>) {
             func.func @body(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
               %0 = arith.subf )" +
                        a + ", " + b + R"( : tensor<4xf32>
               return %0 : tensor<4xf32>
             }
           }
         })")
                           .str();
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module);
    PassManager pm(&context);
    OpPassManager pipeline(ExecutableOp::getOperationName());
    pipeline.addPass(std::make_unique<NumberRuns>(runs));
    pm.nest<ExecutableOp>().addPass(
        createMemoizedPartPass(part, std::move(pipeline), memo));
    EXPECT_TRUE(succeeded(pm.run(*module)));
    std::string result;
    llvm::raw_string_ostream(result) << *module;
    return result;
  }

  MLIRContext context;
  ExecutableMemo memo;
  unsigned runs = 0;
};

TEST_F(ExecutableMemoTest, ReplaysAnEqualExecutable) {
  std::string first = run("lower", "%x", "%y");
  EXPECT_EQ(run("lower", "%x", "%y"), first);
  EXPECT_EQ(runs, 1u);
}

TEST_F(ExecutableMemoTest, KeepsPartsApart) {
  run("lower", "%x", "%y");
  run("emit", "%x", "%y");
  EXPECT_EQ(runs, 2u);
}

// The hash that finds candidates does not see which operand is which.
TEST_F(ExecutableMemoTest, KeepsOperandsApart) {
  std::string first = run("lower", "%x", "%y");
  EXPECT_NE(run("lower", "%y", "%x"), first);
  EXPECT_NE(run("lower", "%x", "%x"), first);
  EXPECT_EQ(runs, 3u);
  EXPECT_EQ(run("lower", "%x", "%y"), first);
  EXPECT_EQ(runs, 3u);
}

TEST_F(ExecutableMemoTest, KeepsNamesApart) {
  std::string first = run("lower", "%x", "%y");
  EXPECT_NE(run("lower", "%x", "%y", "minus"), first);
  EXPECT_EQ(runs, 2u);
}

} // namespace
