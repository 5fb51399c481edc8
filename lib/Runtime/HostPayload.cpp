//===- HostPayload.cpp - Which host code the processor can run ------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostDevice.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

using namespace tapml::rt;

#if defined(__x86_64__)
static constexpr char hostArch[] = "x86_64";
#elif defined(__aarch64__)
static constexpr char hostArch[] = "aarch64";
#elif defined(__riscv)
static constexpr char hostArch[] = "riscv64";
#else
static constexpr char hostArch[] = "unknown";
#endif

std::string tapml::rt::hostTriple() { return std::string(hostArch) + "-linux"; }

bool tapml::rt::processorHasFeature(const std::string &feature) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  // The builtin takes literals only; names on the left are LLVM's.
#define TAPML_FEATURE(llvm, builtin)                                           \
  if (feature == llvm)                                                         \
    return __builtin_cpu_supports(builtin);
  TAPML_FEATURE("sse", "sse")
  TAPML_FEATURE("sse2", "sse2")
  TAPML_FEATURE("sse3", "sse3")
  TAPML_FEATURE("ssse3", "ssse3")
  TAPML_FEATURE("sse4.1", "sse4.1")
  TAPML_FEATURE("sse4.2", "sse4.2")
  TAPML_FEATURE("popcnt", "popcnt")
  TAPML_FEATURE("avx", "avx")
  TAPML_FEATURE("avx2", "avx2")
  TAPML_FEATURE("fma", "fma")
  TAPML_FEATURE("bmi", "bmi")
  TAPML_FEATURE("bmi2", "bmi2")
  TAPML_FEATURE("f16c", "f16c")
  TAPML_FEATURE("lzcnt", "lzcnt")
  TAPML_FEATURE("sse4a", "sse4a")
  TAPML_FEATURE("gfni", "gfni")
  TAPML_FEATURE("avxvnni", "avxvnni")
  TAPML_FEATURE("avx512ifma", "avx512ifma")
  TAPML_FEATURE("avx512vbmi", "avx512vbmi")
  TAPML_FEATURE("avx512vbmi2", "avx512vbmi2")
  TAPML_FEATURE("avx512bitalg", "avx512bitalg")
  TAPML_FEATURE("avx512vpopcntdq", "avx512vpopcntdq")
  TAPML_FEATURE("avx512f", "avx512f")
  TAPML_FEATURE("avx512bw", "avx512bw")
  TAPML_FEATURE("avx512cd", "avx512cd")
  TAPML_FEATURE("avx512dq", "avx512dq")
  TAPML_FEATURE("avx512vl", "avx512vl")
  TAPML_FEATURE("avx512vnni", "avx512vnni")
  TAPML_FEATURE("avx512bf16", "avx512bf16")
#undef TAPML_FEATURE
  unsigned a, b, c, d;
  if (feature == "movbe")
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_MOVBE);
#elif defined(__aarch64__)
  unsigned long bits = getauxval(AT_HWCAP);
  if (feature == "neon")
    return bits & HWCAP_ASIMD;
  if (feature == "fullfp16")
    return bits & HWCAP_ASIMDHP;
  if (feature == "dotprod")
    return bits & HWCAP_ASIMDDP;
  if (feature == "sve")
    return bits & HWCAP_SVE;
#endif
  // A feature that this library does not know cannot be promised.
  return false;
}

/// The first part of a target triple.
static std::string archOf(const std::string &triple) {
  std::string arch = triple.substr(0, triple.find('-'));
  if (arch == "amd64")
    return "x86_64";
  return arch == "arm64" ? "aarch64" : arch;
}

Result<const HostPayloadDesc *>
tapml::rt::selectHostPayload(const Manifest &manifest) {
  if (manifest.hostPayloads.empty())
    return makeError(StatusCode::Damaged,
                     "the executable has kernels for the host but no host "
                     "code; compile it anew");
  const std::string &triple = manifest.hostTriple;
  if (archOf(triple) != hostArch || triple.find("linux") == std::string::npos)
    return makeError(StatusCode::Incompatible, "the host code is for '", triple,
                     "', this machine is ", hostTriple(),
                     "; compile with --host-triple for this machine");
  std::string missing;
  for (const HostPayloadDesc &payload : manifest.hostPayloads) {
    const std::string *lacking = nullptr;
    for (const std::string &feature : payload.features)
      if (!lacking && !processorHasFeature(feature))
        lacking = &feature;
    if (!lacking)
      return &payload;
    missing += concat(missing.empty() ? "" : ", ", "'", payload.cpu, "' needs ",
                      *lacking);
  }
  return makeError(StatusCode::Incompatible,
                   "no host code fits this processor: ", missing,
                   "; compile with --host-cpu for this machine");
}
