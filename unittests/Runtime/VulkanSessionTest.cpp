//===- VulkanSessionTest.cpp - Running on Vulkan devices ------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestModel.h"
#include "VulkanDevice.h"

#include <thread>

using namespace tapml::rt;
using namespace tapml::rt::test;

namespace {
/// Tests use the first device, with the validation layer. CTest runs them once
/// per driver (VK_ICD_FILENAMES).
class VulkanSessionTest : public ::testing::Test {
protected:
  void SetUp() override {
    options.vulkan.validation = true;
    auto instance = VulkanInstance::create(options.vulkan);
    if (!instance.ok() && instance.status().code() == StatusCode::NotFound)
      GTEST_SKIP() << instance.status().message();
    ASSERT_TRUE(instance.ok()) << instance.status().message();
    if ((*instance)->devices().empty())
      GTEST_SKIP() << "no Vulkan device";
  }
  void load() {
    auto loaded = Executable::load(writeModel(directory, manifest), options);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    executable = *loaded;
  }
  Status loadFailure() {
    return Executable::load(writeModel(directory, manifest), options).status();
  }

  TemporaryDirectory directory;
  OrderedJson manifest = makeManifest("vulkan");
  LoadOptions options;
  std::shared_ptr<Executable> executable;
};
} // namespace

TEST_F(VulkanSessionTest, RunsAtManySizes) {
  load();
  Session session(executable);
  for (int64_t n : {1, 7, 64, 65, 1000, 3, 7, 20000, 1, 2, 4, 5, 6, 8, 9, 10})
    runAndCheck(session, n);
}

TEST_F(VulkanSessionTest, RunsThroughStagingMemory) {
  options.vulkan.forceStaging = true;
  load();
  Session session(executable);
  for (int64_t n : {1, 65, 1000, 65})
    runAndCheck(session, n);
}

TEST_F(VulkanSessionTest, RunsWithoutHostCode) {
  options.noHostCode = true;
  load();
  Session session(executable);
  runAndCheck(session, 100);
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
  auto device = openDevice("vulkan:0", options, std::nullopt);
  ASSERT_TRUE(device.ok()) << device.status().message();
  uint64_t most = static_cast<VulkanDevice &>(**device).info().limits.at(
      "max_texel_buffer_elements")[0];
  if (most > 1 << 20)
    GTEST_SKIP() << "the device has views of " << most << " texels";
  KernelDesc desc;
  desc.name = desc.entry = "add_weight";
  desc.access = {Access::Read, Access::Read, Access::Write};
  desc.texels = {TexelFormat::F32x4, TexelFormat::None, TexelFormat::None};
  desc.numSizes = 2;
  std::string code = readFile(TAPML_TEST_INPUTS "/texel_kernels.spv");
  auto module = (*device)->loadModule(code, "spirv");
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

TEST_F(VulkanSessionTest, RunsMixed) {
  for (bool staging : {false, true}) {
    manifest = makeManifest("vulkan", /*mixed=*/true);
    options.vulkan.forceStaging = staging;
    load();
    Session session(executable);
    for (int64_t n : {1, 65, 1000, 7, 65})
      runAndCheck(session, n);
  }
}

TEST_F(VulkanSessionTest, SubmitsAChainOnce) {
  load();
  Session session(executable);
  std::vector<float> x(100);
  std::vector<int64_t> ids(100);
  auto result = session.run(
      {{DType::F32, {100}, x.data()}, {DType::I64, {100}, ids.data()}}, {},
      false);
  ASSERT_TRUE(result.ok()) << result.status().message();
  const RunReport &report = (*result)->report;
  EXPECT_EQ(report.places[1].launches, 3u);
  EXPECT_EQ(report.places[1].submissions, 1u);
  EXPECT_EQ(report.bytesToDevices, 100u * 4 + 100 * 4);
  EXPECT_EQ(report.bytesFromDevices, 3u * 100 * 4);
  runAndCheck(session, 100, /*perStep=*/true);
}

TEST_F(VulkanSessionTest, SessionsRunSideBySide) {
  load();
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      Session session(executable);
      for (int64_t i = 0; i < 10; ++i)
        runAndCheck(session, 1 + (i * 37 + t * 11) % 300);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(VulkanSessionTest, SeveralDevicesAtOnce) {
  load();
  std::shared_ptr<Executable> first = executable;
  load();
  std::thread other([&] {
    Session session(first);
    for (int i = 1; i < 50; ++i)
      runAndCheck(session, i);
  });
  Session session(executable);
  for (int i = 1; i < 50; ++i)
    runAndCheck(session, i);
  other.join();
}

TEST_F(VulkanSessionTest, SharesAnOpenDevice) {
  auto device = openDevice("vulkan:0", options, std::nullopt);
  ASSERT_TRUE(device.ok()) << device.status().message();
  options.devices["vulkan"] = *device;
  load();
  std::shared_ptr<Executable> first = executable;
  load();
  EXPECT_EQ(first->device(1), executable->device(1));
  Session one(first), two(executable);
  runAndCheck(one, 50);
  runAndCheck(two, 60);
}

TEST_F(VulkanSessionTest, RefusesValuesThatDoNotNarrow) {
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1, int64_t(1) << 40}),
                        StatusCode::InvalidArgument,
                        "input 'ids': element [1] is 1099511627776"));
  runAndCheck(session, 2);
}

