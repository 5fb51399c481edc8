//===- MetalSessionTest.cpp - Running on Metal devices --------------------===//
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
/// What only Metal has.
class MetalSessionTest : public DeviceSessionTest {
protected:
  MetalSessionTest() : DeviceSessionTest("metal") {}

  /// Loads with this body of the kernel that adds one.
  void setBody(const std::string &body, const std::string &attribute = "") {
    manifest["kernels"][5]["instances"] = {"layer.2", "layer.5"};
    text = "#include <metal_stdlib>\n"
           "using namespace metal;\n"
           "struct Sizes { int n; };\n" +
           attribute +
           "kernel void increment(device const uint *x [[buffer(0)]],\n"
           "    device uint *out [[buffer(1)]],\n"
           "    constant Sizes &sizes [[buffer(2)]],\n"
           "    uint3 id [[thread_position_in_grid]]) {\n" +
           body + "\n}\n";
  }
  Result<std::shared_ptr<Executable>> loadText() {
    return Executable::load(writeModel(directory, manifest, {{"msl.1", text}}),
                            options);
  }

  std::string text;
};
} // namespace

TEST_F(MetalSessionTest, NamesTheKernelThatDoesNotCompile) {
  setBody("  out[0] = y;");
  EXPECT_TRUE(failsWith(loadText().status(), StatusCode::DeviceError,
                        "kernel 'increment' (layer.2 and 1 more): device "
                        "metal:0 ("));
  EXPECT_TRUE(failsWith(loadText().status(), StatusCode::DeviceError,
                        "undeclared identifier 'y'"));
}

TEST_F(MetalSessionTest, RefusesLargerWorkgroupsThanTheKernelRunsWith) {
  setBody("  out[0] = 1u;", "[[max_total_threads_per_threadgroup(32)]]\n");
  auto executable = loadText();
  ASSERT_TRUE(executable.ok()) << executable.status().message();
  Session session(*executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1, 2, 3}),
                        StatusCode::ResourceExhausted,
                        "kernel 'increment' (layer.2 and 1 more) has 64 "
                        "invocations in a workgroup, device metal:0 ("));
}

TEST_F(MetalSessionTest, KeepsTheErrorOfARun) {
  setBody("  if (id.x == 0) threadgroup_barrier(mem_flags::mem_none);");
  auto executable = loadText();
  ASSERT_TRUE(executable.ok()) << executable.status().message();
  Session session(*executable);
  for (int i = 0; i < 2; ++i) {
    Status status = runWithIds(session, {1, 2, 3});
    EXPECT_TRUE(failsWith(status, StatusCode::DeviceError,
                          "kernel 'increment' (layer.2 and 1 more)"));
    EXPECT_TRUE(failsWith(status, StatusCode::DeviceError, "barrier"));
  }
}

TEST_F(MetalSessionTest, PassesManySizes) {
  // More than fit into the command, which then has a buffer.
  KernelDesc desc;
  desc.name = desc.entry = "last";
  desc.access = {Access::Write};
  desc.numSizes = 2000;
  desc.uniformSizes = true;
  auto device = open();
  ASSERT_TRUE(device.ok()) << device.status().message();
  std::string code =
      "#include <metal_stdlib>\n"
      "using namespace metal;\n"
      "struct Sizes { int n[2000]; };\n"
      "kernel void last(device int *out [[buffer(0)]],\n"
      "    constant Sizes &sizes [[buffer(1)]]) { out[0] = sizes.n[1999]; }\n";
  auto module = (*device)->loadModule(code, "msl.0", {&desc});
  ASSERT_TRUE(module.ok()) << module.status().message();
  auto kernel = (*device)->createKernel(*module, desc);
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  auto buffer = (*device)->allocate(16);
  ASSERT_TRUE(buffer.ok());
  int32_t got = 0;
  LaunchCommand launch;
  launch.kernel = kernel->get();
  launch.sizes.assign(2000, 1);
  launch.sizes.back() = 42;
  launch.buffers = {{buffer->get(), 0, 0, 16}};
  auto list = (*device)->record(
      {launch, CopyCommand{{buffer->get(), 0, 0, 4}, {nullptr, 0, 0, 4}}}, {});
  ASSERT_TRUE(list.ok()) << list.status().message();
  auto ticket = (*device)->submit(**list, {&got});
  ASSERT_TRUE(ticket.ok()) << ticket.status().message();
  ASSERT_TRUE((*device)->wait(*ticket, std::chrono::seconds(60)).ok());
  EXPECT_EQ(got, 42);
}
