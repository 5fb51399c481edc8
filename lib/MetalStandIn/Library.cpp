//===- Library.cpp - Compiles and runs shaders ----------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Scheduler.h"
#include "tapml/MetalStandIn/MetalStandIn.h"
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

using namespace tapml::metal;

namespace fs = std::filesystem;

/// The line with which a shader asks for what MSL has.
static constexpr const char kHeaders[] = "#include <metal_stdlib>\n";

/// Returns how the wrapper calls `argument`.
static std::string getCallArgument(const Argument &argument) {
  if (argument.attribute == "buffer") {
    std::string place = "buffers[" + std::to_string(argument.index) + "]";
    if (argument.type.back() == '*')
      return "reinterpret_cast<" + argument.type + ">(" + place + ")";
    std::string pointee = argument.type.substr(0, argument.type.size() - 1);
    return "*reinterpret_cast<" + pointee + "*>(" + place + ")";
  }
  auto triple = [&](const std::string &a, const std::string &b = {}) {
    std::string text = argument.type + "(";
    for (int i = 0; i < 3; ++i) {
      std::string at = "[" + std::to_string(i) + "]";
      text += (i ? ", self->" : "self->") + a + at;
      if (!b.empty())
        text += " * self->" + b + at;
      if (argument.attribute == "thread_position_in_grid")
        text += " + self->local" + at;
    }
    return text + ")";
  };
  const std::string &name = argument.attribute;
  if (name == "threadgroup_position_in_grid")
    return triple("group");
  if (name == "thread_position_in_threadgroup")
    return triple("local");
  if (name == "threadgroups_per_grid")
    return triple("groups");
  if (name == "threads_per_threadgroup")
    return triple("groupSize");
  if (name == "threads_per_grid")
    return triple("groups", "groupSize");
  if (name == "thread_position_in_grid")
    return triple("group", "groupSize");
  if (name == "thread_index_in_simdgroup")
    return "self->lane";
  if (name == "simdgroup_index_in_threadgroup")
    return "self->simdGroup";
  if (name == "simdgroups_per_threadgroup")
    return "self->simdGroups";
  if (name == "threads_per_simdgroup")
    return "tapml::metal::kSimdWidth";
  return "(self->local[2] * self->groupSize[1] + self->local[1]) * "
         "self->groupSize[0] + self->local[0]";
}

/// Returns the C++ around the shader in `file`.
static std::string getWrapper(const std::string &file,
                              const std::vector<Signature> &kernels) {
  std::ostringstream os;
  os << "#include \"" << file << "\"\n"
     << "static thread_local tapml::metal::Thread *running;\n"
     << "tapml::metal::Thread *tapml::metal::current() { return running; }\n"
     << "void tapml::metal::setCurrent(Thread *self) { running = self; }\n";
  for (const Signature &kernel : kernels) {
    os << "extern \"C\" __attribute__((visibility(\"default\"))) void "
       << "tapml_run_" << kernel.name
       << "(void *const *buffers, tapml::metal::Thread *self) {\n"
       << "  running = self;\n  " << kernel.name << "(";
    for (size_t i = 0; i < kernel.arguments.size(); ++i)
      os << (i ? ",\n      " : "") << getCallArgument(kernel.arguments[i]);
    os << ");\n}\n";
  }
  return os.str();
}

