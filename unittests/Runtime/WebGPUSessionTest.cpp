//===- WebGPUSessionTest.cpp - Running on WebGPU devices ------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceSessionTest.h"
#include "WebGPUDevice.h"

using namespace tapml::rt;
using namespace tapml::rt::test;

namespace {
/// What only WebGPU has.
class WebGPUSessionTest : public DeviceSessionTest {
protected:
  WebGPUSessionTest() : DeviceSessionTest("webgpu") {}

  Result<std::shared_ptr<WebGPUDevice>>
  openWebGPU(const std::optional<ProfileDesc> &profile = std::nullopt) {
    return WebGPUDevice::open(options.drivers.webgpu, 0, profile);
  }
  /// Loads with other text in place of the integer kernels.
  Status loadText(const std::string &text) {
    manifest["kernels"][5]["instances"] = {"layer.2", "layer.5"};
    return Executable::load(writeModel(directory, manifest, {{"wgsl.1", text}}),
                            options)
        .status();
  }
};

/// A kernel with one input and one output.
KernelDesc makeKernel(const std::string &name, uint32_t numSizes) {
  KernelDesc desc;
  desc.name = desc.entry = name;
  desc.access = {Access::Read, Access::Write};
  desc.numSizes = numSizes;
  desc.instances = {"layer.7"};
  return desc;
}

const char *const bindings =
    "@group(0) @binding(0) var<storage, read> x: array<f32>;\n"
    "@group(0) @binding(1) var<storage, read_write> out: array<f32>;\n";
} // namespace

TEST_F(WebGPUSessionTest, RefusesMissingLibrary) {
  options.drivers.webgpu.library = "libnosuchwgpu.so";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::NotFound,
                        "place 'webgpu': the WebGPU library libnosuchwgpu.so"));
  EXPECT_TRUE(
      failsWith(loadFailure(), StatusCode::NotFound, "TAPML_WEBGPU_LIBRARY"));
  std::string note;
  auto devices = listDevices(options.drivers, note);
  ASSERT_TRUE(devices.ok());
  for (const DeviceInfo &device : *devices)
    EXPECT_NE(device.kind, "webgpu");
  EXPECT_NE(note.find("libnosuchwgpu"), std::string::npos);
}

TEST_F(WebGPUSessionTest, RefusesAnotherLibrary) {
  options.drivers.webgpu.library = TAPML_TEST_HOST_KERNELS;
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Incompatible,
                        "is not wgpu-native: it has no function"));
}

TEST_F(WebGPUSessionTest, NamesTheKernelThatDoesNotCompile) {
  std::string before = std::string(bindings) + "@compute @workgroup_size(1)\n"
                                               "fn other() {}\n";
  Status status = loadText(before + "@compute @workgroup_size(64)\n"
                                    "fn increment() {\n"
                                    "  out[0] = 1u; // not f32\n"
                                    "}\n");
  EXPECT_TRUE(failsWith(status, StatusCode::DeviceError,
                        "kernel 'increment' (layer.2 and 1 more): device "
                        "webgpu:0 ("));
  EXPECT_TRUE(failsWith(status, StatusCode::DeviceError, "wgsl:7:"));
  // A line that belongs to no entry point: all kernels of the section.
  status = loadText("fn helper() -> f32 { return 1u; }\n" + before +
                    "@compute @workgroup_size(64) fn increment() {}\n");
  EXPECT_TRUE(failsWith(status, StatusCode::DeviceError,
                        "kernel 'increment' (layer.2 and 1 more)"));
}

TEST_F(WebGPUSessionTest, FindsEntryPoints) {
  // In a comment, in a nested one, of another stage, a plain function.
  for (const char *text :
       {"// @compute @workgroup_size(1) fn increment() {}\n",
        "/* /* */ @compute @workgroup_size(1) fn increment() {} */",
        "fn increment() {}",
        "@vertex fn increment() -> @builtin(position) "
        "vec4<f32> { return vec4<f32>(); }"})
    EXPECT_TRUE(failsWith(loadText(text), StatusCode::Damaged,
                          "section 'wgsl.1' has no entry point 'increment' for "
                          "kernel 'increment'"));
}

TEST_F(WebGPUSessionTest, RefusesWhatIsNoText) {
  manifest["kernels"][5]["section"] = "host.any";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged, "is not WGSL"));
  for (const char *bytes : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
                            "\xf4\x90\x80\x80", "\x80"}) {
    manifest = makeManifest("webgpu");
    EXPECT_TRUE(failsWith(loadText(std::string("//") + bytes),
                          StatusCode::Damaged, "is not WGSL"));
  }
  EXPECT_TRUE(failsWith(loadText(std::string("//\0", 3)), StatusCode::Damaged,
                        "is not WGSL"));
}

