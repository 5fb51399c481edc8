//===- SelectLowering.h - Parts of choosing a lowering ----------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef LIB_CODEGEN_FORMATION_SELECTLOWERING_H
#define LIB_CODEGEN_FORMATION_SELECTLOWERING_H

#include "tapml/Codegen/KernelAnalysis.h"

namespace tapml {

//===----------------------------------------------------------------------===//
// Numbers per device family
//===----------------------------------------------------------------------===//

struct ElementwiseNumbers {
  /// Elements of a row per invocation on the host; on a GPU, one vector.
  int64_t columns;
  int64_t workgroup;
};

struct RowReductionNumbers {
  int64_t rowsPerInvocation;
  int64_t workgroup;
  /// Rows of at most this length are computed by one invocation.
  int64_t shortRow;
};

struct MatmulNumbers {
  /// What one invocation computes, and how many of them are preferred in a
  /// workgroup, most first. A tile is used from `leastRows` rows on.
  struct Tile {
    int64_t rows, columns;
    llvm::SmallVector<int64_t, 3> workgroups;
    int64_t leastRows;
  };
  /// Largest first; the last one serves any number of rows.
  llvm::SmallVector<Tile, 2> tiles;
  /// Tiles of a subgroup, whose invocations compute the same rows of adjacent
  /// columns; used in front of the last of `tiles`. None where
  /// `subgroupColumns` is zero.
  struct SharedTile {
    int64_t rows, leastRows;
  };
  llvm::SmallVector<SharedTile, 3> sharedTiles;
  /// The columns that a subgroup computes. Subgroups so large that a vector for
  /// each invocation is more than this do not share.
  int64_t subgroupColumns;
  /// More sums than this in an invocation do not stay in registers.
  int64_t maxSums;
  /// Fewer workgroups than this leave parts of the device idle.
  int64_t minWorkgroups;
  /// What is assumed of a size that is not known.
  int64_t typicalRows, typicalColumns;
};

/// What is preferred on a family of devices: a new family is a new table.
struct LoweringNumbers {
  /// Vectors fill registers of `vector_bits` bits, but hold no more elements.
  int64_t maxVector;
  /// Vectors are loaded and stored only at multiples of their size.
  bool alignedVectors;
  ElementwiseNumbers elementwise;
  RowReductionNumbers rowReduction;
  MatmulNumbers matmul;
};

const LoweringNumbers &getLoweringNumbers(ProfileAttr profile);

//===----------------------------------------------------------------------===//
// One function per class of kernels
//===----------------------------------------------------------------------===//

/// Returns the number of elements per step that suits the kernel `info`: what a
/// vector of `profile` holds, or 1 where its loads and stores would not be
/// aligned as the profile needs.
int64_t getVectorSize(const KernelInfo &info, ProfileAttr profile);

/// Returns whether invocations of a subgroup can give each other values.
bool canShareAmongSubgroup(ProfileAttr profile);

LoweringAttr selectElementwise(const KernelInfo &info, ProfileAttr profile);
LoweringAttr selectRowReduction(const KernelInfo &info, ProfileAttr profile);
LoweringAttr selectMatmul(const KernelInfo &info, ProfileAttr profile);

/// Checks that `profile` can run `kernel` as its lowering says; fails with a
/// diagnostic that gives expectation and value.
mlir::LogicalResult verifyLowering(KernelOp kernel, const KernelInfo &info,
                                   ProfileAttr profile);

} // namespace tapml

#endif // LIB_CODEGEN_FORMATION_SELECTLOWERING_H
