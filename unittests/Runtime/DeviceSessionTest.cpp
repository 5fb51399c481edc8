//===- DeviceSessionTest.cpp - Running on any kind of device --------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceSessionTest.h"

#include <cstdlib>
#include <thread>

using namespace tapml::rt;
using namespace tapml::rt::test;

DriverOptions test::testDrivers() {
  DriverOptions drivers;
  setenv("TAPML_METAL_STAND_IN", TAPML_TEST_METAL_STAND_IN, /*overwrite=*/0);
  if (!std::getenv("TAPML_WEBGPU_LIBRARY"))
    drivers.webgpu.library = TAPML_TEST_WEBGPU_LIBRARY;
  return drivers;
}

DeviceSessionTest::DeviceSessionTest(const std::string &kind)
    : kind(kind), manifest(makeManifest(kind)) {
  options.drivers = testDrivers();
  options.drivers.vulkan.validation = true;
}

void DeviceSessionTest::SetUp() {
  auto device = open();
  if (!device.ok() && device.status().code() == StatusCode::NotFound)
    TAPML_MISSING(device.status().message());
  ASSERT_TRUE(device.ok()) << device.status().message();
}

void DeviceSessionTest::createSpin(Device &device,
                                   std::shared_ptr<DeviceModule> &module,
                                   std::unique_ptr<DeviceKernel> &kernel) {
  spin.name = spin.entry = "spin";
  spin.access = {Access::Read, Access::Write};
  spin.numSizes = 1;
  spin.instances = {"layer.3"};
  std::string code =
      readFile(kind == "vulkan"  ? TAPML_TEST_BINARIES "/int_kernels.spv"
               : kind == "metal" ? TAPML_TEST_INPUTS "/int_kernels.metal"
                                 : TAPML_TEST_INPUTS "/int_kernels.wgsl");
  auto loaded = device.loadModule(code, "code", {&spin});
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  module = *loaded;
  auto created = device.createKernel(module, spin);
  ASSERT_TRUE(created.ok()) << created.status().message();
  kernel = std::move(*created);
}

namespace {
class AnyDeviceTest : public DeviceSessionTest,
                      public ::testing::WithParamInterface<const char *> {
protected:
  AnyDeviceTest() : DeviceSessionTest(GetParam()) {}
};
} // namespace

INSTANTIATE_TEST_SUITE_P(Devices, AnyDeviceTest,
                         ::testing::Values("vulkan", "webgpu", "metal"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

TEST_P(AnyDeviceTest, RunsAtManySizes) {
  load();
  Session session(executable);
  for (int64_t n : {1, 7, 64, 65, 1000, 3, 7, 20000, 1, 2, 4, 5, 6, 8, 9, 10})
    runAndCheck(session, n);
}

TEST_P(AnyDeviceTest, RunsWithoutHostCode) {
  options.noHostCode = true;
  load();
  Session session(executable);
  runAndCheck(session, 100);
}

TEST_P(AnyDeviceTest, RunsMixed) {
  manifest = makeManifest(kind, /*mixed=*/true);
  load();
  Session session(executable);
  for (int64_t n : {1, 65, 1000, 7, 65})
    runAndCheck(session, n);
}

TEST_P(AnyDeviceTest, SubmitsAChainOnce) {
  load();
  Session session(executable);
  std::vector<float> x(100);
  std::vector<int64_t> ids(100);
  auto result = session.run(
      {{DType::F32, {100}, x.data()}, {DType::I64, {100}, ids.data()}}, {}, {});
  ASSERT_TRUE(result.ok()) << result.status().message();
  const RunReport &report = (*result)->report;
  EXPECT_EQ(report.places[1].launches, 3u);
  EXPECT_EQ(report.places[1].submissions, 1u);
  EXPECT_EQ(report.bytesToDevices, 100u * 4 + 100 * 4);
  EXPECT_EQ(report.bytesFromDevices, 3u * 100 * 4);
  runAndCheck(session, 100, /*perStep=*/true);
}

TEST_P(AnyDeviceTest, SessionsRunSideBySide) {
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

TEST_P(AnyDeviceTest, SeveralDevicesAtOnce) {
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

TEST_P(AnyDeviceTest, SharesAnOpenDevice) {
  auto device = open();
  ASSERT_TRUE(device.ok()) << device.status().message();
  options.devices[kind] = *device;
  load();
  std::shared_ptr<Executable> first = executable;
  load();
  EXPECT_EQ(first->device(1), executable->device(1));
  Session one(first), two(executable);
  runAndCheck(one, 50);
  runAndCheck(two, 60);
}

TEST_P(AnyDeviceTest, RefusesValuesThatDoNotNarrow) {
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1, int64_t(1) << 40}),
                        StatusCode::InvalidArgument,
                        "input 'ids': element [1] is 1099511627776"));
  runAndCheck(session, 2);
}

