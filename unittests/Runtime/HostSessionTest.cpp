//===- HostSessionTest.cpp - Running on the host --------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestModel.h"

#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace tapml::rt;
using namespace tapml::rt::test;

namespace {
class HostSessionTest : public ::testing::Test {
protected:
  void load(LoadOptions options = {}) {
    auto loaded = Executable::load(writeModel(directory, manifest), options);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    executable = *loaded;
  }
  Status loadFailure(LoadOptions options = {}) {
    return Executable::load(writeModel(directory, manifest), options).status();
  }

  TemporaryDirectory directory;
  OrderedJson manifest = makeManifest("host");
  std::shared_ptr<Executable> executable;
};
} // namespace

TEST_F(HostSessionTest, RunsAtManySizes) {
  load();
  Session session(executable);
  for (int64_t n : {1, 7, 64, 65, 1000, 3, 7, 20000, 1, 2, 4, 5, 6, 8, 9, 10})
    runAndCheck(session, n);
}

TEST_F(HostSessionTest, SameBytesWithAnyNumberOfThreads) {
  LoadOptions options;
  for (unsigned threads : {1u, 2u, 5u}) {
    options.threads = threads;
    load(options);
    Session session(executable);
    runAndCheck(session, 4097);
  }
}

TEST_F(HostSessionTest, SessionsRunSideBySide) {
  load();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Session session(executable);
      for (int64_t i = 0; i < 20; ++i)
        runAndCheck(session, 1 + (i * 37 + t * 11) % 500);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(HostSessionTest, OneSessionFromSeveralThreads) {
  load();
  Session session(executable);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int64_t i = 0; i < 20; ++i)
        runAndCheck(session, 1 + (i * 37 + t * 11) % 500);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(HostSessionTest, BindsPartsOfBuffers) {
  // All of 100 floats, as a part; of fewer there is no such part.
  manifest["executables"][0]["variants"][0]["steps"][0]["buffers"][0] = {
      {"part_of", {{"arg", 0}}}, {"offset", 0}, {"bytes", 400}};
  load();
  Session session(executable);
  runAndCheck(session, 100);
  std::vector<float> x(99);
  std::vector<int64_t> ids(99);
  auto result = session.run(
      {{DType::F32, {99}, x.data()}, {DType::I64, {99}, ids.data()}}, {}, {});
  EXPECT_TRUE(failsWith(result.status(), StatusCode::Damaged,
                        "binds bytes 0 to 400 of a buffer of 396"));
}

TEST_F(HostSessionTest, UsesMisalignedCallerMemory) {
  load();
  Session session(executable);
  std::vector<float> xs(12), ys(12);
  std::vector<int64_t> ids(9);
  for (int i = 0; i < 12; ++i)
    xs[size_t(i)] = float(i);
  auto result = session.run(
      {{DType::F32, {9}, xs.data() + 1}, {DType::I64, {9}, ids.data()}},
      {{ys.data() + 1, 36}, {nullptr, 0}, {nullptr, 0}}, {});
  ASSERT_TRUE(result.ok()) << result.status().message();
  EXPECT_EQ((*result)->outputs[0].data, ys.data() + 1);
  for (int i = 0; i < 9; ++i)
    EXPECT_EQ(ys[size_t(i) + 1], float(i + 1) + 2 * (float(i % 8) + 0.5f));
  EXPECT_EQ(ys[0], 0.0f);
  EXPECT_EQ(ys[10], 0.0f);
}

TEST_F(HostSessionTest, ReportsSteps) {
  load();
  Session session(executable);
  runAndCheck(session, 10, /*perStep=*/true);
  std::vector<float> x(4);
  std::vector<int64_t> ids(4);
  auto result =
      session.run({{DType::F32, {4}, x.data()}, {DType::I64, {4}, ids.data()}},
                  {}, RunOptions{/*perStep=*/true, {}});
  ASSERT_TRUE(result.ok());
  const RunReport &report = (*result)->report;
  EXPECT_EQ(report.steps.size(), manifest["main"]["steps"].size());
  EXPECT_EQ(report.places[0].launches, 3u);
  EXPECT_EQ(report.bytesToDevices, 0u);
  auto json = nlohmann::json::parse(report.toJson());
  EXPECT_EQ(json["steps"][0]["what"], "executable 'add' (layer.0)");
}

TEST_F(HostSessionTest, ShowsEveryStepToAnObserver) {
  load();
  Session session(executable);
  std::vector<float> x{1, 2, 3, 4};
  std::vector<int64_t> ids{5, 6, 7, 8};
  const Manifest &m = executable->manifest();
  std::map<uint32_t, std::vector<uint8_t>> produced;
  RunOptions options{/*perStep=*/true, {}};
  options.observer = [&](const ObservedStep &step) -> Status {
    for (const ObservedValue &value : step.operands) {
      if (m.main.values[value.id].kind == ValueDesc::Kind::Weight)
        EXPECT_TRUE(value.bytes.empty());
      else if (produced.count(value.id))
        EXPECT_EQ(value.bytes, produced[value.id]);
    }
    for (const ObservedValue &value : step.results)
      produced[value.id] = value.bytes;
    return Status();
  };
  std::vector<InputTensor> inputs{{DType::F32, {4}, x.data()},
                                  {DType::I64, {4}, ids.data()}};
  auto result = session.run(inputs, {}, options);
  ASSERT_TRUE(result.ok()) << result.status().message();
  for (size_t i = 0; i < m.outputs.size(); ++i) {
    const OutputTensor &output = (*result)->outputs[i];
    const auto *data = static_cast<const uint8_t *>(output.data);
    EXPECT_EQ(produced[m.outputs[i].value],
              std::vector<uint8_t>(data, data + output.bytes));
  }
  options.observer = [&](const ObservedStep &) {
    return makeError(StatusCode::InvalidArgument, "seen enough");
  };
  EXPECT_TRUE(failsWith(session.run(inputs, {}, options).status(),
                        StatusCode::InvalidArgument, "seen enough"));
}

TEST_F(HostSessionTest, RefusesWrongInputs) {
  load();
  Session session(executable);
  std::vector<float> x(8);
  std::vector<int64_t> ids(8);
  InputTensor goodX{DType::F32, {8}, x.data()};
  InputTensor goodIds{DType::I64, {8}, ids.data()};
  auto run = [&](std::vector<InputTensor> inputs) {
    return session.run(inputs, {}, {}).status();
  };
  EXPECT_TRUE(failsWith(run({goodX}), StatusCode::InvalidArgument,
                        "got 1 inputs, the model has 2: 'x', 'ids'"));
  EXPECT_TRUE(failsWith(run({goodX, {DType::I32, {8}, ids.data()}}),
                        StatusCode::InvalidArgument,
                        "input 'ids' has element type i32, expected i64"));
  EXPECT_TRUE(failsWith(run({{DType::F32, {2, 4}, x.data()}, goodIds}),
                        StatusCode::InvalidArgument,
                        "input 'x' has rank 2 (2x4), expected rank 1 (n)"));
  EXPECT_TRUE(failsWith(run({goodX, {DType::I64, {7}, ids.data()}}),
                        StatusCode::InvalidArgument,
                        "input 'ids': dimension 0 ('n') is 7, expected 8 as in "
                        "dimension 0 of input 'x'"));
  EXPECT_TRUE(failsWith(
      run({{DType::F32, {0}, x.data()}, {DType::I64, {0}, ids.data()}}),
      StatusCode::InvalidArgument, "('n') is 0, expected 1 to 100000"));
  EXPECT_TRUE(failsWith(
      session.run({goodX, goodIds}, {{x.data(), 4}, {}, {}}, {}).status(),
      StatusCode::InvalidArgument,
      "output 'y' needs 32 bytes (8 f32), the buffer has 4"));
}

TEST_F(HostSessionTest, RefusesValuesThatDoNotNarrow) {
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, {1, 2, int64_t(1) << 32}),
                        StatusCode::InvalidArgument,
                        "input 'ids': element [2] is 4294967296"));
  EXPECT_TRUE(runWithIds(session, {INT32_MAX, INT32_MIN}).ok());
  EXPECT_FALSE(runWithIds(session, {int64_t(INT32_MIN) - 1}).ok());
}

