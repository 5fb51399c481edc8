//===- ManifestVerify.cpp - Checks that need the whole manifest -----------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Manifest.h"

#include <set>

using namespace tapml::rt;

template <typename... Args> static Status damaged(const Args &...args) {
  return makeError(StatusCode::Damaged, args...);
}

/// Checks that the names of `items` differ.
template <typename T, typename Fn>
static Status checkUnique(const std::vector<T> &items, const char *what,
                          Fn getName) {
  std::set<std::string> names;
  for (const T &item : items)
    if (!names.insert(getName(item)).second)
      return damaged("two ", what, " are named '", getName(item), "'");
  return Status();
}

/// For each expression, whether it depends only on constants and on the sizes
/// of constant arguments, so that it is known at load time.
static std::vector<bool> findLoadTimeExprs(const VariantDesc &variant) {
  std::vector<bool> known(variant.exprs.size());
  for (size_t i = 0; i < variant.exprs.size(); ++i) {
    const Expr &expr = variant.exprs[i];
    switch (expr.op) {
    case ExprOp::Const:
      known[i] = true;
      break;
    case ExprOp::Dim: {
      const ArgDesc &arg = variant.args[size_t(expr.a)];
      known[i] = arg.constant || arg.shape[size_t(expr.b)] >= 0;
      break;
    }
    case ExprOp::Size:
      break;
    default:
      known[i] = known[size_t(expr.a)] && known[size_t(expr.b)];
    }
  }
  return known;
}

namespace {
/// Checks the launches of one variant in order of execution.
class VariantVerifier {
public:
  VariantVerifier(const Manifest &manifest, const VariantDesc &variant)
      : manifest(manifest), variant(variant),
        loadTime(findLoadTimeExprs(variant)),
        preparedWritten(variant.prepared.size()),
        resultWritten(variant.results.size()) {}

  Status verify() {
    for (size_t i = 0; i < variant.prepared.size(); ++i)
      for (ExprId id : variant.prepared[i].shape)
        if (!loadTime[id])
          return damaged("the shape of prepared tensor ", i,
                         " depends on more than constant arguments");
    TAPML_RETURN_IF_ERROR(verifyLaunches(variant.init, "init", true));
    for (size_t i = 0; i < preparedWritten.size(); ++i)
      if (!preparedWritten[i])
        return damaged("prepared tensor ", i, " is never written");
    TAPML_RETURN_IF_ERROR(verifyLaunches(variant.steps, "steps", false));
    for (size_t i = 0; i < resultWritten.size(); ++i)
      if (!resultWritten[i])
        return damaged("result ", i, " is never written");
    return Status();
  }

private:
  Status verifyLaunches(const std::vector<LaunchDesc> &launches,
                        const char *where, bool isInit) {
    slotWritten.assign(variant.slots.size(), false);
    for (size_t i = 0; i < launches.size(); ++i) {
      Status status = verifyLaunch(launches[i], isInit);
      if (!status.ok())
        return status.withContext(concat(where, "[", i, "]"));
    }
    return Status();
  }

  Status verifyLaunch(const LaunchDesc &launch, bool isInit) {
    for (size_t c = 0; c < launch.cases.size(); ++c) {
      const LaunchCase &alternative = launch.cases[c];
      const KernelDesc &kernel = manifest.kernels[alternative.kernel];
      if (kernel.place != variant.place)
        return damaged("kernel '", kernel.name, "' is for place '",
                       manifest.places[kernel.place].name, "', not '",
                       manifest.places[variant.place].name, "'");
      if (kernel.access.size() != launch.buffers.size())
        return damaged("kernel '", kernel.name, "' takes ",
                       kernel.access.size(), " buffers, got ",
                       launch.buffers.size());
      if (kernel.numSizes != launch.sizes.size())
        return damaged("kernel '", kernel.name, "' takes ", kernel.numSizes,
                       " sizes, got ", launch.sizes.size());
      if (kernel.access != manifest.kernels[launch.cases.front().kernel].access)
        return damaged("kernel '", kernel.name,
                       "' accesses its buffers differently from the first "
                       "alternative");
      if (!alternative.when && c + 1 != launch.cases.size())
        return damaged("case ", c, " has no guard but is not the last");
      if (isInit) {
        bool known = !alternative.when || loadTime[*alternative.when];
        for (ExprId id : alternative.grid)
          known = known && loadTime[id];
        if (!known)
          return damaged("a grid or guard depends on more than constant "
                         "arguments");
      }
    }
    if (isInit)
      for (ExprId id : launch.sizes)
        if (!loadTime[id])
          return damaged("a size depends on more than constant arguments");
    const std::vector<Access> &access =
        manifest.kernels[launch.cases.front().kernel].access;
    // Reads come before writes: a launch cannot define what it reads.
    for (size_t i = 0; i < access.size(); ++i)
      if (reads(access[i]))
        TAPML_RETURN_IF_ERROR(verifyRead(launch.buffers[i], isInit));
    for (size_t i = 0; i < access.size(); ++i)
      if (writes(access[i]))
        TAPML_RETURN_IF_ERROR(verifyWrite(launch.buffers[i], isInit));
    return Status();
  }

