//===- VariantPlan.cpp - The launches of one dispatch for known sizes -----===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VariantPlan.h"

#include <algorithm>
#include <limits>

using namespace tapml::rt;

namespace {
class Planner {
public:
  Planner(const Manifest &manifest, const VariantDesc &variant,
          VariantPhase phase, const std::vector<Shape> &argShapes,
          const std::vector<int64_t> &sizes, const Device &device)
      : manifest(manifest), variant(variant), phase(phase),
        argShapes(argShapes), device(device), limits(device.limits()),
        values(ExprValues::evaluate(variant.exprs, argShapes, sizes)) {}

  Result<VariantPlan> run() {
    if (phase == VariantPhase::Steps)
      TAPML_RETURN_IF_ERROR(runChecks());
    TAPML_RETURN_IF_ERROR(computeBytes());
    const std::vector<LaunchDesc> &launches =
        phase == VariantPhase::Init ? variant.init : variant.steps;
    for (const LaunchDesc &launch : launches)
      TAPML_RETURN_IF_ERROR(planLaunch(launch));
    return std::move(plan);
  }

private:
  Status tooLarge(const std::string &what) {
    return makeError(StatusCode::ResourceExhausted, what,
                     "; use smaller inputs, or place the operator elsewhere");
  }

  Status runChecks() {
    for (size_t i = 0; i < variant.args.size(); ++i)
      for (size_t d = 0; d < argShapes[i].size(); ++d)
        if (variant.args[i].shape[d] >= 0 &&
            variant.args[i].shape[d] != argShapes[i][d])
          return makeError(StatusCode::InvalidArgument, "operand ", i,
                           ", dimension ", d, " is ", argShapes[i][d],
                           ", compiled for ", variant.args[i].shape[d]);
    for (const CheckDesc &check : variant.checks) {
      TAPML_ASSIGN_OR_RETURN(int64_t value, values.get(check.expr));
      if (check.max && value > *check.max)
        return tooLarge(concat(check.what, ": ", value, ", at most ",
                               *check.max, " are possible"));
      if (check.min && value < *check.min)
        return makeError(StatusCode::InvalidArgument, check.what, ": ", value,
                         ", needs at least ", *check.min);
    }
    return Status();
  }

  Result<uint64_t> tensorBytes(const char *what, size_t index,
                               const TensorDesc &tensor, Shape &shape) {
    TAPML_ASSIGN_OR_RETURN(shape, values.get(tensor.shape));
    std::optional<uint64_t> bytes = byteSize(tensor.dtype, shape);
    if (!bytes)
      return tooLarge(
          concat(what, " ", index, " has the size ", toString(shape)));
    return *bytes;
  }

  Status computeBytes() {
    for (size_t i = 0; i < variant.args.size(); ++i) {
      std::optional<uint64_t> bytes =
          byteSize(variant.args[i].dtype, argShapes[i]);
      if (!bytes)
        return tooLarge(
            concat("operand ", i, " has the size ", toString(argShapes[i])));
      plan.argBytes.push_back(*bytes);
    }
    Shape shape;
    for (size_t i = 0; i < variant.prepared.size(); ++i) {
      TAPML_ASSIGN_OR_RETURN(
          uint64_t bytes,
          tensorBytes("prepared tensor", i, variant.prepared[i], shape));
      plan.preparedBytes.push_back(bytes);
    }
    plan.slotBytes.resize(variant.slots.size());
    if (phase == VariantPhase::Init)
      return Status();
    for (size_t i = 0; i < variant.results.size(); ++i) {
      TAPML_ASSIGN_OR_RETURN(
          uint64_t bytes, tensorBytes("result", i, variant.results[i], shape));
      plan.resultBytes.push_back(bytes);
      plan.resultShapes.push_back(shape);
    }
    return Status();
  }

  /// Bytes of the buffer, evaluating the sizes of slots on first use.
  Result<uint64_t> bufferBytes(const LaunchBuffer &buffer) {
    switch (buffer.kind) {
    case LaunchBuffer::Kind::Arg:
      return plan.argBytes[buffer.index];
    case LaunchBuffer::Kind::Prepared:
      return plan.preparedBytes[buffer.index];
    case LaunchBuffer::Kind::Result:
      return plan.resultBytes[buffer.index];
    case LaunchBuffer::Kind::Slot:
      break;
    }
    TAPML_ASSIGN_OR_RETURN(int64_t bytes,
                           values.get(variant.slots[buffer.index]));
    if (bytes < 0)
      return makeError(StatusCode::Damaged, "workspace ", buffer.index,
                       " has the size ", bytes);
    return plan.slotBytes[buffer.index] = uint64_t(bytes);
  }

