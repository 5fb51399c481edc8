//===- WebGPUDevice.cpp - Opening of WebGPU devices and their memory ------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WebGPUDevice.h"

#include <algorithm>
#include <new>
#include <thread>

using namespace tapml::rt;

using Clock = std::chrono::steady_clock;

/// The device's message without the frame that says which call failed, which
/// the caller knows better.
static std::string shortenMessage(std::string text) {
  static const char frame[] = "Caused by:\n";
  if (size_t at = text.find(frame); at != std::string::npos) {
    text.erase(0, at + sizeof(frame) - 1);
    // The first line names the call.
    size_t line = text.find_first_not_of(' ');
    if (line != std::string::npos && text.compare(line, 7, "In wgpu") == 0)
      text.erase(0, text.find('\n') == std::string::npos ? text.size()
                                                         : text.find('\n') + 1);
  }
  size_t first = text.find_first_not_of(" \n");
  size_t last = text.find_last_not_of(" \n");
  return first == std::string::npos ? "no reason given"
                                    : text.substr(first, last - first + 1);
}

//===----------------------------------------------------------------------===//
// Context
//===----------------------------------------------------------------------===//

WebGPUContext::~WebGPUContext() {
  if (abandoned) {
    // Releasing what is in use would wait for it.
    new (std::nothrow) std::shared_ptr<WebGPUInstance>(std::move(instance));
    new (std::nothrow) std::unique_ptr<Listener>(std::move(listener));
    return;
  }
  for (auto &[key, layout] : layouts) {
    api().PipelineLayoutRelease(layout.pipeline);
    api().BindGroupLayoutRelease(layout.group);
  }
  if (queue)
    api().QueueRelease(queue);
  if (device)
    api().DeviceRelease(device);
  // Nothing calls the listener after that.
  instance.reset();
}

/// The error of a call on a lost device, whose own notice may come later.
static bool saysLost(const std::string &message) {
  return message.find("device is lost") != std::string::npos;
}

void WebGPUContext::listen(WGPUDeviceDescriptor &description) {
  listener = std::make_unique<Listener>(weak_from_this());
  // A device that goes away with its context says so, too: the listener finds
  // nobody then.
  auto &lost = description.deviceLostCallbackInfo;
  lost.mode = WGPUCallbackMode_AllowSpontaneous;
  lost.userdata1 = listener.get();
  lost.callback = [](const WGPUDevice *, WGPUDeviceLostReason, WGPUStringView,
                     void *user, void *) {
    if (auto self = static_cast<Listener *>(user)->lock())
      (void)self->setLost("work");
  };
  auto &error = description.uncapturedErrorCallbackInfo;
  error.userdata1 = listener.get();
  error.callback = [](const WGPUDevice *, WGPUErrorType, WGPUStringView message,
                      void *user, void *) {
    auto self = static_cast<Listener *>(user)->lock();
    if (!self)
      return;
    std::string text = shortenMessage(toString(message));
    if (saysLost(text))
      (void)self->setLost("work");
    else
      (void)self->setSticky(makeError(StatusCode::DeviceError, "device ",
                                      self->describe(), " reports: ", text));
  };
}

bool WebGPUContext::pollUntil(const std::function<bool()> &done,
                              std::chrono::milliseconds deadline) {
  // The standard has no wait that ends at a time. Sleeping a part of what has
  // passed already costs little of either the time or the processor.
  constexpr auto shortest = std::chrono::microseconds(20);
  constexpr auto longest = std::chrono::microseconds(500);
  Clock::time_point begin = Clock::now();
  while (!done()) {
    api().InstanceProcessEvents(instance->get());
    if (done())
      break;
    auto passed = std::chrono::duration_cast<std::chrono::microseconds>(
        Clock::now() - begin);
    if (passed >= deadline)
      return false;
    std::this_thread::sleep_for(std::clamp(passed / 16, shortest, longest));
  }
  return true;
}

