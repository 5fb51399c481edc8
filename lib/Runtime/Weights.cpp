//===- Weights.cpp - Weights: from the file to the places -----------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Executable.h"

#include <algorithm>

using namespace tapml::rt;

/// Pieces in which weights go to a device; the file's pages are let go after
/// each, so that weights are not in memory twice.
static constexpr uint64_t uploadChunk = uint64_t(8) << 20;

ByteSpan Executable::weightBytes(uint32_t index) const {
  return weightsFile->bytes(*weightEntries[index]);
}

Status Executable::checkWeightsFile() const {
  if (!usesMappedWeights)
    return Status();
  return weightsFile->mapping().checkStillWhole("a weight");
}

BufferRange Executable::weight(uint32_t index, uint32_t place) const {
  auto it = weightRanges.find({index, place});
  return it == weightRanges.end() ? BufferRange() : it->second;
}

Status Executable::openWeights() {
  const Manifest &m = description;
  hostPointers.resize(m.weights.size());
  if (m.weights.empty())
    return Status();
  std::string path = options.weightsPath.empty()
                         ? resolveBeside(file->path(), m.weightsFile)
                         : options.weightsPath;
  Result<std::shared_ptr<SafetensorsFile>> opened = SafetensorsFile::open(path);
  if (!opened.ok()) {
    if (opened.status().code() == StatusCode::NotFound)
      return makeError(StatusCode::NotFound,
                       "its weights: ", opened.status().message(),
                       "; put the file there or name it (--weights)");
    return opened.status();
  }
  weightsFile = std::move(*opened);
  const MappedFile &mapping = weightsFile->mapping();
  if (mapping.bytes().size != m.weightsBytes)
    return makeError(StatusCode::Damaged, "weights '", path, "' have ",
                     mapping.bytes().size, " bytes, compiled with ",
                     m.weightsBytes,
                     "; use the file that the executable was compiled with");
  if (toHex(weightsFile->headerDigest()) != m.weightsHeaderSha256)
    return makeError(StatusCode::Incompatible, "weights '", path,
                     "' have another header than those compiled with; use the "
                     "file that the executable was compiled with");
  for (const WeightDesc &weight : m.weights) {
    const SafetensorsEntry *entry = weightsFile->find(weight.key);
    if (!entry)
      return makeError(StatusCode::Incompatible, "weights '", path,
                       "' have no tensor '", weight.key, "'");
    if (entry->dtype != weight.dtype || entry->shape != weight.shape)
      return makeError(StatusCode::Incompatible, "weight '", weight.key,
                       "' is ", toString(entry->shape), " ", name(entry->dtype),
                       " in '", path, "', needs ", toString(weight.shape), " ",
                       name(weight.dtype));
    weightEntries.push_back(entry);
  }
  return Status();
}

Status Executable::uploadWeight(uint32_t index, Device &device,
                                DeviceBuffer &buffer, uint64_t offset) {
  const SafetensorsEntry &entry = *weightEntries[index];
  const MappedFile &mapping = weightsFile->mapping();
  TAPML_RETURN_IF_ERROR(mapping.checkStillWhole(
      "weight '" + description.weights[index].key + "'"));
  for (uint64_t done = 0; done < entry.size;) {
    uint64_t count = std::min(uploadChunk, entry.size - done);
    TAPML_RETURN_IF_ERROR(device.upload(buffer, offset + done,
                                        weightBytes(index).slice(done, count)));
    // Leave the page that the next piece shares.
    mapping.release(entry.offset + done, count);
    done += count;
  }
  if (&device != hostDevice.get())
    uploaded += entry.size;
  return Status();
}

static bool isAligned(ByteSpan bytes) {
  return reinterpret_cast<uintptr_t>(bytes.data) % hostKernelAlignment == 0;
}

Result<BufferRange> Executable::hostWeight(uint32_t index) {
  ByteSpan bytes = weightBytes(index);
  if (!hostPointers[index]) {
    if (isAligned(bytes)) {
      hostPointers[index] = const_cast<uint8_t *>(bytes.data);
      usesMappedWeights = true;
    } else {
      TAPML_ASSIGN_OR_RETURN(auto copy, hostDevice->allocate(bytes.size));
      TAPML_RETURN_IF_ERROR(uploadWeight(index, *hostDevice, *copy, 0));
      hostPointers[index] = copy->hostPointer();
      weightBuffers.push_back(std::move(copy));
    }
  }
  return BufferRange{nullptr, index, 0, bindingBytes(bytes.size)};
}

