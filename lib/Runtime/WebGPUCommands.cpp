//===- WebGPUCommands.cpp - Recording and submission of WebGPU commands ---===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WebGPUDevice.h"

#include <algorithm>

using namespace tapml::rt;

/// Offsets in a uniform buffer that every device accepts.
static constexpr uint64_t uniformAlignment = 256;

/// Offsets and sizes of copies are multiples of this. Buffers are padded, so
/// that rounding up stays inside.
static constexpr uint64_t copyAlignment = 4;

static uint64_t copySize(uint64_t bytes) {
  return alignTo(bytes, copyAlignment);
}

namespace {
/// What the callback of one submission tells it.
struct Completion {
  std::atomic<bool> done{false};
  std::atomic<bool> failed{false};
};

/// A program with all it refers to. WebGPU's command buffers are for one use
/// each, so it is encoded anew for every submission.
class WebGPUCommandList : public GpuCommandList {
public:
  explicit WebGPUCommandList(std::shared_ptr<WebGPUContext> context)
      : context(std::move(context)) {}
  ~WebGPUCommandList() override;

  struct Launch {
    WGPUComputePipeline pipeline;
    WGPUBindGroup group;
    bool hasSizes;
    uint32_t uniformOffset;
    std::array<uint32_t, 3> grid;
  };
  struct Copy {
    WGPUBuffer source, target;
    uint64_t sourceOffset, targetOffset, size;
  };
  /// Host memory that goes to a buffer before the commands start.
  struct HostWrite {
    uint32_t external;
    uint64_t externalOffset;
    WGPUBuffer target;
    uint64_t targetOffset, size;
  };
  /// A part of `readback` that goes to host memory in the end.
  struct HostRead {
    uint32_t external;
    uint64_t externalOffset, offset, size;
  };

  /// The commands for one submission; null when the device refuses them.
  WGPUCommandBuffer encode() const;

  std::shared_ptr<WebGPUContext> context;
  std::vector<std::variant<Launch, Copy>> steps;
  std::vector<HostWrite> writes;
  std::vector<HostRead> reads;
  std::shared_ptr<WebGPUBuffer> uniforms, staging, readback;
  std::shared_ptr<Completion> completion;
};
} // namespace

WebGPUCommandList::~WebGPUCommandList() {
  if (inFlight && !context->abandoned &&
      !context->pollUntil([&] { return bool(completion->done); },
                          abandonDeadline))
    context->abandoned = true;
  if (context->abandoned)
    return;
  for (const auto &step : steps)
    if (const auto *launch = std::get_if<Launch>(&step))
      if (launch->group)
        context->api().BindGroupRelease(launch->group);
}

WGPUCommandBuffer WebGPUCommandList::encode() const {
  const WebGPUTable &api = context->api();
  WGPUCommandEncoder encoder =
      api.DeviceCreateCommandEncoder(context->device, nullptr);
  WGPUComputePassEncoder pass = nullptr;
  WGPUComputePipeline boundPipeline = nullptr;
  auto endPass = [&] {
    if (!pass)
      return;
    api.ComputePassEncoderEnd(pass);
    api.ComputePassEncoderRelease(pass);
    pass = nullptr;
    boundPipeline = nullptr;
  };
  for (const auto &step : steps) {
    if (const auto *copy = std::get_if<Copy>(&step)) {
      endPass();
      api.CommandEncoderCopyBufferToBuffer(encoder, copy->source,
                                           copy->sourceOffset, copy->target,
                                           copy->targetOffset, copy->size);
      continue;
    }
    const auto &launch = std::get<Launch>(step);
    if (!pass)
      pass = api.CommandEncoderBeginComputePass(encoder, nullptr);
    if (launch.pipeline != boundPipeline)
      api.ComputePassEncoderSetPipeline(pass, launch.pipeline);
    boundPipeline = launch.pipeline;
    api.ComputePassEncoderSetBindGroup(
        pass, 0, launch.group, launch.hasSizes ? 1 : 0, &launch.uniformOffset);
    api.ComputePassEncoderDispatchWorkgroups(pass, launch.grid[0],
                                             launch.grid[1], launch.grid[2]);
  }
  endPass();
  WGPUCommandBuffer buffer = api.CommandEncoderFinish(encoder, nullptr);
  api.CommandEncoderRelease(encoder);
  return buffer;
}

