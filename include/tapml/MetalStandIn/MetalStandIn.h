//===- MetalStandIn.h - Runs MSL where there is no Metal ------ -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles the text of a Metal shader, unchanged, as C++ with a stand-in for
// Metal's standard library, and runs its kernels on the CPU. Before that it
// checks what the Metal specification lets one check in the text: address
// spaces and attributes of arguments, and their limits.
//
// What this shows: the text is well-formed C++ with MSL's types, its functions
// exist with these arguments, and it computes what it should with exact IEEE
// arithmetic. What it does not show: that Metal's own compiler accepts it, how
// its built-in functions round, and races that only a GPU has.
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_METALSTANDIN_METALSTANDIN_H
#define TAPML_METALSTANDIN_METALSTANDIN_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tapml::metal {

/// An argument of a kernel.
struct Argument {
  /// `device`, `constant`, `threadgroup`; empty for values.
  std::string space;
  /// The type without the space, such as `const float4 *`.
  std::string type;
  std::string name;
  /// `buffer`, or the name of what Metal passes.
  std::string attribute;
  /// The number of a buffer.
  unsigned index = 0;
};

/// A kernel in the text of a shader.
struct Signature {
  std::string name;
  std::vector<Argument> arguments;
  /// From `max_total_threads_per_threadgroup`; zero where that is missing.
  unsigned maxThreads = 0;
};

/// Finds the kernels in `text` and checks their interfaces. Returns false, with
/// a sentence, for what Metal does not allow.
bool parseKernels(const std::string &text, std::vector<Signature> &kernels,
                  std::string &error);

/// A compiled shader.
class Library {
public:
  struct Options {
    /// The C++ compiler; empty for the one in the environment variable
    /// TAPML_CLANG, or the newest that was found when this was built.
    std::string compiler;
    /// Directory of `metal_stdlib`; empty for the one in the environment
    /// variable TAPML_METAL_HEADERS, or where it was when this was built.
    std::string headers;
  };

  /// Compiles `text`. Returns null, with the compiler's messages, if that
  /// fails.
  static std::unique_ptr<Library>
  compile(const std::string &text, const Options &options, std::string &error);
  ~Library();

  const std::vector<Signature> &getKernels() const { return kernels; }

  /// Runs kernel `name` on `groups` threadgroups of `groupSize` threads, with
  /// `numThreads` threads of the operating system. Returns false, with a
  /// sentence, if it cannot be run.
  bool launch(const std::string &name, const std::vector<void *> &buffers,
              const uint32_t groups[3], const uint32_t groupSize[3],
              unsigned numThreads, std::string &error) const;

private:
  Library() = default;

  void *handle = nullptr;
  std::vector<Signature> kernels;
  /// Whether threads wait for each other.
  bool cooperates = false;
};

} // namespace tapml::metal

#endif // TAPML_METALSTANDIN_METALSTANDIN_H