  Status planLaunch(const LaunchDesc &launch) {
    const LaunchCase *chosen = nullptr;
    for (const LaunchCase &alternative : launch.cases) {
      int64_t taken = 1;
      if (alternative.when) {
        TAPML_ASSIGN_OR_RETURN(taken, values.get(*alternative.when));
      }
      if (taken) {
        chosen = &alternative;
        break;
      }
    }
    if (!chosen)
      return makeError(StatusCode::Damaged,
                       "no alternative of a launch fits these sizes; compile "
                       "the executable anew");
    const KernelDesc &kernel = manifest.kernels[chosen->kernel];
    Status status = planChosen(launch, *chosen, kernel);
    return status.withContext("kernel '" + kernel.name + "'");
  }

  Status planChosen(const LaunchDesc &launch, const LaunchCase &chosen,
                    const KernelDesc &kernel) {
    LaunchPlan result;
    result.desc = &launch;
    result.kernel = chosen.kernel;
    TAPML_ASSIGN_OR_RETURN(result.sizes, values.get(launch.sizes));
    for (int64_t size : result.sizes)
      if (limits.narrowSizes && (size < std::numeric_limits<int32_t>::min() ||
                                 size > std::numeric_limits<int32_t>::max()))
        return tooLarge(concat("size ", size, " does not fit in 32 bits"));
    bool empty = false;
    for (size_t d = 0; d < 3; ++d) {
      TAPML_ASSIGN_OR_RETURN(int64_t groups, values.get(chosen.grid[d]));
      if (groups < 0)
        return makeError(StatusCode::Damaged, "the grid has ", groups,
                         " workgroups in dimension ", d);
      if (uint64_t(groups) > limits.maxGrid[d] || groups > int64_t(UINT32_MAX))
        return tooLarge(concat(groups, " workgroups in dimension ", d, ", ",
                               device.describe(), " allows ",
                               limits.maxGrid[d]));
      result.grid[d] = uint32_t(groups);
      empty |= groups == 0;
    }
    if (kernel.place == manifest.hostPlace &&
        (result.grid[1] != 1 || result.grid[2] != 1) && !empty)
      return makeError(StatusCode::Damaged,
                       "a host kernel has a grid of one dimension");
    for (const LaunchBuffer &buffer : launch.buffers) {
      TAPML_ASSIGN_OR_RETURN(uint64_t bytes, bufferBytes(buffer));
      if (buffer.bytes) {
        if (buffer.offset > bytes || buffer.bytes > bytes - buffer.offset)
          return makeError(StatusCode::Damaged, "binds bytes ", buffer.offset,
                           " to ", buffer.offset + buffer.bytes,
                           " of a buffer of ", bytes);
        bytes = buffer.bytes;
      }
      if (bindingBytes(bytes) > limits.maxBindingBytes)
        return tooLarge(concat("a buffer of ", bytes, " bytes, ",
                               device.describe(), " binds at most ",
                               limits.maxBindingBytes));
    }
    if (!empty)
      plan.launches.push_back(std::move(result));
    return Status();
  }

  const Manifest &manifest;
  const VariantDesc &variant;
  VariantPhase phase;
  const std::vector<Shape> &argShapes;
  const Device &device;
  const DeviceLimits &limits;
  ExprValues values;
  VariantPlan plan;
};
} // namespace

Result<VariantPlan> tapml::rt::planVariant(const Manifest &manifest,
                                           const VariantDesc &variant,
                                           VariantPhase phase,
                                           const std::vector<Shape> &argShapes,
                                           const std::vector<int64_t> &sizes,
                                           const Device &device) {
  return Planner(manifest, variant, phase, argShapes, sizes, device).run();
}

void tapml::rt::appendLaunches(
    const VariantPlan &plan, const VariantBuffers &buffers,
    const std::vector<std::unique_ptr<DeviceKernel>> &kernels,
    std::vector<Command> &commands) {
  for (const LaunchPlan &launch : plan.launches) {
    LaunchCommand command;
    command.kernel = kernels[launch.kernel].get();
    command.grid = launch.grid;
    command.sizes = launch.sizes;
    for (const LaunchBuffer &buffer : launch.desc->buffers) {
      BufferRange range = buffers.get(buffer);
      if (buffer.bytes) {
        range.offset += buffer.offset;
        range.size = bindingBytes(buffer.bytes);
      }
      command.buffers.push_back(range);
    }
    commands.push_back(std::move(command));
  }
}

Result<ArenaLayout::Location> ArenaLayout::add(uint64_t bytes) {
  if (bytes > maxChunk || bytes > uint64_t(1) << 62)
    return makeError(StatusCode::ResourceExhausted, "a buffer of ", bytes,
                     " bytes, the device allocates at most ", maxChunk,
                     "; use smaller inputs");
  uint64_t size = alignTo(bytes ? bytes : 1, alignment);
  if (sizes.empty() || separate || sizes.back() + bytes > maxChunk)
    sizes.push_back(0);
  Location location{sizes.size() - 1, sizes.back()};
  sizes.back() += size;
  return location;
}
