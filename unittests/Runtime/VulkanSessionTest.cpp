//===- VulkanSessionTest.cpp - Running on Vulkan devices ------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceSessionTest.h"

#include "GpuDevice.h"

using namespace tapml::rt;
using namespace tapml::rt::test;

namespace {
/// What only Vulkan has.
class VulkanSessionTest : public DeviceSessionTest {
protected:
  VulkanSessionTest() : DeviceSessionTest("vulkan") {}
};
} // namespace

TEST_F(VulkanSessionTest, RunsThroughStagingMemory) {
  options.drivers.vulkan.forceStaging = true;
  load();
  Session session(executable);
  for (int64_t n : {1, 65, 1000, 65})
    runAndCheck(session, n);
}

TEST_F(VulkanSessionTest, RunsMixedThroughStagingMemory) {
  manifest = makeManifest("vulkan", /*mixed=*/true);
  options.drivers.vulkan.forceStaging = true;
  load();
  Session session(executable);
  for (int64_t n : {1, 65, 1000, 7, 65})
    runAndCheck(session, n);
}

TEST_F(VulkanSessionTest, ReadsTexels) {
  manifest["kernels"][3]["section"] = "spirv.2";
  manifest["kernels"][3]["access"][0] = "texels f32x4";
  load();
  Session session(executable);
  for (int64_t n : {1, 4, 7, 64, 65, 1000, 20000})
    runAndCheck(session, n);
}

TEST_F(VulkanSessionTest, RefusesTooManyTexels) {
  auto device = open();
  ASSERT_TRUE(device.ok()) << device.status().message();
  uint64_t most = static_cast<GpuDevice &>(**device).info().limits.at(
      "max_texel_buffer_elements")[0];
  // A tensor that is larger would take gigabytes: lavapipe's views are as large
  // as a binding. CTest runs this on SwiftShader, too, whose views have 2^16.
  if (most > 1 << 20)
    GTEST_SKIP() << "the device has views of " << most << " texels";
  KernelDesc desc;
  desc.name = desc.entry = "add_weight";
  desc.access = {Access::Read, Access::Read, Access::Write};
  desc.texels = {TexelFormat::F32x4, TexelFormat::None, TexelFormat::None};
  desc.numSizes = 2;
  std::string code = readFile(TAPML_TEST_BINARIES "/texel_kernels.spv");
  auto module = (*device)->loadModule(code, "spirv", {&desc});
  ASSERT_TRUE(module.ok()) << module.status().message();
  auto kernel = (*device)->createKernel(*module, desc);
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  auto buffer = (*device)->allocate(16 * (most + 2));
  ASSERT_TRUE(buffer.ok()) << buffer.status().message();
  LaunchCommand launch;
  launch.kernel = kernel->get();
  launch.grid = {1, 1, 1};
  launch.sizes = {1, 1};
  BufferRange small = {buffer->get(), 0, 0, 16};
  launch.buffers = {{buffer->get(), 0, 0, 16 * (most + 1)}, small, small};
  EXPECT_TRUE(failsWith((*device)->record({launch}, {}).status(),
                        StatusCode::ResourceExhausted, "texels, not"));
}

TEST_F(VulkanSessionTest, RefusesWhatIsNoSpirv) {
  manifest["kernels"][5]["section"] = "host.any";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged, "SPIR-V"));
}

TEST_F(VulkanSessionTest, RefusesMissingLoader) {
  options.drivers.vulkan.loader = "libnosuchvulkan.so.1";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::NotFound,
                        "place 'vulkan': the Vulkan loader"));
  std::string note;
  auto devices = listDevices(options.drivers, note);
  ASSERT_TRUE(devices.ok());
  for (const DeviceInfo &device : *devices)
    EXPECT_NE(device.kind, "vulkan");
  EXPECT_NE(note.find("libnosuchvulkan"), std::string::npos);
}
