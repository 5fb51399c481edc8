//===- Status.h - Error handling of the runtime -----------------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_STATUS_H
#define TAPML_LIB_RUNTIME_STATUS_H

#include <cstdint>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

namespace tapml::rt {

/// What kind of failure a status describes. The numbers are part of the C API.
enum class StatusCode : int {
  Ok = 0,
  /// The caller passed something wrong (shape, type, name, option).
  InvalidArgument = 1,
  /// A file, device, driver, section or symbol does not exist.
  NotFound = 2,
  /// A file is cut short, altered or inconsistent.
  Damaged = 3,
  /// A file or device is sound but made for something else (newer format,
  /// other processor, missing device feature).
  Incompatible = 4,
  /// Memory or a device limit is exceeded.
  ResourceExhausted = 5,
  /// The operating system failed to read or write (full disk, permissions).
  Io = 6,
  /// The device did not finish within the deadline; it stays unusable.
  DeadlineExceeded = 7,
  /// The device is lost; it stays unusable.
  DeviceLost = 8,
  /// The driver or the validation layer reported an error.
  DeviceError = 9,
  /// A defect in the runtime itself.
  Internal = 10,
};

/// Success, or a code with one sentence that says what, where and what to do.
/// Success costs nothing; copies share the message.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : rep(std::make_shared<const Rep>(Rep{code, std::move(message)})) {}

  bool ok() const { return !rep; }
  StatusCode code() const { return rep ? rep->code : StatusCode::Ok; }
  const char *message() const { return rep ? rep->message.c_str() : ""; }

  /// Returns the same failure with `context: ` put before the message.
  Status withContext(const std::string &context) const {
    if (ok())
      return *this;
    return Status(rep->code, context + ": " + rep->message);
  }

private:
  struct Rep {
    StatusCode code;
    std::string message;
  };
  std::shared_ptr<const Rep> rep;
};

/// Joins the arguments, as streamed, to one string.
template <typename... Args> std::string concat(const Args &...args) {
  std::ostringstream os;
  (os << ... << args);
  return os.str();
}

/// Builds a failure whose message is the concatenation of the arguments.
template <typename... Args>
Status makeError(StatusCode code, const Args &...args) {
  return Status(code, concat(args...));
}

/// A value, or the status that says why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : storage(std::move(value)) {}
  Result(Status status) : failure(std::move(status)) {
    if (failure.ok())
      failure = Status(StatusCode::Internal, "result without a value");
  }

  bool ok() const { return storage.has_value(); }
  const Status &status() const { return failure; }
  T &operator*() { return *storage; }
  const T &operator*() const { return *storage; }
  T *operator->() { return &*storage; }
  const T *operator->() const { return &*storage; }

private:
  std::optional<T> storage;
  Status failure;
};

} // namespace tapml::rt

#define TAPML_RT_CONCAT_IMPL(a, b) a##b
#define TAPML_RT_CONCAT(a, b) TAPML_RT_CONCAT_IMPL(a, b)

/// Returns from the enclosing function when `expr` is a failed Status.
#define TAPML_RETURN_IF_ERROR(expr)                                            \
  do {                                                                         \
    ::tapml::rt::Status tapmlStatus = (expr);                                  \
    if (!tapmlStatus.ok())                                                     \
      return tapmlStatus;                                                      \
  } while (false)

/// Evaluates a Result expression; returns its failure or defines `lhs`.
#define TAPML_ASSIGN_OR_RETURN(lhs, expr)                                      \
  TAPML_ASSIGN_OR_RETURN_IMPL(TAPML_RT_CONCAT(tapmlResult, __LINE__), lhs, expr)
#define TAPML_ASSIGN_OR_RETURN_IMPL(tmp, lhs, expr)                            \
  auto tmp = (expr);                                                           \
  if (!tmp.ok())                                                               \
    return tmp.status();                                                       \
  lhs = std::move(*tmp)

#endif // TAPML_LIB_RUNTIME_STATUS_H
