/*===- runtime.h - The C API of the TapML runtime ----------------*- C -*-===*\
|*                                                                            *|
|* Part of the TapML Project, under the Apache License v2.0 with LLVM         *|
|* Exceptions.                                                                *|
|* See LICENSE.TXT for license information.                                   *|
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception                    *|
|*                                                                            *|
|*===----------------------------------------------------------------------===*|
|*                                                                            *|
|* Loads an executable (.tapx) and runs it on the host and on devices that    *|
|* are found at run time.                                                     *|
|*                                                                            *|
|* Errors. Functions that can fail return a `tapml_status`: NULL is success,  *|
|* anything else belongs to the caller and is freed with `tapml_status_free`. *|
|* On failure, out-parameters are set to NULL or zero.                        *|
|*                                                                            *|
|* Ownership. Handles are counted: what a function hands out in an            *|
|* out-parameter holds one reference of the caller's, `*_retain` adds one and *|
|* `*_release` gives one back. Releasing NULL does nothing. A session keeps   *|
|* its executable, and an executable its devices, alive. Strings and arrays   *|
|* behind `const` pointers belong to the handle that they were asked from.    *|
|*                                                                            *|
|* Threads. There is no global state. Any function may be called from any     *|
|* thread at any time, for as long as the caller holds a reference. Runs of   *|
|* one session wait for each other; runs of different sessions do not.        *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

#ifndef TAPML_RUNTIME_RUNTIME_H
#define TAPML_RUNTIME_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define TAPML_RUNTIME_API
#else
#define TAPML_RUNTIME_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tapml_status_impl *tapml_status;
typedef struct tapml_device_impl *tapml_device;
typedef struct tapml_executable_impl *tapml_executable;
typedef struct tapml_session_impl *tapml_session;
typedef struct tapml_result_impl *tapml_result;

/** What kind of failure it is. */
typedef enum tapml_status_code {
  TAPML_STATUS_OK = 0,
  /** The caller passed something wrong: shape, type, name or option. */
  TAPML_STATUS_INVALID_ARGUMENT = 1,
  /** A file, device or driver does not exist. */
  TAPML_STATUS_NOT_FOUND = 2,
  /** A file is cut short, altered or inconsistent. */
  TAPML_STATUS_DAMAGED = 3,
  /** A file or device is sound, but of another version or for other use. */
  TAPML_STATUS_INCOMPATIBLE = 4,
  /** Memory or a limit of the device is exceeded. */
  TAPML_STATUS_RESOURCE_EXHAUSTED = 5,
  /** The system failed to read or write. */
  TAPML_STATUS_IO = 6,
  /** The device did not finish in time. The device stays unusable. */
  TAPML_STATUS_DEADLINE_EXCEEDED = 7,
  /** The device was lost. The device stays unusable. */
  TAPML_STATUS_DEVICE_LOST = 8,
  /** The driver or the validation layer reported an error. */
  TAPML_STATUS_DEVICE_ERROR = 9,
  /** A defect in the runtime. */
  TAPML_STATUS_INTERNAL = 10
} tapml_status_code;

/** Element types. TAPML_I1 takes one byte, 0 or 1. */
typedef enum tapml_dtype {
  TAPML_F32 = 0,
  TAPML_I32 = 1,
  TAPML_I64 = 2,
  TAPML_I1 = 3,
  TAPML_F64 = 4,
  TAPML_F16 = 5,
  TAPML_BF16 = 6,
  TAPML_I8 = 7,
  TAPML_U8 = 8,
  TAPML_I16 = 9,
  TAPML_U16 = 10,
  TAPML_U32 = 11,
  TAPML_U64 = 12
} tapml_dtype;

/*===-- Status ------------------------------------------------------------===*/

/** The code; TAPML_STATUS_OK for NULL. */
TAPML_RUNTIME_API tapml_status_code tapml_status_get_code(tapml_status status);
/** One sentence that says what, where and what to do; "" for NULL. Lives as
    long as the status. */
TAPML_RUNTIME_API const char *tapml_status_get_message(tapml_status status);
TAPML_RUNTIME_API void tapml_status_free(tapml_status status);

/** Frees a string that a function below has returned in a `char **`. */
TAPML_RUNTIME_API void tapml_string_free(char *string);

