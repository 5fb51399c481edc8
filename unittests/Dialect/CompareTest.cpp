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
using CompareTest = tapml::test::NumericsTest;

TEST_F(CompareTest, NamesTheWorstElementAndTheCluster) {
  Estimate expected = Estimate::floats(f32(), {2, 3}, {1, 2, 3, 4, 5, 6},
                                       std::vector<double>(6, 0.5),
                                       std::vector<double>(6, 1.5));
  Comparison comparison =
      compare(expected, floats({2, 3}, {1, 2, 4, 4.25, 5, 9}));
  EXPECT_EQ(comparison.verdict, Verdict::ProvenFault);
  EXPECT_EQ(comparison.failed, 2);
  EXPECT_EQ(comparison.proven, 1);
  EXPECT_EQ(comparison.worstShare, 6.0);
  EXPECT_EQ(ArrayRef<int64_t>(comparison.worst->index),
            ArrayRef<int64_t>({1, 2}));
  EXPECT_EQ(comparison.clusters,
            std::vector<std::string>({"all at index 2 of dimension 1, the last",
                                      "every element there"}));
}
