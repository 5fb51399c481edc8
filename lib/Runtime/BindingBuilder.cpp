//===- BindingBuilder.cpp - Scheduling of a program -----------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Binding.h"

#include <algorithm>

using namespace tapml::rt;

namespace tapml::rt {

/// Turns the steps of the main program into submissions. Commands for a device
/// are collected for as long as possible: a submission happens when the host
/// has something to do meanwhile, and a wait when it needs the result.
class BindingBuilder {
public:
  BindingBuilder(Executable &executable, const ShapePlan &plan,
                 const ArenaSet &arenas, Binding &binding)
      : executable(executable), m(executable.manifest()), plan(plan),
        arenas(arenas), binding(binding), places(m.places.size()),
        outputOfValue(m.main.values.size()) {}

  Status run() {
    firstInput = uint32_t(m.weights.size());
    firstOutput = firstInput + uint32_t(m.inputs.size());
    binding.externals = executable.hostWeights();
    binding.externals.resize(firstOutput + m.outputs.size());
    binding.inputUsed.resize(m.inputs.size());
    binding.outputUsed.resize(m.outputs.size());
    binding.counts.places.resize(m.places.size());
    for (size_t i = 0; i < m.places.size(); ++i) {
      binding.counts.places[i].name = m.places[i].name;
      if (const Device *device = executable.device(i))
        binding.counts.places[i].device = device->describe();
    }
    // Values that are outputs are computed where the caller wants them.
    for (uint32_t i = 0; i < m.outputs.size(); ++i) {
      const ValueDesc &value = m.main.values[m.outputs[i].value];
      if (value.kind == ValueDesc::Kind::Slot && value.place == m.hostPlace &&
          !outputOfValue[m.outputs[i].value])
        outputOfValue[m.outputs[i].value] = i;
    }
    for (current = 0; current < m.main.steps.size(); ++current) {
      const StepDesc &step = m.main.steps[current];
      beginStep(step);
      Status status = step.op == StepDesc::Op::Dispatch ? addDispatch(step)
                                                        : addTransfer(step);
      if (!status.ok())
        return status.withContext(m.describe(step));
      if (binding.perStep)
        finishAll();
    }
    if (binding.perStep) {
      binding.valueShapes = plan.valueShapes;
      for (uint32_t i = 0; i < m.main.values.size(); ++i)
        binding.valueRanges.push_back(valueBytes(i));
    }
    current = m.main.steps.empty() ? 0 : m.main.steps.size() - 1;
    addRemainingOutputs();
    finishAll();
    return recordLists();
  }

private:
  struct PlaceState {
    std::vector<Command> open;
    /// Host memory that `open` copies from when it is submitted.
    std::vector<BufferRange> sources;
    /// Host memory that is written by the next wait.
    std::vector<BufferRange> targets;
    bool inFlight = false;
  };

  void beginStep(const StepDesc &step) {
    if (!binding.perStep)
      return;
    RunReport::Step entry;
    entry.what = m.describe(step);
    if (step.op == StepDesc::Op::Dispatch) {
      entry.place = m.executables[step.executable].variants[step.variant].place;
      entry.launches = plan.steps[current]->launches.size();
    } else {
      entry.place = m.main.values[step.to].place;
    }
    binding.counts.steps.push_back(std::move(entry));
  }

  //===--------------------------------------------------------------------===//
  // Places of values
  //===--------------------------------------------------------------------===//

  BufferRange inArena(const ArenaSet::Chunks &chunks,
                      const ArenaLayout::Location &location, uint64_t bytes) {
    return BufferRange{chunks[location.chunk].get(), 0, location.offset,
                       bindingBytes(bytes)};
  }

  BufferRange valueRange(uint32_t id) {
    const ValueDesc &value = m.main.values[id];
    uint64_t bytes = bindingBytes(plan.valueBytes[id]);
    switch (value.kind) {
    case ValueDesc::Kind::Input:
      return BufferRange{nullptr, firstInput + value.index, 0, bytes};
    case ValueDesc::Kind::Weight:
      return executable.weight(value.index, value.place);
    case ValueDesc::Kind::Slot:
      break;
    }
    if (outputOfValue[id])
      return BufferRange{nullptr, firstOutput + *outputOfValue[id], 0, bytes};
    return inArena(arenas.main[value.place], plan.slots[value.index], bytes);
  }

  /// The exact bytes of a value, for copies.
  BufferRange valueBytes(uint32_t id) {
    BufferRange range = valueRange(id);
    range.size = plan.valueBytes[id];
    return range;
  }

  /// A host range as other devices see it: an entry of the external table.
  BufferRange asExternal(BufferRange range) {
    if (!range.buffer)
      return range;
    auto [it, isNew] = externalOf.try_emplace(
        range.buffer, uint32_t(binding.externals.size()));
    if (isNew)
      binding.externals.push_back(range.buffer->hostPointer());
    range.buffer = nullptr;
    range.external = it->second;
    return range;
  }

