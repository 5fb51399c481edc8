//===- EvaluateTest.cpp - The oracle's values -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsTestUtils.h"
#include "llvm/Support/Parallel.h"
#include <random>

using namespace mlir;
using namespace tapml;

namespace {
class EvaluateTest : public tapml::test::NumericsTest {
protected:
  /// Returns why evaluating the first function of `text` fails.
  std::string getError(StringRef text, std::vector<Estimate> arguments,
                       EvaluationOptions options = {}) {
    std::string message;
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message += diagnostic.str();
      return success();
    });
    EXPECT_TRUE(failed(evaluateFunction(parse(text), arguments, options)));
    return message;
  }
};
} // namespace

TEST_F(EvaluateTest, LinearIsAMatrixProduct) {
  Estimate y =
      evaluate(R"mlir(
    func.func @f(%x: tensor<?x2xf32>, %w: tensor<3x2xf32>, %b: tensor<3xf32>)
        -> tensor<?x3xf32> {
      %y = tapml.linear %x, %w bias %b
        : (tensor<?x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<?x3xf32>
      return %y : tensor<?x3xf32>
    })mlir",
               {exact({1, 2}, {1, 2}), exact({3, 2}, {1, 10, 2, 20, 3, 30}),
                exact({3}, {0.5, 0, -1})});
  EXPECT_EQ(y.getFloats(), ArrayRef<double>({21.5, 42, 62}));
  // Three roundings of terms of one sign.
  EXPECT_NEAR(y.getBounds()[0], 3 * 0x1p-24 * 21.5, 1e-9);
  EXPECT_EQ(y.getBounds()[0], y.getWorst()[0]);
}

TEST_F(EvaluateTest, SizesAreComputed) {
  Estimate y = evaluate(R"mlir(
    func.func @f(%x: tensor<?x6xf32>) -> tensor<?x?xf32> {
      %c0 = arith.constant 0 : index
      %c2 = arith.constant 2 : index
      %c3 = arith.constant 3 : index
      %n = tensor.dim %x, %c0 : tensor<?x6xf32>
      %rows = arith.muli %n, %c3 : index
      %y = tapml.reshape %x sizes(%rows, %c2)
        : tensor<?x6xf32> -> tensor<?x?xf32>
      return %y : tensor<?x?xf32>
    })mlir",
                        {exact({2, 6}, std::vector<float>(12, 1.0f))});
  EXPECT_EQ(y.getShape(), ArrayRef<int64_t>({6, 2}));
  EXPECT_TRUE(y.isExact());
}

TEST_F(EvaluateTest, WeightsComeFromTheProvider) {
  EvaluationOptions options;
  options.weights = [&](GlobalOp global) -> FailureOr<HostTensor> {
    EXPECT_EQ(global.getWeightKey(), "table");
    return floats({3, 2}, {0, 1, 10, 11, 20, 21});
  };
  StringRef text = R"mlir(
    tapml.global @w key "table" : tensor<3x2xf32>
    func.func @f(%ids: tensor<?xi64>) -> tensor<?x2xf32> {
      %w = tapml.get_global @w : tensor<3x2xf32>
      %y = tapml.embedding %w, %ids
        : tensor<3x2xf32>, tensor<?xi64> -> tensor<?x2xf32>
      return %y : tensor<?x2xf32>
    })mlir";
  Estimate ids =
      Estimate::exact(tensor<int64_t>(integer(64), {3}, {2, -5, 99}));
  // Ids that are no row read the nearest one.
  EXPECT_EQ(evaluate(text, {ids}, options).getFloats(),
            ArrayRef<double>({20, 21, 0, 1, 20, 21}));

  EXPECT_NE(getError(text, {ids}).find("no weights are given"),
            std::string::npos);
  options.weights = [&](GlobalOp) -> FailureOr<HostTensor> {
    return floats({1, 2}, {0, 1});
  };
  EXPECT_NE(getError(text, {ids}, options)
                .find("weight 'table' is given as 'tensor<1x2xf32>'"),
            std::string::npos);
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Returns `count` numbers of both signs and many magnitudes.
static std::vector<float> makeNumbers(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(count);
  for (float &number : numbers)
    number = std::ldexp(normal(generator), generator() % 8);
  return numbers;
}

