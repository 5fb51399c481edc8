//===- EvaluateTest.cpp - The oracle's values -----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsTestUtils.h"

using namespace mlir;
using namespace tapml;
using EvaluateTest = tapml::test::NumericsTest;

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
