//===- Session.h - Running an executable ------------------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_SESSION_H
#define TAPML_LIB_RUNTIME_SESSION_H

#include "Binding.h"

#include <list>
#include <mutex>

namespace tapml::rt {

/// A tensor of the caller, row-major.
struct InputTensor {
  DType dtype = DType::F32;
  Shape shape;
  const void *data = nullptr;
};

/// Where an output goes; without `data` the runtime allocates.
struct OutputBuffer {
  void *data = nullptr;
  uint64_t bytes = 0;
};

struct OutputTensor {
  std::string name;
  DType dtype = DType::F32;
  Shape shape;
  void *data = nullptr;
  uint64_t bytes = 0;
};

/// The outputs of one run, with the memory that the runtime has allocated.
struct RunResult {
  std::vector<OutputTensor> outputs;
  RunReport report;
  std::vector<std::shared_ptr<DeviceBuffer>> owned;
};

/// Checks count, types, ranks and sizes of inputs against the manifest; the
/// failure names the input, the dimension, its symbol, and what was expected.
Status checkInputs(const Manifest &manifest,
                   const std::vector<InputTensor> &inputs);

/// Memory and recorded programs for one run at a time. Runs of one session
/// from several threads happen one after the other; several sessions of an
/// executable run side by side.
class Session {
public:
  explicit Session(std::shared_ptr<Executable> executable)
      : loaded(std::move(executable)) {}

  const Executable &executable() const { return *loaded; }

  /// Runs the model. `outputs` is empty or has one entry per output.
  Result<std::shared_ptr<RunResult>>
  run(const std::vector<InputTensor> &inputs,
      const std::vector<OutputBuffer> &outputs, const RunOptions &options);

private:
  /// Recorded programs are kept for this many input sizes.
  static constexpr size_t maxBindings = 8;

  struct Entry {
    std::vector<Shape> shapes;
    bool perStep;
    std::unique_ptr<Binding> binding;
  };
  Result<Binding *> findBinding(const std::vector<Shape> &shapes, bool perStep,
                                double &milliseconds);

  std::shared_ptr<Executable> loaded;
  std::mutex mutex;
  ArenaSet arenas;
  /// Most recently used first.
  std::list<Entry> bindings;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_SESSION_H
