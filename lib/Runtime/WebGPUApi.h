//===- WebGPUApi.h - The part of webgpu.h that is used ----------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The library is found at run time, so nothing can be taken from a header that
// came with it. These are the types and functions of the standard `webgpu.h`,
// and of wgpu-native's `wgpu.h`, in the version below; a unit test compares
// every layout, value and signature with the headers where those are installed.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_WEBGPUAPI_H
#define TAPML_LIB_RUNTIME_WEBGPUAPI_H

#include <cstddef>
#include <cstdint>

namespace tapml::rt {

/// The first of the four numbers of the version of wgpu-native whose headers
/// are declared here. Others may lay structures out differently.
constexpr uint32_t wgpuNativeMajor = 29;

/// As the length of a text: up to a zero byte (WGPU_STRLEN).
constexpr size_t wgpuZeroTerminated = SIZE_MAX;

using WGPUBool = uint32_t;
using WGPUFlags = uint64_t;
using WGPUBufferUsage = WGPUFlags;
using WGPUMapMode = WGPUFlags;
using WGPUShaderStage = WGPUFlags;
using WGPUInstanceBackend = WGPUFlags;
using WGPUInstanceFlag = WGPUFlags;

constexpr WGPUBufferUsage WGPUBufferUsage_MapRead = 0x1;
constexpr WGPUBufferUsage WGPUBufferUsage_CopySrc = 0x4;
constexpr WGPUBufferUsage WGPUBufferUsage_CopyDst = 0x8;
constexpr WGPUBufferUsage WGPUBufferUsage_Uniform = 0x40;
constexpr WGPUBufferUsage WGPUBufferUsage_Storage = 0x80;
constexpr WGPUMapMode WGPUMapMode_Read = 0x1;
constexpr WGPUShaderStage WGPUShaderStage_Compute = 0x4;
constexpr WGPUInstanceBackend WGPUInstanceBackend_Primary = 0x2d;

using WGPUAdapter = struct WGPUAdapterImpl *;
using WGPUBindGroup = struct WGPUBindGroupImpl *;
using WGPUBindGroupLayout = struct WGPUBindGroupLayoutImpl *;
using WGPUBuffer = struct WGPUBufferImpl *;
using WGPUCommandBuffer = struct WGPUCommandBufferImpl *;
using WGPUCommandEncoder = struct WGPUCommandEncoderImpl *;
using WGPUComputePassEncoder = struct WGPUComputePassEncoderImpl *;
using WGPUComputePipeline = struct WGPUComputePipelineImpl *;
using WGPUDevice = struct WGPUDeviceImpl *;
using WGPUInstance = struct WGPUInstanceImpl *;
using WGPUPipelineLayout = struct WGPUPipelineLayoutImpl *;
using WGPUQueue = struct WGPUQueueImpl *;
using WGPUSampler = struct WGPUSamplerImpl *;
using WGPUShaderModule = struct WGPUShaderModuleImpl *;
using WGPUTextureView = struct WGPUTextureViewImpl *;

// Enumerations are 32 bits wide; only values in use have names.
enum WGPUAdapterType : uint32_t {
  WGPUAdapterType_DiscreteGPU = 1,
  WGPUAdapterType_IntegratedGPU = 2,
  WGPUAdapterType_CPU = 3,
  WGPUAdapterType_Unknown = 4,
};
enum WGPUBackendType : uint32_t {
  WGPUBackendType_D3D12 = 4,
  WGPUBackendType_Metal = 5,
  WGPUBackendType_Vulkan = 6,
};
enum WGPUBufferBindingType : uint32_t {
  WGPUBufferBindingType_Uniform = 2,
  WGPUBufferBindingType_Storage = 3,
  WGPUBufferBindingType_ReadOnlyStorage = 4,
};
enum WGPUCallbackMode : uint32_t {
  WGPUCallbackMode_AllowProcessEvents = 2,
  WGPUCallbackMode_AllowSpontaneous = 3,
};
enum WGPUDeviceLostReason : uint32_t {
  WGPUDeviceLostReason_Unknown = 1,
  WGPUDeviceLostReason_Destroyed = 2,
  WGPUDeviceLostReason_CallbackCancelled = 3,
  WGPUDeviceLostReason_FailedCreation = 4,
};
enum WGPUErrorFilter : uint32_t {
  WGPUErrorFilter_Validation = 1,
  WGPUErrorFilter_OutOfMemory = 2,
};
enum WGPUErrorType : uint32_t {
  WGPUErrorType_NoError = 1,
  WGPUErrorType_Validation = 2,
  WGPUErrorType_OutOfMemory = 3,
  WGPUErrorType_Internal = 4,
  WGPUErrorType_Unknown = 5,
};
enum WGPUFeatureName : uint32_t {
  WGPUFeatureName_ShaderF16 = 0x0b,
  WGPUFeatureName_Subgroups = 0x12,
  // wgpu-native has had this before the standard.
  WGPUNativeFeature_Subgroup = 0x00030021,
};
enum WGPUMapAsyncStatus : uint32_t { WGPUMapAsyncStatus_Success = 1 };
enum WGPUPopErrorScopeStatus : uint32_t { WGPUPopErrorScopeStatus_Success = 1 };
enum WGPUQueueWorkDoneStatus : uint32_t { WGPUQueueWorkDoneStatus_Success = 1 };
enum WGPURequestDeviceStatus : uint32_t { WGPURequestDeviceStatus_Success = 1 };
enum WGPUStatus : uint32_t { WGPUStatus_Success = 1 };
enum WGPUSType : uint32_t {
  WGPUSType_ShaderSourceWGSL = 2,
  WGPUSType_InstanceExtras = 0x00030004,
};

/// Text that need not end with a zero byte. With `length` wgpuZeroTerminated it
/// does; without data it is absent.
struct WGPUStringView {
  const char *data;
  size_t length;
};

struct WGPUChainedStruct {
  WGPUChainedStruct *next;
  WGPUSType sType;
};

struct WGPUFuture {
  uint64_t id;
};

using WGPUBufferMapCallback = void (*)(WGPUMapAsyncStatus, WGPUStringView,
                                       void *, void *);
using WGPUDeviceLostCallback = void (*)(const WGPUDevice *,
                                        WGPUDeviceLostReason, WGPUStringView,
                                        void *, void *);
using WGPUPopErrorScopeCallback = void (*)(WGPUPopErrorScopeStatus,
                                           WGPUErrorType, WGPUStringView,
                                           void *, void *);
using WGPUQueueWorkDoneCallback = void (*)(WGPUQueueWorkDoneStatus,
                                           WGPUStringView, void *, void *);
using WGPURequestDeviceCallback = void (*)(WGPURequestDeviceStatus, WGPUDevice,
                                           WGPUStringView, void *, void *);
using WGPUUncapturedErrorCallback = void (*)(const WGPUDevice *, WGPUErrorType,
                                             WGPUStringView, void *, void *);

/// What is called back, when, and with which two pointers.
template <typename Callback> struct WGPUCallbackInfo {
  WGPUChainedStruct *nextInChain;
  WGPUCallbackMode mode;
  Callback callback;
  void *userdata1;
  void *userdata2;
};
using WGPUBufferMapCallbackInfo = WGPUCallbackInfo<WGPUBufferMapCallback>;
using WGPUDeviceLostCallbackInfo = WGPUCallbackInfo<WGPUDeviceLostCallback>;
using WGPUPopErrorScopeCallbackInfo =
    WGPUCallbackInfo<WGPUPopErrorScopeCallback>;
using WGPUQueueWorkDoneCallbackInfo =
    WGPUCallbackInfo<WGPUQueueWorkDoneCallback>;
using WGPURequestDeviceCallbackInfo =
    WGPUCallbackInfo<WGPURequestDeviceCallback>;

struct WGPUUncapturedErrorCallbackInfo {
  WGPUChainedStruct *nextInChain;
  WGPUUncapturedErrorCallback callback;
  void *userdata1;
  void *userdata2;
};

struct WGPUAdapterInfo {
  WGPUChainedStruct *nextInChain;
  WGPUStringView vendor;
  WGPUStringView architecture;
  WGPUStringView device;
  WGPUStringView description;
  WGPUBackendType backendType;
  WGPUAdapterType adapterType;
  uint32_t vendorID;
  uint32_t deviceID;
  uint32_t subgroupMinSize;
  uint32_t subgroupMaxSize;
};

struct WGPULimits {
  WGPUChainedStruct *nextInChain;
  uint32_t maxTextureDimension1D;
  uint32_t maxTextureDimension2D;
  uint32_t maxTextureDimension3D;
  uint32_t maxTextureArrayLayers;
  uint32_t maxBindGroups;
  uint32_t maxBindGroupsPlusVertexBuffers;
  uint32_t maxBindingsPerBindGroup;
  uint32_t maxDynamicUniformBuffersPerPipelineLayout;
  uint32_t maxDynamicStorageBuffersPerPipelineLayout;
  uint32_t maxSampledTexturesPerShaderStage;
  uint32_t maxSamplersPerShaderStage;
  uint32_t maxStorageBuffersPerShaderStage;
  uint32_t maxStorageTexturesPerShaderStage;
  uint32_t maxUniformBuffersPerShaderStage;
  uint64_t maxUniformBufferBindingSize;
  uint64_t maxStorageBufferBindingSize;
  uint32_t minUniformBufferOffsetAlignment;
  uint32_t minStorageBufferOffsetAlignment;
  uint32_t maxVertexBuffers;
  uint64_t maxBufferSize;
  uint32_t maxVertexAttributes;
  uint32_t maxVertexBufferArrayStride;
  uint32_t maxInterStageShaderVariables;
  uint32_t maxColorAttachments;
  uint32_t maxColorAttachmentBytesPerSample;
  uint32_t maxComputeWorkgroupStorageSize;
  uint32_t maxComputeInvocationsPerWorkgroup;
  uint32_t maxComputeWorkgroupSizeX;
  uint32_t maxComputeWorkgroupSizeY;
  uint32_t maxComputeWorkgroupSizeZ;
  uint32_t maxComputeWorkgroupsPerDimension;
  uint32_t maxImmediateSize;
};

/// Structures below whose members never differ from "none" are declared with
/// words of that size.
struct WGPUInstanceDescriptor {
  WGPUChainedStruct *nextInChain;
  size_t requiredFeatureCount;
  const void *requiredFeatures;
  const void *requiredLimits;
};

/// wgpu-native's extension of the instance's description.
struct WGPUInstanceExtras {
  WGPUChainedStruct chain;
  WGPUInstanceBackend backends;
  WGPUInstanceFlag flags;
  uint32_t dx12ShaderCompiler;
  uint32_t gles3MinorVersion;
  uint32_t glFenceBehaviour;
  WGPUStringView dxcPath;
  uint32_t dxcMaxShaderModel;
  uint32_t dx12PresentationSystem;
  const uint8_t *budgetForDeviceCreation;
  const uint8_t *budgetForDeviceLoss;
  uint64_t displayHandle[3];
};

struct WGPUInstanceEnumerateAdapterOptions {
  const WGPUChainedStruct *nextInChain;
  WGPUInstanceBackend backends;
};

struct WGPUQueueDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
};

