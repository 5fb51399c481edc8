//===- GpuDevice.cpp - What the devices behind GPU APIs share -------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuDevice.h"

#include <algorithm>

using namespace tapml::rt;

/// Size of the pieces in which data passes through staging memory.
static constexpr uint64_t stagingChunk = uint64_t(16) << 20;

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

GpuContext::~GpuContext() = default;

Status GpuContext::sticky() {
  std::lock_guard<std::mutex> lock(stateMutex);
  return finalError;
}

Status GpuContext::setSticky(Status status) {
  std::lock_guard<std::mutex> lock(stateMutex);
  if (finalError.ok())
    finalError = std::move(status);
  return finalError;
}

Status GpuContext::setLost(const std::string &what) {
  return setSticky(makeError(
      StatusCode::DeviceLost, "device ", describe(), " was lost while it had ",
      "to ", what,
      "; a kernel may have hung or the driver crashed; load again, and move "
      "operators to the host to find the one that does it"));
}

Status GpuContext::abandon(std::chrono::milliseconds deadline) {
  abandoned = true;
  return setSticky(makeError(
      StatusCode::DeadlineExceeded, "device ", describe(),
      " did not finish within ", deadline.count(),
      " ms; a kernel may hang: raise the deadline, or move operators to the "
      "host to find the one that does it"));
}

//===----------------------------------------------------------------------===//
// Limits
//===----------------------------------------------------------------------===//

static uint64_t limitOf(const DeviceInfo &info, const char *key, size_t i = 0) {
  return uint64_t(info.limits.at(key)[i]);
}

DeviceLimits tapml::rt::limitsOf(const DeviceInfo &info) {
  DeviceLimits limits;
  limits.maxBindingBytes = limitOf(info, "max_storage_buffer_bytes");
  limits.maxBufferBytes = limitOf(info, "max_allocation_bytes");
  limits.maxBuffersPerKernel = limitOf(info, "max_storage_buffers");
  for (size_t i = 0; i < 3; ++i)
    limits.maxGrid[i] = limitOf(info, "max_workgroup_count", i);
  limits.narrowSizes = true;
  return limits;
}

GpuDevice::GpuDevice(std::shared_ptr<GpuContext> shared, DeviceLimits limits)
    : Device(shared->info.kind, shared->describe(), limits),
      context(std::move(shared)) {}

Status GpuDevice::checkProfile(const ProfileDesc &profile) const {
  return checkProfileAgainst(profile, context->info);
}

Status GpuDevice::checkAllocation(uint64_t size) const {
  if (size <= limits().maxBufferBytes)
    return Status();
  return makeError(StatusCode::ResourceExhausted, "device ", describe(),
                   " allocates at most ", limits().maxBufferBytes,
                   " bytes at once, not ", size);
}

Status GpuDevice::checkKernelLimits(const KernelDesc &desc) const {
  auto check = [&](const std::string &what, uint64_t need, uint64_t have,
                   const char *limit) {
    if (need <= have)
      return Status();
    return makeError(StatusCode::ResourceExhausted, "kernel '", desc.name,
                     "' has ", need, " ", what, ", device ", describe(),
                     " allows ", have, *limit ? " (" : "", limit,
                     *limit ? ")" : "", "; compile for this device");
  };
  const DeviceInfo &info = context->info;
  uint64_t invocations = 1;
  for (size_t i = 0; i < 3; ++i) {
    TAPML_RETURN_IF_ERROR(
        check(concat("invocations in dimension ", i), desc.workgroup[i],
              limitOf(info, "max_workgroup_size", i), "max_workgroup_size"));
    invocations *= desc.workgroup[i];
  }
  TAPML_RETURN_IF_ERROR(check("invocations in a workgroup", invocations,
                              limitOf(info, "max_workgroup_invocations"),
                              "max_workgroup_invocations"));
  TAPML_RETURN_IF_ERROR(check("buffers", desc.access.size(),
                              limits().maxBuffersPerKernel,
                              "max_storage_buffers"));
  // APIs without texel buffers have no limit of this name.
  bool hasTexels = info.limits.count("max_texel_buffers");
  TAPML_RETURN_IF_ERROR(check(
      "texel buffers",
      desc.texels.size() -
          std::count(desc.texels.begin(), desc.texels.end(), TexelFormat::None),
      hasTexels ? limitOf(info, "max_texel_buffers") : 0, "max_texel_buffers"));
  uint64_t sizeBytes = desc.numSizes * uint64_t(4);
  if (desc.uniformSizes)
    return check("bytes of sizes", sizeBytes,
                 limitOf(info, "max_uniform_buffer_bytes"),
                 "max_uniform_buffer_bytes");
  return check("bytes of sizes", sizeBytes, limits().maxSizeBytes, "");
}

//===----------------------------------------------------------------------===//
// Submissions
//===----------------------------------------------------------------------===//

Result<Ticket> GpuDevice::submit(CommandList &commands,
                                 const std::vector<void *> &externals) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  auto &list = static_cast<GpuCommandList &>(commands);
  if (list.inFlight)
    return makeError(StatusCode::Internal,
                     "a command list is submitted again before its end");
  list.externals = externals;
  TAPML_RETURN_IF_ERROR(start(list));
  std::lock_guard<std::mutex> lock(pendingMutex);
  pending.emplace(++lastTicket, &list);
  return lastTicket;
}

Status GpuDevice::wait(Ticket ticket, std::chrono::milliseconds deadline) {
  GpuCommandList *list = nullptr;
  {
    std::lock_guard<std::mutex> lock(pendingMutex);
    auto it = pending.find(ticket);
    if (it == pending.end())
      return context->sticky();
    list = it->second;
    pending.erase(it);
  }
  TAPML_RETURN_IF_ERROR(context->sticky());
  TAPML_ASSIGN_OR_RETURN(bool finished, finish(*list, deadline));
  return finished ? Status() : context->abandon(deadline);
}

Status GpuDevice::copyByList(DeviceBuffer &buffer, uint64_t offset,
                             const uint8_t *source, uint8_t *target,
                             uint64_t size) {
  for (uint64_t done = 0; done < size;) {
    uint64_t count = std::min(stagingChunk, size - done);
    BufferRange device{&buffer, 0, offset + done, count};
    BufferRange host{nullptr, 0, 0, count};
    CopyCommand copy =
        source ? CopyCommand{host, device} : CopyCommand{device, host};
    TAPML_ASSIGN_OR_RETURN(auto list, record({copy}, RecordHints()));
    // The pointer is only read when it is the source.
    void *pointer = source ? const_cast<uint8_t *>(source) + done
                           : static_cast<void *>(target + done);
    TAPML_ASSIGN_OR_RETURN(Ticket ticket, submit(*list, {pointer}));
    TAPML_RETURN_IF_ERROR(wait(ticket, copyDeadline));
    done += count;
  }
  return Status();
}
