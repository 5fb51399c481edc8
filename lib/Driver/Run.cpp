//===- Run.cpp - Runs an executable and compares with the source ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"
#include "Safetensors.h"
#include "TapxFile.h"
#include "tapml/Compiler/RuntimeHandles.h"
#include "tapml/Driver/Driver.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/WithColor.h"
#include <chrono>
#include <cmath>
#include <cstring>

using namespace llvm;
using namespace tapml;

namespace {

/// A tensor in memory with its name: an input, or what the source computed.
using HostTensor = rt::NumpyArray;

/// Where an output differs most from what the source recorded.
struct Difference {
  double value = 0;
  /// The element, and both values there.
  int64_t element = 0;
  double expected = 0, got = 0;
  /// Elements that are NaN or infinite on one side only, or that differ where
  /// no difference is allowed (integers, booleans).
  int64_t mismatches = 0;
};

class Runner {
public:
  explicit Runner(const RunJob &job) : job(job) {}
  Error load();
  Error readInputs();
  Error execute();
  Error compareAndPrint();

private:
  Error bindDevices(std::vector<tapml_binding> &bindings);
  Error readSample();
  Expected<tapml_tensor> getOutput(size_t index);
  void printTimes();

  const RunJob &job;
  json::Object manifest;
  /// The places and devices of the bindings; these own the strings.
  std::vector<std::pair<std::string, std::string>> devices;
  ExecutableHandle executable;
  SessionHandle session;
  ResultHandle result;
  std::vector<HostTensor> inputs, expected;
  double loadMs = 0;
  std::vector<double> runMs;
};

} // namespace

static Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

static Error toError(const rt::Status &status) {
  return status.ok() ? Error::success() : makeError(status.message());
}

static double now() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch())
      .count();
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// Assigns every place that is not the host a device: the one that was asked
/// for, or the first of its kind.
Error Runner::bindDevices(std::vector<tapml_binding> &bindings) {
  std::vector<std::pair<std::string, std::string>> places;
  if (const json::Array *array = manifest.getArray("places"))
    for (const json::Value &value : *array)
      if (const json::Object *place = value.getAsObject())
        if (place->getString("kind").value_or("host") != "host")
          places.emplace_back(place->getString("name").value_or(""),
                              place->getString("kind").value_or(""));
  for (auto &[name, kind] : places)
    devices.emplace_back(name, kind + ":0");
  for (StringRef request : job.devices) {
    auto [place, device] = request.split('=');
    if (device.empty()) {
      if (devices.size() != 1)
        return makeError("--device=" + request + ": " + job.executable +
                         " has " + Twine(devices.size()) +
                         " places beside the host; say PLACE=DEVICE");
      devices.front().second = request.str();
      continue;
    }
    auto it = find_if(devices,
                      [&, name = place](auto &d) { return d.first == name; });
    if (it == devices.end())
      return makeError("--device=" + request + ": " + job.executable +
                       " has no place '" + place + "' beside the host");
    it->second = device.str();
  }
  for (auto &[place, device] : devices)
    bindings.push_back({place.c_str(), device.c_str(), nullptr});
  return Error::success();
}