TEST_F(HostSessionTest, NamesTheInstanceOfAFailedCheck) {
  manifest["executables"][0]["variants"][0]["checks"][0]["max"] = 5;
  load();
  Session session(executable);
  EXPECT_TRUE(failsWith(runWithIds(session, std::vector<int64_t>(6)),
                        StatusCode::ResourceExhausted,
                        "executable 'add' (layer.0): elements: 6, at most 5"));
}

TEST_F(HostSessionTest, RefusesHostCodeWhenSwitchedOff) {
  LoadOptions options;
  options.noHostCode = true;
  EXPECT_TRUE(failsWith(loadFailure(options), StatusCode::InvalidArgument,
                        "--no-host-code"));
}

TEST_F(HostSessionTest, RefusesForeignHostCode) {
  manifest["host"]["triple"] = "sparc64-unknown-linux-gnu";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Incompatible,
                        "the host code is for 'sparc64-unknown-linux-gnu'"));
  manifest = makeManifest("host");
  manifest["host"]["payloads"].erase(1);
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Incompatible,
                        "'future' needs nosuch"));
  manifest = makeManifest("host");
  manifest["host"]["payloads"][1]["section"] = "spirv.0";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged, "not an ELF file"));
  manifest = makeManifest("host");
  manifest["kernels"][0]["entry"] = "nosuch";
  EXPECT_TRUE(failsWith(loadFailure(), StatusCode::Damaged,
                        "no function 'nosuch' for kernel 'add_weight.host'"));
}

