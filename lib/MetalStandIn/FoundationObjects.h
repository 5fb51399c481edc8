//===- FoundationObjects.h - Makes what is given --------------*- ObjC++
//-*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_METALSTANDIN_FOUNDATIONOBJECTS_H
#define TAPML_LIB_METALSTANDIN_FOUNDATIONOBJECTS_H

#import <Foundation/Foundation.h>

/// How the stand-in makes what a device is given.
@interface NSError (StandIn)
- (instancetype)initWithCode:(NSInteger)code message:(const char *)message;
@end

@interface NSArray (StandIn)
- (instancetype)initWithObject:(id)object;
@end

#endif // TAPML_LIB_METALSTANDIN_FOUNDATIONOBJECTS_H
