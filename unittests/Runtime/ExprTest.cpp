//===- ExprTest.cpp - Size expressions ------------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Expr.h"
#include "TestModel.h"

#include <cmath>
#include <limits>

using namespace tapml::rt;
using namespace tapml::rt::test;

static constexpr int64_t lowest = std::numeric_limits<int64_t>::min();
static constexpr int64_t highest = std::numeric_limits<int64_t>::max();

static Result<int64_t> compute(ExprOp op, int64_t a, int64_t b) {
  return ExprValues::evaluate(
             {{ExprOp::Const, a, 0}, {ExprOp::Const, b, 0}, {op, 0, 1}}, {}, {})
      .get(2);
}

static int64_t value(ExprOp op, int64_t a, int64_t b) {
  auto result = compute(op, a, b);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? *result : -9999;
}

TEST(ExprTest, Arithmetic) {
  EXPECT_EQ(value(ExprOp::Add, 2, 3), 5);
  EXPECT_EQ(value(ExprOp::Sub, 2, 3), -1);
  EXPECT_EQ(value(ExprOp::Mul, -2, 3), -6);
  EXPECT_EQ(value(ExprOp::Min, 2, 3), 2);
  EXPECT_EQ(value(ExprOp::Max, 2, 3), 3);
  EXPECT_EQ(value(ExprOp::Le, 3, 3), 1);
  EXPECT_EQ(value(ExprOp::Lt, 3, 3), 0);
  EXPECT_EQ(value(ExprOp::Eq, 3, 3), 1);
}

TEST(ExprTest, DivisionRoundsAsItsName) {
  for (int64_t a = -7; a <= 7; ++a)
    for (int64_t b : {-3, -2, -1, 1, 2, 3}) {
      double quotient = double(a) / double(b);
      EXPECT_EQ(value(ExprOp::FloorDiv, a, b), int64_t(std::floor(quotient)));
      EXPECT_EQ(value(ExprOp::CeilDiv, a, b), int64_t(std::ceil(quotient)));
      EXPECT_EQ(value(ExprOp::Mod, a, b),
                a - b * int64_t(std::floor(quotient)));
    }
}

TEST(ExprTest, OverflowAndZeroAreErrors) {
  EXPECT_FALSE(compute(ExprOp::Add, highest, 1).ok());
  EXPECT_FALSE(compute(ExprOp::Sub, lowest, 1).ok());
  EXPECT_FALSE(compute(ExprOp::Mul, highest, 2).ok());
  for (ExprOp op : {ExprOp::FloorDiv, ExprOp::CeilDiv, ExprOp::Mod}) {
    EXPECT_FALSE(compute(op, 1, 0).ok());
    EXPECT_FALSE(compute(op, lowest, -1).ok());
  }
  EXPECT_EQ(value(ExprOp::CeilDiv, highest, 1), highest);
  EXPECT_EQ(value(ExprOp::Add, highest, 0), highest);
}

TEST(ExprTest, FailuresMatterOnlyWhenUsed) {
  ExprValues values = ExprValues::evaluate({{ExprOp::Const, 1, 0},
                                            {ExprOp::Const, 0, 0},
                                            {ExprOp::FloorDiv, 0, 1},
                                            {ExprOp::Add, 0, 2},
                                            {ExprOp::Add, 0, 0}},
                                           {}, {});
  EXPECT_EQ(*values.get(4), 2);
  EXPECT_TRUE(failsWith(values.get(3).status(), StatusCode::ResourceExhausted,
                        "size expression 2 (floordiv)"));
}

TEST(ExprTest, ReadsDimensionsAndSizes) {
  ExprValues values = ExprValues::evaluate(
      {{ExprOp::Dim, 1, 0}, {ExprOp::Size, 1, 0}, {ExprOp::Mul, 0, 1}},
      {{2, 3}, {5}}, {7, 11});
  EXPECT_EQ(*values.get(2), 55);
}
