//===- CompareTest.cpp - Verdicts and what they say -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsTestUtils.h"

using namespace mlir;
using namespace tapml;

static constexpr float kInfinity = std::numeric_limits<float>::infinity();
static constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

namespace {
class CompareTest : public tapml::test::NumericsTest {
protected:
  /// Elements 1, 2, ... with a bound of 0.5 and a worst-case bound of 1.5.
  Estimate counting(ArrayRef<int64_t> shape) {
    int64_t count = tapml::getNumElements(shape);
    std::vector<double> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(i + 1);
    return Estimate::floats(f32(), shape, std::move(values),
                            std::vector<double>(count, 0.5),
                            std::vector<double>(count, 1.5));
  }

  /// Compares those elements, where `change(i)` is added to element i.
  template <typename F> Comparison change(ArrayRef<int64_t> shape, F change) {
    std::vector<float> got;
    for (int64_t i = 0; i < tapml::getNumElements(shape); ++i)
      got.push_back(static_cast<float>(i + 1 + change(i)));
    return compare(counting(shape), floats(shape, std::move(got)));
  }
};
using Clusters = std::vector<std::string>;
} // namespace

TEST_F(CompareTest, Verdicts) {
  Comparison pass = change({4}, [](int64_t i) { return i == 1 ? 0.5 : 0.0; });
  EXPECT_EQ(pass.verdict, Verdict::Pass);
  EXPECT_EQ(pass.worstShare, 1.0);
  EXPECT_EQ(pass.worst->index.front(), 1);
  EXPECT_FALSE(pass.first);
  Comparison fail = change({4}, [](int64_t i) { return i == 1 ? 1.0 : 0.0; });
  EXPECT_EQ(fail.verdict, Verdict::Fail);
  EXPECT_EQ(fail.failed, 1);
  EXPECT_EQ(fail.proven, 0);
  EXPECT_EQ(fail.worstShare, 2.0);
  Comparison proven = change({4}, [](int64_t i) { return i == 1 ? 2.0 : 0.0; });
  EXPECT_EQ(proven.verdict, Verdict::ProvenFault);
  EXPECT_EQ(proven.proven, 1);
  EXPECT_EQ(stringifyVerdict(proven.verdict), "proven fault");
}

TEST_F(CompareTest, DescribesElements) {
  Comparison comparison = change(
      {2, 3}, [](int64_t i) { return i == 2 ? 1.0 : (i == 5 ? 3.0 : 0.0); });
  EXPECT_EQ(comparison.failed, 2);
  EXPECT_EQ(comparison.proven, 1);
  EXPECT_EQ(ArrayRef<int64_t>(comparison.first->index),
            ArrayRef<int64_t>({0, 2}));
  const ElementComparison &worst = *comparison.worst;
  EXPECT_EQ(ArrayRef<int64_t>(worst.index), ArrayRef<int64_t>({1, 2}));
  EXPECT_EQ(worst.expectedText, "6");
  EXPECT_EQ(worst.gotText, "9");
  EXPECT_EQ(worst.share, 6.0);
  EXPECT_EQ(worst.shareOfWorst, 2.0);
  EXPECT_EQ(worst.ulps, 3.0 / 0x1p-21);
  ASSERT_EQ(comparison.worstFailed.size(), 2u);
  EXPECT_EQ(comparison.worstFailed.front().got, 9.0);
}

TEST_F(CompareTest, KeepsTheWorstOfManyElements) {
  Comparison comparison =
      change({100}, [](int64_t i) { return double(1 + i % 50); });
  EXPECT_EQ(comparison.failed, 100);
  ASSERT_EQ(comparison.worstFailed.size(), size_t(Comparison::Limit));
  EXPECT_EQ(comparison.worstFailed[0].index.front(), 49);
  EXPECT_EQ(comparison.worstFailed[1].index.front(), 99);
  EXPECT_EQ(comparison.worstFailed[2].index.front(), 48);
}

TEST_F(CompareTest, FindsWhereElementsCluster) {
  auto at = [&](auto isWrong, double by = 1e3) {
    return change({4, 8},
                  [&](int64_t i) {
                    return isWrong(i / 8, i % 8) ? by + double(i * i) : 0.0;
                  })
        .clusters;
  };
  EXPECT_EQ(at([](int64_t row, int64_t column) { return true; }),
            Clusters({"all elements"}));
  EXPECT_EQ(at([](int64_t row, int64_t column) { return column == 7; }),
            Clusters({"all at index 7 of dimension 1, the last",
                      "every element there"}));
  EXPECT_EQ(at([](int64_t row, int64_t column) { return row == 2; }),
            Clusters({"all at index 2 of dimension 0", "every element there"}));
  EXPECT_EQ(at([](int64_t row, int64_t column) { return column > 4; }),
            Clusters({"all at indices 5 to 7 of dimension 1, the last 3",
                      "every element there"}));
  EXPECT_EQ(at([](int64_t row, int64_t column) { return column % 3 == 1; }),
            Clusters({"all at indices 1, 4, 7 of dimension 1",
                      "every element there"}));
  EXPECT_EQ(at([](int64_t row, int64_t column) {
              return row == 0 && (column == 1 || column == 2 || column == 6);
            }),
            Clusters({"all at index 0 of dimension 0, the first",
                      "all at 3 of the 8 indices of dimension 1: 1, 2, 6",
                      "every element there"}));
}