/** "major.minor.patch" of this library. */
TAPML_RUNTIME_API const char *tapml_runtime_version(void);

/*===-- Devices -----------------------------------------------------------===*/

/** Lists the devices of this machine as JSON: an array of objects with "id"
    ("host", "vulkan:0", "webgpu:0"), "driver", "api_version" and "profile"
    ("kind", "name", "limits", "features"). Starts the drivers for a moment; may
    block for tenths of a second. A missing driver is not an error: `*note`, if
   not NULL, is then set to a sentence about it, else to NULL. Free both
   strings. */
TAPML_RUNTIME_API tapml_status tapml_list_devices(char **json, char **note);

/** Opens "vulkan:N" or "webgpu:N" with everything that it supports. Useful to
    share a device between executables. `validation` turns on the validation
    layer of Vulkan, whose errors then become errors of the calls that cause
    them; WebGPU always validates. */
TAPML_RUNTIME_API tapml_status tapml_device_open(const char *id, int validation,
                                                 tapml_device *device);
TAPML_RUNTIME_API void tapml_device_retain(tapml_device device);
TAPML_RUNTIME_API void tapml_device_release(tapml_device device);

/*===-- Executables -------------------------------------------------------===*/

/** Which device a place of the executable runs on: `id`, or an open device. */
typedef struct tapml_binding {
  const char *place;
  const char *id;
  tapml_device device;
} tapml_binding;

/** Set to zeros, then `struct_size` to its size, then what is wanted. */
typedef struct tapml_load_options {
  size_t struct_size;
  /** Weights file; NULL takes the one that the executable names. */
  const char *weights_path;
  /** Nonzero: fail rather than run code for the host processor. */
  int no_host_code;
  /** Nonzero: turn the validation layers of devices on. */
  int validation;
  /** Threads for host kernels; 0 takes one per processor. */
  unsigned threads;
  /** Milliseconds to wait for a device; 0 takes 60000. */
  uint64_t deadline_ms;
  const tapml_binding *bindings;
  size_t num_bindings;
  /** Nonzero: use staging copies even where devices share memory (tests). */
  int force_staging;
  /** The WebGPU library (wgpu-native) to use where neither the environment
      variable TAPML_WEBGPU_LIBRARY nor the loader has one; may be NULL. */
  const char *webgpu_library;
} tapml_load_options;

/** Loads an executable, opens its devices and puts its weights there. Checks
    the whole file first. Blocks until that is done. `options` may be NULL. */
TAPML_RUNTIME_API tapml_status
tapml_executable_load(const char *path, const tapml_load_options *options,
                      tapml_executable *executable);
/** The same with the bytes of an executable, which are copied. `path` says
   where the file would be: the weights are found from there. */
TAPML_RUNTIME_API tapml_status tapml_executable_load_memory(
    const void *data, size_t bytes, const char *path,
    const tapml_load_options *options, tapml_executable *executable);
TAPML_RUNTIME_API void tapml_executable_retain(tapml_executable executable);
TAPML_RUNTIME_API void tapml_executable_release(tapml_executable executable);

/** The manifest, as JSON. */
TAPML_RUNTIME_API const char *
tapml_executable_manifest(tapml_executable executable);

/** One dimension of an input. `symbol` is NULL for a fixed size. Dimensions
    with the same symbol must have the same size. */
typedef struct tapml_dim {
  const char *symbol;
  int64_t min;
  int64_t max;
} tapml_dim;

typedef struct tapml_tensor_info {
  const char *name;
  tapml_dtype dtype;
  size_t rank;
  /** NULL for outputs, whose sizes follow from the inputs'. */
  const tapml_dim *dims;
} tapml_tensor_info;

TAPML_RUNTIME_API size_t
tapml_executable_num_inputs(tapml_executable executable);
TAPML_RUNTIME_API size_t
tapml_executable_num_outputs(tapml_executable executable);
/** Describes input or output `index`. */
TAPML_RUNTIME_API tapml_status tapml_executable_input(
    tapml_executable executable, size_t index, tapml_tensor_info *info);
TAPML_RUNTIME_API tapml_status tapml_executable_output(
    tapml_executable executable, size_t index, tapml_tensor_info *info);

/*===-- Runs --------------------------------------------------------------===*/

