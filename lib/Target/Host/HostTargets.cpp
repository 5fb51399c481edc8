//===- HostTargets.cpp - CPUs that host code is compiled for --------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Host/HostCodegen.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/AArch64TargetParser.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/X86TargetParser.h"
#include <mutex>

using namespace llvm;
using namespace tapml;

/// Makes the back ends of the architectures that hosts have known to LLVM, as
/// far as the installed LLVM was built with them.
static void initializeTargets() {
  static std::once_flag once;
  std::call_once(once, [] {
#define TAPML_TARGET(NAME)                                                     \
  LLVMInitialize##NAME##TargetInfo();                                          \
  LLVMInitialize##NAME##Target();                                              \
  LLVMInitialize##NAME##TargetMC();                                            \
  LLVMInitialize##NAME##AsmPrinter();
#ifdef TAPML_HAS_X86
    TAPML_TARGET(X86)
#endif
#ifdef TAPML_HAS_AARCH64
    TAPML_TARGET(AArch64)
#endif
#undef TAPML_TARGET
  });
}

/// Returns true for features whose instructions are only made where a program
/// asks for them by name (cryptography, atomics, the system): our code never
/// does, so that a CPU need not have them.
static bool isOnlyOnRequest(StringRef feature) {
  return StringSwitch<bool>(feature)
      .Cases({"aes", "vaes", "pclmul", "vpclmulqdq", "sha", "crc32"}, true)
      .Cases({"cx16", "sahf", "rdrnd", "rdseed", "fsgsbase", "prfchw"}, true)
      .Cases({"xsave", "xsavec", "xsaveopt", "xsaves"}, true)
      .Cases({"clflushopt", "clwb", "invpcid", "pku", "rdpid", "wbnoinvd"},
             true)
      .Cases({"adx", "clzero", "mwaitx", "rdpru", "shstk", "ptwrite"}, true)
      .Cases({"serialize", "waitpkg", "movdiri", "movdir64b", "cldemote"}, true)
      .Cases({"pconfig", "hreset", "uintr", "enqcmd", "tsxldtrk"}, true)
      .Default(false);
}

/// What `cpu` has beyond the baseline of the architecture.
static std::vector<std::string> getFeaturesBeyondBaseline(const Triple &triple,
                                                          StringRef cpu) {
  StringSet<> baseline;
  std::vector<std::string> features;
  if (triple.isX86()) {
    SmallVector<StringRef> names;
    X86::getFeaturesForCPU("x86-64", names);
    baseline.insert_range(names);
    names.clear();
    X86::getFeaturesForCPU(cpu, names);
    for (StringRef name : names)
      if (!baseline.contains(name) && !isOnlyOnRequest(name))
        features.push_back(name.str());
  } else if (std::optional<AArch64::CpuInfo> info = AArch64::parseCpu(cpu)) {
    std::vector<StringRef> names;
    AArch64::getExtensionFeatures(
        AArch64::parseCpu("generic")->getImpliedExtensions(), names);
    baseline.insert_range(names);
    names.clear();
    AArch64::getExtensionFeatures(info->getImpliedExtensions(), names);
    for (StringRef name : names)
      if (!baseline.contains(name))
        features.push_back(name.ltrim('+').str());
  }
  llvm::sort(features);
  return features;
}

/// The portable CPU levels of an architecture, the most capable first.
static std::vector<std::string> getDefaultCPUs(const Triple &triple) {
  if (triple.getArch() == Triple::x86_64)
    return {"x86-64-v3", "x86-64"};
  return {"generic"};
}

Expected<std::vector<HostTarget>>
tapml::resolveHostTargets(StringRef tripleText, ArrayRef<std::string> cpus) {
  initializeTargets();
  Triple triple(Triple::normalize(
      tripleText.empty() ? sys::getDefaultTargetTriple() : tripleText));
  // Distributions put their own vendor in; it makes no difference to the code.
  triple.setVendorName("unknown");
  if (triple.getArch() != Triple::x86_64 && triple.getArch() != Triple::aarch64)
    return createStringError(
        "host triple '%s' is not supported: host code is made for x86_64 and "
        "aarch64",
        triple.str().c_str());
  if (!triple.isOSBinFormatELF())
    return createStringError("host triple '%s' is not supported: host code "
                             "needs a system that loads ELF files",
                             triple.str().c_str());
  std::string reason;
  const Target *target = TargetRegistry::lookupTarget(triple, reason);
  if (!target)
    return createStringError(
        "the installed LLVM cannot make code for host triple '%s': %s",
        triple.str().c_str(), reason.c_str());

  std::vector<std::string> names(cpus.begin(), cpus.end());
  if (names.empty())
    names = getDefaultCPUs(triple);
  std::unique_ptr<MCSubtargetInfo> known(
      target->createMCSubtargetInfo(triple, /*CPU=*/"", /*Features=*/""));
  std::vector<HostTarget> result;
  for (std::string name : names) {
    if (name == "native") {
      if (triple.getArch() != Triple(sys::getProcessTriple()).getArch())
        return createStringError("host CPU 'native' is that of this machine, "
                                 "not of host triple '%s'; name a CPU",
                                 triple.str().c_str());
      name = sys::getHostCPUName().str();
    }
    if (!known->isCPUStringValid(name))
      return createStringError("unknown CPU '%s' for host triple '%s'; 'llc "
                               "-march=%s -mcpu=help' lists them",
                               name.c_str(), triple.str().c_str(),
                               target->getName());
    if (llvm::any_of(result,
                     [&](const HostTarget &t) { return t.cpu == name; }))
      continue;
    HostTarget entry{triple, name, getFeaturesBeyondBaseline(triple, name)};
    result.push_back(std::move(entry));
  }
  // The first whose features a machine has is used there: one that needs more
  // comes before one that needs less, in whatever order they were named.
  llvm::sort(result, [](const HostTarget &a, const HostTarget &b) {
    return std::make_pair(b.features.size(), StringRef(a.cpu)) <
           std::make_pair(a.features.size(), StringRef(b.cpu));
  });
  return result;
}

Expected<std::unique_ptr<TargetMachine>>
tapml::createHostTargetMachine(const HostTarget &target) {
  std::string reason;
  const Target *backend = TargetRegistry::lookupTarget(target.triple, reason);
  TargetOptions options;
  std::unique_ptr<TargetMachine> machine(
      backend ? backend->createTargetMachine(
                    target.triple, target.cpu, /*Features=*/"", options,
                    Reloc::PIC_, CodeModel::Small, CodeGenOptLevel::Aggressive)
              : nullptr);
  if (!machine)
    return createStringError("cannot make code for host triple '%s': %s",
                             target.triple.str().c_str(), reason.c_str());
  return machine;
}
