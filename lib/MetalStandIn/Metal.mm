//===- Metal.mm - Metal on the processor ----------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of Metal that Framework/Metal/Metal.h declares: one device, whose
// queues are threads that run command buffers one after the other. Encoders
// write down work, as Metal's do, and nothing runs before `commit`.
//
//===----------------------------------------------------------------------===//

#import "FoundationObjects.h"
#import "ObjCOwned.h"
#include "tapml/MetalStandIn/MetalStandIn.h"
#import <Metal/Metal.h>
#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

using namespace tapml;
using tapml::rt::Owned;

// An object of GCC's runtime begins as zeros, and C++ members of it are not
// destroyed: every class keeps its own in a `state` that it makes and deletes.

static void setError(NSError **error, const std::string &message) {
  if (error)
    *error = [[[NSError alloc] initWithCode:MTLCommandBufferErrorInternal
                                    message:message.c_str()] autorelease];
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

@interface StandInBuffer : NSObject <MTLBuffer> {
@public
  uint8_t *data;
  NSUInteger length;
}
@end

@implementation StandInBuffer
- (instancetype)initWithLength:(NSUInteger)size {
  void *memory = nullptr;
  if (posix_memalign(&memory, 256, size)) {
    [self release];
    return nil;
  }
  std::memset(memory, 0, size);
  data = static_cast<uint8_t *>(memory);
  length = size;
  return self;
}
- (void)dealloc {
  std::free(data);
  [super dealloc];
}
- (NSUInteger)length {
  return length;
}
- (void *)contents {
  return data;
}
@end

static Owned<StandInBuffer *> retainBuffer(id<MTLBuffer> buffer) {
  return Owned<StandInBuffer *>::retain(static_cast<StandInBuffer *>(buffer));
}

//===----------------------------------------------------------------------===//
// Shaders
//===----------------------------------------------------------------------===//

@implementation MTLCompileOptions
- (BOOL)fastMathEnabled {
  return fastMath;
}
- (void)setFastMathEnabled:(BOOL)enabled {
  fastMath = enabled;
}
@end

namespace {
/// A kernel of a compiled shader.
struct Kernel {
  std::shared_ptr<metal::Library> library;
  const metal::Signature *signature;
};
} // namespace

@interface StandInFunction : NSObject <MTLFunction, MTLComputePipelineState> {
@public
  Kernel *state;
}
- (instancetype)initWithKernel:(Kernel)kernel;
@end

@implementation StandInFunction
- (instancetype)initWithKernel:(Kernel)kernel {
  state = new Kernel(std::move(kernel));
  return self;
}
- (void)dealloc {
  delete state;
  [super dealloc];
}
- (NSString *)name {
  return [NSString stringWithUTF8String:state->signature->name.c_str()];
}
- (NSUInteger)maxTotalThreadsPerThreadgroup {
  return state->signature->maxThreads ? state->signature->maxThreads : 1024;
}
@end

@interface StandInLibrary : NSObject <MTLLibrary> {
  std::shared_ptr<metal::Library> *state;
}
- (instancetype)initWithLibrary:(std::shared_ptr<metal::Library>)library;
@end

@implementation StandInLibrary
- (instancetype)initWithLibrary:(std::shared_ptr<metal::Library>)library {
  state = new std::shared_ptr<metal::Library>(std::move(library));
  return self;
}
- (void)dealloc {
  delete state;
  [super dealloc];
}
- (id<MTLFunction>)newFunctionWithName:(NSString *)name {
  for (const metal::Signature &kernel : (*state)->getKernels())
    if (kernel.name == [name UTF8String])
      return [[StandInFunction alloc] initWithKernel:{*state, &kernel}];
  return nil;
}
@end

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

namespace {
/// A number that grows, and those that wait for it.
struct Counter {
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t value = 0;
};
} // namespace

@interface StandInEvent : NSObject <MTLSharedEvent> {
  Counter *state;
}
@end

@implementation StandInEvent
- (instancetype)init {
  state = new Counter;
  return self;
}
- (void)dealloc {
  delete state;
  [super dealloc];
}
- (uint64_t)signaledValue {
  std::lock_guard<std::mutex> lock(state->mutex);
  return state->value;
}
- (void)setSignaledValue:(uint64_t)value {
  std::lock_guard<std::mutex> lock(state->mutex);
  state->value = value;
  state->changed.notify_all();
}
- (BOOL)waitUntilSignaledValue:(uint64_t)value
                     timeoutMS:(uint64_t)milliseconds {
  std::unique_lock<std::mutex> lock(state->mutex);
  return state->changed.wait_for(lock, std::chrono::milliseconds(milliseconds),
                                 [&] { return state->value >= value; });
}
@end

//===----------------------------------------------------------------------===//
// Command buffers
//===----------------------------------------------------------------------===//

namespace {
struct Queue;

/// What a command buffer does. Work returns why it failed, or nothing.
struct Commands {
  std::shared_ptr<Queue> queue;
  std::vector<std::function<std::string()>> work;
  std::mutex mutex;
  std::condition_variable ended;
  MTLCommandBufferStatus status = MTLCommandBufferStatusNotEnqueued;
  std::string error;

  void run() {
    std::string problem;
    for (const std::function<std::string()> &item : work)
      if (problem.empty())
        problem = item();
    // What it refers to is used no more.
    work.clear();
    std::lock_guard<std::mutex> lock(mutex);
    error = std::move(problem);
    status = error.empty() ? MTLCommandBufferStatusCompleted
                           : MTLCommandBufferStatusError;
    ended.notify_all();
  }
};

/// Runs commands in order, in a thread of its own that ends after `close`.
struct Queue {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::shared_ptr<Commands>> waiting;
  bool closed = false;

  static std::shared_ptr<Queue> open() {
    auto queue = std::make_shared<Queue>();
    // Not joined: a kernel may never end.
    std::thread([queue] { queue->serve(); }).detach();
    return queue;
  }
  void add(std::shared_ptr<Commands> commands) {
    std::lock_guard<std::mutex> lock(mutex);
    waiting.push_back(std::move(commands));
    changed.notify_one();
  }
  void close() {
    std::lock_guard<std::mutex> lock(mutex);
    closed = true;
    changed.notify_one();
  }

private:
  void serve() {
    for (;;) {
      std::shared_ptr<Commands> next;
      {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return closed || !waiting.empty(); });
        if (waiting.empty())
          return;
        next = std::move(waiting.front());
        waiting.pop_front();
      }
      next->run();
    }
  }
};