  Result<BufferRange> makeScratch(uint64_t bytes) {
    TAPML_ASSIGN_OR_RETURN(auto buffer, executable.host().allocate(bytes));
    binding.scratch.push_back(buffer);
    return BufferRange{buffer.get(), 0, 0, bytes};
  }

  //===--------------------------------------------------------------------===//
  // Program
  //===--------------------------------------------------------------------===//

  void addAction(Binding::Action::Kind kind, uint32_t place, size_t index) {
    binding.program.push_back({kind, place, index, current});
  }

  void flush(uint32_t place) {
    // Host work recorded so far comes first: the device may copy its results.
    if (place != m.hostPlace)
      flush(m.hostPlace);
    PlaceState &state = places[place];
    if (state.open.empty())
      return;
    Binding::List list;
    list.place = place;
    list.commands = std::move(state.open);
    state.open.clear();
    state.sources.clear();
    state.inFlight = place != m.hostPlace;
    ++binding.counts.places[place].submissions;
    binding.lists.push_back(std::move(list));
    addAction(Binding::Action::Kind::Submit, place, binding.lists.size() - 1);
  }

  void wait(uint32_t place) {
    flush(place);
    PlaceState &state = places[place];
    if (!state.inFlight)
      return;
    addAction(Binding::Action::Kind::Wait, place, 0);
    state.inFlight = false;
    state.targets.clear();
  }

  void finishAll() {
    for (uint32_t place = 0; place < places.size(); ++place)
      if (place != m.hostPlace)
        flush(place);
    flush(m.hostPlace);
    for (uint32_t place = 0; place < places.size(); ++place)
      if (place != m.hostPlace)
        wait(place);
  }

  static bool overlapsAny(const std::vector<BufferRange> &ranges,
                          const BufferRange &range) {
    return std::any_of(
        ranges.begin(), ranges.end(),
        [&](const BufferRange &other) { return other.overlaps(range); });
  }

  /// Makes host memory safe to touch now.
  void touch(const BufferRange &range, bool write) {
    for (uint32_t place = 0; place < places.size(); ++place) {
      if (overlapsAny(places[place].targets, range))
        wait(place);
      else if (write && overlapsAny(places[place].sources, range))
        flush(place);
    }
  }

  //===--------------------------------------------------------------------===//
  // Steps
  //===--------------------------------------------------------------------===//

  void noteHostUse(const BufferRange &range) {
    if (range.buffer || range.external < firstInput)
      return;
    if (range.external < firstOutput)
      binding.inputUsed[range.external - firstInput] = true;
    else if (range.external < firstOutput + m.outputs.size())
      binding.outputUsed[range.external - firstOutput] = true;
  }

  Status addDispatch(const StepDesc &step) {
    const VariantDesc &variant =
        m.executables[step.executable].variants[step.variant];
    const VariantPlan &dispatch = *plan.steps[current];
    VariantBuffers buffers;
    for (uint32_t operand : step.operands)
      buffers.args.push_back(valueRange(operand));
    for (uint32_t result : step.results)
      buffers.results.push_back(valueRange(result));
    if (const PreparedSet *prepared = executable.prepared(current))
      buffers.prepared = prepared->ranges;
    for (size_t i = 0; i < dispatch.slotBytes.size(); ++i)
      buffers.slots.push_back(inArena(arenas.workspace[variant.place],
                                      plan.workspaces[current][i],
                                      dispatch.slotBytes[i]));
    if (variant.place == m.hostPlace) {
      // The devices work while the host does.
      for (uint32_t place = 0; place < places.size(); ++place)
        if (place != m.hostPlace)
          flush(place);
      for (uint32_t i = 0; i < buffers.args.size(); ++i)
        if (variant.stepsUseArg(i)) {
          touch(buffers.args[i], false);
          noteHostUse(buffers.args[i]);
        }
      for (const BufferRange &range : buffers.results) {
        touch(range, true);
        noteHostUse(range);
      }
    }
    appendLaunches(dispatch, buffers, executable.kernels(),
                   places[variant.place].open);
    binding.counts.places[variant.place].launches += dispatch.launches.size();
    return Status();
  }

  /// Adds device to host; the host sees the data after the next wait.
  void addRead(uint32_t place, const BufferRange &from, const BufferRange &to) {
    for (uint32_t other = 0; other < places.size(); ++other) {
      if (other == place)
        continue;
      if (overlapsAny(places[other].targets, to))
        wait(other);
      else if (overlapsAny(places[other].sources, to))
        flush(other);
    }
    places[place].open.push_back(CopyCommand{from, asExternal(to)});
    places[place].targets.push_back(to);
    binding.counts.bytesFromDevices += from.size;
  }

  /// Adds host to device; the host data is read when the list is submitted.
  void addWrite(uint32_t place, const BufferRange &from,
                const BufferRange &to) {
    touch(from, false);
    places[place].open.push_back(CopyCommand{asExternal(from), to});
    places[place].sources.push_back(from);
    binding.counts.bytesToDevices += from.size;
  }