TEST_F(VulkanSessionTest, RefusesMissingLoader) {
  options.vulkan.loader = "libnosuchvulkan.so.1";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::NotFound,
                        "place 'vulkan': the Vulkan loader"));
  std::string note;
  VulkanOptions vulkan;
  vulkan.loader = options.vulkan.loader;
  auto devices = listDevices(vulkan, note);
  ASSERT_TRUE(devices.ok());
  EXPECT_EQ(devices->size(), 1u);
  EXPECT_NE(note.find("libnosuchvulkan"), std::string::npos);
}

TEST_F(VulkanSessionTest, RefusesMissingDevice) {
  options.bindings["vulkan"] = "vulkan:99";
  EXPECT_TRUE(
      failsWith(loadFailure(), StatusCode::NotFound, "no device vulkan:99"));
  options.bindings["vulkan"] = "cuda:0";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::InvalidArgument,
                        "device 'cuda:0' is unknown"));
}

TEST_F(VulkanSessionTest, RefusesMissingFeaturesAndLimits) {
  auto &profile = manifest["places"][1]["profile"];
  profile["features"] = {"nosuchFeature"};
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Incompatible,
                        "lacks the feature 'nosuchFeature', which profile "
                        "'small' needs"));
  // What code prefers, it does not need.
  profile["features"] = {"prefers_nosuch"};
  load();
  profile["features"] = OrderedJson::array();
  profile["limits"]["max_workgroup_invocations"] = 1 << 20;
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Incompatible,
                        "not 1048576, which profile 'small' needs"));
}

TEST_F(VulkanSessionTest, RefusesTooLargeGrid) {
  // 2^31 workgroups are more than the drivers allow.
  auto &variant = manifest["executables"][0]["variants"][1];
  variant["exprs"].push_back({"const", int64_t(1) << 31});
  variant["steps"][0]["cases"] = {{{"kernel", 3}, {"grid", {10, 3, 3}}}};
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1}), StatusCode::ResourceExhausted,
                        "executable 'add' (layer.0): kernel 'add_weight': "
                        "2147483648 workgroups in dimension 0"));
}

TEST_F(VulkanSessionTest, RefusesBadCode) {
  manifest["kernels"][3]["entry"] = "nosuch";
  EXPECT_TRUE(
      failsWith(loadFailure(), StatusCode::Damaged, "no entry point 'nosuch'"));
  manifest = makeManifest("vulkan");
  manifest["kernels"][5]["section"] = "host.any";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged, "SPIR-V"));
  manifest = makeManifest("vulkan");
  manifest["kernels"][5]["section"] = "spirv.9";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged,
                        "'spirv.9', which the file does not have"));
}

TEST_F(VulkanSessionTest, GivesUpAtTheDeadline) {
  auto opened = openDevice("vulkan:0", options, std::nullopt);
  ASSERT_TRUE(opened.ok());
  Device &device = **opened;
  KernelDesc desc;
  desc.name = desc.entry = "spin";
  desc.access = {Access::Read, Access::Write};
  desc.numSizes = 1;
  std::string code = readFile(TAPML_TEST_INPUTS "/int_kernels.spv");
  auto module = device.loadModule(code, "spirv");
  ASSERT_TRUE(module.ok()) << module.status().message();
  auto kernel = device.createKernel(*module, desc);
  ASSERT_TRUE(kernel.ok()) << kernel.status().message();
  auto buffer = device.allocate(512);
  ASSERT_TRUE(buffer.ok());
  LaunchCommand launch;
  launch.kernel = kernel->get();
  // Many workgroups rather than one long loop, which llvmpipe ends after 65535
  // rounds.
  launch.grid = {16384, 1, 1};
  launch.sizes = {60000};
  launch.buffers = {{buffer->get(), 0, 0, 16}, {buffer->get(), 0, 256, 16}};
  auto list = device.record({launch}, {});
  ASSERT_TRUE(list.ok());
  auto ticket = device.submit(**list, {});
  ASSERT_TRUE(ticket.ok());
  EXPECT_TRUE(failsWith(device.wait(*ticket, std::chrono::milliseconds(50)),
                        StatusCode::DeadlineExceeded,
                        "did not finish within 50 ms"));
  // The error stays.
  EXPECT_TRUE(failsWith(device.allocate(16).status(),
                        StatusCode::DeadlineExceeded, "50 ms"));
}

TEST_F(VulkanSessionTest, DescribesDevices) {
  std::string note;
  auto devices = listDevices(VulkanOptions(), note);
  ASSERT_TRUE(devices.ok()) << devices.status().message();
  ASSERT_GE(devices->size(), 2u);
  auto json = nlohmann::json::parse(toJson(*devices));
  EXPECT_EQ(json[0]["id"], "host");
  EXPECT_EQ(json[1]["id"], "vulkan:0");
  EXPECT_GE(json[1]["profile"]["limits"]["max_workgroup_invocations"], 128);
  EXPECT_EQ(json[1]["profile"]["limits"]["max_workgroup_count"].size(), 3u);
}