TEST_F(EvaluateTest, ProductsAreSumsOfProducts) {
  // More terms than a panel has, and sizes that its width does not divide.
  constexpr int64_t rows = 3, depth = 600, columns = 13;
  std::vector<float> a = makeNumbers(rows * depth, 1);
  std::vector<float> b = makeNumbers(depth * columns, 2);
  std::vector<float> transposed(b.size());
  for (int64_t k = 0; k < depth; ++k)
    for (int64_t j = 0; j < columns; ++j)
      transposed[j * depth + k] = b[k * columns + j];
  Estimate left = exact({rows, depth}, a);
  Estimate right = exact({depth, columns}, b);
  Estimate converted =
      Estimate::floats(f32(), {depth, columns}, right.getFloats().vec());
  Estimate weight = exact({columns, depth}, transposed);

  StringRef matmul = R"mlir(
    func.func @f(%a: tensor<3x600xf32>, %b: tensor<600x13xf32>)
        -> tensor<3x13xf32> {
      %y = tapml.matmul %a, %b
        : tensor<3x600xf32>, tensor<600x13xf32> -> tensor<3x13xf32>
      return %y : tensor<3x13xf32>
    })mlir";
  StringRef linear = R"mlir(
    func.func @f(%x: tensor<3x600xf32>, %w: tensor<13x600xf32>)
        -> tensor<3x13xf32> {
      %y = tapml.linear %x, %w
        : (tensor<3x600xf32>, tensor<13x600xf32>) -> tensor<3x13xf32>
      return %y : tensor<3x13xf32>
    })mlir";
  Arithmetic arithmetic;
  for (const Estimate &y :
       {evaluate(matmul, {left, right}), evaluate(matmul, {left, converted}),
        evaluate(linear, {left, weight})}) {
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) {
        double sum = 0.0, magnitude = 0.0;
        for (int64_t k = 0; k < depth; ++k) {
          double term = double(a[i * depth + k]) * b[k * columns + j];
          sum += term;
          magnitude += std::fabs(term);
        }
        int64_t at = i * columns + j;
        EXPECT_NEAR(y.getFloats()[at], sum, 1e-13 * magnitude);
        ErrorBound relative = arithmetic.accumulate(depth);
        EXPECT_NEAR(y.getBounds()[at], relative.bound * magnitude,
                    1e-6 * relative.bound * magnitude);
        EXPECT_NEAR(y.getWorst()[at], relative.worst * magnitude,
                    1e-6 * relative.worst * magnitude);
      }
  }
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

/// Returns the bytes of an estimate's values and bounds.
static std::string getBytes(const Estimate &estimate) {
  std::string bytes;
  for (ArrayRef<double> numbers :
       {estimate.getFloats(), estimate.getBounds(), estimate.getWorst()})
    bytes.append(reinterpret_cast<const char *>(numbers.data()),
                 numbers.size() * sizeof(double));
  return bytes;
}

TEST_F(EvaluateTest, ThreadsDoNotChangeResults) {
  StringRef text = R"mlir(
    func.func @f(%x: tensor<4x61x64xf32>, %w: tensor<64x64xf32>)
        -> tensor<4x61x64xf32> {
      %0 = tapml.linear %x, %w
        : (tensor<4x61x64xf32>, tensor<64x64xf32>) -> tensor<4x61x64xf32>
      %1 = tapml.layer_norm %0 {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64}
        : (tensor<4x61x64xf32>) -> tensor<4x61x64xf32>
      %2 = tapml.scaled_dot_product_attention %1, %1, %0 {scale = 0.125 : f64}
        : (tensor<4x61x64xf32>, tensor<4x61x64xf32>, tensor<4x61x64xf32>)
          -> tensor<4x61x64xf32>
      %3 = tapml.gelu %2 : tensor<4x61x64xf32>
      %4 = tapml.softmax %3 dim 2 : tensor<4x61x64xf32>
      return %4 : tensor<4x61x64xf32>
    })mlir";
  std::vector<Estimate> arguments = {
      exact({4, 61, 64}, makeNumbers(4 * 61 * 64, 3)),
      exact({64, 64}, makeNumbers(64 * 64, 4))};
  llvm::ThreadPoolStrategy strategy = llvm::parallel::strategy;
  std::string several = getBytes(evaluate(text, arguments));
  llvm::parallel::strategy = llvm::hardware_concurrency(1);
  std::string one = getBytes(evaluate(text, arguments));
  llvm::parallel::strategy = strategy;
  EXPECT_FALSE(one.empty());
  EXPECT_TRUE(several == one);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