TEST_F(WebGPUSessionTest, RefusesAnotherInterface) {
  auto device = openWebGPU();
  ASSERT_TRUE(device.ok()) << device.status().message();
  KernelDesc desc = makeKernel("k", 0);
  desc.access = {Access::Read, Access::Read};
  auto module = (*device)->loadModule(
      std::string(bindings) +
          "@compute @workgroup_size(1) fn k() { out[0] = x[0]; }",
      "wgsl.0", {&desc});
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_TRUE(failsWith((*device)->createKernel(*module, desc).status(),
                        StatusCode::DeviceError,
                        "cannot compile kernel 'k' (layer.7): "));
}

TEST_F(WebGPUSessionTest, TurnsOnWhatTheProfileHas) {
  auto all = openWebGPU();
  ASSERT_TRUE(all.ok()) << all.status().message();
  // SwiftShader has no 16-bit floats to turn on. CTest runs this on lavapipe,
  // too, which has them.
  if (!(*all)->checkProfile({"f16", {}, {"float16"}}).ok())
    GTEST_SKIP() << (*all)->describe() << " has no f16";
  KernelDesc desc = makeKernel("k", 0);
  std::string code = "enable f16;\n" + std::string(bindings) +
                     "@compute @workgroup_size(1) fn k() {\n"
                     "  out[0] = f32(f16(x[0]) * 2.0h);\n"
                     "}\n";
  auto module = (*all)->loadModule(code, "wgsl.0", {&desc});
  EXPECT_TRUE(module.ok()) << module.status().message();
  auto none = openWebGPU(ProfileDesc{"plain", {}, {}});
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(failsWith((*none)->loadModule(code, "wgsl.0", {&desc}).status(),
                        StatusCode::DeviceError, "f16"));
  // The features of an open device are those that are on.
  EXPECT_TRUE(failsWith((*none)->checkProfile({"f16", {}, {"float16"}}),
                        StatusCode::Incompatible, "'float16'"));
  auto some = openWebGPU(ProfileDesc{"half", {}, {"float16"}});
  ASSERT_TRUE(some.ok());
  module = (*some)->loadModule(code, "wgsl.0", {&desc});
  EXPECT_TRUE(module.ok()) << module.status().message();
}

TEST_F(WebGPUSessionTest, RefusesToWriteWhatItReads) {
  auto opened = openWebGPU();
  ASSERT_TRUE(opened.ok());
  WebGPUDevice &device = **opened;
  KernelDesc desc = makeKernel("k", 0);
  auto module = device.loadModule(
      std::string(bindings) +
          "@compute @workgroup_size(1) fn k() { out[0] = x[0]; }",
      "wgsl.0", {&desc});
  ASSERT_TRUE(module.ok()) << module.status().message();
  auto kernel = device.createKernel(*module, desc);
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  auto buffer = device.allocate(512);
  ASSERT_TRUE(buffer.ok());
  LaunchCommand launch;
  launch.kernel = kernel->get();
  launch.buffers = {{buffer->get(), 0, 0, 16}, {buffer->get(), 0, 256, 16}};
  EXPECT_TRUE(failsWith(device.record({launch}, {}).status(),
                        StatusCode::Damaged,
                        "kernel 'k' (layer.7) binds buffers 0 and 1 in the "
                        "same memory and writes there"));
  CopyCommand copy{{buffer->get(), 0, 0, 16}, {buffer->get(), 0, 256, 16}};
  EXPECT_TRUE(failsWith(device.record({copy}, {}).status(),
                        StatusCode::Internal, "a copy inside of one buffer"));
}

TEST_F(WebGPUSessionTest, KeepsTheErrorOfALostDevice) {
  auto device = openWebGPU();
  ASSERT_TRUE(device.ok()) << device.status().message();
  options.devices["webgpu"] = *device;
  load();
  Session session(executable);
  runAndCheck(session, 20);
  (*device)->lose();
  for (int i = 0; i < 2; ++i)
    EXPECT_TRUE(failsWith(runWithIds(session, std::vector<int64_t>(20)),
                          StatusCode::DeviceLost, "was lost while it had to"));
  // Also with sizes that need another program.
  EXPECT_TRUE(failsWith(runWithIds(session, {1}), StatusCode::DeviceLost,
                        (*device)->describe() + " was lost"));
  EXPECT_TRUE(failsWith((*device)->allocate(16).status(),
                        StatusCode::DeviceLost, "load again"));
  // Others go on.
  options.devices.clear();
  load();
  Session other(executable);
  runAndCheck(other, 20);
}

TEST_F(WebGPUSessionTest, RefusesTooLargeBuffers) {
  auto device = openWebGPU();
  ASSERT_TRUE(device.ok());
  uint64_t most = (*device)->limits().maxBufferBytes;
  EXPECT_TRUE(failsWith((*device)->allocate(most + 1).status(),
                        StatusCode::ResourceExhausted,
                        "allocates at most " + std::to_string(most)));
}