  void addConversion(const StepDesc &step, const BufferRange &from,
                     const BufferRange &to) {
    touch(from, false);
    touch(to, true);
    flush(m.hostPlace);
    Binding::Conversion conversion;
    conversion.source = asExternal(from);
    conversion.target = asExternal(to);
    conversion.shape = plan.valueShapes[step.from];
    conversion.count = *elementCount(conversion.shape);
    conversion.narrow = m.main.values[step.to].dtype == DType::I32;
    const ValueDesc &value = m.main.values[step.from];
    conversion.what = value.kind == ValueDesc::Kind::Input
                          ? "input '" + m.inputs[value.index].name + "'"
                          : m.describe(step);
    binding.conversions.push_back(std::move(conversion));
    addAction(Binding::Action::Kind::Convert, m.hostPlace,
              binding.conversions.size() - 1);
  }

  Status addTransfer(const StepDesc &step) {
    uint32_t fromPlace = m.main.values[step.from].place;
    uint32_t toPlace = m.main.values[step.to].place;
    bool converts =
        m.main.values[step.from].dtype != m.main.values[step.to].dtype;
    BufferRange from = valueBytes(step.from), to = valueBytes(step.to);
    if (fromPlace == toPlace && !converts) {
      if (from.overlaps(to))
        return Status();
      if (fromPlace == m.hostPlace) {
        touch(from, false);
        touch(to, true);
      }
      places[fromPlace].open.push_back(CopyCommand{from, to});
      return Status();
    }
    // Bring the data to the host, convert it there, and send it on.
    if (fromPlace != m.hostPlace) {
      BufferRange landing = to;
      if (converts || toPlace != m.hostPlace) {
        TAPML_ASSIGN_OR_RETURN(landing, makeScratch(from.size));
      }
      addRead(fromPlace, from, landing);
      from = landing;
    }
    if (converts) {
      BufferRange converted = to;
      if (toPlace != m.hostPlace) {
        TAPML_ASSIGN_OR_RETURN(converted, makeScratch(to.size));
      }
      addConversion(step, from, converted);
      from = converted;
    }
    if (toPlace != m.hostPlace)
      addWrite(toPlace, from, to);
    return Status();
  }

  /// Outputs that no step has put in their place: inputs, weights, device
  /// values, and values that are two outputs.
  void addRemainingOutputs() {
    for (uint32_t i = 0; i < m.outputs.size(); ++i) {
      uint32_t id = m.outputs[i].value;
      if (outputOfValue[id] && *outputOfValue[id] == i)
        continue;
      BufferRange from = valueBytes(id);
      BufferRange to{nullptr, firstOutput + i, 0, from.size};
      uint32_t place = m.main.values[id].place;
      if (place != m.hostPlace) {
        addRead(place, from, to);
        continue;
      }
      touch(from, false);
      places[place].open.push_back(CopyCommand{from, to});
    }
  }

  Status recordLists() {
    std::vector<std::optional<size_t>> last(places.size());
    for (size_t i = 0; i < binding.lists.size(); ++i)
      last[binding.lists[i].place] = i;
    std::vector<bool> started(places.size());
    for (size_t i = 0; i < binding.lists.size(); ++i) {
      Binding::List &list = binding.lists[i];
      RecordHints hints;
      hints.startsIdle = !started[list.place] || binding.perStep;
      hints.endsIdle = *last[list.place] == i || binding.perStep;
      started[list.place] = true;
      TAPML_ASSIGN_OR_RETURN(list.recorded,
                             executable.device(list.place)
                                 ->record(std::move(list.commands), hints));
    }
    return Status();
  }

  Executable &executable;
  const Manifest &m;
  const ShapePlan &plan;
  const ArenaSet &arenas;
  Binding &binding;
  std::vector<PlaceState> places;
  std::vector<std::optional<uint32_t>> outputOfValue;
  std::map<DeviceBuffer *, uint32_t> externalOf;
  uint32_t firstInput = 0, firstOutput = 0;
  size_t current = 0;
};

} // namespace tapml::rt

Result<std::unique_ptr<Binding>> Binding::create(Executable &executable,
                                                 const ShapePlan &plan,
                                                 const ArenaSet &arenas,
                                                 bool perStep) {
  std::vector<uint32_t> kernels;
  for (const std::optional<VariantPlan> &step : plan.steps)
    if (step)
      for (const LaunchPlan &launch : step->launches)
        kernels.push_back(launch.kernel);
  TAPML_RETURN_IF_ERROR(executable.ensureKernels(kernels));
  std::unique_ptr<Binding> binding(new Binding(executable));
  binding->perStep = perStep;
  TAPML_RETURN_IF_ERROR(
      BindingBuilder(executable, plan, arenas, *binding).run());
  return binding;
}