Error Runner::load() {
  double start = now();
  auto file = rt::TapxFile::open(job.executable);
  if (!file.ok())
    return toError(file.status());
  const rt::TapxFile::Section *section = (*file)->find(rt::tapxManifestSection);
  if (!section)
    return makeError(job.executable + ": has no manifest; compile it again");
  auto value = json::parse(StringRef(
      reinterpret_cast<const char *>(section->data.data), section->data.size));
  if (!value)
    return makeError(job.executable +
                     ": manifest: " + toString(value.takeError()));
  if (json::Object *object = value->getAsObject())
    manifest = std::move(*object);

  std::vector<tapml_binding> bindings;
  if (Error error = bindDevices(bindings))
    return error;
  tapml_load_options options = {};
  options.struct_size = sizeof(options);
  options.weights_path = job.weights.empty() ? nullptr : job.weights.c_str();
  options.no_host_code = job.noHostCode;
  options.validation = job.validation;
  options.threads = job.threads;
  options.deadline_ms = job.deadlineMs;
  options.bindings = bindings.data();
  options.num_bindings = bindings.size();
  if (Error error = takeStatus(tapml_executable_load(
          job.executable.c_str(), &options, executable.out())))
    return error;
  if (Error error =
          takeStatus(tapml_session_create(executable.get(), session.out())))
    return error;
  loadMs = now() - start;
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Error Runner::readSample() {
  std::optional<StringRef> samples;
  if (const json::Object *package = manifest.getObject("package"))
    samples = package->getString("samples");
  if (!samples || samples->empty())
    return makeError(job.executable + ": was compiled from a graph without "
                                      "samples; use --input=NAME=FILE.npy");
  SmallString<256> path = sys::path::parent_path(job.executable);
  sys::path::append(path, *samples,
                    std::to_string(*job.sample) + ".safetensors");
  auto file = rt::SafetensorsFile::open(std::string(path));
  if (!file.ok())
    return toError(
        file.status().withContext("sample " + std::to_string(*job.sample)));
  for (auto &[name, entry] : (*file)->entries()) {
    auto [side, tensor] = StringRef(name).split('.');
    rt::ByteSpan bytes = (*file)->bytes(entry);
    HostTensor copy{tensor.str(),
                    entry.dtype,
                    entry.shape,
                    {bytes.data, bytes.data + bytes.size}};
    // The framework's booleans are one byte; so are ours.
    if (copy.dtype == rt::DType::U8)
      copy.dtype = rt::DType::I1;
    if (side == "input")
      inputs.push_back(std::move(copy));
    else if (side == "output")
      expected.push_back(std::move(copy));
  }
  return Error::success();
}

Error Runner::readInputs() {
  if (job.sample)
    return readSample();
  for (StringRef request : job.inputs) {
    auto [name, path] = request.split('=');
    if (path.empty())
      return makeError("--input must be NAME=FILE.npy, got '" + request + "'");
    auto array = rt::readNpy(path.str());
    if (!array.ok())
      return toError(array.status());
    array->name = name.str();
    inputs.push_back(std::move(*array));
  }
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

Error Runner::execute() {
  std::vector<tapml_tensor> tensors;
  for (HostTensor &input : inputs)
    tensors.push_back({input.name.c_str(),
                       static_cast<tapml_dtype>(input.dtype),
                       input.shape.size(), input.shape.data(),
                       input.data.data(), input.data.size()});
  for (unsigned i = 0; i < job.repeat; ++i) {
    double start = now();
    if (Error error = takeStatus(
            tapml_session_run(session.get(), tensors.data(), tensors.size(),
                              nullptr, 0, TAPML_RUN_DEFAULT, result.out())))
      return error;
    runMs.push_back(now() - start);
  }
  return Error::success();
}

Expected<tapml_tensor> Runner::getOutput(size_t index) {
  tapml_tensor tensor = {};
  if (Error error =
          takeStatus(tapml_result_output(result.get(), index, &tensor)))
    return std::move(error);
  return tensor;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

template <typename T>
static Difference compareAs(const void *got, const void *expected,
                            int64_t count) {
  Difference difference;
  auto *g = static_cast<const T *>(got), *e = static_cast<const T *>(expected);
  for (int64_t i = 0; i < count; ++i) {
    double a = static_cast<double>(g[i]), b = static_cast<double>(e[i]);
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double distance = std::fabs(a - b);
    if (!std::is_floating_point_v<T> || !std::isfinite(distance))
      ++difference.mismatches;
    if (!(distance <= difference.value))
      difference.value = distance, difference.element = i,
      difference.expected = b, difference.got = a;
  }
  return difference;
}

static Expected<Difference> compare(const tapml_tensor &got,
                                    const HostTensor &expected) {
  bool sameShape =
      ArrayRef(got.shape, got.rank) == ArrayRef<int64_t>(expected.shape);
  if (!sameShape || static_cast<int>(got.dtype) != int(expected.dtype))
    return makeError("output '" + StringRef(expected.name) + "' is " +
                     rt::name(static_cast<rt::DType>(got.dtype)) + " " +
                     rt::toString(rt::Shape(got.shape, got.shape + got.rank)) +
                     ", the source recorded " + rt::name(expected.dtype) + " " +
                     rt::toString(expected.shape));
  int64_t count = rt::elementCount(expected.shape).value_or(0);
  const void *a = got.data, *b = expected.data.data();
  switch (got.dtype) {
  case TAPML_F32:
    return compareAs<float>(a, b, count);
  case TAPML_F64:
    return compareAs<double>(a, b, count);
  case TAPML_I64:
    return compareAs<int64_t>(a, b, count);
  case TAPML_I32:
    return compareAs<int32_t>(a, b, count);
  case TAPML_I1:
    return compareAs<uint8_t>(a, b, count);
  default:
    return makeError("output '" + StringRef(expected.name) +
                     "': values of type " + rt::name(expected.dtype) +
                     " cannot be compared");
  }
}

/// Returns the indices of flat element `element` as "[i, j, k]".
static std::string describeElement(int64_t element, const rt::Shape &shape) {
  std::vector<std::string> indices(shape.size());
  for (size_t i = shape.size(); i-- > 0;) {
    indices[i] = std::to_string(element % shape[i]);
    element /= shape[i];
  }
  return "[" + llvm::join(indices, ", ") + "]";
}

void Runner::printTimes() {
  std::sort(runMs.begin(), runMs.end());
  outs() << "on";
  for (auto &[place, device] : devices)
    outs() << " " << device;
  outs() << (devices.empty() ? " host" : " and host")
         << format(": load %.0f ms, run %.1f ms", loadMs,
                   runMs[runMs.size() / 2]);
  if (runMs.size() > 1)
    outs() << format(" (median of %zu, %.1f to %.1f)", runMs.size(),
                     runMs.front(), runMs.back());
  outs() << "\n";
}

Error Runner::compareAndPrint() {
  json::Array records;
  std::vector<rt::NamedTensor> tensors;
  std::string failures;
  size_t count = tapml_executable_num_outputs(executable.get());
  for (size_t i = 0; i < count; ++i) {
    Expected<tapml_tensor> output = getOutput(i);
    if (!output)
      return output.takeError();
    rt::Shape shape(output->shape, output->shape + output->rank);
    auto dtype = static_cast<rt::DType>(output->dtype);
    tensors.push_back(
        {output->name, dtype, shape,
         rt::ByteSpan(static_cast<uint8_t *>(output->data), output->bytes)});
    json::Object record{{"name", output->name},
                        {"dtype", rt::name(dtype)},
                        {"shape", json::Array(shape)}};
    std::string line = (Twine(output->name) + " " + rt::name(dtype) + " " +
                        rt::toString(shape))
                           .str();
    if (!job.json)
      outs() << left_justify(line, 42);
    auto it = find_if(expected, [&](const HostTensor &tensor) {
      return tensor.name == output->name;
    });
    if (it != expected.end()) {
      Expected<Difference> difference = compare(*output, *it);
      if (!difference)
        return difference.takeError();
      std::string where = describeElement(difference->element, shape);
      record["largest_difference"] = difference->value;
      record["mismatches"] = difference->mismatches;
      if (!job.json && difference->value == 0)
        outs() << "  equal to the source";
      else if (!job.json)
        outs() << format("  largest difference %.1e", difference->value)
               << " at " << where;
      bool tooFar =
          job.maxDifference && !(difference->value <= *job.maxDifference);
      if (difference->mismatches || tooFar)
        failures +=
            formatv("\n  {0} {1}: expected {2:E8}, got {3:E8}", output->name,
                    where, difference->expected, difference->got)
                .str();
    } else if (job.sample) {
      failures += (Twine("\n  ") + output->name + ": not in the sample").str();
    }
    if (!job.json)
      outs() << "\n";
    records.push_back(std::move(record));
  }
  if (job.json) {
    json::Object report{{"executable", job.executable},
                        {"outputs", std::move(records)},
                        {"load_ms", loadMs},
                        {"run_ms", json::Array(runMs)}};
    if (auto detail = json::parse(tapml_result_report(result.get())))
      report["report"] = std::move(*detail);
    else
      consumeError(detail.takeError());
    outs() << formatv("{0:2}", json::Value(std::move(report))) << "\n";
  } else {
    printTimes();
  }
  if (!failures.empty())
    return makeError("outputs differ from the source:" + failures);
  if (!job.output.empty())
    return toError(rt::writeNpz(job.output, tensors));
  return Error::success();
}

LogicalResult tapml::run(const RunJob &job) {
  Runner runner(job);
  Error error = runner.load();
  if (!error)
    error = runner.readInputs();
  if (!error)
    error = runner.execute();
  if (!error)
    error = runner.compareAndPrint();
  if (!error)
    return success();
  outs().flush();
  WithColor::error(errs(), "tapml") << toString(std::move(error)) << "\n";
  return failure();
}