struct WGPUDeviceDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  size_t requiredFeatureCount;
  const WGPUFeatureName *requiredFeatures;
  const WGPULimits *requiredLimits;
  WGPUQueueDescriptor defaultQueue;
  WGPUDeviceLostCallbackInfo deviceLostCallbackInfo;
  WGPUUncapturedErrorCallbackInfo uncapturedErrorCallbackInfo;
};

struct WGPUBufferDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  WGPUBufferUsage usage;
  uint64_t size;
  WGPUBool mappedAtCreation;
};

struct WGPUShaderModuleDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
};

struct WGPUShaderSourceWGSL {
  WGPUChainedStruct chain;
  WGPUStringView code;
};

struct WGPUBufferBindingLayout {
  WGPUChainedStruct *nextInChain;
  WGPUBufferBindingType type;
  WGPUBool hasDynamicOffset;
  uint64_t minBindingSize;
};

struct WGPUBindGroupLayoutEntry {
  WGPUChainedStruct *nextInChain;
  uint32_t binding;
  WGPUShaderStage visibility;
  uint32_t bindingArraySize;
  WGPUBufferBindingLayout buffer;
  /// Samplers and textures.
  uint64_t others[8];
};

struct WGPUBindGroupLayoutDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  size_t entryCount;
  const WGPUBindGroupLayoutEntry *entries;
};

