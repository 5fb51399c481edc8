//===- HostCodegen.h - LLVM IR to shared objects ----------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_TARGET_HOST_HOSTCODEGEN_H
#define TAPML_TARGET_HOST_HOSTCODEGEN_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"
#include "llvm/TargetParser/Triple.h"
#include <string>
#include <vector>

namespace llvm {
class Module;
class TargetMachine;
} // namespace llvm

namespace tapml {

/// A CPU to compile host code for.
struct HostTarget {
  llvm::Triple triple;
  std::string cpu;
  /// What the CPU has beyond the baseline of its architecture, sorted: code for
  /// it runs on every CPU that has these.
  std::vector<std::string> features;
};

/// Checks `triple` and `cpus` and returns the targets that they name, those
/// that need most of a machine first. An empty triple is that of this process;
/// no CPUs mean the portable levels of the architecture; "native" is the CPU of
/// this machine.
llvm::Expected<std::vector<HostTarget>>
resolveHostTargets(llvm::StringRef triple, llvm::ArrayRef<std::string> cpus);

llvm::Expected<std::unique_ptr<llvm::TargetMachine>>
createHostTargetMachine(const HostTarget &target);

/// Optimises `module` for `target` and returns it as a relocatable ELF object
/// that depends on nothing but memcpy, memmove, memset and memcmp.
llvm::Expected<llvm::SmallVector<char, 0>>
compileHostModule(llvm::Module &module, const HostTarget &target);

/// Replaces the rounding functions, the fused multiply-add and the conversions
/// of 16-bit floats, where the target has no instruction for them, by what it
/// has: they would become calls to libraries. Fails for those that cannot be
/// replaced.
llvm::Error expandMissingIntrinsics(llvm::Module &module,
                                    const llvm::TargetMachine &machine);

/// Replaces conversions between 16-bit and 32-bit floats by arithmetic on bits.
void expandHalfConversions(llvm::Module &module);

/// Links relocatable objects to a shared object with LLD.
llvm::Expected<llvm::SmallVector<char, 0>>
linkSharedObject(llvm::ArrayRef<llvm::ArrayRef<char>> objects);

} // namespace tapml

#endif // TAPML_TARGET_HOST_HOSTCODEGEN_H