  Status verifyRead(const LaunchBuffer &buffer, bool isInit) {
    switch (buffer.kind) {
    case LaunchBuffer::Kind::Arg:
      if (isInit && !variant.args[buffer.index].constant)
        return damaged("argument ", buffer.index,
                       " is not constant and not there at load time");
      return Status();
    case LaunchBuffer::Kind::Prepared:
      if (!preparedWritten[buffer.index])
        return damaged("prepared tensor ", buffer.index,
                       " is read before it is written");
      return Status();
    case LaunchBuffer::Kind::Slot:
      if (!slotWritten[buffer.index])
        return damaged("slot ", buffer.index, " is read before it is written");
      return Status();
    case LaunchBuffer::Kind::Result:
      if (!resultWritten[buffer.index])
        return damaged("result ", buffer.index,
                       " is read before it is written");
      return Status();
    }
    return Status();
  }

  Status verifyWrite(const LaunchBuffer &buffer, bool isInit) {
    switch (buffer.kind) {
    case LaunchBuffer::Kind::Arg:
      return damaged("argument ", buffer.index, " is written");
    case LaunchBuffer::Kind::Prepared:
      if (!isInit)
        return damaged("prepared tensor ", buffer.index,
                       " is written after load time");
      preparedWritten[buffer.index] = true;
      return Status();
    case LaunchBuffer::Kind::Slot:
      if (isInit && !loadTime[variant.slots[buffer.index]])
        return damaged("the size of slot ", buffer.index,
                       " depends on more than constant arguments");
      slotWritten[buffer.index] = true;
      return Status();
    case LaunchBuffer::Kind::Result:
      if (isInit)
        return damaged("result ", buffer.index, " is written at load time");
      resultWritten[buffer.index] = true;
      return Status();
    }
    return Status();
  }

  const Manifest &manifest;
  const VariantDesc &variant;
  std::vector<bool> loadTime, preparedWritten, resultWritten, slotWritten;
};

/// Follows the values of the main program through its steps.
class MainVerifier {
public:
  explicit MainVerifier(const Manifest &manifest)
      : manifest(manifest), main(manifest.main), defined(main.values.size()),
        slotOwner(main.slots.size()) {}

  Status verify() {
    for (size_t i = 0; i < main.values.size(); ++i) {
      const ValueDesc &value = main.values[i];
      defined[i] = value.kind != ValueDesc::Kind::Slot;
      if (value.kind == ValueDesc::Kind::Input &&
          value.place != manifest.hostPlace)
        return damaged("main.values[", i, "]: inputs are at the host");
      if (value.kind == ValueDesc::Kind::Slot &&
          main.slots[value.index].place != value.place)
        return damaged("main.values[", i, "]: slot ", value.index,
                       " is at another place");
    }
    for (size_t i = 0; i < main.steps.size(); ++i) {
      const StepDesc &step = main.steps[i];
      Status status = step.op == StepDesc::Op::Transfer ? verifyTransfer(step)
                                                        : verifyDispatch(step);
      if (!status.ok())
        return status.withContext(
            concat("main.steps[", i, "], ", manifest.describe(step)));
    }
    for (const OutputDesc &output : manifest.outputs) {
      Status status = use(output.value);
      if (!status.ok())
        return status.withContext("output '" + output.name + "'");
    }
    return Status();
  }

private:
  /// Checks that `id` holds its value now.
  Status use(uint32_t id) {
    if (!defined[id])
      return damaged("value ", id, " is used before it is defined");
    const ValueDesc &value = main.values[id];
    if (value.kind == ValueDesc::Kind::Slot && slotOwner[value.index] != id)
      return damaged("value ", id, " is used after value ",
                     *slotOwner[value.index], " took its slot");
    return Status();
  }

  Status define(uint32_t id) {
    const ValueDesc &value = main.values[id];
    if (value.kind != ValueDesc::Kind::Slot)
      return damaged("value ", id, " is an input or a weight and is written");
    if (defined[id])
      return damaged("value ", id, " is defined twice");
    defined[id] = true;
    slotOwner[value.index] = id;
    return Status();
  }

