//===- CAPI.cpp - The C API -----------------------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Runtime/runtime.h"

#include "Session.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>

using namespace tapml::rt;

// The enumerations of the API are those of the library.
static_assert(TAPML_STATUS_INTERNAL == int(StatusCode::Internal));
static_assert(TAPML_U64 == int(DType::U64));

#ifndef TAPML_VERSION
#define TAPML_VERSION "0.1.0"
#endif

struct tapml_status_impl {
  Status status;
};

namespace {
struct RefCounted {
  std::atomic<size_t> references{1};
};
} // namespace

struct tapml_device_impl : RefCounted {
  std::shared_ptr<Device> device;
};

struct tapml_executable_impl : RefCounted {
  std::shared_ptr<Executable> executable;
  std::vector<std::vector<tapml_dim>> inputDims;
};

struct tapml_session_impl : RefCounted {
  std::shared_ptr<Session> session;
};

struct tapml_result_impl : RefCounted {
  std::shared_ptr<RunResult> result;
  std::string report;
};

namespace {
template <typename Handle> void retain(Handle handle) {
  if (handle)
    handle->references.fetch_add(1);
}

template <typename Handle> void release(Handle handle) {
  if (handle && handle->references.fetch_sub(1) == 1)
    delete handle;
}

tapml_status toHandle(Status status) {
  if (status.ok())
    return nullptr;
  auto *handle = new (std::nothrow) tapml_status_impl{std::move(status)};
  // With no memory for a message left, there is nothing to go on with.
  if (!handle)
    std::abort();
  return handle;
}

/// Runs the body of an API function; nothing that it throws gets out.
template <typename Fn> tapml_status guarded(Fn body) {
  try {
    return toHandle(body());
  } catch (const std::bad_alloc &) {
    return toHandle(Status(StatusCode::ResourceExhausted,
                           "the host has no memory left; use smaller inputs"));
  } catch (const std::exception &error) {
    return toHandle(Status(StatusCode::Internal, error.what()));
  } catch (...) {
    return toHandle(Status(StatusCode::Internal, "unknown exception"));
  }
}

Status nullArgument(const char *what) {
  return makeError(StatusCode::InvalidArgument, what, " is null");
}

/// A copy for the caller, who frees it with `tapml_string_free`.
char *copyString(const std::string &text) {
  char *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (!copy)
    throw std::bad_alloc();
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

/// Reads the caller's inputs and puts them in the model's order.
Status readInputs(const Manifest &m, const tapml_tensor *tensors, size_t count,
                  bool needData, std::vector<InputTensor> &inputs) {
  if (count && !tensors)
    return nullArgument("'inputs'");
  size_t numNamed = 0;
  for (size_t i = 0; i < count; ++i)
    numNamed += tensors[i].name != nullptr;
  if (numNamed && numNamed != count)
    return makeError(StatusCode::InvalidArgument,
                     "some inputs have names and others do not");
  std::vector<const tapml_tensor *> ordered;
  for (size_t i = 0; i < count; ++i)
    ordered.push_back(&tensors[i]);
  if (numNamed) {
    std::vector<const tapml_tensor *> byName(m.inputs.size());
    for (size_t i = 0; i < count; ++i) {
      size_t at = 0;
      while (at < m.inputs.size() && m.inputs[at].name != tensors[i].name)
        ++at;
      if (at == m.inputs.size() || byName[at]) {
        std::string names;
        for (const InputDesc &input : m.inputs)
          names += (names.empty() ? "'" : ", '") + input.name + "'";
        return makeError(StatusCode::InvalidArgument, "input '",
                         tensors[i].name, "' is ",
                         at == m.inputs.size() ? "unknown" : "given twice",
                         "; the model has ", names);
      }
      byName[at] = &tensors[i];
    }
    for (size_t i = 0; i < byName.size(); ++i)
      if (!byName[i])
        return makeError(StatusCode::InvalidArgument, "input '",
                         m.inputs[i].name, "' is missing");
    ordered = byName;
  }
  for (size_t i = 0; i < ordered.size(); ++i) {
    const tapml_tensor &tensor = *ordered[i];
    std::string where = i < m.inputs.size() ? "input '" + m.inputs[i].name + "'"
                                            : concat("input ", i);
    // A C caller can store any number; reading it as the type is undefined.
    int dtype = 0;
    static_assert(sizeof(tensor.dtype) == sizeof(dtype));
    std::memcpy(&dtype, &tensor.dtype, sizeof(dtype));
    if (dtype < 0 || dtype >= numDTypes)
      return makeError(StatusCode::InvalidArgument, where,
                       " has the unknown element type ", dtype);
    if (tensor.rank && !tensor.shape)
      return nullArgument("a shape");
    InputTensor input;
    input.dtype = DType(dtype);
    input.shape.assign(tensor.shape, tensor.shape + tensor.rank);
    std::optional<uint64_t> bytes = byteSize(input.dtype, input.shape);
    if (needData && bytes && tensor.bytes < *bytes)
      return makeError(StatusCode::InvalidArgument, where, " has ",
                       tensor.bytes, " bytes, its shape ",
                       toString(input.shape), " needs ", *bytes);
    // Checks without data look at the shape only.
    static const char placeholder = 0;
    input.data = needData ? tensor.data : &placeholder;
    inputs.push_back(std::move(input));
  }
  return Status();
}
} // namespace

//===----------------------------------------------------------------------===//
// Status and strings
//===----------------------------------------------------------------------===//

tapml_status_code tapml_status_get_code(tapml_status status) {
  return status ? tapml_status_code(int(status->status.code()))
                : TAPML_STATUS_OK;
}

const char *tapml_status_get_message(tapml_status status) {
  return status ? status->status.message() : "";
}

void tapml_status_free(tapml_status status) { delete status; }
void tapml_string_free(char *string) { std::free(string); }
const char *tapml_runtime_version(void) { return TAPML_VERSION; }

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

tapml_status tapml_list_devices(char **json, char **note) {
  if (json)
    *json = nullptr;
  if (note)
    *note = nullptr;
  return guarded([&]() -> Status {
    if (!json)
      return nullArgument("'json'");
    std::string remark;
    TAPML_ASSIGN_OR_RETURN(auto devices, listDevices(DriverOptions(), remark));
    *json = copyString(toJson(devices));
    if (note && !remark.empty())
      *note = copyString(remark);
    return Status();
  });
}

tapml_status tapml_device_open(const char *id, int validation,
                               tapml_device *device) {
  if (device)
    *device = nullptr;
  return guarded([&]() -> Status {
    if (!id || !device)
      return nullArgument(id ? "'device'" : "'id'");
    DriverOptions options;
    options.vulkan.validation = validation != 0;
    TAPML_ASSIGN_OR_RETURN(auto opened, openDevice(id, options, std::nullopt));
    auto handle = std::make_unique<tapml_device_impl>();
    handle->device = std::move(opened);
    *device = handle.release();
    return Status();
  });
}

void tapml_device_retain(tapml_device device) { retain(device); }
void tapml_device_release(tapml_device device) { release(device); }

//===----------------------------------------------------------------------===//
// Executables
//===----------------------------------------------------------------------===//

static Status readLoadOptions(const tapml_load_options *given,
                              LoadOptions &options) {
  if (!given)
    return Status();
  // An older caller's structure ends earlier; what it lacks keeps its default.
  tapml_load_options read = {};
  if (given->struct_size < sizeof(size_t))
    return makeError(StatusCode::InvalidArgument,
                     "'struct_size' of the options is not set");
  std::memcpy(&read, given, std::min(given->struct_size, sizeof(read)));
  if (read.weights_path)
    options.weightsPath = read.weights_path;
  options.noHostCode = read.no_host_code != 0;
  options.drivers.vulkan.validation = read.validation != 0;
  options.drivers.vulkan.forceStaging = read.force_staging != 0;
  if (read.webgpu_library)
    options.drivers.webgpu.fallback = read.webgpu_library;
  options.threads = read.threads;
  if (options.threads > 1024)
    return makeError(StatusCode::InvalidArgument, options.threads,
                     " threads are too many, at most 1024 are possible");
  constexpr uint64_t maxDeadline = uint64_t(1000) * 3600 * 24 * 365;
  if (read.deadline_ms)
    options.deadline =
        std::chrono::milliseconds(std::min(read.deadline_ms, maxDeadline));
  if (read.num_bindings && !read.bindings)
    return nullArgument("'bindings'");
  for (size_t i = 0; i < read.num_bindings; ++i) {
    const tapml_binding &binding = read.bindings[i];
    if (!binding.place || (!binding.id && !binding.device))
      return nullArgument("a binding's place or device");
    if (binding.device)
      options.devices[binding.place] = binding.device->device;
    else
      options.bindings[binding.place] = binding.id;
  }
  return Status();
}

/// Opens devices for a file that has been read and makes the handle.
static Status loadExecutable(std::shared_ptr<TapxFile> file,
                             const tapml_load_options *options,
                             tapml_executable *executable) {
  LoadOptions loadOptions;
  TAPML_RETURN_IF_ERROR(readLoadOptions(options, loadOptions));
  auto handle = std::make_unique<tapml_executable_impl>();
  TAPML_ASSIGN_OR_RETURN(handle->executable,
                         Executable::load(std::move(file), loadOptions));
  const Manifest &m = handle->executable->manifest();
  for (const InputDesc &input : m.inputs) {
    std::vector<tapml_dim> dims;
    for (const DimSpec &dim : input.shape) {
      if (dim.symbol) {
        const SymbolDesc &symbol = m.symbols[*dim.symbol];
        dims.push_back({symbol.name.c_str(), symbol.min, symbol.max});
      } else {
        dims.push_back({nullptr, dim.size, dim.size});
      }
    }
    handle->inputDims.push_back(std::move(dims));
  }
  *executable = handle.release();
  return Status();
}

tapml_status tapml_executable_load(const char *path,
                                   const tapml_load_options *options,
                                   tapml_executable *executable) {
  if (executable)
    *executable = nullptr;
  return guarded([&]() -> Status {
    if (!path || !executable)
      return nullArgument(path ? "'executable'" : "'path'");
    TAPML_ASSIGN_OR_RETURN(auto file, TapxFile::open(path));
    return loadExecutable(std::move(file), options, executable);
  });
}

tapml_status tapml_executable_load_memory(const void *data, size_t bytes,
                                          const char *path,
                                          const tapml_load_options *options,
                                          tapml_executable *executable) {
  if (executable)
    *executable = nullptr;
  return guarded([&]() -> Status {
    if (!path || !executable || (!data && bytes))
      return nullArgument(!path         ? "'path'"
                          : !executable ? "'executable'"
                                        : "'data'");
    const auto *begin = static_cast<const uint8_t *>(data);
    TAPML_ASSIGN_OR_RETURN(auto file,
                           TapxFile::fromBytes({begin, begin + bytes}, path));
    return loadExecutable(std::move(file), options, executable);
  });
}

void tapml_executable_retain(tapml_executable executable) {
  retain(executable);
}
void tapml_executable_release(tapml_executable executable) {
  release(executable);
}

const char *tapml_executable_manifest(tapml_executable executable) {
  return executable ? executable->executable->manifestText().c_str() : "";
}

size_t tapml_executable_num_inputs(tapml_executable executable) {
  return executable ? executable->executable->manifest().inputs.size() : 0;
}

size_t tapml_executable_num_outputs(tapml_executable executable) {
  return executable ? executable->executable->manifest().outputs.size() : 0;
}

tapml_status tapml_executable_input(tapml_executable executable, size_t index,
                                    tapml_tensor_info *info) {
  return guarded([&]() -> Status {
    if (!executable || !info)
      return nullArgument(executable ? "'info'" : "'executable'");
    *info = {};
    const Manifest &m = executable->executable->manifest();
    if (index >= m.inputs.size())
      return makeError(StatusCode::InvalidArgument, "there is no input ", index,
                       ", the model has ", m.inputs.size());
    info->name = m.inputs[index].name.c_str();
    info->dtype = tapml_dtype(int(m.inputs[index].dtype));
    info->rank = m.inputs[index].shape.size();
    info->dims = executable->inputDims[index].data();
    return Status();
  });
}

tapml_status tapml_executable_output(tapml_executable executable, size_t index,
                                     tapml_tensor_info *info) {
  return guarded([&]() -> Status {
    if (!executable || !info)
      return nullArgument(executable ? "'info'" : "'executable'");
    *info = {};
    const Manifest &m = executable->executable->manifest();
    if (index >= m.outputs.size())
      return makeError(StatusCode::InvalidArgument, "there is no output ",
                       index, ", the model has ", m.outputs.size());
    const ValueDesc &value = m.main.values[m.outputs[index].value];
    info->name = m.outputs[index].name.c_str();
    info->dtype = tapml_dtype(int(value.dtype));
    info->rank = value.rank;
    return Status();
  });
}

//===----------------------------------------------------------------------===//
// Sessions
//===----------------------------------------------------------------------===//

tapml_status tapml_session_create(tapml_executable executable,
                                  tapml_session *session) {
  if (session)
    *session = nullptr;
  return guarded([&]() -> Status {
    if (!executable || !session)
      return nullArgument(executable ? "'session'" : "'executable'");
    auto handle = std::make_unique<tapml_session_impl>();
    handle->session = std::make_shared<Session>(executable->executable);
    *session = handle.release();
    return Status();
  });
}

void tapml_session_retain(tapml_session session) { retain(session); }
void tapml_session_release(tapml_session session) { release(session); }

/// Reads the caller's inputs, runs, and makes the handle of the result.
static Status runSession(tapml_session session, const tapml_tensor *inputs,
                         size_t numInputs,
                         const std::vector<OutputBuffer> &outputs,
                         const RunOptions &options, tapml_result *result) {
  if (!session || !result)
    return nullArgument(session ? "'result'" : "'session'");
  const Manifest &m = session->session->executable().manifest();
  std::vector<InputTensor> tensors;
  TAPML_RETURN_IF_ERROR(readInputs(m, inputs, numInputs, true, tensors));
  auto handle = std::make_unique<tapml_result_impl>();
  TAPML_ASSIGN_OR_RETURN(handle->result,
                         session->session->run(tensors, outputs, options));
  handle->report = handle->result->report.toJson();
  *result = handle.release();
  return Status();
}

tapml_status tapml_session_run(tapml_session session,
                               const tapml_tensor *inputs, size_t num_inputs,
                               const tapml_tensor *outputs, size_t num_outputs,
                               unsigned flags, tapml_result *result) {
  if (result)
    *result = nullptr;
  return guarded([&]() -> Status {
    if (num_outputs && !outputs)
      return nullArgument("'outputs'");
    if (flags & ~unsigned(TAPML_RUN_PROFILE_STEPS))
      return makeError(StatusCode::InvalidArgument, "unknown flags ", flags);
    std::vector<OutputBuffer> buffers;
    for (size_t i = 0; i < num_outputs; ++i)
      buffers.push_back({outputs[i].data, outputs[i].bytes});
    RunOptions options;
    options.perStep = (flags & TAPML_RUN_PROFILE_STEPS) != 0;
    return runSession(session, inputs, num_inputs, buffers, options, result);
  });
}

/// Shows a step to an observer of the C API.
static int callObserver(const Manifest &m, const ObservedStep &step,
                        tapml_step_observer observer, void *user) {
  auto convert = [&](const std::vector<ObservedValue> &values) {
    std::vector<tapml_observed_value> converted;
    for (const ObservedValue &value : values) {
      const ValueDesc &desc = m.main.values[value.id];
      bool isWeight = desc.kind == ValueDesc::Kind::Weight;
      converted.push_back(
          {value.id, m.places[desc.place].name.c_str(),
           tapml_dtype(int(desc.dtype)), value.shape->size(),
           value.shape->data(), isWeight ? nullptr : value.bytes.data(),
           value.bytes.size(),
           isWeight ? m.weights[desc.index].key.c_str() : nullptr});
    }
    return converted;
  };
  std::vector<tapml_observed_value> operands = convert(step.operands);
  std::vector<tapml_observed_value> results = convert(step.results);
  std::vector<const char *> instances;
  for (const std::string &instance : m.main.steps[step.index].instances)
    instances.push_back(instance.c_str());
  tapml_observed_step shown = {
      step.index,       m.places[step.place].name.c_str(),
      instances.data(), instances.size(),
      operands.data(),  operands.size(),
      results.data(),   results.size()};
  return observer(user, &shown);
}

tapml_status tapml_session_observe(tapml_session session,
                                   const tapml_tensor *inputs,
                                   size_t num_inputs,
                                   tapml_step_observer observer, void *user,
                                   tapml_result *result) {
  if (result)
    *result = nullptr;
  return guarded([&]() -> Status {
    if (!session || !observer)
      return nullArgument(session ? "'observer'" : "'session'");
    const Manifest &m = session->session->executable().manifest();
    RunOptions options;
    options.perStep = true;
    options.observer = [&](const ObservedStep &step) -> Status {
      if (callObserver(m, step, observer, user))
        return makeError(StatusCode::InvalidArgument,
                         "the observer stopped the run at ",
                         m.describe(m.main.steps[step.index]));
      return Status();
    };
    return runSession(session, inputs, num_inputs, {}, options, result);
  });
}

tapml_status tapml_session_infer(tapml_session session,
                                 const tapml_tensor *inputs, size_t num_inputs,
                                 tapml_result *result) {
  if (result)
    *result = nullptr;
  return guarded([&]() -> Status {
    if (!session || !result)
      return nullArgument(session ? "'result'" : "'session'");
    const Manifest &m = session->session->executable().manifest();
    std::vector<InputTensor> tensors;
    TAPML_RETURN_IF_ERROR(readInputs(m, inputs, num_inputs, false, tensors));
    TAPML_RETURN_IF_ERROR(checkInputs(m, tensors));
    std::vector<Shape> shapes;
    for (const InputTensor &tensor : tensors)
      shapes.push_back(tensor.shape);
    TAPML_ASSIGN_OR_RETURN(auto outputShapes, inferOutputShapes(m, shapes));
    auto handle = std::make_unique<tapml_result_impl>();
    handle->result = std::make_shared<RunResult>();
    for (size_t i = 0; i < m.outputs.size(); ++i) {
      OutputTensor tensor;
      tensor.name = m.outputs[i].name;
      tensor.dtype = m.main.values[m.outputs[i].value].dtype;
      tensor.shape = outputShapes[i];
      tensor.bytes = *byteSize(tensor.dtype, tensor.shape);
      handle->result->outputs.push_back(std::move(tensor));
    }
    handle->report = handle->result->report.toJson();
    *result = handle.release();
    return Status();
  });
}

void tapml_result_retain(tapml_result result) { retain(result); }
void tapml_result_release(tapml_result result) { release(result); }

size_t tapml_result_num_outputs(tapml_result result) {
  return result ? result->result->outputs.size() : 0;
}

tapml_status tapml_result_output(tapml_result result, size_t index,
                                 tapml_tensor *tensor) {
  return guarded([&]() -> Status {
    if (!result || !tensor)
      return nullArgument(result ? "'tensor'" : "'result'");
    *tensor = {};
    const std::vector<OutputTensor> &outputs = result->result->outputs;
    if (index >= outputs.size())
      return makeError(StatusCode::InvalidArgument, "there is no output ",
                       index, ", the result has ", outputs.size());
    const OutputTensor &output = outputs[index];
    tensor->name = output.name.c_str();
    tensor->dtype = tapml_dtype(int(output.dtype));
    tensor->rank = output.shape.size();
    tensor->shape = output.shape.data();
    tensor->data = output.data;
    tensor->bytes = output.bytes;
    return Status();
  });
}

const char *tapml_result_report(tapml_result result) {
  return result ? result->report.c_str() : "";
}
