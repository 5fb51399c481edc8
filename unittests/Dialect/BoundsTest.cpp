//===- BoundsTest.cpp - How errors add up and carry through ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsTestUtils.h"
#include "mlir/AsmParser/AsmParser.h"
#include <random>

using namespace mlir;
using namespace tapml;

static constexpr double kU = 0x1p-24;
static constexpr float kInfinity = std::numeric_limits<float>::infinity();
static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

namespace {
class BoundsTest : public tapml::test::NumericsTest {
protected:
  /// Returns a function of one operator, `op`, on values %0, %1, ... of
  /// `types`.
  static std::string function(StringRef op, ArrayRef<std::string> types,
                              StringRef result) {
    std::string text = "func.func @f(";
    for (auto [index, type] : llvm::enumerate(types))
      text += (index ? ", %x" : "%x") + std::to_string(index) + ": " + type;
    text += ") -> " + result.str() + " {\n  %y = " + op.str() +
            "\n  return %y : " + result.str() + "\n}";
    return text;
  }

  Estimate unary(StringRef name, std::vector<float> elements,
                 EvaluationOptions options = {}) {
    std::string type = "tensor<" + std::to_string(elements.size()) + "xf32>";
    int64_t count = elements.size();
    return evaluate(
        function(("tapml." + name + " %x0 : " + type).str(), {type}, type),
        {exact({count}, std::move(elements))}, options);
  }

  /// The same with errors on the operand.
  Estimate unary(StringRef name, Estimate x) {
    std::string type = "tensor<" + std::to_string(x.getNumElements()) + "xf32>";
    return evaluate(
        function(("tapml." + name + " %x0 : " + type).str(), {type}, type),
        {std::move(x)});
  }

  /// One element of f32 that may be off by `error`.
  Estimate near(double value, double error) {
    return Estimate::floats(f32(), {1}, {value}, {error}, {error});
  }