TEST_F(CompareTest, FindsWhatElementsHaveInCommon) {
  // Larger numbers are wrong wherever they are.
  std::vector<double> values = {1, 90, 2, 3, 95, 4, 5, 92};
  Estimate expected =
      Estimate::floats(f32(), {8}, values, std::vector<double>(8, 0.5),
                       std::vector<double>(8, 0.5));
  Clusters clusters =
      compare(expected, floats({8}, {1, 80, 2, 3, 80, 4, 5, 80})).clusters;
  EXPECT_TRUE(
      llvm::is_contained(clusters, "the largest magnitudes, from 90 on"));
  EXPECT_TRUE(llvm::is_contained(clusters, "all are 80"));
  EXPECT_TRUE(llvm::is_contained(
      compare(expected, floats({8}, {4, 360, 8, 12, 380, 16, 20, 368}))
          .clusters,
      "all are 4 times what they should be"));
  EXPECT_TRUE(llvm::is_contained(
      compare(expected, floats({8}, {1, 90, kNaN, 3, 95, 4, 5, kNaN})).clusters,
      "all are NaN"));
}

TEST_F(CompareTest, IntegersAndBooleansAreExact) {
  Estimate expected = Estimate::integers(integer(64), {3}, {1, INT64_MAX, -7});
  EXPECT_TRUE(
      compare(expected, tensor<int64_t>(integer(64), {3}, {1, INT64_MAX, -7}))
          .passes());
  Comparison comparison = compare(
      expected, tensor<int64_t>(integer(64), {3}, {1, INT64_MAX - 1, -7}));
  EXPECT_EQ(comparison.verdict, Verdict::ProvenFault);
  EXPECT_EQ(comparison.first->gotText, "9223372036854775806");
  // Any byte but zero is true.
  EXPECT_TRUE(compare(Estimate::integers(integer(1), {2}, {1, 0}),
                      tensor<char>(integer(1), {2}, {7, 0}))
                  .passes());
}

TEST_F(CompareTest, FreeElementsMayBeAnything) {
  double infinity = kInfinity;
  Estimate expected =
      Estimate::floats(f32(), {2}, {1, 1}, {infinity, 0.5}, {infinity, 0.5});
  Comparison comparison = compare(expected, floats({2}, {kNaN, 1.0f}));
  EXPECT_TRUE(comparison.passes());
  EXPECT_EQ(comparison.free, 1);
}

TEST_F(CompareTest, TensorsOfOtherTypesAreFaults) {
  Comparison comparison = compare(counting({2}), floats({1, 2}, {1, 2}));
  EXPECT_EQ(comparison.verdict, Verdict::ProvenFault);
  EXPECT_EQ(comparison.mismatch, "should be tensor<2xf32>, is tensor<1x2xf32>");
}

TEST_F(CompareTest, Ranges) {
  RangeStats stats = RangeStats::get(
      floats({7}, {1.0f, -3.0f, kNaN, kInfinity, 1e-42f, 0.0f, -kInfinity}));
  EXPECT_EQ(stats.elements, 7);
  EXPECT_EQ(stats.nan, 1);
  EXPECT_EQ(stats.infinities, 2);
  EXPECT_EQ(stats.subnormals, 1);
  EXPECT_EQ(stats.min, -3.0);
  EXPECT_EQ(stats.max, 1.0);
  EXPECT_EQ(stats.largestMagnitude, 3.0);
  EXPECT_DOUBLE_EQ(*stats.mean, -0.5);
  EXPECT_DOUBLE_EQ(*stats.variance, (1 + 9) / 4.0 - 0.25);
  EXPECT_FALSE(RangeStats::get(floats({0}, {})).min);
  EXPECT_FALSE(RangeStats::get(floats({1}, {kNaN})).mean);

  // Blocks are joined.
  std::vector<float> many(5000);
  double sum = 0.0;
  for (size_t i = 0; i < many.size(); ++i)
    sum += many[i] = float(i % 977) + 1e4f;
  double squares = 0.0;
  for (float x : many)
    squares += (x - sum / 5000) * (x - sum / 5000);
  stats = RangeStats::get(floats({5000}, many));
  EXPECT_NEAR(*stats.mean, sum / 5000, 1e-9);
  EXPECT_NEAR(*stats.variance, squares / 5000, 1e-6);
}

TEST_F(CompareTest, NarrowFloats) {
  Builder builder(&context);
  Estimate expected = Estimate::floats(builder.getF16Type(), {2}, {1.5, -2.0},
                                       {1e-3, 1e-3}, {1e-3, 1e-3});
  auto got = tensor<uint16_t>(builder.getF16Type(), {2}, {0x3e00, 0xc000});
  EXPECT_TRUE(compare(expected, got).passes());
  auto wrong = tensor<uint16_t>(builder.getF16Type(), {2}, {0x3e02, 0xc000});
  EXPECT_EQ(compare(expected, wrong).worst->ulps, 2.0);
}
