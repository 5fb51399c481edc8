//===- VerifyLimits.cpp - Kernels against a profile -----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Codegen/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLVERIFYLIMITSPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// Returns the bytes of a statically sized buffer, saturated.
static std::optional<uint64_t> getBytes(MemRefType type) {
  if (!type.hasStaticShape())
    return std::nullopt;
  Type element = type.getElementType();
  uint64_t width = getWidth(element);
  Type scalar = getElementTypeOrSelf(element);
  uint64_t bits = scalar.isIntOrFloat() ? scalar.getIntOrFloatBitWidth() : 32;
  uint64_t count = type.getNumElements();
  return llvm::SaturatingMultiply(count,
                                  width * std::max<uint64_t>(bits / 8, 1));
}

static bool isWorkgroupMemory(MemRefType type) {
  auto space = dyn_cast_or_null<gpu::AddressSpaceAttr>(type.getMemorySpace());
  return space && space.getValue() == gpu::AddressSpace::Workgroup;
}

namespace {
struct VerifyLimitsPass final
    : tapml::impl::TapMLVerifyLimitsPassBase<VerifyLimitsPass> {
  using TapMLVerifyLimitsPassBase::TapMLVerifyLimitsPassBase;

  void runOnOperation() override {
    auto verify = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      bool hasFailed = false;
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        if (!kernel.isKernel())
          continue;
        hasFailed |= failed(verifyWorkgroup(kernel, profile));
        hasFailed |= failed(verifyInterface(kernel, profile));
        hasFailed |= failed(verifyFeatures(kernel, profile));
      }
      return failure(hasFailed);
    };
    if (failed(forEachKernelModule(
            getOperation(), profile,
            {TargetKind::Vulkan, TargetKind::WebGPU, TargetKind::Metal},
            verify)))
      signalPassFailure();
  }

private:
  /// Reports `need` of `what` where the profile allows `have`.
  static LogicalResult exceeds(gpu::GPUFuncOp kernel, ProfileAttr profile,
                               StringRef what, uint64_t need, StringRef limit,
                               int64_t have, StringRef advice) {
    return emitKernelError(kernel)
           << "needs " << need << " " << what << ", but limit '" << limit
           << "' of profile '" << profile.getName() << "' is " << have << "; "
           << advice;
  }

  LogicalResult verifyWorkgroup(gpu::GPUFuncOp kernel, ProfileAttr profile) {
    std::optional<ArrayRef<int32_t>> sizes = kernel.getKnownBlockSize();
    if (!sizes || sizes->size() != 3)
      return emitKernelError(kernel)
             << "has no 'known_block_size' of three numbers";
    uint64_t invocations = 1;
    bool hasFailed = false;
    for (auto [dimension, size, limit] :
         llvm::enumerate(*sizes, profile.getLimit3("max_workgroup_size"))) {
      if (size < 1)
        return emitKernelError(kernel)
               << "workgroup size " << size << " in dimension " << dimension
               << " is not positive";
      invocations *= size;
      if (size > limit)
        hasFailed |= failed(exceeds(
            kernel, profile,
            ("invocations in dimension " + Twine(dimension)).str(), size,
            "max_workgroup_size", limit, "choose a smaller workgroup"));
    }
    int64_t limit = profile.getLimit("max_workgroup_invocations");
    if (invocations > uint64_t(limit))
      hasFailed |= failed(exceeds(kernel, profile, "invocations per workgroup",
                                  invocations, "max_workgroup_invocations",
                                  limit, "choose a smaller workgroup"));

    uint64_t memory = 0;
    for (BlockArgument buffer : kernel.getWorkgroupAttributions())
      memory += getBytes(cast<MemRefType>(buffer.getType())).value_or(0);
    kernel.walk([&](memref::AllocOp alloc) {
      if (isWorkgroupMemory(alloc.getType()))
        memory += getBytes(alloc.getType()).value_or(0);
    });
    limit = profile.getLimit("max_workgroup_memory");
    if (memory > uint64_t(limit))
      hasFailed |= failed(exceeds(kernel, profile, "bytes of workgroup memory",
                                  memory, "max_workgroup_memory", limit,
                                  "choose smaller tiles"));
    return failure(hasFailed);
  }

  LogicalResult verifyInterface(gpu::GPUFuncOp kernel, ProfileAttr profile) {
    bool hasFailed = false;
    uint64_t buffers = 0, scalars = 0, texelBuffers = 0;
    int64_t maxBytes = profile.getLimit("max_storage_buffer_bytes");
    for (BlockArgument argument : getInterface(kernel)) {
      auto buffer = dyn_cast<MemRefType>(argument.getType());
      if (!buffer) {
        ++scalars;
        continue;
      }
      ++buffers;
      std::optional<uint64_t> bytes = getBytes(buffer);
      if (bytes && *bytes > uint64_t(maxBytes))
        hasFailed |= failed(exceeds(
            kernel, profile,
            ("bytes in buffer " + Twine(argument.getArgNumber())).str(), *bytes,
            "max_storage_buffer_bytes", maxBytes, "split the tensor"));
      if (!isTexelBuffer(buffer))
        continue;
      ++texelBuffers;
      if (!fitsTexelView(buffer, profile)) {
        hasFailed = true;
        emitKernelError(kernel)
            << "buffer " << argument.getArgNumber()
            << " may have more texels than limit 'max_texel_buffer_elements' "
               "of profile '"
            << profile.getName() << "' allows, "
            << profile.getLimit("max_texel_buffer_elements")
            << "; read it as a storage buffer";
      }
    }
    // Metal has one table for the buffers and the sizes.
    if (profile.getKind() == TargetKind::Metal && scalars)
      ++buffers;
    int64_t limit = profile.getLimit("max_texel_buffers");
    if (texelBuffers > uint64_t(limit))
      hasFailed |= failed(exceeds(kernel, profile, "texel buffers",
                                  texelBuffers, "max_texel_buffers", limit,
                                  "read some as storage buffers"));
    limit = profile.getLimit("max_storage_buffers");
    if (buffers > uint64_t(limit))
      hasFailed |=
          failed(exceeds(kernel, profile, "storage buffers", buffers,
                         "max_storage_buffers", limit, "form smaller kernels"));
    // What push constants cannot hold goes through a uniform buffer.
    limit = profile.getLimit("max_uniform_buffer_bytes");
    if (4 * scalars > uint64_t(limit))
      hasFailed |= failed(
          exceeds(kernel, profile, "bytes of sizes (4 for each)", 4 * scalars,
                  "max_uniform_buffer_bytes", limit, "form smaller kernels"));
    return failure(hasFailed);
  }
};
} // namespace