/// What a compute encoder has bound.
struct Bindings {
  Commands &commands;
  Owned<StandInFunction *> function;
  struct Buffer {
    Owned<StandInBuffer *> buffer;
    NSUInteger offset;
  };
  std::map<NSUInteger, Buffer> buffers;
};
} // namespace

static std::string launch(const Kernel &kernel, const Bindings &bindings,
                          MTLSize groups, MTLSize groupSize) {
  std::vector<void *> table;
  for (const auto &[index, bound] : bindings.buffers) {
    table.resize(index + 1);
    table[index] = bound.buffer.get()->data + bound.offset;
  }
  auto toArray = [](MTLSize size) {
    return std::array<uint32_t, 3>{uint32_t(size.width), uint32_t(size.height),
                                   uint32_t(size.depth)};
  };
  std::string error;
  kernel.library->launch(kernel.signature->name, table, toArray(groups).data(),
                         toArray(groupSize).data(),
                         std::max(1u, std::thread::hardware_concurrency()),
                         error);
  return error;
}

@interface StandInComputeEncoder : NSObject <MTLComputeCommandEncoder> {
  Bindings *state;
}
- (instancetype)initWithCommands:(Commands &)commands;
@end

@implementation StandInComputeEncoder
- (instancetype)initWithCommands:(Commands &)commands {
  state = new Bindings{commands, {}, {}};
  return self;
}
- (void)dealloc {
  delete state;
  [super dealloc];
}
- (void)endEncoding {
}
- (void)setComputePipelineState:(id<MTLComputePipelineState>)function {
  state->function = Owned<StandInFunction *>::retain(
      static_cast<StandInFunction *>(function));
}
- (void)setBuffer:(id<MTLBuffer>)buffer
           offset:(NSUInteger)offset
          atIndex:(NSUInteger)index {
  state->buffers[index] = {retainBuffer(buffer), offset};
}
- (void)setBytes:(const void *)bytes
          length:(NSUInteger)length
         atIndex:(NSUInteger)index {
  auto copy = Owned<StandInBuffer *>::adopt(
      [[StandInBuffer alloc] initWithLength:length]);
  std::memcpy(copy.get()->data, bytes, length);
  state->buffers[index] = {std::move(copy), 0};
}
- (void)dispatchThreadgroups:(MTLSize)groups
       threadsPerThreadgroup:(MTLSize)groupSize {
  state->commands.work.push_back([bindings = *state, groups, groupSize] {
    return launch(*bindings.function.get()->state, bindings, groups, groupSize);
  });
}
@end

@interface StandInBlitEncoder : NSObject <MTLBlitCommandEncoder> {
  Commands *state;
}
- (instancetype)initWithCommands:(Commands &)commands;
@end

@implementation StandInBlitEncoder
- (instancetype)initWithCommands:(Commands &)commands {
  state = &commands;
  return self;
}
- (void)endEncoding {
}
- (void)copyFromBuffer:(id<MTLBuffer>)sourceBuffer
          sourceOffset:(NSUInteger)sourceOffset
              toBuffer:(id<MTLBuffer>)targetBuffer
     destinationOffset:(NSUInteger)targetOffset
                  size:(NSUInteger)size {
  auto source = retainBuffer(sourceBuffer), target = retainBuffer(targetBuffer);
  state->work.push_back([=] {
    std::memmove(target.get()->data + targetOffset,
                 source.get()->data + sourceOffset, size);
    return std::string();
  });
}
@end