TEST_P(AnyDeviceTest, RefusesMissingDevice) {
  options.bindings[kind] = kind + ":99";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::NotFound,
                        "no device " + kind + ":99"));
  options.bindings[kind] = "cuda:0";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::InvalidArgument,
                        "device 'cuda:0' is unknown"));
}

TEST_P(AnyDeviceTest, RefusesMissingFeaturesAndLimits) {
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

TEST_P(AnyDeviceTest, RefusesTooLargeGrid) {
  auto device = open();
  ASSERT_TRUE(device.ok()) << device.status().message();
  int64_t count = int64_t((*device)->limits().maxGrid[0]) + 1;
  auto &variant = manifest["executables"][0]["variants"][1];
  variant["exprs"].push_back({"const", count});
  variant["steps"][0]["cases"] = {{{"kernel", 3}, {"grid", {10, 3, 3}}}};
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1}), StatusCode::ResourceExhausted,
                        "executable 'add' (layer.0): kernel 'add_weight': " +
                            std::to_string(count) +
                            " workgroups in dimension 0"));
}

TEST_P(AnyDeviceTest, RefusesBadCode) {
  manifest["kernels"][3]["entry"] = "nosuch";
  EXPECT_TRUE(
      failsWith(loadFailure(), StatusCode::Damaged, "no entry point 'nosuch'"));
  manifest = makeManifest(kind);
  manifest["kernels"][5]["section"] = "code.9";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged,
                        "'code.9', which the file does not have"));
}

TEST_P(AnyDeviceTest, DescribesDevices) {
  std::string note;
  auto devices = listDevices(testDrivers(), note);
  ASSERT_TRUE(devices.ok()) << devices.status().message();
  auto json = nlohmann::json::parse(toJson(*devices));
  EXPECT_EQ(json[0]["id"], "host");
  const nlohmann::json *found = nullptr;
  for (const auto &device : json)
    if (device["id"] == kind + ":0")
      found = &device;
  ASSERT_TRUE(found);
  const nlohmann::json &profile = (*found)["profile"];
  EXPECT_EQ(profile["kind"], kind);
  EXPECT_GE(profile["limits"]["max_workgroup_invocations"], 128);
  EXPECT_EQ(profile["limits"]["max_workgroup_count"].size(), 3u);
  EXPECT_GE(profile["limits"]["max_storage_buffers"], 4);
}

TEST_P(AnyDeviceTest, RefusesAnotherKindOfDevice) {
  std::string other = kind == "vulkan" ? "webgpu" : "vulkan";
  options.bindings[kind] = other + ":0";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::InvalidArgument,
                        "place '" + kind + "' needs a device of kind '" + kind +
                            "', '" + other + ":0' is of kind '" + other + "'"));
  options.bindings.clear();
  options.devices[kind] =
      std::make_shared<HostDevice>(HostDeviceOptions{1, false});
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::InvalidArgument,
                        "host is of kind 'host'"));
}