/** A dense row-major tensor in the caller's memory. */
typedef struct tapml_tensor {
  /** Inputs: the name, or NULL to go by position (all or none). */
  const char *name;
  tapml_dtype dtype;
  size_t rank;
  const int64_t *shape;
  void *data;
  /** Bytes at `data`. */
  size_t bytes;
} tapml_tensor;

/** Makes a session: memory for intermediate values, and the recorded programs
    of the last few input sizes. */
TAPML_RUNTIME_API tapml_status tapml_session_create(tapml_executable executable,
                                                    tapml_session *session);
TAPML_RUNTIME_API void tapml_session_retain(tapml_session session);
TAPML_RUNTIME_API void tapml_session_release(tapml_session session);

typedef enum tapml_run_flags {
  TAPML_RUN_DEFAULT = 0,
  /** Wait after every step and report its time; the run gets slower. */
  TAPML_RUN_PROFILE_STEPS = 1
} tapml_run_flags;

/** Runs the model and waits for its outputs. Inputs are only read, during the
    call. `outputs` is NULL, or has one entry per output in their order, of
    which only `data` and `bytes` matter: where `data` is NULL the runtime
    allocates and the memory belongs to `*result`, else the output is written to
    `data`. Output memory must not overlap inputs or other outputs. Nothing has
    been allocated or started when inputs are refused. */
TAPML_RUNTIME_API tapml_status
tapml_session_run(tapml_session session, const tapml_tensor *inputs,
                  size_t num_inputs, const tapml_tensor *outputs,
                  size_t num_outputs, unsigned flags, tapml_result *result);

/** A value at one moment of an observed run. */
typedef struct tapml_observed_value {
  /** Names the value; a value is written by one step. */
  size_t id;
  /** Where it is. */
  const char *place;
  tapml_dtype dtype;
  size_t rank;
  const int64_t *shape;
  /** What was there, copied to the host; NULL for weights. Valid during the
      call. */
  const void *data;
  size_t bytes;
  /** Key of the weight, NULL for other values. */
  const char *weight;
} tapml_observed_value;

/** A step of an observed run: a dispatch of operators, or a transfer, which has
    no instances. */
typedef struct tapml_observed_step {
  size_t index;
  const char *place;
  const char *const *instances;
  size_t num_instances;
  /** As they were before the step began. */
  const tapml_observed_value *operands;
  size_t num_operands;
  /** As they were when it had ended. */
  const tapml_observed_value *results;
  size_t num_results;
} tapml_observed_step;

/** Called in the thread of the run after every step. Nonzero stops the run,
    which then fails. Must not use the session. */
typedef int (*tapml_step_observer)(void *user, const tapml_observed_step *step);

/** Runs as `tapml_session_run`, waits after every step, and shows what the step
    was given and what it gave. For finding out which step is wrong: it is slow,
    and waiting may hide faults of timing. */
TAPML_RUNTIME_API tapml_status tapml_session_observe(
    tapml_session session, const tapml_tensor *inputs, size_t num_inputs,
    tapml_step_observer observer, void *user, tapml_result *result);

/** Checks inputs (`data` may be NULL) and returns the outputs' types and shapes
    without running: a result whose tensors have no data. */
TAPML_RUNTIME_API tapml_status tapml_session_infer(tapml_session session,
                                                   const tapml_tensor *inputs,
                                                   size_t num_inputs,
                                                   tapml_result *result);

TAPML_RUNTIME_API void tapml_result_retain(tapml_result result);
TAPML_RUNTIME_API void tapml_result_release(tapml_result result);
TAPML_RUNTIME_API size_t tapml_result_num_outputs(tapml_result result);
/** Describes output `index` without copying; name, shape and data live as long
    as the result (data of the caller: as long as the caller keeps it). */
TAPML_RUNTIME_API tapml_status tapml_result_output(tapml_result result,
                                                   size_t index,
                                                   tapml_tensor *tensor);
/** JSON: device, times, launches and submissions per place, bytes moved, and
    with TAPML_RUN_PROFILE_STEPS the time of every step. */
TAPML_RUNTIME_API const char *tapml_result_report(tapml_result result);

#ifdef __cplusplus
}
#endif

#endif /* TAPML_RUNTIME_RUNTIME_H */
