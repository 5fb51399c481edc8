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

/// Returns the largest preferred number of invocations with which there are
/// enough workgroups, or else the smallest.
static int64_t selectWorkgroup(const MatmulNumbers &numbers,
                               const MatmulNumbers::Tile &tile, int64_t columns,
                               const KernelInfo &info, ProfileAttr profile) {
  int64_t rows = info.sizes[0], width = info.sizes[1];
  // The smallest tile serves fewer rows than the next one.
  if (ShapedType::isDynamic(rows))
    rows = &tile == &numbers.tiles.back() ? tile.rows : numbers.typicalRows;
  if (ShapedType::isDynamic(width))
    width = numbers.typicalColumns;
  int64_t tiles = std::max<int64_t>(info.batch, 1) *
                  llvm::divideCeil(rows, tile.rows) *
                  llvm::divideCeil(width, columns);
  int64_t limit = std::min(profile.getLimit("max_workgroup_invocations"),
                           profile.getLimit3("max_workgroup_size")[0]);
  for (int64_t workgroup : tile.workgroups)
    if (workgroup <= limit &&
        llvm::divideCeil(tiles, workgroup) >= uint64_t(numbers.minWorkgroups))
      return workgroup;
  return tile.workgroups.back();
}

bool tapml::canShareAmongSubgroup(ProfileAttr profile) {
  // Shading languages want uniform control flow that they can prove, which the
  // loops around the broadcasts are not.
  return profile.getKind() == TargetKind::Vulkan &&
         (profile.hasFeature("subgroup_shuffle") ||
          profile.hasFeature("subgroup_ballot"));
}

/// Appends the configurations for subgroups, where the profile has some that
/// suit a result of `width` columns.
static void addShared(SmallVectorImpl<ConfigAttr> &configs,
                      const KernelInfo &info, ProfileAttr profile,
                      int64_t vector) {
  const MatmulNumbers &numbers = getLoweringNumbers(profile).matmul;
  int64_t subgroup = profile.getLimit("subgroup_size");
  int64_t rows = info.sizes[0], width = info.sizes[1];
  if (subgroup == 1 || subgroup * vector > numbers.subgroupColumns ||
      !canShareAmongSubgroup(profile) ||
      (!ShapedType::isDynamic(width) && width < numbers.subgroupColumns))
    return;
  // A tile costs the same however few of its rows there are.
  for (const MatmulNumbers::SharedTile &tile : numbers.sharedTiles) {
    bool isDynamic = ShapedType::isDynamic(rows);
    int64_t columns = numbers.subgroupColumns / subgroup;
    if ((!isDynamic && rows < tile.leastRows) ||
        tile.rows * columns > numbers.maxSums)
      continue;
    SmallVector<int64_t> guard;
    if (isDynamic)
      guard = {tile.leastRows};
    configs.push_back(ConfigAttr::get(profile.getContext(), Strategy::Matmul,
                                      {tile.rows, columns}, {subgroup, 1, 1},
                                      vector, subgroup, guard));
    if (!isDynamic)
      return;
  }
}

/// One invocation computes a tile of the result in registers. Where the number
/// of rows is not known, each tile is guarded by the rows it needs.
LoweringAttr tapml::selectMatmul(const KernelInfo &info, ProfileAttr profile) {
  const LoweringNumbers &family = getLoweringNumbers(profile);
  const MatmulNumbers &numbers = family.matmul;
  MLIRContext *context = profile.getContext();
  int64_t rows = info.sizes[0], width = info.sizes[1];
  int64_t vector =
      std::min(family.maxVector, profile.getLimit("vector_bits") / 32);
  SmallVector<ConfigAttr> configs;
  addShared(configs, info, profile, vector);
  bool isDynamic = ShapedType::isDynamic(rows);
  if (!configs.empty() && !isDynamic)
    return LoweringAttr::get(context, configs);
  // Beside tiles of subgroups only the last one is needed.
  ArrayRef<MatmulNumbers::Tile> tiles = numbers.tiles;
  if (!configs.empty())
    tiles = tiles.take_back();
  for (const MatmulNumbers::Tile &tile : tiles) {
    bool isLast = &tile == &numbers.tiles.back();
    if (!isDynamic && rows < tile.leastRows)
      continue;
    // No wider than the result, but a whole number of vectors.
    int64_t columns = std::max(tile.columns, vector);
    while (!ShapedType::isDynamic(width) && columns / 2 >= width &&
           columns / 2 >= vector)
      columns /= 2;
    int64_t workgroup = selectWorkgroup(numbers, tile, columns, info, profile);
    SmallVector<int64_t> guard;
    if (isDynamic && !isLast)
      guard = {tile.leastRows};
    configs.push_back(ConfigAttr::get(context, Strategy::Matmul,
                                      {tile.rows, columns}, {workgroup, 1, 1},
                                      vector, /*subgroup=*/1, guard));
    if (guard.empty())
      break;
  }
  return LoweringAttr::get(context, configs);
}
