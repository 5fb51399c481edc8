//===- Profile.h - Device profiles and places from text ---------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_TRANSFORMS_PROFILE_H
#define TAPML_DIALECT_TAPML_TRANSFORMS_PROFILE_H

#include "mlir/Support/LLVM.h"
#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "llvm/Support/Error.h"
#include <string>

namespace tapml {

/// A place that operators can be put on.
struct Target {
  /// The place's name: what plans say and what `tapml.dispatch` refers to.
  std::string place;
  ProfileAttr profile;
};

/// Reads a device profile from JSON, as `tapml devices --json` prints it:
///
///   {"kind": "vulkan", "name": "llvmpipe", "limits": {...},
///    "features": [...]}
///
/// A limit is an integer, or three for a limit per grid dimension. `source`
/// names the text in diagnostics. Fails with a diagnostic where the text is not
/// JSON, has an unknown key, limit or feature, or lacks kind or name.
mlir::FailureOr<ProfileAttr> parseProfile(mlir::MLIRContext *context,
                                          llvm::StringRef text,
                                          llvm::StringRef source);

/// Returns the JSON profile of the device with an id such as "vulkan:0".
using DeviceProfileSource = llvm::Expected<std::string> (*)(llvm::StringRef id);

/// Says who knows the devices of this machine. The compiler does not link the
/// runtime; a tool that does calls this once, before it compiles.
void setDeviceProfileSource(DeviceProfileSource source);

/// Returns the device that code for `profile`, which `spec` describes, runs on
/// where nobody names one: that of `name=kind:number`, else the first of its
/// kind.
std::string getDefaultDevice(llvm::StringRef spec, ProfileAttr profile);

/// Reads the places that `specs` describe, each of the form `name` (a preset
/// of that name), `name=preset`, `name=profile.json` or, for the profile of a
/// device of this machine, `name=kind:number`. The host is always the last of
/// the result; `host=profile.json` replaces its profile. Fails with a
/// diagnostic that says what to write instead.
mlir::FailureOr<llvm::SmallVector<Target>>
parseTargets(mlir::MLIRContext *context, llvm::ArrayRef<std::string> specs);

/// Returns the target for `place`, or null if there is none.
const Target *findTarget(llvm::ArrayRef<Target> targets, llvm::StringRef place);

} // namespace tapml

#endif // TAPML_DIALECT_TAPML_TRANSFORMS_PROFILE_H
