//===- ObjCOwned.h - Owns Objective-C objects -----------------*- ObjC++
//-*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_OBJCOWNED_H
#define TAPML_LIB_RUNTIME_OBJCOWNED_H

#import <Foundation/Foundation.h>

#include <utility>

namespace tapml::rt {

/// A counted reference to an Objective-C object of type `T`, or null. In place
/// of ARC, which not every implementation of Objective-C has.
template <typename T> class Owned {
public:
  Owned() = default;
  /// Takes over the reference that `alloc`, `new` and `copy` give.
  static Owned adopt(T object) {
    Owned owned;
    owned.object = object;
    return owned;
  }
  /// Adds a reference to what is autoreleased, or another's.
  static Owned retain(T object) { return adopt([object retain]); }

  Owned(const Owned &other) : object([other.object retain]) {}
  Owned(Owned &&other) : object(std::exchange(other.object, nil)) {}
  Owned &operator=(Owned other) {
    std::swap(object, other.object);
    return *this;
  }
  ~Owned() { [object release]; }

  T get() const { return object; }
  explicit operator bool() const { return object != nil; }

private:
  T object = nil;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_OBJCOWNED_H