Status WebGPUContext::make(const std::string &what,
                           const std::function<void()> &make) {
  TAPML_RETURN_IF_ERROR(sticky());
  struct Scope {
    std::atomic<bool> done{false};
    WGPUErrorType type = WGPUErrorType_NoError;
    std::string message;
  };
  // wgpu-native has no scope for internal errors; they become final.
  constexpr WGPUErrorFilter filters[] = {WGPUErrorFilter_Validation,
                                         WGPUErrorFilter_OutOfMemory};
  // Scopes belong to the device: errors of two threads would mix.
  std::lock_guard<std::mutex> lock(makeMutex);
  for (WGPUErrorFilter filter : filters)
    api().DevicePushErrorScope(device, filter);
  make();
  Status result;
  for (size_t i = 0; i < std::size(filters); ++i) {
    auto scope = std::make_shared<Scope>();
    WGPUPopErrorScopeCallbackInfo callback = {};
    callback.mode = WGPUCallbackMode_AllowProcessEvents;
    callback.userdata1 = lendState(scope);
    callback.callback = [](WGPUPopErrorScopeStatus, WGPUErrorType type,
                           WGPUStringView message, void *user, void *) {
      std::shared_ptr<Scope> scope = takeState<Scope>(user);
      scope->type = type;
      scope->message = toString(message);
      scope->done = true;
    };
    api().DevicePopErrorScope(device, callback);
    if (!pollUntil([&] { return bool(scope->done); }, copyDeadline))
      return abandon(copyDeadline);
    if (scope->type == WGPUErrorType_NoError || !result.ok())
      continue;
    if (saysLost(scope->message)) {
      result = setLost(what);
      continue;
    }
    bool memory = scope->type == WGPUErrorType_OutOfMemory;
    result = makeError(memory ? StatusCode::ResourceExhausted
                              : StatusCode::DeviceError,
                       "device ", describe(), " cannot ", what, ": ",
                       shortenMessage(scope->message),
                       memory ? "; use smaller inputs or another device" : "");
  }
  return result.ok() ? sticky() : result;
}

Result<WebGPUContext::Layout>
WebGPUContext::layout(const std::vector<Access> &access, uint32_t numSizes) {
  std::lock_guard<std::mutex> lock(layoutMutex);
  auto it = layouts.find({access, numSizes});
  if (it != layouts.end())
    return it->second;
  std::vector<WGPUBindGroupLayoutEntry> entries;
  auto add = [&](WGPUBufferBindingType type, uint64_t bytes) {
    WGPUBindGroupLayoutEntry entry = {};
    entry.binding = uint32_t(entries.size());
    entry.visibility = WGPUShaderStage_Compute;
    entry.buffer.type = type;
    entry.buffer.hasDynamicOffset = bytes != 0;
    entry.buffer.minBindingSize = bytes;
    entries.push_back(entry);
  };
  for (Access a : access)
    add(writes(a) ? WGPUBufferBindingType_Storage
                  : WGPUBufferBindingType_ReadOnlyStorage,
        0);
  if (numSizes)
    add(WGPUBufferBindingType_Uniform, uniformBytes(numSizes));
  Layout layout;
  TAPML_RETURN_IF_ERROR(make("describe a kernel's buffers", [&] {
    WGPUBindGroupLayoutDescriptor group = {};
    group.entryCount = entries.size();
    group.entries = entries.data();
    layout.group = api().DeviceCreateBindGroupLayout(device, &group);
    WGPUPipelineLayoutDescriptor pipeline = {};
    pipeline.bindGroupLayoutCount = 1;
    pipeline.bindGroupLayouts = &layout.group;
    layout.pipeline = api().DeviceCreatePipelineLayout(device, &pipeline);
  }));
  layouts.emplace(std::make_pair(access, numSizes), layout);
  return layout;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<WebGPUBuffer>>
WebGPUBuffer::create(const std::shared_ptr<WebGPUContext> &context,
                     uint64_t size, WGPUBufferUsage usage) {
  std::shared_ptr<WebGPUBuffer> buffer(new WebGPUBuffer(context, size));
  WGPUBufferDescriptor description = {};
  description.size = alignTo(std::max<uint64_t>(size, 1), bufferGranularity);
  description.usage = usage;
  TAPML_RETURN_IF_ERROR(context->make(concat("allocate ", size, " bytes"), [&] {
    buffer->handle =
        context->api().DeviceCreateBuffer(context->device, &description);
  }));
  return buffer;
}

WebGPUBuffer::~WebGPUBuffer() {
  if (handle && !context->abandoned)
    context->api().BufferRelease(handle);
}

Result<std::shared_ptr<DeviceBuffer>> WebGPUDevice::allocate(uint64_t size) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  TAPML_RETURN_IF_ERROR(checkAllocation(size));
  TAPML_ASSIGN_OR_RETURN(auto buffer,
                         WebGPUBuffer::create(context, size,
                                              WGPUBufferUsage_Storage |
                                                  WGPUBufferUsage_CopySrc |
                                                  WGPUBufferUsage_CopyDst));
  return std::shared_ptr<DeviceBuffer>(std::move(buffer));
}