/// Runs a program, with what it prints going to `output`.
static bool runProgram(const std::vector<std::string> &command,
                       const fs::path &output) {
  std::vector<char *> arguments;
  for (const std::string &argument : command)
    arguments.push_back(const_cast<char *>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child = 0;
  int failed = posix_spawnp(&child, arguments[0], &actions, nullptr,
                            arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) {
    std::ofstream(output) << "cannot run '" << command[0] << "'";
    return false;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static std::string readFile(const fs::path &path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

static std::string getSetting(const std::string &option, const char *variable,
                              const char *fallback) {
  if (!option.empty())
    return option;
  const char *value = std::getenv(variable);
  return value ? value : fallback;
}

namespace {
/// A directory that goes away with this.
struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern =
        (fs::temp_directory_path() / "tapml-metal-XXXXXX").string();
    if (mkdtemp(pattern.data()))
      path = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!path.empty())
      fs::remove_all(path, ignored);
  }
  fs::path path;
};
} // namespace

namespace {
/// Compiles with the headers of MSL.
class Compiler {
public:
  explicit Compiler(const Library::Options &options);

  /// Returns the command that makes `output` of `file`.
  std::vector<std::string> getCommand(const std::vector<std::string> &options,
                                      const fs::path &file,
                                      const fs::path &output) const;

  /// Returns the headers, precompiled by the first call of this process, or ""
  /// where that fails: compiling a shader says why.
  std::string precompileHeaders() const;

private:
  std::vector<std::string> command;
};
} // namespace

Compiler::Compiler(const Library::Options &options)
    // Every operation is rounded once, as the text asks with its pragmas.
    : command({getSetting(options.compiler, "TAPML_CLANG", TAPML_CLANG),
               "-std=c++17", "-O2", "-fPIC", "-fvisibility=hidden",
               "-ffp-contract=off", "-fno-fast-math", "-fno-exceptions",
               "-fno-rtti", "-Xclang", "-ffloat16-excess-precision=none",
               "-isystem",
               getSetting(options.headers, "TAPML_METAL_HEADERS",
                          TAPML_METAL_HEADERS)}) {}

std::vector<std::string>
Compiler::getCommand(const std::vector<std::string> &options,
                     const fs::path &file, const fs::path &output) const {
  std::vector<std::string> result = command;
  result.insert(result.end(), options.begin(), options.end());
  result.insert(result.end(), {file.string(), "-o", output.string()});
  return result;
}

std::string Compiler::precompileHeaders() const {
  static std::mutex mutex;
  static TemporaryDirectory directory;
  static std::map<std::vector<std::string>, std::string> precompiled;
  std::lock_guard<std::mutex> lock(mutex);
  auto [entry, isNew] = precompiled.try_emplace(command);
  if (!isNew || directory.path.empty())
    return entry->second;
  fs::path base = directory.path / std::to_string(precompiled.size());
  fs::path text = fs::path(base).concat(".h");
  fs::path output = fs::path(base).concat(".pch");
  std::ofstream(text) << kHeaders;
  if (runProgram(getCommand({"-x", "c++-header"}, text, output),
                 directory.path / "messages"))
    entry->second = output.string();
  return entry->second;
}

std::unique_ptr<Library> Library::compile(const std::string &text,
                                          const Options &options,
                                          std::string &error) {
  std::unique_ptr<Library> library(new Library());
  if (!parseKernels(text, library->kernels, error))
    return nullptr;
  library->cooperates = text.find("_barrier(") != std::string::npos ||
                        text.find("simd_") != std::string::npos;
  TemporaryDirectory directory;
  if (directory.path.empty()) {
    error = "cannot make a temporary directory";
    return nullptr;
  }
  fs::path shader = directory.path / "shader.metal";
  fs::path wrapper = directory.path / "wrapper.cpp";
  fs::path object = directory.path / "shader.so";
  fs::path messages = directory.path / "messages";
  std::ofstream(shader) << text;
  std::ofstream(wrapper) << getWrapper(shader, library->kernels);
  std::vector<std::string> flags = {
      "-shared", "-Wall", "-Wextra", "-Werror",
      // The attributes and pragmas of Metal have been checked, or do not
      // matter here; texts may declare what they do not use.
      "-Wno-unknown-attributes", "-Wno-unknown-pragmas", "-Wno-unused",
      "-Wno-unused-parameter"};
  Compiler compiler(options);
  // A text has to ask for the headers by itself.
  if (text.find(kHeaders) != std::string::npos)
    if (std::string headers = compiler.precompileHeaders(); !headers.empty())
      flags.insert(flags.end(), {"-include-pch", headers});
  if (!runProgram(compiler.getCommand(flags, wrapper, object), messages)) {
    error = readFile(messages);
    return nullptr;
  }
  library->handle = dlopen(object.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library->handle)
    return library;
  error = dlerror();
  return nullptr;
}

Library::~Library() {
  if (handle)
    dlclose(handle);
}

bool Library::launch(const std::string &name,
                     const std::vector<void *> &buffers,
                     const uint32_t groups[3], const uint32_t groupSize[3],
                     unsigned numThreads, std::string &error) const {
  auto kernel = std::find_if(
      kernels.begin(), kernels.end(),
      [&](const Signature &signature) { return signature.name == name; });
  if (kernel == kernels.end()) {
    error = "the shader has no kernel '" + name + "'";
    return false;
  }
  uint64_t threads = uint64_t(groupSize[0]) * groupSize[1] * groupSize[2];
  if (threads == 0 || (kernel->maxThreads && threads > kernel->maxThreads)) {
    error = "kernel '" + name + "' allows " +
            std::to_string(kernel->maxThreads) +
            " threads in a threadgroup, not " + std::to_string(threads);
    return false;
  }
  for (const Argument &argument : kernel->arguments)
    if (argument.attribute == "buffer" && argument.index >= buffers.size()) {
      error = "kernel '" + name + "' needs buffer " +
              std::to_string(argument.index);
      return false;
    }
  auto entry = reinterpret_cast<EntryPoint>(
      dlsym(handle, ("tapml_run_" + name).c_str()));
  if (!entry) {
    error = dlerror();
    return false;
  }

  uint64_t count = uint64_t(groups[0]) * groups[1] * groups[2];
  std::atomic<uint64_t> next = 0;
  std::atomic<bool> hasFailed = false;
  std::mutex mutex;
  auto work = [&] {
    Scheduler scheduler(entry, buffers.data(), groups, groupSize, cooperates);
    for (uint64_t i; !hasFailed && (i = next++) < count;) {
      uint32_t group[3] = {uint32_t(i % groups[0]),
                           uint32_t(i / groups[0] % groups[1]),
                           uint32_t(i / groups[0] / groups[1])};
      std::string why;
      if (scheduler.run(group, why))
        continue;
      std::lock_guard<std::mutex> lock(mutex);
      if (!hasFailed.exchange(true))
        error = "kernel '" + name + "': " + why;
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < numThreads && i < count; ++i)
    workers.emplace_back(work);
  work();
  for (std::thread &worker : workers)
    worker.join();
  return !hasFailed;
}
