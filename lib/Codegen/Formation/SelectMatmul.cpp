//===- SelectMatmul.cpp - Lowerings of matrix products --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;

/// Returns the largest preferred number of invocations along the columns with
/// which there are enough workgroups, or else the smallest.
static int64_t selectWorkgroupX(const MatmulNumbers &numbers,
                                const MatmulNumbers::Tile &tile,
                                int64_t columns, const KernelInfo &info,
                                ProfileAttr profile) {
  int64_t rows = ShapedType::isDynamic(info.sizes[1])
                     ? std::max(numbers.typicalRows, tile.rows)
                     : info.sizes[1];
  if (tile.rows == 1 && ShapedType::isDynamic(info.sizes[1]))
    rows = 1;
  int64_t width = ShapedType::isDynamic(info.sizes[2]) ? numbers.typicalColumns
                                                       : info.sizes[2];
  int64_t batch = std::max<int64_t>(info.divisors[0], 1);
  for (int64_t x : tile.workgroupX) {
    int64_t workgroups = batch * llvm::divideCeil(width, x * columns) *
                         llvm::divideCeil(rows, tile.workgroupY * tile.rows);
    bool fits = x * tile.workgroupY <=
                profile.getLimit("max_workgroup_invocations");
    if (fits && workgroups >= numbers.minWorkgroups)
      return x;
  }
  return tile.workgroupX.back();
}

/// One invocation computes a tile of the result in registers. Where the number
/// of rows is not known, each tile is guarded by the rows it needs.
LoweringAttr tapml::selectMatmul(const KernelInfo &info, ProfileAttr profile) {
  const LoweringNumbers &family = getLoweringNumbers(profile);
  const MatmulNumbers &numbers = family.matmul;
  MLIRContext *context = profile.getContext();
  int64_t rows = info.sizes[1], width = info.sizes[2];
  int64_t vector =
      std::min(family.maxVector, profile.getLimit("vector_bits") / 32);
  SmallVector<ConfigAttr> configs;
  for (const MatmulNumbers::Tile &tile : numbers.tiles) {
    bool isLast = &tile == &numbers.tiles.back();
    bool isDynamic = ShapedType::isDynamic(rows);
    if (!isDynamic && rows < tile.rows && !isLast)
      continue;
    // No wider than the result, but a whole number of vectors.
    int64_t columns = std::max(tile.columns, vector);
    while (!ShapedType::isDynamic(width) && columns / 2 >= width &&
           columns / 2 >= vector)
      columns /= 2;
    int64_t x = selectWorkgroupX(numbers, tile, columns, info, profile);
    SmallVector<int64_t> guard;
    if (isDynamic && !isLast)
      guard = {0, tile.rows, 0, 0};
    configs.push_back(ConfigAttr::get(
        context, Strategy::Matmul, {tile.rows, columns},
        {x, tile.workgroupY, 1}, vector, /*subgroup=*/1, guard));
    if (guard.empty())
      break;
  }
  return LoweringAttr::get(context, configs);
}