static const char *const chain = R"mlir(
  func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
    %a = tapml.exp %x {instance = ["first"]} : tensor<?xf32>
    %b = tapml.neg %a : tensor<?xf32>
    %c = tapml.exp %b {instance = ["second"]} : tensor<?xf32>
    return %c : tensor<?xf32>
  })mlir";

TEST_F(EvaluateTest, ErrorsArePropagatedOrNot) {
  std::vector<Estimate> x = {exact({2}, {2.0f, 3.0f})};
  std::vector<double> bounds[2];
  for (bool propagate : {true, false}) {
    EvaluationOptions options;
    options.propagate = propagate;
    std::vector<std::string> seen;
    options.observer = [&](Operation *op, ArrayRef<Estimate> operands,
                           ArrayRef<Estimate> results) {
      seen.push_back(op->getName().stripDialect().str());
      bounds[propagate] = results.front().getBounds().vec();
      EXPECT_EQ(operands.size(), 1u);
      EXPECT_TRUE(propagate || operands.front().isExact());
      return success();
    };
    Estimate y = evaluate(chain, x, options);
    EXPECT_EQ(seen, std::vector<std::string>({"exp", "neg", "exp"}));
    EXPECT_EQ(y.isExact(), !propagate);
  }
  // exp(-exp(x)): the first error, times exp(x), becomes a relative one.
  EXPECT_GT(bounds[true][1], 5 * bounds[false][1]);
}

TEST_F(EvaluateTest, PerturbationsAreWithinTheBoundsAndRepeatable) {
  std::vector<Estimate> x = {exact({2}, {2.0f, 3.0f})};
  auto run = [&](uint64_t seed) {
    EvaluationOptions options;
    options.perturbation = seed;
    return evaluate(chain, x, options).getFloats().vec();
  };
  Estimate y = evaluate(chain, x);
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
  double largest = 0.0;
  for (uint64_t seed = 0; seed < 100; ++seed)
    for (auto [i, value] : llvm::enumerate(run(seed)))
      largest = std::max(largest, std::fabs(value - y.getFloats()[i]) /
                                      y.getBounds()[i]);
  EXPECT_LE(largest, 1.0);
  EXPECT_GT(largest, 0.5);
}

TEST_F(EvaluateTest, TheObserverMayStop) {
  EvaluationOptions options;
  options.observer = [](Operation *op, ArrayRef<Estimate>,
                        ArrayRef<Estimate>) -> LogicalResult {
    return op->emitOpError("is enough");
  };
  EXPECT_EQ(getError(chain, {exact({1}, {0.0f})}, options),
            "'tapml.exp' op is enough");
}

//===----------------------------------------------------------------------===//
// What cannot be evaluated
//===----------------------------------------------------------------------===//

TEST_F(EvaluateTest, OperandsMustHaveTheirTypes) {
  EXPECT_EQ(getError(chain, {exact({1, 1}, {0.0f})}),
            "'tapml.exp' op cannot be evaluated: operand 0 is "
            "'tensor<?xf32>', the tensor given is 'tensor<1x1xf32>'");
  EXPECT_EQ(getError(chain, {}), "'func.func' op cannot be evaluated: it has "
                                 "1 arguments, 0 are given");
}

TEST_F(EvaluateTest, OtherOperationsAreRefused) {
  EXPECT_EQ(getError(R"mlir(
    func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
      %y = tensor.cast %x : tensor<?xf32> to tensor<2xf32>
      %z = tensor.cast %y : tensor<2xf32> to tensor<?xf32>
      return %z : tensor<?xf32>
    })mlir",
                     {exact({2}, {0.0f, 0.0f})}),
            "'tensor.cast' op cannot be evaluated: only operators, constants, "
            "weights and arithmetic on sizes can");
  EXPECT_EQ(getError(R"mlir(
    func.func @f(%n: index) -> index {
      %c0 = arith.constant 0 : index
      %y = arith.divsi %n, %c0 : index
      return %y : index
    })mlir",
                     {Estimate::size(&context, 3)}),
            "'arith.divsi' op cannot be evaluated: only operators, constants, "
            "weights and arithmetic on sizes can");
}

