//===- VerifyLowering.cpp - Can a profile run a lowering? -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SelectLowering.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

/// Returns the names of the sizes of a strategy's iteration space.
static ArrayRef<StringRef> getSizeNames(Strategy strategy) {
  static constexpr StringRef elementwise[] = {"elements"};
  static constexpr StringRef rowReduction[] = {"rows", "row length"};
  static constexpr StringRef matmul[] = {"M", "N", "K"};
  switch (strategy) {
  case Strategy::Elementwise:
    return elementwise;
  case Strategy::RowReduction:
    return rowReduction;
  case Strategy::Matmul:
    return matmul;
  }
  llvm_unreachable("covered switch");
}

static LogicalResult verifyStrategy(KernelOp kernel, const KernelInfo &info,
                                    ConfigAttr config) {
  auto emit = [&] {
    return kernel.emitOpError("lowering has strategy '")
           << stringifyStrategy(config.getStrategy()) << "', but the kernel ";
  };
  Strategy strategy = config.getStrategy();
  if (strategy == Strategy::Matmul && info.strategy != Strategy::Matmul)
    return emit() << "holds no contraction";
  if (strategy == Strategy::RowReduction &&
      info.strategy != Strategy::RowReduction)
    return emit() << "reduces no rows";
  if (strategy == Strategy::Elementwise &&
      info.strategy == Strategy::RowReduction)
    return emit() << "reduces rows";

  ArrayRef<StringRef> names = getSizeNames(strategy);
  if (config.getAtLeast().size() > names.size())
    return kernel.emitOpError("lowering has at_least with ")
           << config.getAtLeast().size() << " sizes, strategy '"
           << stringifyStrategy(strategy) << "' has " << names.size() << ": "
           << llvm::join(names, ", ");
  return success();
}

static LogicalResult verifyWorkgroup(KernelOp kernel, ConfigAttr config,
                                     ProfileAttr profile) {
  ArrayRef<int64_t> workgroup = config.getWorkgroup();
  if (profile.isHost()) {
    if (llvm::any_of(workgroup, [](int64_t size) { return size != 1; }))
      return kernel.emitOpError("lowering has workgroup = [")
             << workgroup << "], the host runs [1, 1, 1]";
    return success();
  }
  SmallVector<int64_t, 3> limits = profile.getLimit3("max_workgroup_size");
  int64_t invocations = 1;
  int64_t limit = profile.getLimit("max_workgroup_invocations");
  for (auto [dim, size, most] : llvm::enumerate(workgroup, limits)) {
    if (size > most)
      return kernel.emitOpError("workgroup has ")
             << size << " invocations in dimension " << dim << ", profile '"
             << profile.getName() << "' allows " << most;
    // Each factor is within its limit, but the product may not be.
    if (llvm::MulOverflow(invocations, size, invocations))
      invocations = INT64_MAX;
  }
  if (invocations > limit)
    return kernel.emitOpError("workgroup has ")
           << invocations << " invocations, profile '" << profile.getName()
           << "' allows " << limit;
  return success();
}

static LogicalResult verifySubgroup(KernelOp kernel, ConfigAttr config,
                                    ProfileAttr profile) {
  int64_t subgroup = config.getSubgroup();
  if (subgroup == 1)
    return success();
  if (config.getStrategy() == Strategy::Elementwise)
    return kernel.emitOpError("lowering has subgroup = ")
           << subgroup << ", strategy 'elementwise' uses no subgroups";
  if (config.getStrategy() == Strategy::RowReduction &&
      !profile.hasFeature("subgroup_shuffle"))
    return kernel.emitOpError("lowering has subgroup = ")
           << subgroup << ", profile '" << profile.getName()
           << "' lacks 'subgroup_shuffle'";
  if (config.getStrategy() == Strategy::Matmul &&
      profile.getKind() != TargetKind::Vulkan)
    return kernel.emitOpError("lowering has subgroup = ")
           << subgroup << ", profile '" << profile.getName()
           << "' is not of kind vulkan";
  if (config.getStrategy() == Strategy::Matmul &&
      !canShareAmongSubgroup(profile))
    return kernel.emitOpError("lowering has subgroup = ")
           << subgroup << ", profile '" << profile.getName()
           << "' lacks 'subgroup_shuffle' and 'subgroup_ballot'";
  if (subgroup != profile.getLimit("subgroup_size"))
    return kernel.emitOpError("lowering has subgroup = ")
           << subgroup << ", profile '" << profile.getName()
           << "' has subgroups of " << profile.getLimit("subgroup_size");
  int64_t invocations = 1;
  for (int64_t size : config.getWorkgroup())
    invocations *= size; // Within the limits: checked before.
  if (invocations % subgroup != 0)
    return kernel.emitOpError("workgroup has ")
           << invocations
           << " invocations, not a multiple of subgroup = " << subgroup;
  return success();
}

static LogicalResult verifyVector(KernelOp kernel, ConfigAttr config,
                                  ProfileAttr profile) {
  int64_t most = getLoweringNumbers(profile).maxVector;
  if (config.getVector() > most)
    return kernel.emitOpError("lowering has vector = ")
           << config.getVector() << ", profile '" << profile.getName()
           << "' has vectors of at most " << most;
  return success();
}

LogicalResult tapml::verifyLowering(KernelOp kernel, const KernelInfo &info,
                                    ProfileAttr profile) {
  int64_t buffers = getCapturedTensors(kernel).size() + 1;
  int64_t limit = profile.getLimit("max_storage_buffers");
  if (buffers > limit)
    return kernel.emitOpError("uses ")
           << buffers << " buffers, profile '" << profile.getName()
           << "' allows " << limit;
  for (ConfigAttr config : kernel.getLoweringAttr().getConfigs())
    if (failed(verifyStrategy(kernel, info, config)) ||
        failed(verifyWorkgroup(kernel, config, profile)) ||
        failed(verifySubgroup(kernel, config, profile)) ||
        failed(verifyVector(kernel, config, profile)))
      return failure();
  return success();
}
