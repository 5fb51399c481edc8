//===- Binding.h - A program for known input sizes --------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_BINDING_H
#define TAPML_LIB_RUNTIME_BINDING_H

#include "Executable.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace tapml::rt {

/// What a run did; counts are exact, times are wall-clock.
struct RunReport {
  struct Place {
    std::string name;
    /// What the place runs on, for people: "vulkan:0 (llvmpipe ...)". Empty
    /// where nothing uses the place.
    std::string device;
    uint64_t launches = 0;
    uint64_t submissions = 0;
    /// Time that the calling thread waited for the place, or worked at it.
    double milliseconds = 0;
  };
  struct Step {
    std::string what;
    uint32_t place = 0;
    uint64_t launches = 0;
    double milliseconds = 0;
  };
  uint64_t bytesToDevices = 0;
  uint64_t bytesFromDevices = 0;
  double bindMilliseconds = 0;
  double totalMilliseconds = 0;
  std::vector<Place> places;
  /// Only with per-step profiling.
  std::vector<Step> steps;

  std::string toJson() const;
};

/// A value as it was at one moment; weights are not copied.
struct ObservedValue {
  uint32_t id = 0;
  const Shape *shape = nullptr;
  std::vector<uint8_t> bytes;
};

/// What a step was given and what it gave.
struct ObservedStep {
  size_t index = 0;
  uint32_t place = 0;
  std::vector<ObservedValue> operands, results;
};

struct RunOptions {
  /// Wait after every step and measure it.
  bool perStep = false;
  /// Called after every step; an error stops the run. Needs `perStep`.
  std::function<Status(const ObservedStep &)> observer;
};

/// The sizes of everything, from the inputs' sizes. Holds no memory.
struct ShapePlan {
  std::vector<Shape> valueShapes;
  std::vector<uint64_t> valueBytes;
  std::vector<std::optional<VariantPlan>> steps;
  /// Per place.
  std::vector<ArenaLayout> mainArenas;
  std::vector<std::vector<uint64_t>> workspaceChunks;
  /// Per slot of the main program, and per step and slot of its variant.
  std::vector<ArenaLayout::Location> slots;
  std::vector<std::vector<ArenaLayout::Location>> workspaces;
};

/// Evaluates all expressions, checks and limits for the input shapes, which
/// have been checked against the manifest.
Result<ShapePlan> planShapes(const Executable &executable,
                             const std::vector<Shape> &inputs);

/// Shapes of the outputs alone.
Result<std::vector<Shape>> inferOutputShapes(const Manifest &manifest,
                                             const std::vector<Shape> &inputs);

/// Memory for intermediate values that the bindings of one session share; only
/// one of them runs at a time.
struct ArenaSet {
  using Chunks = std::vector<std::shared_ptr<DeviceBuffer>>;
  /// Per place.
  std::vector<Chunks> main, workspace;

  /// True when the arenas are large enough for `plan`.
  bool fits(const ShapePlan &plan) const;
  /// Makes them large enough. Nothing may refer to the old ones any more.
  Status grow(const Executable &executable, const ShapePlan &plan);
};

/// A recorded program: submissions, waits and conversions in order.
class Binding {
public:
  /// `perStep` waits after every step and measures it.
  static Result<std::unique_ptr<Binding>> create(Executable &executable,
                                                 const ShapePlan &plan,
                                                 const ArenaSet &arenas,
                                                 bool perStep);

  /// Inputs and outputs as the host kernels get them; see `inputNeedsCopy`.
  Status run(const std::vector<void *> &inputs,
             const std::vector<void *> &outputs, const RunOptions &options,
             RunReport &report);

  /// True when host kernels read the input, or write the output, directly: its
  /// memory must then be aligned and padded as theirs.
  bool hostReadsInput(size_t index) const { return inputUsed[index]; }
  bool hostWritesOutput(size_t index) const { return outputUsed[index]; }

private:
  friend class BindingBuilder;
  struct Conversion {
    BufferRange source, target;
    int64_t count = 0;
    bool narrow = false;
    Shape shape;
    std::string what;
  };
  struct Action {
    enum class Kind { Submit, Wait, Convert };
    Kind kind;
    uint32_t place = 0;
    /// The list or conversion.
    size_t index = 0;
    /// The main step that asked for it.
    size_t step = 0;
  };
  struct List {
    uint32_t place = 0;
    std::vector<Command> commands;
    std::unique_ptr<CommandList> recorded;
  };

  explicit Binding(Executable &executable) : executable(executable) {}
  Status execute(const std::vector<void *> &externals,
                 const RunOptions &options, RunReport &report,
                 std::vector<std::vector<Ticket>> &tickets);
  Status executeAction(const Action &action,
                       const std::vector<void *> &externals,
                       std::vector<std::vector<Ticket>> &tickets);
  /// Copies what the values hold now.
  Status observe(const std::vector<uint32_t> &ids,
                 const std::vector<void *> &externals,
                 std::vector<ObservedValue> &values) const;
  Status convert(const Conversion &conversion,
                 const std::vector<void *> &externals) const;

  Executable &executable;
  bool perStep = false;
  /// Where each value is, and its sizes; only with `perStep`.
  std::vector<BufferRange> valueRanges;
  std::vector<Shape> valueShapes;
  std::vector<List> lists;
  std::vector<Conversion> conversions;
  std::vector<Action> program;
  /// Fixed host addresses; inputs and outputs are put in for each run.
  std::vector<void *> externals;
  std::vector<std::shared_ptr<DeviceBuffer>> scratch;
  std::vector<bool> inputUsed, outputUsed;
  RunReport counts;
};

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_BINDING_H
