//===- ShapePlan.cpp - The sizes of everything in a program ---------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Binding.h"

#include <algorithm>

using namespace tapml::rt;

/// The shape of a value of the main program.
static Result<Shape> shapeOfValue(const Manifest &m, const ExprValues &exprs,
                                  const std::vector<Shape> &inputs,
                                  uint32_t id) {
  const ValueDesc &value = m.main.values[id];
  Shape known;
  if (value.kind == ValueDesc::Kind::Input)
    known = inputs[value.index];
  else if (value.kind == ValueDesc::Kind::Weight)
    known = m.weights[value.index].shape;
  if (!value.shape)
    return known;
  Result<Shape> shape = exprs.get(*value.shape);
  if (!shape.ok())
    return shape.status().withContext(concat("shape of value ", id));
  if (value.kind != ValueDesc::Kind::Slot && *shape != known)
    return makeError(StatusCode::Damaged, "value ", id, " has the shape ",
                     toString(*shape), ", its ",
                     value.kind == ValueDesc::Kind::Input ? "input" : "weight",
                     " ", toString(known));
  return shape;
}

Result<std::vector<Shape>>
tapml::rt::inferOutputShapes(const Manifest &m,
                             const std::vector<Shape> &inputs) {
  ExprValues exprs = ExprValues::evaluate(m.main.exprs, inputs, {});
  std::vector<Shape> shapes;
  for (const OutputDesc &output : m.outputs) {
    TAPML_ASSIGN_OR_RETURN(Shape shape,
                           shapeOfValue(m, exprs, inputs, output.value));
    if (!byteSize(m.main.values[output.value].dtype, shape))
      return makeError(StatusCode::ResourceExhausted, "output '", output.name,
                       "' has the size ", toString(shape),
                       "; use smaller inputs");
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

/// Plans one dispatch and compares it with the values around it.
static Status planDispatch(const Executable &executable, const StepDesc &step,
                           const ExprValues &exprs, size_t index,
                           ShapePlan &plan) {
  const Manifest &m = executable.manifest();
  const VariantDesc &variant =
      m.executables[step.executable].variants[step.variant];
  const Device &device = *executable.device(variant.place);
  std::vector<Shape> shapes;
  for (uint32_t operand : step.operands)
    shapes.push_back(plan.valueShapes[operand]);
  TAPML_ASSIGN_OR_RETURN(std::vector<int64_t> sizes, exprs.get(step.sizes));
  TAPML_ASSIGN_OR_RETURN(
      plan.steps[index],
      planVariant(m, variant, VariantPhase::Steps, shapes, sizes, device));
  const VariantPlan &dispatch = *plan.steps[index];
  for (size_t i = 0; i < step.results.size(); ++i)
    if (dispatch.resultShapes[i] != plan.valueShapes[step.results[i]])
      return makeError(StatusCode::Damaged, "result ", i, " has the shape ",
                       toString(dispatch.resultShapes[i]), ", its value ",
                       toString(plan.valueShapes[step.results[i]]));
  auto layout = ArenaLayout::ofResults(device.limits());
  for (uint64_t bytes : dispatch.slotBytes) {
    TAPML_ASSIGN_OR_RETURN(auto location, layout.add(bytes));
    plan.workspaces[index].push_back(location);
  }
  std::vector<uint64_t> &chunks = plan.workspaceChunks[variant.place];
  chunks.resize(std::max(chunks.size(), layout.chunkSizes().size()));
  for (size_t i = 0; i < layout.chunkSizes().size(); ++i)
    chunks[i] = std::max(chunks[i], layout.chunkSizes()[i]);
  return Status();
}

Result<ShapePlan> tapml::rt::planShapes(const Executable &executable,
                                        const std::vector<Shape> &inputs) {
  const Manifest &m = executable.manifest();
  ShapePlan plan;
  ExprValues exprs = ExprValues::evaluate(m.main.exprs, inputs, {});
  for (uint32_t place = 0; place < m.places.size(); ++place) {
    const Device *device = executable.device(place);
    plan.mainArenas.push_back(
        ArenaLayout::ofResults(device ? device->limits() : DeviceLimits()));
  }
  plan.workspaceChunks.resize(m.places.size());
  std::vector<uint64_t> slotBytes(m.main.slots.size());
  std::vector<bool> slotUsed(m.main.slots.size());
  for (const ValueDesc &value : m.main.values)
    if (value.kind == ValueDesc::Kind::Slot)
      slotUsed[value.index] = true;
  plan.slots.resize(m.main.slots.size());
  for (size_t i = 0; i < m.main.slots.size(); ++i) {
    if (!slotUsed[i])
      continue;
    Result<int64_t> bytes = exprs.get(m.main.slots[i].bytes);
    if (!bytes.ok())
      return bytes.status().withContext(concat("size of slot ", i));
    if (*bytes < 0)
      return makeError(StatusCode::Damaged, "slot ", i, " has the size ",
                       *bytes);
    slotBytes[i] = uint64_t(*bytes);
    TAPML_ASSIGN_OR_RETURN(
        plan.slots[i],
        plan.mainArenas[m.main.slots[i].place].add(slotBytes[i]));
  }
  for (uint32_t i = 0; i < m.main.values.size(); ++i) {
    const ValueDesc &value = m.main.values[i];
    TAPML_ASSIGN_OR_RETURN(Shape shape, shapeOfValue(m, exprs, inputs, i));
    std::optional<uint64_t> bytes = byteSize(value.dtype, shape);
    if (!bytes)
      return makeError(StatusCode::ResourceExhausted, "value ", i,
                       " has the size ", toString(shape),
                       "; use smaller inputs");
    if (value.kind == ValueDesc::Kind::Slot &&
        bindingBytes(*bytes) > bindingBytes(slotBytes[value.index]))
      return makeError(StatusCode::Damaged, "value ", i, " of ", *bytes,
                       " bytes does not fit in slot ", value.index, " of ",
                       slotBytes[value.index]);
    plan.valueShapes.push_back(std::move(shape));
    plan.valueBytes.push_back(*bytes);
  }
  plan.steps.resize(m.main.steps.size());
  plan.workspaces.resize(m.main.steps.size());
  for (size_t i = 0; i < m.main.steps.size(); ++i) {
    const StepDesc &step = m.main.steps[i];
    Status status;
    if (step.op == StepDesc::Op::Dispatch)
      status = planDispatch(executable, step, exprs, i, plan);
    else if (plan.valueShapes[step.from] != plan.valueShapes[step.to])
      status = makeError(StatusCode::Damaged, "a transfer changes the shape ",
                         toString(plan.valueShapes[step.from]));
    if (!status.ok())
      return status.withContext(m.describe(step));
  }
  return plan;
}

static bool chunksFit(const ArenaSet::Chunks &chunks,
                      const std::vector<uint64_t> &sizes) {
  if (chunks.size() < sizes.size())
    return false;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (!chunks[i] || chunks[i]->size() < sizes[i])
      return false;
  return true;
}

bool ArenaSet::fits(const ShapePlan &plan) const {
  if (main.size() != plan.mainArenas.size())
    return false;
  for (size_t i = 0; i < main.size(); ++i)
    if (!chunksFit(main[i], plan.mainArenas[i].chunkSizes()) ||
        !chunksFit(workspace[i], plan.workspaceChunks[i]))
      return false;
  return true;
}

Status ArenaSet::grow(const Executable &executable, const ShapePlan &plan) {
  main.resize(plan.mainArenas.size());
  workspace.resize(plan.mainArenas.size());
  for (uint32_t place = 0; place < main.size(); ++place) {
    auto growOne = [&](Chunks &chunks,
                       const std::vector<uint64_t> &sizes) -> Status {
      chunks.resize(std::max(chunks.size(), sizes.size()));
      for (size_t i = 0; i < sizes.size(); ++i) {
        if (chunks[i] && chunks[i]->size() >= sizes[i])
          continue;
        // Give the old one back first: both may not fit.
        chunks[i].reset();
        TAPML_ASSIGN_OR_RETURN(chunks[i],
                               executable.device(place)->allocate(sizes[i]));
      }
      return Status();
    };
    TAPML_RETURN_IF_ERROR(
        growOne(main[place], plan.mainArenas[place].chunkSizes()));
    TAPML_RETURN_IF_ERROR(
        growOne(workspace[place], plan.workspaceChunks[place]));
  }
  return Status();
}