  static EvaluationOptions flushing() {
    EvaluationOptions options;
    options.arithmetic.flushesSubnormals = true;
    return options;
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

TEST_F(BoundsTest, AccumulationTakesTheTighterBound) {
  Arithmetic arithmetic;
  ErrorBound few = arithmetic.accumulate(4);
  EXPECT_DOUBLE_EQ(few.worst, 4 * kU / (1 - 4 * kU));
  EXPECT_EQ(few.bound, few.worst); // 6 sqrt(4) > 4.
  ErrorBound many = arithmetic.accumulate(1536);
  EXPECT_DOUBLE_EQ(many.bound, 6 * std::sqrt(1536.0) * kU);
  EXPECT_GT(many.worst, 6 * many.bound);
  EXPECT_EQ(arithmetic.accumulate(0).worst, 0.0);
  // Beyond 1 / u roundings nothing is proven.
  EXPECT_TRUE(std::isinf(arithmetic.accumulate(int64_t(1) << 24).worst));
}

TEST_F(BoundsTest, UnitsInTheLastPlace) {
  FloatFormat f32 = FloatFormat::f32();
  EXPECT_EQ(f32.getUlp(1.0), 0x1p-23);
  EXPECT_EQ(f32.getUlp(0x1.fffffep0), 0x1p-23);
  EXPECT_EQ(f32.getUlp(2.0), 0x1p-22);
  EXPECT_EQ(f32.getUlp(0x1p-126), 0x1p-149);
  EXPECT_EQ(f32.getUlp(0.0), 0x1p-149);
  Builder builder(&context);
  EXPECT_EQ(FloatFormat::get(builder.getF16Type()).getUlp(1.0), 0x1p-10);
  EXPECT_EQ(FloatFormat::get(builder.getBF16Type()).getUlp(1.0), 0x1p-7);
}

TEST_F(BoundsTest, ArithmeticOfProfiles) {
  auto get = [&](StringRef name) {
    return Arithmetic::get(ProfileAttr::getPreset(&context, name));
  };
  EXPECT_EQ(get("host").division, 0.5);
  EXPECT_FALSE(get("host").flushesSubnormals);
  EXPECT_TRUE(get("host").promisesNonFinite);
  EXPECT_EQ(get("vulkan").division, 2.5);
  EXPECT_EQ(get("vulkan").squareRoot, 4.5);
  EXPECT_TRUE(get("vulkan").flushesSubnormals);
  EXPECT_FALSE(get("vulkan").promisesNonFinite);
}

TEST_F(BoundsTest, CorrectlyRoundedOperationsAreHalfAUnitOff) {
  std::string type = "tensor<3xf32>";
  Estimate y = evaluate(
      function("tapml.add %x0, %x1 : tensor<3xf32>, tensor<3xf32> -> " + type,
               {type, type}, type),
      {exact({3}, {1.0f, 1e8f, 3.0f}), exact({3}, {0.5f, 1.0f, -3.0f})});
  EXPECT_NEAR(y.getBounds()[0], kU, kU * 1e-6);
  EXPECT_NEAR(y.getBounds()[1], 4.0, 1e-5);
  EXPECT_TRUE(compare(y, floats({3}, {1.5f, 1e8f, 0.0f})).passes());
  Comparison comparison =
      compare(y, floats({3}, {std::nextafter(1.5f, 2.0f), 1e8f, 0.0f}));
  EXPECT_EQ(comparison.verdict, Verdict::ProvenFault);
  EXPECT_NEAR(comparison.worst->ulps, 1.0, 1e-12);
  EXPECT_NEAR(comparison.worstShare, 2.0, 1e-5);
}

TEST_F(BoundsTest, MovedValuesAreExact) {
  for (StringRef name : {"neg", "abs", "relu"})
    EXPECT_TRUE(unary(name, {1.0f, -2.5f, 1e-42f}).isExact()) << name.str();
}

TEST_F(BoundsTest, PlacesThatFlushMayLoseSubnormals) {
  EXPECT_EQ(unary("exp", {-100.0f}).getBounds()[0] < 0x1p-146, true);
  EXPECT_GE(unary("exp", {-100.0f}, flushing()).getBounds()[0], 0x1p-126);
  // As operands too: the logarithm of what may be zero may be anything.
  EXPECT_LT(unary("log", {1e-42f}).getBounds()[0], 1e-4);
  EXPECT_TRUE(std::isinf(unary("log", {1e-42f}, flushing()).getBounds()[0]));
}

//===----------------------------------------------------------------------===//
// Special values
//===----------------------------------------------------------------------===//

TEST_F(BoundsTest, InfinityAndNaNMustBeThatExactly) {
  Estimate y = unary("exp", {kInfinity, -kInfinity, kNaN, 1000.0f});
  EXPECT_TRUE(
      compare(y, floats({4}, {kInfinity, 0.0f, kNaN, kInfinity})).passes());
  for (std::vector<float> wrong :
       {std::vector<float>{3e38f, 0.0f, kNaN, kInfinity},
        std::vector<float>{kInfinity, 0.0f, 0.0f, kInfinity},
        std::vector<float>{kInfinity, 0.0f, kNaN, 3e38f},
        std::vector<float>{-kInfinity, 0.0f, kNaN, kInfinity}}) {
    Comparison comparison = compare(y, floats({4}, wrong));
    EXPECT_EQ(comparison.verdict, Verdict::ProvenFault);
    EXPECT_EQ(comparison.failed, 1);
    EXPECT_TRUE(std::isinf(comparison.worstShare));
  }
}

TEST_F(BoundsTest, InfinityIsAllowedWhereTheBoundReachesIt) {
  // A quarter of a unit above the largest number, which half a unit above
  // would be infinite; and far below it.
  constexpr float largest = std::numeric_limits<float>::max();
  std::string type = "tensor<1xf32>";
  std::string text =
      function("tapml.add %x0, %x1 : tensor<1xf32>, tensor<1xf32> -> " + type,
               {type, type}, type);
  Estimate y = evaluate(text, {exact({1}, {largest}), exact({1}, {0x1p102f})});
  EXPECT_LT(y.getFloats()[0], FloatFormat::f32().overflow);
  EXPECT_TRUE(compare(y, floats({1}, {largest})).passes());
  EXPECT_TRUE(compare(y, floats({1}, {kInfinity})).passes());
  EXPECT_FALSE(compare(y, floats({1}, {-kInfinity})).passes());
  Estimate low = evaluate(text, {exact({1}, {1e38f}), exact({1}, {0x1p102f})});
  EXPECT_FALSE(compare(low, floats({1}, {kInfinity})).passes());
}

TEST_F(BoundsTest, PlacesNeedNotKeepInfinity) {
  EvaluationOptions options;
  options.arithmetic.promisesNonFinite = false;
  Estimate y = unary("exp", {kInfinity, 0.0f}, options);
  Comparison comparison = compare(y, floats({2}, {0.0f, 1.0f}));
  EXPECT_TRUE(comparison.passes());
  EXPECT_EQ(comparison.free, 1);
}

TEST_F(BoundsTest, SumsThatOverflowHalfWay) {
  std::string text = function("tapml.sum %x0 dims [0] : tensor<4xf32> -> "
                              "tensor<f32>",
                              {"tensor<4xf32>"}, "tensor<f32>");
  // In one order infinite, in another not.
  Estimate mixed = evaluate(text, {exact({4}, {3e38f, 3e38f, -3e38f, 1.0f})});
  EXPECT_TRUE(std::isinf(mixed.getBounds()[0]));
  // In every order infinite.
  Estimate same = evaluate(text, {exact({4}, {3e38f, 3e38f, 1.0f, 1.0f})});
  EXPECT_TRUE(std::isinf(same.getFloats()[0]));
  EXPECT_EQ(same.getBounds()[0], 0.0);
  // An infinity decides whatever the others are.
  Estimate infinite =
      evaluate(text, {exact({4}, {kInfinity, 1.0f, 2.0f, 3.0f})});
  EXPECT_TRUE(compare(infinite, floats({}, {kInfinity})).passes());
  EXPECT_FALSE(compare(infinite, floats({}, {kNaN})).passes());
}

TEST_F(BoundsTest, ProductsWithInfinity) {
  std::string text =
      function("tapml.matmul %x0, %x1 : tensor<1x2xf32>, tensor<2x2xf32> -> "
               "tensor<1x2xf32>",
               {"tensor<1x2xf32>", "tensor<2x2xf32>"}, "tensor<1x2xf32>");
  Estimate y = evaluate(text, {exact({1, 2}, {1.0f, 0.0f}),
                               exact({2, 2}, {kInfinity, 1.0f, 1.0f, 2.0f})});
  EXPECT_TRUE(compare(y, floats({1, 2}, {kInfinity, 1.0f})).passes());
  EXPECT_FALSE(compare(y, floats({1, 2}, {kNaN, 1.0f})).passes());
  // A factor that may be zero makes a NaN of an infinity.
  Estimate open = evaluate(
      text,
      {Estimate::floats(f32(), {1, 2}, {1e-3, 0.0}, {1e-2, 0.0}, {1e-2, 0.0}),
       exact({2, 2}, {kInfinity, 1.0f, 1.0f, 2.0f})});
  EXPECT_TRUE(std::isinf(open.getBounds()[0]));
  EXPECT_FALSE(std::isinf(open.getBounds()[1]));
}

//===----------------------------------------------------------------------===//
// Errors of operands
//===----------------------------------------------------------------------===//

TEST_F(BoundsTest, DomainsThatErrorsLeave) {
  EXPECT_TRUE(std::isinf(unary("sqrt", near(1e-3, 1e-2)).getBounds()[0]));
  EXPECT_FALSE(std::isinf(unary("sqrt", near(1e-2, 1e-3)).getBounds()[0]));
  EXPECT_TRUE(std::isinf(unary("log", near(0.5, 0.5)).getBounds()[0]));
  // NaN for every number that it may be.
  EXPECT_EQ(unary("sqrt", near(-1.0, 0.5)).getBounds()[0], 0.0);
}

TEST_F(BoundsTest, ComparisonsWithinTheErrorAreOpen) {
  std::string text = function(
      "tapml.lt %x0, %x1 : tensor<1xf32>, tensor<1xf32> -> tensor<1xi1>",
      {"tensor<1xf32>", "tensor<1xf32>"}, "tensor<1xi1>");
  Estimate open = evaluate(text, {near(1.0, 1e-3), exact({1}, {1.0005f})});
  EXPECT_EQ(open.getBounds()[0], 1.0);
  EXPECT_TRUE(compare(open, tensor<char>(integer(1), {1}, {0})).passes());
  Estimate known = evaluate(text, {near(1.0, 1e-3), exact({1}, {1.002f})});
  EXPECT_TRUE(known.isExact());
  EXPECT_FALSE(compare(known, tensor<char>(integer(1), {1}, {0})).passes());
  // Exact operands decide even where they are equal.
  EXPECT_TRUE(
      evaluate(text, {exact({1}, {1.0f}), exact({1}, {1.0f})}).isExact());
}

TEST_F(BoundsTest, OpenChoicesSpanBoth) {
  Estimate condition =
      Estimate::integers(integer(1), {2}, {1, 1}, {1.0, 0.0}, {1.0, 0.0});
  Estimate y = evaluate(
      function("tapml.where %x0, %x1, %x2 : tensor<2xi1>, tensor<2xf32>, "
               "tensor<2xf32> -> tensor<2xf32>",
               {"tensor<2xi1>", "tensor<2xf32>", "tensor<2xf32>"},
               "tensor<2xf32>"),
      {condition, exact({2}, {1.0f, 1.0f}), exact({2}, {3.0f, 3.0f})});
  EXPECT_EQ(y.getBounds()[0], 2.0);
  EXPECT_EQ(y.getBounds()[1], 0.0);
}

TEST_F(BoundsTest, CastsOfEitherSideOfAnInteger) {
  std::string text = function("tapml.cast %x0 : tensor<1xf32> -> tensor<1xi64>",
                              {"tensor<1xf32>"}, "tensor<1xi64>");
  EXPECT_EQ(evaluate(text, {near(2.999999, 1e-3)}).getBounds()[0], 1.0);
  EXPECT_TRUE(evaluate(text, {near(2.5, 1e-3)}).isExact());
  EXPECT_EQ(evaluate(text, {exact({1}, {1e30f})}).getIntegers()[0], INT64_MAX);
  EXPECT_EQ(evaluate(text, {exact({1}, {kNaN})}).getIntegers()[0], 0);
  // PyTorch leaves those undefined.
  EvaluationOptions options;
  options.arithmetic = Arithmetic::source();
  EXPECT_TRUE(
      std::isinf(evaluate(text, {exact({1}, {kNaN})}, options).getBounds()[0]));
}

namespace {
/// An operator of f32 tensors and the range of its operands' elements.
struct Carried {
  const char *name, *op;
  std::vector<std::string> types;
  const char *result;
  double low, high, error;
};
} // namespace

static std::vector<Carried> getCarriedOperators() {
  std::string v = "tensor<64xf32>", m = "tensor<8x8xf32>",
              t = "tensor<2x4x8xf32>";
  auto unary = [&](const char *name, const char *op, double low, double high,
                   double error) {
    return Carried{name, op, {v}, "tensor<64xf32>", low, high, error};
  };
  auto binary = [&](const char *name, const char *op, double low, double high,
                    double error) {
    return Carried{name, op, {v, v}, "tensor<64xf32>", low, high, error};
  };
  const char *mm = "tensor<8x8xf32>";
  return {
      unary("tanh", "tapml.tanh %x0 : tensor<64xf32>", -3, 3, 0.3),
      unary("exp", "tapml.exp %x0 : tensor<64xf32>", -5, 5, 0.5),
      unary("log", "tapml.log %x0 : tensor<64xf32>", 0.5, 5, 0.4),
      unary("sqrt", "tapml.sqrt %x0 : tensor<64xf32>", 0.5, 5, 0.4),
      unary("rsqrt", "tapml.rsqrt %x0 : tensor<64xf32>", 0.5, 5, 0.4),
      unary("sin", "tapml.sin %x0 : tensor<64xf32>", -9, 9, 0.5),
      unary("cos", "tapml.cos %x0 : tensor<64xf32>", -9, 9, 0.5),
      unary("erf", "tapml.erf %x0 : tensor<64xf32>", -3, 3, 0.5),
      unary("sigmoid", "tapml.sigmoid %x0 : tensor<64xf32>", -6, 6, 0.7),
      unary("silu", "tapml.silu %x0 : tensor<64xf32>", -6, 6, 0.7),
      unary("gelu", "tapml.gelu %x0 : tensor<64xf32>", -4, 4, 0.5),
      unary("gelu_tanh",
            "tapml.gelu %x0 {approximate = \"tanh\"} : tensor<64xf32>", -4, 4,
            0.5),
      unary("relu", "tapml.relu %x0 : tensor<64xf32>", -1, 1, 0.5),
      unary("abs", "tapml.abs %x0 : tensor<64xf32>", -1, 1, 0.5),
      binary("add",
             "tapml.add %x0, %x1 : tensor<64xf32>, tensor<64xf32> -> "
             "tensor<64xf32>",
             -2, 2, 0.5),
      binary("mul",
             "tapml.mul %x0, %x1 : tensor<64xf32>, tensor<64xf32> -> "
             "tensor<64xf32>",
             -2, 2, 0.5),
      binary("div",
             "tapml.div %x0, %x1 : tensor<64xf32>, tensor<64xf32> -> "
             "tensor<64xf32>",
             0.6, 3, 0.5),
      binary("pow",
             "tapml.pow %x0, %x1 : tensor<64xf32>, tensor<64xf32> -> "
             "tensor<64xf32>",
             0.6, 3, 0.5),
      binary("maximum",
             "tapml.maximum %x0, %x1 : tensor<64xf32>, "
             "tensor<64xf32> -> tensor<64xf32>",
             -1, 1, 0.3),
      binary("minimum",
             "tapml.minimum %x0, %x1 : tensor<64xf32>, "
             "tensor<64xf32> -> tensor<64xf32>",
             -1, 1, 0.3),
      {"sum",
       "tapml.sum %x0 dims [1] : tensor<8x8xf32> -> tensor<8xf32>",
       {m},
       "tensor<8xf32>",
       -2,
       2,
       0.5},
      {"mean",
       "tapml.mean %x0 dims [0] : tensor<8x8xf32> -> tensor<8xf32>",
       {m},
       "tensor<8xf32>",
       -2,
       2,
       0.5},
      {"amax",
       "tapml.amax %x0 dims [1] : tensor<8x8xf32> -> tensor<8xf32>",
       {m},
       "tensor<8xf32>",
       -1,
       1,
       0.3},
      {"matmul",
       "tapml.matmul %x0, %x1 : tensor<8x8xf32>, tensor<8x8xf32> -> "
       "tensor<8x8xf32>",
       {m, m},
       mm,
       -2,
       2,
       0.3},
      {"linear",
       "tapml.linear %x0, %x1 bias %x2 : (tensor<8x8xf32>, "
       "tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>",
       {m, m, "tensor<8xf32>"},
       mm,
       -2,
       2,
       0.3},
      {"softmax",
       "tapml.softmax %x0 dim 1 : tensor<8x8xf32>",
       {m},
       mm,
       -3,
       3,
       0.2},
      {"layer_norm",
       "tapml.layer_norm %x0 weight %x1 bias %x2 {epsilon = 1.0e-5 : f64, "
       "normalized_rank = 1 : i64} : (tensor<8x8xf32>, tensor<8xf32>, "
       "tensor<8xf32>) -> tensor<8x8xf32>",
       {m, "tensor<8xf32>", "tensor<8xf32>"},
       mm,
       -2,
       2,
       0.02},
      {"attention",
       "tapml.scaled_dot_product_attention %x0, %x1, %x2 {scale = 0.35 : f64} "
       ": (tensor<2x4x8xf32>, tensor<2x4x8xf32>, tensor<2x4x8xf32>) -> "
       "tensor<2x4x8xf32>",
       {t, t, t},
       "tensor<2x4x8xf32>",
       -1,
       1,
       0.01}};
}

// What an operator gives for any operands within their errors is within the
// bound: rigorous, whatever the size of the errors.
TEST_F(BoundsTest, ErrorsOfOperandsCarryThrough) {
  std::mt19937 random(7);
  for (const Carried &carried : getCarriedOperators()) {
    auto uniform = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(random);
    };
    std::string text = function(carried.op, carried.types, carried.result);
    double largest = 0.0;
    for (int round = 0; round < 20; ++round) {
      double scale = round < 10 ? 1.0 : 1e-3;
      std::vector<Estimate> given;
      for (const std::string &type : carried.types) {
        auto tensorType = cast<RankedTensorType>(parseType(type, &context));
        int64_t count = tensorType.getNumElements();
        std::vector<double> values(count), errors(count);
        for (int64_t i = 0; i < count; ++i) {
          values[i] = uniform(carried.low, carried.high);
          errors[i] = uniform(0, carried.error * scale);
        }
        given.push_back(Estimate::floats(f32(), tensorType.getShape(), values,
                                         errors, errors));
      }
      Estimate y = evaluate(text, given);
      for (int sample = 0; sample < 20; ++sample) {
        std::vector<Estimate> moved;
        for (const Estimate &x : given) {
          std::vector<double> values = x.getFloats().vec();
          for (auto [value, error] : llvm::zip(values, x.getBounds()))
            value += error * (sample < 10 ? uniform(-1, 1)
                                          : (uniform(-1, 1) < 0 ? -1 : 1));
          moved.push_back(Estimate::floats(f32(), x.getShape(), values));
        }
        Estimate z = evaluate(text, moved);
        for (int64_t i = 0; i < y.getNumElements(); ++i) {
          double distance = std::fabs(y.getFloats()[i] - z.getFloats()[i]);
          // What float64 itself loses.
          double own = 0x1p-51 * std::fabs(z.getFloats()[i]);
          ASSERT_LE(distance, y.getBounds()[i] + own) << carried.name;
          ASSERT_LE(y.getBounds()[i], y.getWorst()[i]) << carried.name;
          largest = std::max(largest, distance / y.getBounds()[i]);
        }
      }
    }
    // The bound is not idle either.
    EXPECT_GT(largest, 0.2) << carried.name;
  }
}

TEST_F(BoundsTest, ProbabilisticBoundsStayBelowTheWorst) {
  std::string type = "tensor<64x512xf32>";
  std::vector<float> elements(64 * 512);
  std::mt19937 random(1);
  for (float &element : elements)
    element = std::normal_distribution<float>()(random);
  Estimate y = evaluate(
      function("tapml.sum %x0 dims [1] : tensor<64x512xf32> -> tensor<64xf32>",
               {type}, "tensor<64xf32>"),
      {exact({64, 512}, elements)});
  double worst = 0.0;
  for (int64_t row = 0; row < 64; ++row) {
    float sum = 0.0f;
    for (int64_t i = 0; i < 512; ++i)
      sum += elements[row * 512 + i];
    double error = std::fabs(sum - y.getFloats()[row]);
    worst = std::max(worst, error / y.getBounds()[row]);
    EXPECT_LT(y.getBounds()[row] * 3, y.getWorst()[row]);
  }
  EXPECT_LT(worst, 1.0);
}