namespace {
/// Makes a list from commands.
class Recorder {
public:
  Recorder(WebGPUCommandList &list, const DeviceLimits &limits,
           const std::vector<Command> &commands)
      : list(list), context(*list.context), limits(limits), commands(commands) {
  }

  Status run() {
    TAPML_RETURN_IF_ERROR(prepare());
    for (size_t i = 0; i < commands.size(); ++i) {
      if (const auto *launch = std::get_if<LaunchCommand>(&commands[i]))
        TAPML_RETURN_IF_ERROR(addLaunch(*launch));
      else
        TAPML_RETURN_IF_ERROR(addCopy(std::get<CopyCommand>(commands[i]), i));
    }
    // One scope for all groups: an error in any is a fault of this library.
    TAPML_RETURN_IF_ERROR(context.make("bind buffers", [&] { bindAll(); }));
    if (uniformData.empty())
      return Status();
    context.api().QueueWriteBuffer(context.queue, list.uniforms->handle, 0,
                                   uniformData.data(), uniformData.size());
    return context.sticky();
  }

private:
  struct Binding {
    const LaunchCommand *command;
    size_t step;
  };

  /// True when the host's data may go to the buffer ahead of all commands,
  /// because none before number `at` uses what is there.
  bool isDirect(const CopyCommand &copy, size_t at) const {
    bool free = true;
    for (size_t i = 0; i < at; ++i)
      forEachAccess(commands[i], [&](const BufferRange &other, Access) {
        if (other.overlaps(copy.target))
          free = false;
      });
    return free;
  }

  Status prepare() {
    uint64_t uniformSize = 0, stagingSize = 0, readbackSize = 0;
    direct.resize(commands.size());
    for (size_t i = 0; i < commands.size(); ++i) {
      if (const auto *launch = std::get_if<LaunchCommand>(&commands[i])) {
        if (!launch->sizes.empty())
          uniformSize = alignTo(uniformSize, uniformAlignment) +
                        uniformBytes(uint32_t(launch->sizes.size()));
        continue;
      }
      const auto &copy = std::get<CopyCommand>(commands[i]);
      direct[i] = copiesFromHost(copy) && isDirect(copy, i);
      if (copiesFromHost(copy) && !direct[i])
        stagingSize += copySize(copy.source.size);
      else if (copiesToHost(copy))
        readbackSize += copySize(copy.source.size);
    }
    auto make = [&](std::shared_ptr<WebGPUBuffer> &buffer, uint64_t size,
                    WGPUBufferUsage usage) -> Status {
      if (!size)
        return Status();
      if (size > limits.maxBufferBytes || size > UINT32_MAX)
        return makeError(StatusCode::ResourceExhausted, "device ",
                         context.describe(), " copies at most ",
                         std::min<uint64_t>(limits.maxBufferBytes, UINT32_MAX),
                         " bytes at once, not ", size, "; use smaller inputs");
      TAPML_ASSIGN_OR_RETURN(buffer,
                             WebGPUBuffer::create(list.context, size, usage));
      return Status();
    };
    TAPML_RETURN_IF_ERROR(
        make(list.uniforms, uniformSize,
             WGPUBufferUsage_Uniform | WGPUBufferUsage_CopyDst));
    TAPML_RETURN_IF_ERROR(
        make(list.staging, stagingSize,
             WGPUBufferUsage_CopySrc | WGPUBufferUsage_CopyDst));
    return make(list.readback, readbackSize,
                WGPUBufferUsage_MapRead | WGPUBufferUsage_CopyDst);
  }

  static WGPUBuffer handleOf(const BufferRange &range) {
    return static_cast<WebGPUBuffer *>(range.buffer)->handle;
  }

  /// The rule that most other APIs do not have: what a launch writes, it must
  /// not bind twice. (It may write two parts of a buffer, but nobody needs
  /// that.) wgpu-native ends the process on a breach.
  Status checkBindings(const LaunchCommand &launch) const {
    const std::vector<Access> &access = launch.kernel->desc().access;
    for (size_t i = 0; i < launch.buffers.size(); ++i) {
      if (!launch.buffers[i].buffer)
        return makeError(StatusCode::Internal, "a launch binds host memory");
      for (size_t k = 0; k < i; ++k)
        if (launch.buffers[i].buffer == launch.buffers[k].buffer &&
            (writes(access[i]) || writes(access[k])))
          return makeError(StatusCode::Damaged,
                           launch.kernel->desc().describe(), " binds buffers ",
                           k, " and ", i,
                           " in the same memory and writes there, which WebGPU "
                           "forbids; compile the executable anew");
    }
    return Status();
  }