TEST_P(AnyDeviceTest, CopiesInOrder) {
  auto opened = open();
  ASSERT_TRUE(opened.ok());
  Device &device = **opened;
  auto first = device.allocate(64), second = device.allocate(64);
  ASSERT_TRUE(first.ok() && second.ok());
  std::string a = "abcdefghijk", b = "ABCDE", back(11, ' '), late(11, ' ');
  auto host = [](uint32_t external, uint64_t size) {
    return BufferRange{nullptr, external, 0, size};
  };
  auto at = [](auto &buffer, uint64_t offset, uint64_t size) {
    return BufferRange{buffer->get(), 0, offset, size};
  };
  // The second write comes after the copy of what it overwrites.
  auto list = device.record({CopyCommand{host(0, 11), at(first, 16, 11)},
                             CopyCommand{at(first, 16, 11), at(second, 0, 11)},
                             CopyCommand{host(1, 5), at(first, 16, 5)},
                             CopyCommand{at(second, 0, 11), host(2, 11)},
                             CopyCommand{at(first, 16, 11), host(3, 11)}},
                            {});
  ASSERT_TRUE(list.ok()) << list.status().message();
  for (int i = 0; i < 3; ++i) {
    auto ticket =
        device.submit(**list, {a.data(), b.data(), back.data(), late.data()});
    ASSERT_TRUE(ticket.ok()) << ticket.status().message();
    Status status = device.wait(*ticket, std::chrono::seconds(60));
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(back, a);
    EXPECT_EQ(late.substr(0, 5), b);
  }
}

TEST_P(AnyDeviceTest, UploadsAndDownloads) {
  auto opened = open();
  ASSERT_TRUE(opened.ok());
  Device &device = **opened;
  // More than one piece of staging memory, and a size that is no multiple of
  // anything.
  constexpr uint64_t size = (uint64_t(17) << 20) + 3;
  auto buffer = device.allocate(size);
  ASSERT_TRUE(buffer.ok()) << buffer.status().message();
  std::string data(size, 0), back(size, 0);
  for (uint64_t i = 0; i < size; ++i)
    data[i] = char(i * 31 >> 3);
  Status status = device.upload(**buffer, 0, data);
  ASSERT_TRUE(status.ok()) << status.message();
  status = device.download(**buffer, 0, back.data(), size);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(data == back);
  EXPECT_TRUE(failsWith(device.upload(**buffer, 64, data), StatusCode::Internal,
                        "copy outside of a buffer"));
}

TEST_P(AnyDeviceTest, WaitsForAListThatNobodyWaitedFor) {
  auto opened = open();
  ASSERT_TRUE(opened.ok());
  std::shared_ptr<DeviceModule> module;
  std::unique_ptr<DeviceKernel> kernel;
  createSpin(**opened, module, kernel);
  ASSERT_TRUE(kernel);
  auto source = (*opened)->allocate(16), target = (*opened)->allocate(16);
  ASSERT_TRUE(source.ok() && target.ok());
  LaunchCommand launch;
  launch.kernel = kernel.get();
  launch.sizes = {1000};
  launch.buffers = {{source->get(), 0, 0, 16}, {target->get(), 0, 0, 16}};
  auto list = (*opened)->record({launch}, {});
  ASSERT_TRUE(list.ok()) << list.status().message();
  ASSERT_TRUE((*opened)->submit(**list, {}).ok());
  EXPECT_TRUE(failsWith((*opened)->submit(**list, {}).status(),
                        StatusCode::Internal, "submitted again"));
  list->reset();
  EXPECT_TRUE((*opened)->allocate(16).ok());
}

// Last: the kernel may keep a software driver busy for a while.
TEST_P(AnyDeviceTest, GivesUpAtTheDeadline) {
  auto opened = open();
  ASSERT_TRUE(opened.ok());
  Device &device = **opened;
  std::shared_ptr<DeviceModule> module;
  std::unique_ptr<DeviceKernel> kernel;
  createSpin(device, module, kernel);
  ASSERT_TRUE(kernel);
  auto source = device.allocate(16), target = device.allocate(16);
  ASSERT_TRUE(source.ok() && target.ok());
  LaunchCommand launch;
  launch.kernel = kernel.get();
  // Many workgroups rather than one long loop, which llvmpipe ends after 65535
  // rounds.
  launch.grid = {16384, 1, 1};
  launch.sizes = {60000};
  launch.buffers = {{source->get(), 0, 0, 16}, {target->get(), 0, 0, 16}};
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
