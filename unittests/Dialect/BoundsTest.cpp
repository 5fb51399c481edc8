//===- BoundsTest.cpp - How errors add up and carry through ---------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NumericsTestUtils.h"

using namespace mlir;
using namespace tapml;
using BoundsTest = tapml::test::NumericsTest;

TEST_F(BoundsTest, AddIsCorrectlyRounded) {
  Estimate y = evaluate(R"mlir(
    func.func @f(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
      %z = tapml.add %x, %y
        : tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
      return %z : tensor<2xf32>
    })mlir",
                        {exact({2}, {1.0f, 1e8f}), exact({2}, {0.5f, 1.0f})});
  EXPECT_EQ(y.getFloats()[0], 1.5);
  EXPECT_NEAR(y.getBounds()[0], 0x1p-24, 1e-15);
  EXPECT_TRUE(compare(y, floats({2}, {1.5f, 1e8f})).passes());
  EXPECT_FALSE(compare(y, floats({2}, {1.5000002f, 1e8f})).passes());
}