  Status addLaunch(const LaunchCommand &launch) {
    TAPML_RETURN_IF_ERROR(checkBindings(launch));
    WebGPUCommandList::Launch step = {};
    step.pipeline = static_cast<const WebGPUKernel *>(launch.kernel)->pipeline;
    step.grid = launch.grid;
    step.hasSizes = !launch.sizes.empty();
    if (step.hasSizes) {
      uniformData.resize(alignTo(uniformData.size(), uniformAlignment));
      step.uniformOffset = uint32_t(uniformData.size());
      uniformData.resize(uniformData.size() +
                         uniformBytes(uint32_t(launch.sizes.size())));
      for (size_t i = 0; i < launch.sizes.size(); ++i) {
        int32_t size = int32_t(launch.sizes[i]);
        std::memcpy(&uniformData[step.uniformOffset + i * 4], &size, 4);
      }
    }
    bindings.push_back({&launch, list.steps.size()});
    list.steps.push_back(step);
    return Status();
  }

  void bindAll() {
    for (const Binding &binding : bindings) {
      const LaunchCommand &launch = *binding.command;
      std::vector<WGPUBindGroupEntry> entries;
      auto add = [&](WGPUBuffer buffer, uint64_t offset, uint64_t size) {
        WGPUBindGroupEntry entry = {};
        entry.binding = uint32_t(entries.size());
        entry.buffer = buffer;
        entry.offset = offset;
        entry.size = size;
        entries.push_back(entry);
      };
      for (const BufferRange &range : launch.buffers)
        add(handleOf(range), range.offset, range.size);
      if (!launch.sizes.empty())
        add(list.uniforms->handle, 0,
            uniformBytes(uint32_t(launch.sizes.size())));
      WGPUBindGroupDescriptor description = {};
      description.layout =
          static_cast<const WebGPUKernel *>(launch.kernel)->groupLayout;
      description.entryCount = entries.size();
      description.entries = entries.data();
      std::get<WebGPUCommandList::Launch>(list.steps[binding.step]).group =
          context.api().DeviceCreateBindGroup(context.device, &description);
    }
  }

  Status addCopy(const CopyCommand &copy, size_t at) {
    const BufferRange &source = copy.source, &target = copy.target;
    if (source.size == 0)
      return Status();
    for (const BufferRange *range : {&source, &target})
      if (range->buffer && range->offset % copyAlignment)
        return makeError(StatusCode::Internal, "a copy at offset ",
                         range->offset, ", which WebGPU does not align");
    if (copiesFromHost(copy)) {
      if (direct[at]) {
        list.writes.push_back({source.external, source.offset, handleOf(target),
                               target.offset, source.size});
        return Status();
      }
      list.writes.push_back({source.external, source.offset,
                             list.staging->handle, stagingUsed, source.size});
      addStep(list.staging->handle, stagingUsed, handleOf(target),
              target.offset, source.size);
      stagingUsed += copySize(source.size);
      return Status();
    }
    if (copiesToHost(copy)) {
      addStep(handleOf(source), source.offset, list.readback->handle,
              readbackUsed, source.size);
      list.reads.push_back(
          {target.external, target.offset, readbackUsed, source.size});
      readbackUsed += copySize(source.size);
      return Status();
    }
    if (source.buffer == target.buffer)
      return makeError(StatusCode::Internal,
                       "a copy inside of one buffer, which WebGPU forbids");
    addStep(handleOf(source), source.offset, handleOf(target), target.offset,
            source.size);
    return Status();
  }

  void addStep(WGPUBuffer source, uint64_t sourceOffset, WGPUBuffer target,
               uint64_t targetOffset, uint64_t size) {
    list.steps.push_back(WebGPUCommandList::Copy{source, target, sourceOffset,
                                                 targetOffset, copySize(size)});
  }