Status Executable::placeWeights() {
  const Manifest &m = description;
  // Weights that runs need; the others serve only to make prepared tensors.
  std::vector<std::vector<bool>> needed(m.places.size(),
                                        std::vector<bool>(m.weights.size()));
  auto need = [&](uint32_t id) {
    const ValueDesc &value = m.main.values[id];
    if (value.kind == ValueDesc::Kind::Weight)
      needed[value.place][value.index] = true;
  };
  for (const StepDesc &step : m.main.steps) {
    if (step.op == StepDesc::Op::Transfer) {
      need(step.from);
      continue;
    }
    const VariantDesc &variant =
        m.executables[step.executable].variants[step.variant];
    for (uint32_t i = 0; i < step.operands.size(); ++i)
      if (variant.stepsUseArg(i))
        need(step.operands[i]);
  }
  for (const OutputDesc &output : m.outputs)
    need(output.value);

  for (uint32_t place = 0; place < m.places.size(); ++place) {
    if (place == m.hostPlace) {
      for (uint32_t i = 0; i < m.weights.size(); ++i)
        if (needed[place][i]) {
          TAPML_ASSIGN_OR_RETURN(BufferRange range, hostWeight(i));
          weightRanges[{i, place}] = range;
        }
      continue;
    }
    if (!places[place])
      continue;
    Device &device = *places[place];
    auto layout = ArenaLayout::ofWeights(device.limits());
    std::vector<std::pair<uint32_t, ArenaLayout::Location>> locations;
    for (uint32_t i = 0; i < m.weights.size(); ++i)
      if (needed[place][i]) {
        auto location = layout.add(weightEntries[i]->size);
        if (!location.ok())
          return location.status().withContext("weight '" + m.weights[i].key +
                                               "'");
        locations.push_back({i, *location});
      }
    size_t firstChunk = weightBuffers.size();
    for (uint64_t size : layout.chunkSizes()) {
      TAPML_ASSIGN_OR_RETURN(auto buffer, device.allocate(size));
      weightBuffers.push_back(std::move(buffer));
    }
    for (auto [index, location] : locations) {
      DeviceBuffer &buffer = *weightBuffers[firstChunk + location.chunk];
      TAPML_RETURN_IF_ERROR(
          uploadWeight(index, device, buffer, location.offset));
      weightRanges[{index, place}] =
          BufferRange{&buffer, 0, location.offset,
                      bindingBytes(weightEntries[index]->size)};
    }
  }
  return Status();
}

Status Executable::prepareStep(size_t index) {
  const Manifest &m = description;
  const StepDesc &step = m.main.steps[index];
  stepPrepared.resize(m.main.steps.size());
  if (step.op != StepDesc::Op::Dispatch)
    return Status();
  const VariantDesc &variant =
      m.executables[step.executable].variants[step.variant];
  if (variant.prepared.empty())
    return Status();
  PreparedKey key{step.executable, step.variant, {}};
  for (size_t i = 0; i < step.operands.size(); ++i)
    if (variant.args[i].constant)
      std::get<2>(key).push_back(m.main.values[step.operands[i]].index);
  std::shared_ptr<PreparedSet> &set = preparedSets[key];
  if (!set) {
    set = std::make_shared<PreparedSet>();
    Status status = runInit(step, variant, *set);
    if (!status.ok())
      return status.withContext(m.describe(step));
  }
  stepPrepared[index] = set;
  return Status();
}