  Status verifyTransfer(const StepDesc &step) {
    const ValueDesc &from = main.values[step.from];
    const ValueDesc &to = main.values[step.to];
    TAPML_RETURN_IF_ERROR(use(step.from));
    bool convertible = from.dtype == to.dtype ||
                       (from.dtype == DType::I64 && to.dtype == DType::I32) ||
                       (from.dtype == DType::I32 && to.dtype == DType::I64);
    if (!convertible || from.rank != to.rank)
      return damaged("cannot transfer ", name(from.dtype), " of rank ",
                     from.rank, " to ", name(to.dtype), " of rank ", to.rank);
    if (from.kind == ValueDesc::Kind::Slot && from.place == to.place &&
        to.kind == ValueDesc::Kind::Slot && from.index == to.index &&
        from.dtype != to.dtype)
      return damaged("a conversion cannot happen in place");
    return define(step.to);
  }

  Status verifyDispatch(const StepDesc &step) {
    const ExecutableDesc &executable = manifest.executables[step.executable];
    const VariantDesc &variant = executable.variants[step.variant];
    if (step.operands.size() != variant.args.size() ||
        step.results.size() != variant.results.size() ||
        step.sizes.size() != variant.numSizes)
      return damaged("has ", step.operands.size(), " operands, ",
                     step.sizes.size(), " sizes and ", step.results.size(),
                     " results, needs ", variant.args.size(), ", ",
                     variant.numSizes, " and ", variant.results.size());
    std::set<uint32_t> operandSlots;
    for (size_t i = 0; i < step.operands.size(); ++i) {
      const ValueDesc &value = main.values[step.operands[i]];
      const ArgDesc &arg = variant.args[i];
      TAPML_RETURN_IF_ERROR(use(step.operands[i]));
      if (value.place != variant.place || value.dtype != arg.dtype ||
          value.rank != arg.shape.size())
        return damaged("operand ", i, " is ", name(value.dtype), " of rank ",
                       value.rank, " at '", manifest.places[value.place].name,
                       "', needs ", name(arg.dtype), " of rank ",
                       arg.shape.size(), " at '",
                       manifest.places[variant.place].name, "'");
      if (arg.constant && value.kind != ValueDesc::Kind::Weight)
        return damaged("operand ", i, " must be a weight");
      if (value.kind == ValueDesc::Kind::Slot)
        operandSlots.insert(value.index);
    }
    for (size_t i = 0; i < step.results.size(); ++i) {
      const ValueDesc &value = main.values[step.results[i]];
      const TensorDesc &result = variant.results[i];
      if (value.place != variant.place || value.dtype != result.dtype ||
          value.rank != result.shape.size())
        return damaged("result ", i, " has another place, type or rank than ",
                       "its value ", step.results[i]);
      TAPML_RETURN_IF_ERROR(define(step.results[i]));
      if (operandSlots.count(value.index))
        return damaged("result ", i, " shares slot ", value.index,
                       " with an operand");
    }
    for (size_t i = 0; i < step.results.size(); ++i)
      TAPML_RETURN_IF_ERROR(use(step.results[i]));
    return Status();
  }

  const Manifest &manifest;
  const MainDesc &main;
  std::vector<bool> defined;
  std::vector<std::optional<uint32_t>> slotOwner;
};
} // namespace

Status tapml::rt::verifyManifest(const Manifest &m) {
  unsigned numHosts = 0;
  for (const PlaceDesc &place : m.places)
    numHosts += place.kind == "host";
  if (numHosts != 1)
    return damaged("places: there are ", numHosts, " hosts, needs one");
  TAPML_RETURN_IF_ERROR(checkUnique(m.places, "places",
                                    [](const PlaceDesc &p) { return p.name; }));
  TAPML_RETURN_IF_ERROR(checkUnique(
      m.symbols, "symbols", [](const SymbolDesc &s) { return s.name; }));
  TAPML_RETURN_IF_ERROR(checkUnique(m.inputs, "inputs",
                                    [](const InputDesc &i) { return i.name; }));
  TAPML_RETURN_IF_ERROR(checkUnique(
      m.outputs, "outputs", [](const OutputDesc &o) { return o.name; }));
  if (!m.weights.empty() && m.weightsFile.empty())
    return damaged("package: there are weights but no weights file");
  for (const KernelDesc &kernel : m.kernels)
    if (kernel.place != m.hostPlace && kernel.section.empty())
      return damaged("kernel '", kernel.name, "' names no section");
  for (const ExecutableDesc &executable : m.executables)
    for (size_t i = 0; i < executable.variants.size(); ++i) {
      Status status = VariantVerifier(m, executable.variants[i]).verify();
      if (!status.ok())
        return status.withContext(
            concat("executable '", executable.name, "', variant ", i));
    }
  return MainVerifier(m).verify();
}
