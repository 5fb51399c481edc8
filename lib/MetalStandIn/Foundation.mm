//===- Foundation.mm - What of Foundation a Metal device uses -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#import "FoundationObjects.h"
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// Of GCC's runtime.
extern "C" id class_createInstance(Class type, size_t extraBytes);
extern "C" id object_dispose(id object);

/// The pools of a thread, outermost first.
static thread_local std::vector<std::vector<id>> pools;

@implementation NSObject
+ (instancetype)alloc {
  NSObject *object = class_createInstance(self, 0);
  object->references = 1;
  return object;
}
- (instancetype)init {
  return self;
}
- (instancetype)retain {
  __atomic_add_fetch(&references, 1, __ATOMIC_RELAXED);
  return self;
}
- (void)release {
  if (__atomic_sub_fetch(&references, 1, __ATOMIC_ACQ_REL) == 0)
    [self dealloc];
}
- (instancetype)autorelease {
  // Without a pool it stays, as with Foundation.
  if (!pools.empty())
    pools.back().push_back(self);
  return self;
}
- (void)dealloc {
  object_dispose(self);
}
@end

@implementation NSAutoreleasePool
- (instancetype)init {
  pools.emplace_back();
  return self;
}
- (void)drain {
  std::vector<id> pool = std::move(pools.back());
  pools.pop_back();
  for (id object : pool)
    [object release];
  [self release];
}
@end

@implementation NSString
+ (instancetype)stringWithUTF8String:(const char *)text {
  return [[[NSString alloc] initWithBytes:text
                                   length:std::strlen(text)
                                 encoding:NSUTF8StringEncoding] autorelease];
}
- (instancetype)initWithBytes:(const void *)bytes
                       length:(NSUInteger)length
                     encoding:(NSStringEncoding)encoding {
  state = new std::string(static_cast<const char *>(bytes), length);
  return self;
}
- (void)dealloc {
  delete static_cast<std::string *>(state);
  [super dealloc];
}
- (const char *)UTF8String {
  return static_cast<std::string *>(state)->c_str();
}
@end

namespace {
struct Failure {
  NSInteger code;
  std::string message;
};
} // namespace

@implementation NSError
- (instancetype)initWithCode:(NSInteger)code message:(const char *)message {
  state = new Failure{code, message};
  return self;
}
- (void)dealloc {
  delete static_cast<Failure *>(state);
  [super dealloc];
}
- (NSInteger)code {
  return static_cast<Failure *>(state)->code;
}
- (NSString *)localizedDescription {
  return [NSString
      stringWithUTF8String:static_cast<Failure *>(state)->message.c_str()];
}
@end

@implementation NSArray
- (instancetype)initWithObject:(id)object {
  only = [object retain];
  return self;
}
- (void)dealloc {
  [only release];
  [super dealloc];
}
- (NSUInteger)count {
  return 1;
}
- (id)objectAtIndex:(NSUInteger)index {
  return only;
}
@end

@implementation NSProcessInfo
+ (NSProcessInfo *)processInfo {
  return [[[NSProcessInfo alloc] init] autorelease];
}
- (NSString *)operatingSystemVersionString {
  return [NSString stringWithUTF8String:"MSL as C++ on the processor"];
}
@end