Status Executable::runInit(const StepDesc &step, const VariantDesc &variant,
                           PreparedSet &set) {
  const Manifest &m = description;
  Device &device = *places[variant.place];
  // Sizes of other arguments do not matter: the manifest's check has made sure
  // that `init` does not use them.
  std::vector<Shape> shapes;
  for (size_t i = 0; i < variant.args.size(); ++i) {
    Shape shape = variant.args[i].shape;
    if (variant.args[i].constant)
      shape = m.weights[m.main.values[step.operands[i]].index].shape;
    for (size_t d = 0; d < shape.size(); ++d) {
      int64_t compiled = variant.args[i].shape[d];
      if (variant.args[i].constant && compiled >= 0 && compiled != shape[d])
        return makeError(StatusCode::Damaged, "weight operand ", i, " is ",
                         toString(shape), ", compiled for another size");
      shape[d] = std::max<int64_t>(shape[d], 0);
    }
    shapes.push_back(std::move(shape));
  }
  TAPML_ASSIGN_OR_RETURN(VariantPlan plan,
                         planVariant(m, variant, VariantPhase::Init, shapes,
                                     std::vector<int64_t>(variant.numSizes),
                                     device));

  // Prepared tensors stay; workspace and weights are there for a moment.
  std::vector<std::shared_ptr<DeviceBuffer>> temporary;
  VariantBuffers buffers;
  auto allocate = [&](const std::vector<uint64_t> &sizes,
                      std::vector<std::shared_ptr<DeviceBuffer>> &owners,
                      std::vector<BufferRange> &ranges) -> Status {
    auto layout = ArenaLayout::ofResults(device.limits());
    std::vector<ArenaLayout::Location> locations;
    for (uint64_t size : sizes) {
      TAPML_ASSIGN_OR_RETURN(auto location, layout.add(size));
      locations.push_back(location);
    }
    size_t first = owners.size();
    for (uint64_t size : layout.chunkSizes()) {
      TAPML_ASSIGN_OR_RETURN(auto buffer, device.allocate(size));
      owners.push_back(std::move(buffer));
    }
    for (size_t i = 0; i < sizes.size(); ++i)
      ranges.push_back(BufferRange{owners[first + locations[i].chunk].get(), 0,
                                   locations[i].offset,
                                   bindingBytes(sizes[i])});
    return Status();
  };
  TAPML_RETURN_IF_ERROR(allocate(plan.preparedBytes, set.buffers, set.ranges));
  TAPML_RETURN_IF_ERROR(allocate(plan.slotBytes, temporary, buffers.slots));
  buffers.prepared = set.ranges;

  std::vector<bool> used(variant.args.size());
  for (const LaunchDesc &launch : variant.init)
    for (const LaunchBuffer &buffer : launch.buffers)
      if (buffer.kind == LaunchBuffer::Kind::Arg)
        used[buffer.index] = true;
  for (uint32_t i = 0; i < variant.args.size(); ++i) {
    BufferRange range;
    if (used[i]) {
      uint32_t weightIndex = m.main.values[step.operands[i]].index;
      range = weight(weightIndex, variant.place);
      bool isThere = weightRanges.count({weightIndex, variant.place});
      if (!isThere && variant.place == m.hostPlace &&
          isAligned(weightBytes(weightIndex))) {
        TAPML_ASSIGN_OR_RETURN(range, hostWeight(weightIndex));
      } else if (!isThere) {
        std::vector<BufferRange> ranges;
        TAPML_RETURN_IF_ERROR(
            allocate({weightEntries[weightIndex]->size}, temporary, ranges));
        range = ranges.front();
        TAPML_RETURN_IF_ERROR(
            uploadWeight(weightIndex, device, *range.buffer, range.offset));
      }
    }
    buffers.args.push_back(range);
  }

  std::vector<uint32_t> kernels;
  for (const LaunchPlan &launch : plan.launches)
    kernels.push_back(launch.kernel);
  TAPML_RETURN_IF_ERROR(ensureKernels(kernels));
  std::vector<Command> commands;
  appendLaunches(plan, buffers, loadedKernels, commands);
  TAPML_ASSIGN_OR_RETURN(auto list,
                         device.record(std::move(commands), RecordHints()));
  TAPML_ASSIGN_OR_RETURN(Ticket ticket, device.submit(*list, hostPointers));
  TAPML_RETURN_IF_ERROR(device.wait(ticket, options.deadline));
  if (variant.place == m.hostPlace && weightsFile)
    for (uint32_t i = 0; i < variant.args.size(); ++i)
      if (used[i]) {
        const SafetensorsEntry &entry =
            *weightEntries[m.main.values[step.operands[i]].index];
        weightsFile->mapping().release(entry.offset, entry.size);
      }
  return Status();
}