  WebGPUCommandList &list;
  WebGPUContext &context;
  const DeviceLimits &limits;
  const std::vector<Command> &commands;
  std::vector<bool> direct;
  std::vector<Binding> bindings;
  std::string uniformData;
  uint64_t stagingUsed = 0, readbackUsed = 0;
};
} // namespace

Result<std::unique_ptr<CommandList>>
WebGPUDevice::record(std::vector<Command> commands, RecordHints) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  auto list = std::make_unique<WebGPUCommandList>(context);
  TAPML_RETURN_IF_ERROR(Recorder(*list, limits(), commands).run());
  return std::unique_ptr<CommandList>(std::move(list));
}

/// Called back at the end of a submission.
static void complete(void *user, bool ok) {
  std::shared_ptr<Completion> completion = takeState<Completion>(user);
  completion->failed = !ok;
  completion->done = true;
}

Status WebGPUDevice::start(GpuCommandList &commands) {
  auto &list = static_cast<WebGPUCommandList &>(commands);
  const WebGPUTable &api = context->api();
  for (const WebGPUCommandList::HostWrite &write : list.writes) {
    const uint8_t *data = list.external(write.external, write.externalOffset);
    uint64_t whole = write.size & ~(copyAlignment - 1);
    if (whole)
      api.QueueWriteBuffer(context->queue, write.target, write.targetOffset,
                           data, whole);
    if (whole == write.size)
      continue;
    uint8_t rest[copyAlignment] = {};
    std::memcpy(rest, data + whole, write.size - whole);
    api.QueueWriteBuffer(context->queue, write.target,
                         write.targetOffset + whole, rest, copyAlignment);
  }
  WGPUCommandBuffer buffer = list.encode();
  // wgpu-native ends the process when invalid commands are submitted; what is
  // wrong with them it has said before.
  if (Status status = context->sticky(); !status.ok() || !buffer) {
    if (buffer)
      api.CommandBufferRelease(buffer);
    return status.ok() ? makeError(StatusCode::DeviceError, "device ",
                                   describe(), " cannot accept work")
                       : status;
  }
  api.QueueSubmit(context->queue, 1, &buffer);
  api.CommandBufferRelease(buffer);
  list.inFlight = true;
  list.completion = std::make_shared<Completion>();

  if (list.reads.empty()) {
    WGPUQueueWorkDoneCallbackInfo callback = {};
    callback.mode = WGPUCallbackMode_AllowProcessEvents;
    callback.userdata1 = lendState(list.completion);
    callback.callback = [](WGPUQueueWorkDoneStatus status, WGPUStringView,
                           void *user, void *) {
      complete(user, status == WGPUQueueWorkDoneStatus_Success);
    };
    api.QueueOnSubmittedWorkDone(context->queue, callback);
  } else {
    // The buffer is mapped when the commands that fill it have finished.
    WGPUBufferMapCallbackInfo callback = {};
    callback.mode = WGPUCallbackMode_AllowProcessEvents;
    callback.userdata1 = lendState(list.completion);
    callback.callback = [](WGPUMapAsyncStatus status, WGPUStringView,
                           void *user, void *) {
      complete(user, status == WGPUMapAsyncStatus_Success);
    };
    api.BufferMapAsync(list.readback->handle, WGPUMapMode_Read, 0,
                       copySize(list.readback->size()), callback);
  }
  return context->sticky();
}

Result<bool> WebGPUDevice::finish(GpuCommandList &commands,
                                  std::chrono::milliseconds deadline) {
  auto &list = static_cast<WebGPUCommandList &>(commands);
  if (!context->pollUntil([&] { return bool(list.completion->done); },
                          deadline))
    return false;
  list.inFlight = false;
  TAPML_RETURN_IF_ERROR(context->sticky());
  if (list.completion->failed)
    return context->setLost("finish its work");
  if (list.reads.empty())
    return true;
  const WebGPUTable &api = context->api();
  uint64_t size = copySize(list.readback->size());
  const auto *data = static_cast<const uint8_t *>(
      api.BufferGetConstMappedRange(list.readback->handle, 0, size));
  if (!data)
    return makeError(StatusCode::DeviceError, "device ", describe(),
                     " cannot give its results to the host");
  for (const WebGPUCommandList::HostRead &read : list.reads)
    std::memcpy(list.external(read.external, read.externalOffset),
                data + read.offset, read.size);
  api.BufferUnmap(list.readback->handle);
  return true;
}
