//===- LoweringNumbers.cpp - Preferred sizes per device family ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"

using namespace mlir;
using namespace tapml;

/// CPUs. A workgroup is one call's worth of work; the runtime deals ranges of
/// them to its threads. With 256-bit registers a tile of 4x16 keeps 8
/// accumulators, 2 vectors of a row of B and one element of A in 16 registers:
/// enough accumulators to hide the latency of a multiply-add, and few rows left
/// over at the edge.
static LoweringNumbers makeHostNumbers() {
  LoweringNumbers numbers;
  numbers.maxVector = 16;
  numbers.alignedVectors = false;
  numbers.elementwise = {/*columns=*/1024, /*workgroup=*/1};
  numbers.rowReduction = {/*rowsPerInvocation=*/8, /*workgroup=*/1,
                          /*shortRow=*/INT64_MAX};
  numbers.matmul = {{{4, 16, {1}, 4}, {1, 32, {1}, 0}},
                    /*sharedTiles=*/{},
                    /*subgroupColumns=*/0,
                    /*maxSums=*/0,
                    /*minWorkgroups=*/1,
                    /*typicalRows=*/32,
                    /*typicalColumns=*/64};
  return numbers;
}

/// GPU APIs, whatever the vendor: four-element vectors, register tiles without
/// workgroup memory, and workgroups within Vulkan's guaranteed 128 invocations.
/// A load costs as much as tens of multiply-adds, hence tall tiles; 12
/// workgroups keep two workers of a software driver busy. Small subgroups share
/// the left-hand side of a matmul: tiles of 32 columns are the fastest that
/// were measured with subgroups of 4 and of 8 (docs/Benchmarks.md). Rows behind
/// the last one cost as much as others, so that tall tiles are for many rows.
static LoweringNumbers makeGpuNumbers() {
  LoweringNumbers numbers;
  numbers.maxVector = 4;
  numbers.alignedVectors = true;
  numbers.elementwise = {/*columns=*/4, /*workgroup=*/64};
  numbers.rowReduction = {/*rowsPerInvocation=*/1, /*workgroup=*/32,
                          /*shortRow=*/32};
  numbers.matmul = {{{8, 4, {64, 32}, 8}, {1, 4, {32, 16, 8}, 0}},
                    /*sharedTiles=*/{{16, 9}, {8, 3}},
                    /*subgroupColumns=*/32,
                    /*maxSums=*/128,
                    /*minWorkgroups=*/12,
                    /*typicalRows=*/32,
                    /*typicalColumns=*/64};
  return numbers;
}

const LoweringNumbers &tapml::getLoweringNumbers(ProfileAttr profile) {
  static const LoweringNumbers host = makeHostNumbers();
  static const LoweringNumbers gpu = makeGpuNumbers();
  switch (profile.getKind()) {
  case TargetKind::Host:
    return host;
  case TargetKind::Vulkan:
  case TargetKind::WebGPU:
  case TargetKind::Metal:
    return gpu;
  }
  llvm_unreachable("covered switch");
}
