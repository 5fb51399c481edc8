//===- DeviceSessionTest.h - Tests that run on devices ----------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_UNITTESTS_RUNTIME_DEVICESESSIONTEST_H
#define TAPML_UNITTESTS_RUNTIME_DEVICESESSIONTEST_H

#include "TestModel.h"

namespace tapml::rt::test {

/// Runs the model on the first device of a kind; skipped where there is none.
/// CTest runs these tests once per Vulkan driver (VK_ICD_FILENAMES), which
/// WebGPU uses, too.
class DeviceSessionTest : public ::testing::Test {
protected:
  /// Turns validation on where it is a choice.
  explicit DeviceSessionTest(const std::string &kind);
  void SetUp() override;

  void load() {
    auto loaded = Executable::load(writeModel(directory, manifest), options);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    executable = *loaded;
  }
  Status loadFailure() {
    return Executable::load(writeModel(directory, manifest), options).status();
  }
  Result<std::shared_ptr<Device>> open() {
    return openDevice(kind + ":0", options.drivers, std::nullopt);
  }
  /// A module of the integer kernels and kernel `spin` of it.
  void createSpin(Device &device, std::shared_ptr<DeviceModule> &module,
                  std::unique_ptr<DeviceKernel> &kernel);

  const std::string kind;
  TemporaryDirectory directory;
  OrderedJson manifest;
  LoadOptions options;
  std::shared_ptr<Executable> executable;

private:
  KernelDesc spin;
};

/// How drivers are found in tests: wgpu-native where the build has found it.
DriverOptions testDrivers();

} // namespace tapml::rt::test

#endif // TAPML_UNITTESTS_RUNTIME_DEVICESESSIONTEST_H
