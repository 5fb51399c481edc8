//===- VulkanSessionTest.cpp - Running on Vulkan devices ------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceSessionTest.h"

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