struct WGPUBindGroupEntry {
  WGPUChainedStruct *nextInChain;
  uint32_t binding;
  WGPUBuffer buffer;
  uint64_t offset;
  uint64_t size;
  WGPUSampler sampler;
  WGPUTextureView textureView;
};

struct WGPUBindGroupDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  WGPUBindGroupLayout layout;
  size_t entryCount;
  const WGPUBindGroupEntry *entries;
};

struct WGPUPipelineLayoutDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  size_t bindGroupLayoutCount;
  const WGPUBindGroupLayout *bindGroupLayouts;
  uint32_t immediateSize;
};

struct WGPUComputeState {
  WGPUChainedStruct *nextInChain;
  WGPUShaderModule module;
  WGPUStringView entryPoint;
  size_t constantCount;
  const void *constants;
};

struct WGPUComputePipelineDescriptor {
  WGPUChainedStruct *nextInChain;
  WGPUStringView label;
  WGPUPipelineLayout layout;
  WGPUComputeState compute;
};

/// Every function in use: X(name, result, parameters). The library exports each
/// as `wgpu<name>`.
#define TAPML_WEBGPU_FUNCTIONS(X)                                              \
  X(GetVersion, uint32_t, ())                                                  \
  X(CreateInstance, WGPUInstance, (const WGPUInstanceDescriptor *))            \
  X(InstanceEnumerateAdapters, size_t,                                         \
    (WGPUInstance, const WGPUInstanceEnumerateAdapterOptions *,                \
     WGPUAdapter *))                                                           \
  X(InstanceProcessEvents, void, (WGPUInstance))                               \
  X(InstanceRelease, void, (WGPUInstance))                                     \
  X(AdapterGetInfo, WGPUStatus, (WGPUAdapter, WGPUAdapterInfo *))              \
  X(AdapterInfoFreeMembers, void, (WGPUAdapterInfo))                           \
  X(AdapterGetLimits, WGPUStatus, (WGPUAdapter, WGPULimits *))                 \
  X(AdapterHasFeature, WGPUBool, (WGPUAdapter, WGPUFeatureName))               \
  X(AdapterRequestDevice, WGPUFuture,                                          \
    (WGPUAdapter, const WGPUDeviceDescriptor *,                                \
     WGPURequestDeviceCallbackInfo))                                           \
  X(AdapterRelease, void, (WGPUAdapter))                                       \
  X(DeviceGetQueue, WGPUQueue, (WGPUDevice))                                   \
  X(DevicePushErrorScope, void, (WGPUDevice, WGPUErrorFilter))                 \
  X(DevicePopErrorScope, WGPUFuture,                                           \
    (WGPUDevice, WGPUPopErrorScopeCallbackInfo))                               \
  X(DeviceCreateBuffer, WGPUBuffer,                                            \
    (WGPUDevice, const WGPUBufferDescriptor *))                                \
  X(DeviceCreateShaderModule, WGPUShaderModule,                                \
    (WGPUDevice, const WGPUShaderModuleDescriptor *))                          \
  X(DeviceCreateBindGroupLayout, WGPUBindGroupLayout,                          \
    (WGPUDevice, const WGPUBindGroupLayoutDescriptor *))                       \
  X(DeviceCreatePipelineLayout, WGPUPipelineLayout,                            \
    (WGPUDevice, const WGPUPipelineLayoutDescriptor *))                        \
  X(DeviceCreateComputePipeline, WGPUComputePipeline,                          \
    (WGPUDevice, const WGPUComputePipelineDescriptor *))                       \
  X(DeviceCreateBindGroup, WGPUBindGroup,                                      \
    (WGPUDevice, const WGPUBindGroupDescriptor *))                             \
  X(DeviceCreateCommandEncoder, WGPUCommandEncoder,                            \
    (WGPUDevice, const WGPUCommandEncoderDescriptor *))                        \
  X(DeviceDestroy, void, (WGPUDevice))                                         \
  X(DeviceRelease, void, (WGPUDevice))                                         \
  X(BufferMapAsync, WGPUFuture,                                                \
    (WGPUBuffer, WGPUMapMode, size_t, size_t, WGPUBufferMapCallbackInfo))      \
  X(BufferGetConstMappedRange, const void *, (WGPUBuffer, size_t, size_t))     \
  X(BufferUnmap, void, (WGPUBuffer))                                           \
  X(BufferRelease, void, (WGPUBuffer))                                         \
  X(ShaderModuleRelease, void, (WGPUShaderModule))                             \
  X(BindGroupLayoutRelease, void, (WGPUBindGroupLayout))                       \
  X(PipelineLayoutRelease, void, (WGPUPipelineLayout))                         \
  X(ComputePipelineRelease, void, (WGPUComputePipeline))                       \
  X(BindGroupRelease, void, (WGPUBindGroup))                                   \
  X(CommandEncoderBeginComputePass, WGPUComputePassEncoder,                    \
    (WGPUCommandEncoder, const WGPUComputePassDescriptor *))                   \
  X(CommandEncoderCopyBufferToBuffer, void,                                    \
    (WGPUCommandEncoder, WGPUBuffer, uint64_t, WGPUBuffer, uint64_t,           \
     uint64_t))                                                                \
  X(CommandEncoderFinish, WGPUCommandBuffer,                                   \
    (WGPUCommandEncoder, const WGPUCommandBufferDescriptor *))                 \
  X(CommandEncoderRelease, void, (WGPUCommandEncoder))                         \
  X(ComputePassEncoderSetPipeline, void,                                       \
    (WGPUComputePassEncoder, WGPUComputePipeline))                             \
  X(ComputePassEncoderSetBindGroup, void,                                      \
    (WGPUComputePassEncoder, uint32_t, WGPUBindGroup, size_t,                  \
     const uint32_t *))                                                        \
  X(ComputePassEncoderDispatchWorkgroups, void,                                \
    (WGPUComputePassEncoder, uint32_t, uint32_t, uint32_t))                    \
  X(ComputePassEncoderEnd, void, (WGPUComputePassEncoder))                     \
  X(ComputePassEncoderRelease, void, (WGPUComputePassEncoder))                 \
  X(CommandBufferRelease, void, (WGPUCommandBuffer))                           \
  X(QueueWriteBuffer, void,                                                    \
    (WGPUQueue, WGPUBuffer, uint64_t, const void *, size_t))                   \
  X(QueueSubmit, void, (WGPUQueue, size_t, const WGPUCommandBuffer *))         \
  X(QueueOnSubmittedWorkDone, WGPUFuture,                                      \
    (WGPUQueue, WGPUQueueWorkDoneCallbackInfo))                                \
  X(QueueRelease, void, (WGPUQueue))

// Nothing but their absence is ever passed.
struct WGPUCommandEncoderDescriptor;
struct WGPUCommandBufferDescriptor;
struct WGPUComputePassDescriptor;

/// The functions of a loaded library.
struct WebGPUTable {
#define X(name, result, parameters) result(*name) parameters = nullptr;
  TAPML_WEBGPU_FUNCTIONS(X)
#undef X
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_WEBGPUAPI_H