@interface StandInCommandBuffer : NSObject <MTLCommandBuffer> {
  std::shared_ptr<Commands> *state;
}
- (instancetype)initWithQueue:(std::shared_ptr<Queue>)queue;
@end

@implementation StandInCommandBuffer
- (instancetype)initWithQueue:(std::shared_ptr<Queue>)queue {
  state = new std::shared_ptr<Commands>(std::make_shared<Commands>());
  (*state)->queue = std::move(queue);
  return self;
}
- (void)dealloc {
  delete state;
  [super dealloc];
}
- (MTLCommandBufferStatus)status {
  std::lock_guard<std::mutex> lock((*state)->mutex);
  return (*state)->status;
}
- (NSError *)error {
  std::lock_guard<std::mutex> lock((*state)->mutex);
  NSError *error = nil;
  if (!(*state)->error.empty())
    setError(&error, (*state)->error);
  return error;
}
- (id<MTLComputeCommandEncoder>)computeCommandEncoder {
  return [[[StandInComputeEncoder alloc] initWithCommands:**state] autorelease];
}
- (id<MTLBlitCommandEncoder>)blitCommandEncoder {
  return [[[StandInBlitEncoder alloc] initWithCommands:**state] autorelease];
}
- (void)encodeSignalEvent:(id<MTLEvent>)event value:(uint64_t)value {
  auto signaled =
      Owned<StandInEvent *>::retain(static_cast<StandInEvent *>(event));
  (*state)->work.push_back([=] {
    [signaled.get() setSignaledValue:value];
    return std::string();
  });
}
- (void)commit {
  {
    std::lock_guard<std::mutex> lock((*state)->mutex);
    (*state)->status = MTLCommandBufferStatusCommitted;
  }
  (*state)->queue->add(*state);
}
- (void)waitUntilCompleted {
  Commands &commands = **state;
  std::unique_lock<std::mutex> lock(commands.mutex);
  commands.ended.wait(
      lock, [&] { return commands.status >= MTLCommandBufferStatusCompleted; });
}
@end

@interface StandInQueue : NSObject <MTLCommandQueue> {
  std::shared_ptr<Queue> *state;
}
@end

@implementation StandInQueue
- (instancetype)init {
  state = new std::shared_ptr<Queue>(Queue::open());
  return self;
}
- (void)dealloc {
  (*state)->close();
  delete state;
  [super dealloc];
}
- (id<MTLCommandBuffer>)commandBuffer {
  return [[[StandInCommandBuffer alloc] initWithQueue:*state] autorelease];
}
@end

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

/// An Apple GPU of family 7, as far as it is the shader's matter.
@interface StandInDevice : NSObject <MTLDevice>
@end

@implementation StandInDevice
- (NSString *)name {
  return [NSString stringWithUTF8String:"stand-in for Metal"];
}
- (MTLSize)maxThreadsPerThreadgroup {
  return MTLSizeMake(1024, 1024, 1024);
}
- (NSUInteger)maxThreadgroupMemoryLength {
  return 32768;
}
- (NSUInteger)maxBufferLength {
  return NSUInteger(1) << 30;
}
- (BOOL)supportsFamily:(MTLGPUFamily)family {
  return family <= MTLGPUFamilyApple7 || family == MTLGPUFamilyMetal3;
}
- (id<MTLCommandQueue>)newCommandQueue {
  return [[StandInQueue alloc] init];
}
- (id<MTLSharedEvent>)newSharedEvent {
  return [[StandInEvent alloc] init];
}
- (id<MTLBuffer>)newBufferWithLength:(NSUInteger)length
                             options:(MTLResourceOptions)options {
  return [[StandInBuffer alloc] initWithLength:length];
}
- (id<MTLBuffer>)newBufferWithBytes:(const void *)bytes
                             length:(NSUInteger)length
                            options:(MTLResourceOptions)options {
  StandInBuffer *buffer = [[StandInBuffer alloc] initWithLength:length];
  if (buffer)
    std::memcpy(buffer->data, bytes, length);
  return buffer;
}
- (id<MTLLibrary>)newLibraryWithSource:(NSString *)source
                               options:(MTLCompileOptions *)options
                                 error:(NSError **)error {
  std::string message;
  std::shared_ptr<metal::Library> library = metal::Library::compile(
      [source UTF8String], metal::Library::Options(), message);
  if (library)
    return [[StandInLibrary alloc] initWithLibrary:std::move(library)];
  setError(error, message);
  return nil;
}
- (id<MTLComputePipelineState>)
    newComputePipelineStateWithFunction:(id<MTLFunction>)function
                                  error:(NSError **)error {
  return [static_cast<StandInFunction *>(function) retain];
}
@end

extern "C" id<MTLDevice> MTLCreateSystemDefaultDevice(void) {
  return [[StandInDevice alloc] init];
}

extern "C" NSArray<id<MTLDevice>> *MTLCopyAllDevices(void) {
  auto device = Owned<id<MTLDevice>>::adopt(MTLCreateSystemDefaultDevice());
  return [[NSArray alloc] initWithObject:device.get()];
}
