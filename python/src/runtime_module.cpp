//===- runtime_module.cpp - The runtime for Python ------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The extension module `tapml._runtime`: the C API, and arrays without copies.
// `tapml.runtime` puts the interface for users on top of it.
//
//===----------------------------------------------------------------------===//

#include "tapml/Runtime/runtime.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace {

//===----------------------------------------------------------------------===//
// Errors and handles
//===----------------------------------------------------------------------===//

/// A status of the C API on its way to `tapml.ExecutableError`.
struct StatusError {
  tapml_status_code code;
  std::string message;
};

const char *toString(tapml_status_code code) {
  switch (code) {
  case TAPML_STATUS_OK:
    return "ok";
  case TAPML_STATUS_INVALID_ARGUMENT:
    return "invalid_argument";
  case TAPML_STATUS_NOT_FOUND:
    return "not_found";
  case TAPML_STATUS_DAMAGED:
    return "damaged";
  case TAPML_STATUS_INCOMPATIBLE:
    return "incompatible";
  case TAPML_STATUS_RESOURCE_EXHAUSTED:
    return "resource_exhausted";
  case TAPML_STATUS_IO:
    return "io";
  case TAPML_STATUS_DEADLINE_EXCEEDED:
    return "deadline_exceeded";
  case TAPML_STATUS_DEVICE_LOST:
    return "device_lost";
  case TAPML_STATUS_DEVICE_ERROR:
    return "device_error";
  case TAPML_STATUS_INTERNAL:
    return "internal";
  }
  return "internal";
}

void check(tapml_status status) {
  if (!status)
    return;
  StatusError error{tapml_status_get_code(status),
                    tapml_status_get_message(status)};
  tapml_status_free(status);
  throw error;
}

[[noreturn]] void refuse(std::string message) {
  throw StatusError{TAPML_STATUS_INVALID_ARGUMENT, std::move(message)};
}

/// Sets the Python error for a StatusError.
void translate(const std::exception_ptr &pointer, void *) {
  try {
    std::rethrow_exception(pointer);
  } catch (const StatusError &error) {
    nb::object type =
        nb::module_::import_("tapml.errors").attr("ExecutableError");
    nb::object value = type(error.message, toString(error.code));
    PyErr_SetObject(type.ptr(), value.ptr());
  }
}

template <auto release> struct Release {
  template <typename T> void operator()(T *handle) const { release(handle); }
};
template <typename Handle, auto release>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Release<release>>;

using OwnedExecutable = Owned<tapml_executable, tapml_executable_release>;
using OwnedSession = Owned<tapml_session, tapml_session_release>;
using OwnedResult = Owned<tapml_result, tapml_result_release>;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

struct TypeInfo {
  const char *name;
  nb::dlpack::dtype_code code;
  uint8_t bits;
};

/// By tapml_dtype.
constexpr std::array<TypeInfo, 13> types = {{
    {"f32", nb::dlpack::dtype_code::Float, 32},
    {"i32", nb::dlpack::dtype_code::Int, 32},
    {"i64", nb::dlpack::dtype_code::Int, 64},
    {"i1", nb::dlpack::dtype_code::Bool, 8},
    {"f64", nb::dlpack::dtype_code::Float, 64},
    {"f16", nb::dlpack::dtype_code::Float, 16},
    {"bf16", nb::dlpack::dtype_code::Bfloat, 16},
    {"i8", nb::dlpack::dtype_code::Int, 8},
    {"u8", nb::dlpack::dtype_code::UInt, 8},
    {"i16", nb::dlpack::dtype_code::Int, 16},
    {"u16", nb::dlpack::dtype_code::UInt, 16},
    {"u32", nb::dlpack::dtype_code::UInt, 32},
    {"u64", nb::dlpack::dtype_code::UInt, 64},
}};
static_assert(TAPML_U64 + 1 == types.size());

std::optional<tapml_dtype> toDType(nb::dlpack::dtype dtype) {
  for (size_t i = 0; i < types.size(); ++i)
    if (dtype.code == uint8_t(types[i].code) && dtype.bits == types[i].bits &&
        dtype.lanes == 1)
      return tapml_dtype(i);
  return std::nullopt;
}

nb::dlpack::dtype toDLPack(tapml_dtype dtype) {
  return {uint8_t(types[dtype].code), types[dtype].bits, 1};
}

//===----------------------------------------------------------------------===//
// Executable
//===----------------------------------------------------------------------===//

using InputArray = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using OutputArray = nb::ndarray<nb::array_api, nb::device::cpu>;

/// An array on a result's memory, which it keeps alive.
OutputArray wrapOutput(tapml_result result, const tapml_tensor &tensor) {
  tapml_result_retain(result);
  nb::capsule owner(result, [](void *handle) noexcept {
    tapml_result_release(static_cast<tapml_result>(handle));
  });
  std::vector<size_t> shape(tensor.shape, tensor.shape + tensor.rank);
  return OutputArray(tensor.data, shape.size(), shape.data(), owner, nullptr,
                     toDLPack(tensor.dtype));
}

