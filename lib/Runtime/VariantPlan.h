//===- VariantPlan.h - The launches of one dispatch for known sizes --*- C++
//-*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_VARIANTPLAN_H
#define TAPML_LIB_RUNTIME_VARIANTPLAN_H

#include "Device.h"
#include "Manifest.h"

#include <array>
#include <vector>

namespace tapml::rt {

/// One launch whose alternative has been chosen.
struct LaunchPlan {
  const LaunchDesc *desc = nullptr;
  uint32_t kernel = 0;
  std::array<uint32_t, 3> grid = {1, 1, 1};
  std::vector<int64_t> sizes;
};

/// Everything about a dispatch that follows from the sizes of its operands.
struct VariantPlan {
  std::vector<uint64_t> argBytes, preparedBytes, slotBytes, resultBytes;
  std::vector<Shape> resultShapes;
  std::vector<LaunchPlan> launches;
};

/// Where the buffers of a variant are.
struct VariantBuffers {
  std::vector<BufferRange> args, prepared, slots, results;

  /// Returns all of the buffer that `buffer` is, or is a part of.
  const BufferRange &get(const LaunchBuffer &buffer) const {
    switch (buffer.kind) {
    case LaunchBuffer::Kind::Arg:
      return args[buffer.index];
    case LaunchBuffer::Kind::Prepared:
      return prepared[buffer.index];
    case LaunchBuffer::Kind::Slot:
      return slots[buffer.index];
    case LaunchBuffer::Kind::Result:
      break;
    }
    return results[buffer.index];
  }
};

enum class VariantPhase { Init, Steps };

/// Evaluates the size expressions of `variant`, its checks, and the limits of
/// the device. Nothing has been allocated when this fails.
Result<VariantPlan> planVariant(const Manifest &manifest,
                                const VariantDesc &variant, VariantPhase phase,
                                const std::vector<Shape> &argShapes,
                                const std::vector<int64_t> &sizes,
                                const Device &device);

/// The commands of a plan; `kernels[i]` is the loaded form of kernel i.
void appendLaunches(const VariantPlan &plan, const VariantBuffers &buffers,
                    const std::vector<std::unique_ptr<DeviceKernel>> &kernels,
                    std::vector<Command> &commands);

/// Places pieces of memory one after the other in as few buffers as the device
/// allows.
class ArenaLayout {
public:
  struct Location {
    size_t chunk = 0;
    uint64_t offset = 0;
  };
  static constexpr uint64_t alignment = bindingAlignment;

  /// For weights, which are only read.
  static ArenaLayout ofWeights(const DeviceLimits &limits) {
    return ArenaLayout(limits.maxBufferBytes, false);
  }
  /// For tensors that launches write.
  static ArenaLayout ofResults(const DeviceLimits &limits) {
    return ArenaLayout(limits.maxBufferBytes, limits.exclusiveWrites);
  }

  /// Fails when a piece does not fit in any buffer, or sums overflow.
  Result<Location> add(uint64_t bytes);
  const std::vector<uint64_t> &chunkSizes() const { return sizes; }

private:
  ArenaLayout(uint64_t maxChunkBytes, bool separate)
      : maxChunk(maxChunkBytes), separate(separate) {}

  uint64_t maxChunk;
  /// One buffer per piece.
  bool separate;
  std::vector<uint64_t> sizes;
};

/// Bytes rounded up as bindings are: a kernel may touch whole 16-byte units.
inline uint64_t bindingBytes(uint64_t bytes) {
  return alignTo(bytes ? bytes : 1, 16);
}

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_VARIANTPLAN_H