Status WebGPUDevice::writeBuffer(DeviceBuffer &buffer, uint64_t offset,
                                 ByteSpan bytes) {
  return copyByList(buffer, offset, bytes.data, nullptr, bytes.size);
}

Status WebGPUDevice::readBuffer(DeviceBuffer &buffer, uint64_t offset,
                                void *target, uint64_t size) {
  return copyByList(buffer, offset, nullptr, static_cast<uint8_t *>(target),
                    size);
}

//===----------------------------------------------------------------------===//
// Device
//===----------------------------------------------------------------------===//

Result<std::shared_ptr<WebGPUDevice>>
WebGPUDevice::open(const WebGPUOptions &options, size_t index,
                   const std::optional<ProfileDesc> &profile) {
  auto context = std::make_shared<WebGPUContext>();
  TAPML_ASSIGN_OR_RETURN(context->instance, WebGPUInstance::create(options));
  const WebGPUInstance &instance = *context->instance;
  if (index >= instance.adapters().size())
    return makeError(StatusCode::NotFound, "there is no device webgpu:", index,
                     "; ", instance.adapters().size(),
                     " WebGPU devices are here, 'tapml devices' lists them");
  context->info = queryWebGPUDevice(instance, index);
  if (profile)
    TAPML_RETURN_IF_ERROR(checkProfileAgainst(*profile, context->info));
  WGPUAdapter adapter = instance.adapters()[index];
  std::vector<WGPUFeatureName> features;
  std::vector<std::string> names;
  for (const WebGPUFeature &feature : webGPUFeatures(instance, adapter)) {
    bool wanted =
        !profile ||
        std::any_of(feature.provides.begin(), feature.provides.end(),
                    [&](const std::string &name) {
                      return std::count(profile->features.begin(),
                                        profile->features.end(), name) != 0;
                    });
    if (!wanted)
      continue;
    features.push_back(feature.name);
    for (const std::string &name : feature.provides)
      if (!std::count(names.begin(), names.end(), name))
        names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  context->info.features = names;

  WGPULimits limits = {};
  context->api().AdapterGetLimits(adapter, &limits);
  WGPUDeviceDescriptor description = {};
  description.requiredFeatureCount = features.size();
  description.requiredFeatures = features.data();
  description.requiredLimits = &limits;
  context->listen(description);
  struct Answer {
    std::atomic<bool> done{false};
    WGPUDevice device = nullptr;
    std::string message;
  };
  auto answer = std::make_shared<Answer>();
  WGPURequestDeviceCallbackInfo callback = {};
  callback.mode = WGPUCallbackMode_AllowProcessEvents;
  callback.userdata1 = lendState(answer);
  callback.callback = [](WGPURequestDeviceStatus, WGPUDevice device,
                         WGPUStringView message, void *user, void *) {
    std::shared_ptr<Answer> answer = takeState<Answer>(user);
    answer->device = device;
    answer->message = toString(message);
    answer->done = true;
  };
  context->api().AdapterRequestDevice(adapter, &description, callback);
  if (!context->pollUntil([&] { return bool(answer->done); }, copyDeadline))
    return context->abandon(copyDeadline);
  if (!answer->device)
    return makeError(StatusCode::DeviceError, "device ", context->describe(),
                     " cannot be opened: ", shortenMessage(answer->message));
  context->device = answer->device;
  context->queue = context->api().DeviceGetQueue(context->device);
  return std::shared_ptr<WebGPUDevice>(
      new WebGPUDevice(std::move(context), limits));
}

static DeviceLimits webGPULimits(const DeviceInfo &info,
                                 const WGPULimits &reported) {
  DeviceLimits limits = limitsOf(info);
  limits.maxSizeBytes = reported.maxUniformBufferBindingSize;
  limits.exclusiveWrites = true;
  return limits;
}

WebGPUDevice::WebGPUDevice(std::shared_ptr<WebGPUContext> shared,
                           const WGPULimits &limits)
    : GpuDevice(shared, webGPULimits(shared->info, limits)),
      context(std::move(shared)) {}

void WebGPUDevice::lose() {
  context->api().DeviceDestroy(context->device);
  context->api().InstanceProcessEvents(context->instance->get());
}