TEST_F(HostSessionTest, RefusesUnknownPlacesAndDevices) {
  LoadOptions options;
  options.bindings["nosuch"] = "vulkan:0";
  EXPECT_TRUE(failsWith(loadFailure(options), StatusCode::InvalidArgument,
                        "no place 'nosuch'"));
}

TEST_F(HostSessionTest, RefusesOtherWeights) {
  std::string path = writeModel(directory, manifest);
  std::string weights = directory.file("weights.safetensors");
  std::string good = readFile(weights);
  auto load = [&] { return Executable::load(path, {}).status(); };
  writeFile(weights, good.substr(0, good.size() - 5));
  EXPECT_TRUE(failsWith(load(), StatusCode::Damaged, "cut short: tensor 'w'"));
  std::string renamed = good;
  renamed[renamed.find("\"w\"") + 1] = 'v';
  writeFile(weights, renamed);
  EXPECT_TRUE(
      failsWith(load(), StatusCode::Incompatible, "have another header"));
  unlink(weights.c_str());
  EXPECT_TRUE(failsWith(load(), StatusCode::NotFound, "--weights"));
  LoadOptions options;
  options.weightsPath = directory.file("elsewhere.safetensors");
  writeFile(options.weightsPath, good);
  EXPECT_TRUE(Executable::load(path, options).ok());
}

TEST_F(HostSessionTest, NoticesWeightsCutDuringUse) {
  // Use the weight itself, in place.
  auto &variant = manifest["executables"][0]["variants"][0];
  variant["steps"][0]["buffers"][1] = {{"arg", 1}};
  load();
  Session session(executable);
  ASSERT_TRUE(runWithIds(session, {1}).ok());
  ASSERT_EQ(truncate(directory.file("weights.safetensors").c_str(), 10), 0);
  EXPECT_TRUE(failsWith(runWithIds(session, {1}), StatusCode::Damaged,
                        "was cut short while in use"));
}
