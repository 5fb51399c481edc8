//===- Foundation.h - What of Foundation a Metal device uses --*- ObjC++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Apple's interface, declared again as far as lib/Runtime/MetalDevice.mm uses
// it. But for instance variables, nothing may be declared here that Apple's
// headers lack: what compiles with these compiles there.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_METALSTANDIN_FOUNDATION_H
#define TAPML_LIB_METALSTANDIN_FOUNDATION_H

#include <cstddef>
#include <cstdint>

#define TARGET_OS_IPHONE 0

typedef signed char BOOL;
#define YES (static_cast<BOOL>(1))
#define NO (static_cast<BOOL>(0))
#define nil nullptr
typedef long NSInteger;
typedef unsigned long NSUInteger;

@protocol NSObject
- (instancetype)retain;
- (void)release;
- (instancetype)autorelease;
@end

__attribute__((objc_root_class))
@interface NSObject<NSObject> {
  Class isa;
  /// Number of references.
  NSInteger references;
}
+ (instancetype)alloc;
- (instancetype)init;
- (void)dealloc;
@end

@interface NSAutoreleasePool : NSObject
- (void)drain;
@end

typedef NSUInteger NSStringEncoding;
enum : NSStringEncoding { NSUTF8StringEncoding = 4 };

@interface NSString : NSObject {
  void *state;
}
+ (instancetype)stringWithUTF8String:(const char *)text;
- (instancetype)initWithBytes:(const void *)bytes
                       length:(NSUInteger)length
                     encoding:(NSStringEncoding)encoding;
@property(readonly) const char *UTF8String;
@end

@interface NSError : NSObject {
  void *state;
}
@property(readonly) NSInteger code;
@property(readonly, copy) NSString *localizedDescription;
@end

@interface NSArray<ObjectType> : NSObject {
  id only;
}
@property(readonly) NSUInteger count;
- (ObjectType)objectAtIndex:(NSUInteger)index;
@end

@interface NSProcessInfo : NSObject
@property(class, readonly) NSProcessInfo *processInfo;
@property(readonly, copy) NSString *operatingSystemVersionString;
@end

#endif // TAPML_LIB_METALSTANDIN_FOUNDATION_H