namespace {
struct Misfit {
  const char *text;
  std::vector<std::vector<int64_t>> shapes;
  const char *error;
};
} // namespace

TEST_F(EvaluateTest, SizesMustFitTogether) {
  const Misfit misfits[] = {
      {R"mlir(func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
         %z = tapml.add %x, %y : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
         return %z : tensor<?xf32> })mlir",
       {{2}, {3}},
       "sizes 2 and 3 of dimension 0 do not broadcast"},
      {R"mlir(func.func @f(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
         %z = tapml.matmul %x, %y : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
         return %z : tensor<?x?xf32> })mlir",
       {{2, 3}, {4, 5}},
       "a has 3 columns, b 4 rows"},
      {R"mlir(func.func @f(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
         %z = tapml.linear %x, %y : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
         return %z : tensor<?x?xf32> })mlir",
       {{2, 3}, {4, 5}},
       "x has 3 columns, weight 5"},
      {R"mlir(func.func @f(%x: tensor<?x?xf32>) -> tensor<?xf32> {
         %c7 = arith.constant 7 : index
         %z = tapml.reshape %x sizes(%c7) : tensor<?x?xf32> -> tensor<?xf32>
         return %z : tensor<?xf32> })mlir",
       {{2, 3}},
       "6 elements do not fill a shape of 7"},
      {R"mlir(func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
         %c0 = arith.constant 0 : index
         %c3 = arith.constant 3 : index
         %z = tapml.slice %x dim 0 from %c0 to %c3 : tensor<?xf32> -> tensor<?xf32>
         return %z : tensor<?xf32> })mlir",
       {{2}},
       "the range from 0 to 3 is not within size 2"},
      {R"mlir(func.func @f(%x: tensor<?xf32>) -> tensor<f32> {
         %c2 = arith.constant 2 : index
         %z = tapml.select %x dim 0 at %c2 : tensor<?xf32> -> tensor<f32>
         return %z : tensor<f32> })mlir",
       {{2}},
       "index 2 is not within size 2"},
      {R"mlir(func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
         %c2 = arith.constant 5 : index
         %z = tapml.expand %x sizes(%c2) : tensor<?xf32> -> tensor<?xf32>
         return %z : tensor<?xf32> })mlir",
       {{2}},
       "size 2 of dimension 0 does not expand to 5"},
      {R"mlir(func.func @f(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
         %z = tapml.concat %x, %y dim 1 : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
         return %z : tensor<?x?xf32> })mlir",
       {{2, 3}, {3, 3}},
       "sizes 2 and 3 of dimension 0 differ"},
      {R"mlir(func.func @f(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
         %z = tapml.layer_norm %x weight %y {epsilon = 1.0e-5 : f64, normalized_rank = 1 : i64}
           : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
         return %z : tensor<?xf32> })mlir",
       {{2}, {3}},
       "a parameter does not have the sizes of the normalised dimensions"},
      {R"mlir(func.func @f(%q: tensor<?x?xf32>, %k: tensor<?x?xf32>, %v: tensor<?x?xf32>) -> tensor<?x?xf32> {
         %z = tapml.scaled_dot_product_attention %q, %k, %v {scale = 1.0 : f64}
           : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
         return %z : tensor<?x?xf32> })mlir",
       {{2, 3}, {4, 3}, {5, 3}},
       "key has 4 rows, value 5"},
  };
  for (const Misfit &misfit : misfits) {
    std::vector<Estimate> arguments;
    for (const std::vector<int64_t> &shape : misfit.shapes)
      arguments.push_back(
          exact(shape, std::vector<float>(tapml::getNumElements(shape))));
    std::string error = getError(misfit.text, arguments);
    EXPECT_NE(error.find(std::string("cannot be evaluated: ") + misfit.error),
              std::string::npos)
        << error;
  }
}
