//===- TestModel.cpp - A small executable for the runtime's tests ---------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestModel.h"

#include <cstdlib>
#include <dirent.h>
#include <fstream>
#include <unistd.h>

using namespace tapml::rt;
using namespace tapml::rt::test;

static std::string makeDirectory() {
  const char *base = std::getenv("TMPDIR");
  std::string pattern = std::string(base ? base : "/tmp") + "/tapml-XXXXXX";
  return mkdtemp(pattern.data()) ? pattern : "";
}

TemporaryDirectory::TemporaryDirectory() : path(makeDirectory()) {}

TemporaryDirectory::~TemporaryDirectory() {
  for (const std::string &name : list())
    unlink(file(name).c_str());
  rmdir(path.c_str());
}

std::vector<std::string> TemporaryDirectory::list() const {
  std::vector<std::string> names;
  if (DIR *directory = opendir(path.c_str())) {
    while (dirent *entry = readdir(directory))
      if (std::string(entry->d_name) != "." &&
          std::string(entry->d_name) != "..")
        names.push_back(entry->d_name);
    closedir(directory);
  }
  return names;
}

std::string test::readFile(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void test::writeFile(const std::string &path, const std::string &contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

/// Number of elements of the weight.
static constexpr int64_t weightSize = 8;

OrderedJson test::makeManifest(const std::string &place, bool mixed) {
  int target = place == "host" ? 0 : 1;
  // The other place is there, though nothing is on it.
  std::string device = target ? place : "vulkan";
  std::string language = device == "webgpu"  ? "wgsl."
                         : device == "metal" ? "msl."
                                             : "spirv.";
  auto variant = [](int place, bool addsWeight) {
    // Kernels 0 to 2 are the host's, 3 to 5 the device's.
    int base = place * 3;
    OrderedJson v;
    v["place"] = place;
    v["size_args"] = 0;
    if (!addsWeight) {
      v["args"] = {{{"dtype", "i32"}, {"shape", {-1}}, {"constant", false}}};
      v["exprs"] = {
          {"dim", 0, 0}, {"const", 64}, {"ceildiv", 0, 1}, {"const", 1}};
      v["results"] = {{{"dtype", "i32"}, {"shape", {0}}}};
      v["steps"] = {{{"buffers", {{{"arg", 0}}, {{"result", 0}}}},
                     {"sizes", {0}},
                     {"cases", {{{"kernel", base + 2}, {"grid", {2, 3, 3}}}}}}};
      return v;
    }
    v["args"] = {{{"dtype", "f32"}, {"shape", {-1}}, {"constant", false}},
                 {{"dtype", "f32"}, {"shape", {-1}}, {"constant", true}}};
    v["exprs"] = {{"dim", 0, 0},     {"dim", 1, 0},     {"const", 64},
                  {"const", 1},      {"ceildiv", 0, 2}, {"ceildiv", 1, 2},
                  {"const", 100},    {"le", 0, 6},      {"const", 0},
                  {"floordiv", 0, 8}};
    v["results"] = {{{"dtype", "f32"}, {"shape", {0}}}};
    v["prepared"] = {{{"dtype", "f32"}, {"shape", {1}}}};
    v["checks"] = {{{"expr", 0}, {"max", 1 << 20}, {"what", "elements"}}};
    v["init"] = {{{"buffers", {{{"arg", 1}}, {{"prepared", 0}}}},
                  {"sizes", {1}},
                  {"cases", {{{"kernel", base + 1}, {"grid", {5, 3, 3}}}}}}};
    // The guarded case is the same kernel; its grid needs no rounding.
    v["steps"] = {
        {{"buffers", {{{"arg", 0}}, {{"prepared", 0}}, {{"result", 0}}}},
         {"sizes", {0, 1}},
         {"cases",
          {{{"when", 7}, {"kernel", base}, {"grid", {4, 3, 3}}},
           {{"kernel", base}, {"grid", {4, 3, 3}}}}}}};
    return v;
  };
  auto kernel = [](const char *name, int place, const char *entry,
                   const std::string &section, OrderedJson access, int sizes) {
    OrderedJson k = {{"name", name},   {"place", place},
                     {"entry", entry}, {"access", std::move(access)},
                     {"sizes", sizes}, {"workgroup", {64, 1, 1}}};
    if (place)
      k["section"] = section;
    return k;
  };
  OrderedJson m;
  m["format"] = {{"major", 1}, {"minor", 0}};
  m["producer"] = "test";
  m["model"] = "small";
  m["package"] = {{"weights", "weights.safetensors"},
                  {"weights_bytes", 0},
                  {"weights_header_sha256", ""}};
  m["host"] = {
      {"triple", hostTriple()},
      {"payloads",
       {{{"cpu", "future"}, {"features", {"nosuch"}}, {"section", "host.x"}},
        {{"cpu", "any"},
         {"features", OrderedJson::array()},
         {"section", "host.any"}}}}};
  m["places"] = {{{"name", "host"}, {"kind", "host"}}};
  m["places"].push_back({{"name", device},
                         {"kind", device},
                         {"profile",
                          {{"name", "small"},
                           {"limits", {{"max_workgroup_invocations", 64}}},
                           {"features", OrderedJson::array()}}}});
  m["symbols"] = {{{"name", "n"}, {"min", 1}, {"max", 100000}}};
  m["inputs"] = {{{"name", "x"}, {"dtype", "f32"}, {"shape", {"n"}}},
                 {{"name", "ids"}, {"dtype", "i64"}, {"shape", {"n"}}}};
  m["weights"] = {{{"key", "w"}, {"dtype", "f32"}, {"shape", {weightSize}}}};
  OrderedJson rrw = {"read", "read", "write"}, rw = {"read", "write"};
  m["kernels"] = {kernel("add_weight.host", 0, "add_weight", "", rrw, 2),
                  kernel("double.host", 0, "twice", "", rw, 1),
                  kernel("increment.host", 0, "increment", "", rw, 1),
                  kernel("add_weight", 1, "add_weight", language + "0", rrw, 2),
                  kernel("double", 1, "twice", language + "0", rw, 1),
                  kernel("increment", 1, "increment", language + "1", rw, 1)};
  m["executables"] = {
      {{"name", "add"}, {"variants", {variant(0, true), variant(1, true)}}},
      {{"name", "increment"},
       {"variants", {variant(0, false), variant(1, false)}}}};

  OrderedJson main;
  main["exprs"] = {{"dim", 0, 0}, {"const", 4},  {"mul", 0, 1},
                   {"const", 8},  {"mul", 0, 3}, {"const", weightSize}};
  OrderedJson values = OrderedJson::array(), slots = OrderedJson::array(),
              steps = OrderedJson::array();
  auto slotValue = [&](int where, const char *dtype, int bytes) {
    slots.push_back({{"place", where}, {"bytes", bytes}});
    values.push_back({{"kind", "slot"},
                      {"slot", slots.size() - 1},
                      {"place", where},
                      {"dtype", dtype},
                      {"shape", {0}}});
    return int(values.size()) - 1;
  };
  auto weightValue = [&](int where) {
    values.push_back({{"kind", "weight"}, {"index", 0}, {"place", where}});
    return int(values.size()) - 1;
  };
  auto transfer = [&](int from, int to) {
    steps.push_back({{"op", "transfer"}, {"from", from}, {"to", to}});
    return to;
  };
  auto dispatch = [&](int executable, int where, OrderedJson operands, int to,
                      const char *instance) {
    steps.push_back({{"op", "dispatch"},
                     {"executable", executable},
                     {"variant", where},
                     {"operands", std::move(operands)},
                     {"sizes", OrderedJson::array()},
                     {"results", {to}},
                     {"instances", {instance}}});
    return to;
  };
  values.push_back({{"kind", "input"}, {"index", 0}, {"place", 0}});
  values.push_back({{"kind", "input"},
                    {"index", 1},
                    {"place", 0},
                    {"dtype", "i64"},
                    {"shape", {0}}});
  int weight = weightValue(target);
  int x = target ? transfer(0, slotValue(target, "f32", 2)) : 0;
  int y =
      dispatch(0, target, {x, weight}, slotValue(target, "f32", 2), "layer.0");
  int hostY = target ? transfer(y, slotValue(0, "f32", 2)) : y;
  int z;
  if (mixed) {
    z = dispatch(0, 0, {hostY, weightValue(0)}, slotValue(0, "f32", 2),
                 "layer.1");
  } else {
    z = dispatch(0, target, {y, weight}, slotValue(target, "f32", 2),
                 "layer.1");
    if (target)
      z = transfer(z, slotValue(0, "f32", 2));
  }
  int ids = transfer(1, slotValue(target, "i32", 2));
  int next = dispatch(1, target, {ids}, slotValue(target, "i32", 2), "layer.2");
  next = transfer(next, slotValue(0, "i64", 4));
  main["values"] = values;
  main["slots"] = slots;
  main["steps"] = steps;
  m["outputs"] = {{{"name", "y"}, {"value", hostY}},
                  {{"name", "z"}, {"value", z}},
                  {{"name", "next"}, {"value", next}}};
  m["main"] = main;
  return m;
}

std::string
test::writeModel(const TemporaryDirectory &directory,
                 const OrderedJson &manifest,
                 const std::map<std::string, std::string> &sections) {
  std::vector<float> weight;
  for (int i = 0; i < weightSize; ++i)
    weight.push_back(float(i) + 0.5f);
  std::string weights = directory.file("weights.safetensors");
  EXPECT_TRUE(
      writeSafetensors(weights, {{"w",
                                  DType::F32,
                                  {weightSize},
                                  ByteSpan(weight.data(), weight.size() * 4)}})
          .ok());
  OrderedJson complete = manifest;
  auto opened = SafetensorsFile::open(weights);
  EXPECT_TRUE(opened.ok());
  if (complete.contains("package")) {
    complete["package"]["weights_bytes"] = readFile(weights).size();
    complete["package"]["weights_header_sha256"] =
        toHex((*opened)->headerDigest());
  }
  std::string text = complete.dump();
  std::map<std::string, std::string> contents = {
      {"manifest", text},
      {"host.any", readFile(TAPML_TEST_HOST_KERNELS)},
      {"spirv.0", readFile(TAPML_TEST_BINARIES "/float_kernels.spv")},
      {"spirv.1", readFile(TAPML_TEST_BINARIES "/int_kernels.spv")},
      {"spirv.2", readFile(TAPML_TEST_BINARIES "/texel_kernels.spv")},
      {"wgsl.0", readFile(TAPML_TEST_INPUTS "/float_kernels.wgsl")},
      {"wgsl.1", readFile(TAPML_TEST_INPUTS "/int_kernels.wgsl")},
      {"msl.0", readFile(TAPML_TEST_INPUTS "/float_kernels.metal")},
      {"msl.1", readFile(TAPML_TEST_INPUTS "/int_kernels.metal")}};
  for (const auto &[name, data] : sections)
    contents[name] = data;
  EXPECT_FALSE(contents["host.any"].empty());
  EXPECT_FALSE(contents["wgsl.0"].empty());
  EXPECT_FALSE(contents["msl.0"].empty());
  std::vector<TapxSection> list;
  for (const auto &[name, data] : contents)
    list.push_back({name, data});
  std::string path = directory.file("model.tapx");
  Status status = writeTapxFile(path, list);
  EXPECT_TRUE(status.ok()) << status.message();
  return path;
}

static Result<std::shared_ptr<RunResult>>
runModel(Session &session, const std::vector<float> &x,
         const std::vector<int64_t> &ids, bool perStep) {
  return session.run({{DType::F32, {int64_t(x.size())}, x.data()},
                      {DType::I64, {int64_t(ids.size())}, ids.data()}},
                     {}, RunOptions{perStep, {}});
}

void test::runAndCheck(Session &session, int64_t n, bool perStep) {
  std::vector<float> x;
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < n; ++i) {
    x.push_back(float(i) * 0.25f);
    ids.push_back(i * 3 - 7);
  }
  auto result = runModel(session, x, ids, perStep);
  ASSERT_TRUE(result.ok()) << result.status().message();
  const std::vector<OutputTensor> &outputs = (*result)->outputs;
  ASSERT_EQ(outputs.size(), 3u);
  const auto *y = static_cast<const float *>(outputs[0].data);
  const auto *z = static_cast<const float *>(outputs[1].data);
  const auto *next = static_cast<const int64_t *>(outputs[2].data);
  for (int64_t i = 0; i < n; ++i) {
    float twice = 2 * (float(i % weightSize) + 0.5f);
    ASSERT_EQ(y[i], x[size_t(i)] + twice) << i;
    ASSERT_EQ(z[i], x[size_t(i)] + twice + twice) << i;
    ASSERT_EQ(next[i], ids[size_t(i)] + 1) << i;
  }
}

Status test::runWithIds(Session &session, const std::vector<int64_t> &ids) {
  return runModel(session, std::vector<float>(ids.size()), ids, false).status();
}

::testing::AssertionResult test::failsWith(const Status &status,
                                           StatusCode code,
                                           const std::string &text) {
  if (status.ok())
    return ::testing::AssertionFailure() << "it succeeds";
  if (status.code() == code &&
      std::string(status.message()).find(text) != std::string::npos)
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure()
         << "code " << int(status.code()) << ": " << status.message();
}