/// A loaded executable with one session.
class Executable {
public:
  Executable(const std::string &path,
             const std::map<std::string, std::string> &bindings,
             const std::optional<std::string> &weights, unsigned threads,
             bool validation, bool hostCode, uint64_t deadlineMs,
             const std::optional<std::string> &webgpuLibrary) {
    std::vector<tapml_binding> places;
    for (const auto &[place, device] : bindings)
      places.push_back({place.c_str(), device.c_str(), nullptr});
    tapml_load_options options = {};
    options.struct_size = sizeof(options);
    options.weights_path = weights ? weights->c_str() : nullptr;
    options.no_host_code = !hostCode;
    options.validation = validation;
    options.threads = threads;
    options.webgpu_library = webgpuLibrary ? webgpuLibrary->c_str() : nullptr;
    options.deadline_ms = deadlineMs;
    options.bindings = places.data();
    options.num_bindings = places.size();
    nb::gil_scoped_release unlocked;
    tapml_executable loaded = nullptr;
    check(tapml_executable_load(path.c_str(), &options, &loaded));
    executable.reset(loaded);
    tapml_session created = nullptr;
    check(tapml_session_create(loaded, &created));
    session.reset(created);
  }

  ~Executable() {
    // Waits for the device.
    nb::gil_scoped_release unlocked;
    session.reset();
    executable.reset();
  }

  const char *manifest() const {
    return tapml_executable_manifest(executable.get());
  }

  /// Tuples (name, type, dimensions); a dimension is a size, or a tuple
  /// (symbol, smallest, largest).
  nb::list inputs() const {
    nb::list list;
    for (size_t i = 0; i < tapml_executable_num_inputs(executable.get()); ++i) {
      tapml_tensor_info info;
      check(tapml_executable_input(executable.get(), i, &info));
      nb::list dims;
      for (size_t d = 0; d < info.rank; ++d) {
        const tapml_dim &dim = info.dims[d];
        if (dim.symbol)
          dims.append(nb::make_tuple(dim.symbol, dim.min, dim.max));
        else
          dims.append(dim.min);
      }
      list.append(nb::make_tuple(info.name, types[info.dtype].name, dims));
    }
    return list;
  }

  /// Tuples (name, type, rank).
  nb::list outputs() const {
    nb::list list;
    for (size_t i = 0; i < tapml_executable_num_outputs(executable.get());
         ++i) {
      tapml_tensor_info info;
      check(tapml_executable_output(executable.get(), i, &info));
      list.append(nb::make_tuple(info.name, types[info.dtype].name, info.rank));
    }
    return list;
  }

  /// Runs with `arrays`, dense arrays in the memory of this machine. Returns
  /// the outputs as (name, array), and the report as JSON.
  nb::tuple run(const std::vector<std::string> &names, const nb::list &arrays,
                bool profile) {
    std::vector<InputArray> held(arrays.size());
    std::vector<tapml_tensor> tensors;
    for (size_t i = 0; i < held.size(); ++i) {
      nb::handle given = arrays[i];
      if (!nb::try_cast(given, held[i], /*convert=*/false))
        refuse("input '" + names[i] + "': cannot read a " +
               nb::type_name(given.type()).c_str() +
               " as an array in the memory of this machine; give a CPU array "
               "that supports DLPack");
      InputArray &array = held[i];
      std::optional<tapml_dtype> dtype = toDType(array.dtype());
      if (!dtype)
        refuse("input '" + names[i] +
               "' has an element type that no model takes (DLPack code " +
               std::to_string(array.dtype().code) + ", " +
               std::to_string(array.dtype().bits) + " bits)");
      // The runtime reads inputs only; the C structure serves outputs as well.
      tensors.push_back({names[i].c_str(), *dtype, array.ndim(),
                         array.shape_ptr(), const_cast<void *>(array.data()),
                         array.nbytes()});
    }
    OwnedResult result;
    {
      nb::gil_scoped_release unlocked;
      tapml_result made = nullptr;
      check(tapml_session_run(
          session.get(), tensors.data(), tensors.size(), nullptr, 0,
          profile ? TAPML_RUN_PROFILE_STEPS : TAPML_RUN_DEFAULT, &made));
      result.reset(made);
    }
    nb::list outputs;
    for (size_t i = 0; i < tapml_result_num_outputs(result.get()); ++i) {
      tapml_tensor tensor;
      check(tapml_result_output(result.get(), i, &tensor));
      outputs.append(
          nb::make_tuple(tensor.name, wrapOutput(result.get(), tensor)));
    }
    return nb::make_tuple(outputs, tapml_result_report(result.get()));
  }

private:
  OwnedExecutable executable;
  OwnedSession session;
};

} // namespace

NB_MODULE(_runtime, m) {
  // Arrays that live until the interpreter ends are no mistake.
  nb::set_leak_warnings(false);
  nb::register_exception_translator(translate);
  m.def("version", &tapml_runtime_version);
  nb::class_<Executable>(m, "Executable")
      .def(nb::init<const std::string &,
                    const std::map<std::string, std::string> &,
                    const std::optional<std::string> &, unsigned, bool, bool,
                    uint64_t, const std::optional<std::string> &>(),
           nb::arg("path"), nb::arg("bindings"), nb::arg("weights").none(),
           nb::arg("threads"), nb::arg("validation"), nb::arg("host_code"),
           nb::arg("deadline_ms"), nb::arg("webgpu_library").none())
      .def("manifest", &Executable::manifest)
      .def("inputs", &Executable::inputs)
      .def("outputs", &Executable::outputs)
      .def("run", &Executable::run, nb::arg("names"), nb::arg("arrays"),
           nb::arg("profile"));
}
