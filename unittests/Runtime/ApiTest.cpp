//===- ApiTest.cpp - The C API --------------------------------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Runtime/runtime.h"

#include "TestModel.h"

using namespace tapml::rt::test;

namespace {
std::string takeMessage(tapml_status status) {
  std::string message = tapml_status_get_message(status);
  tapml_status_free(status);
  return message;
}

class ApiTest : public ::testing::Test {
protected:
  void SetUp() override {
    std::string path = writeModel(directory, makeManifest("host"));
    ASSERT_EQ(
        takeMessage(tapml_executable_load(path.c_str(), nullptr, &executable)),
        "");
    ASSERT_EQ(takeMessage(tapml_session_create(executable, &session)), "");
    // A session keeps its executable.
    tapml_executable_release(executable);
  }
  void TearDown() override { tapml_session_release(session); }

  TemporaryDirectory directory;
  tapml_executable executable = nullptr;
  tapml_session session = nullptr;
  float x[4] = {1, 2, 3, 4};
  int64_t ids[4] = {5, 6, 7, 8};
  int64_t shape[1] = {4};
  tapml_tensor inputs[2] = {{"ids", TAPML_I64, 1, shape, ids, sizeof(ids)},
                            {"x", TAPML_F32, 1, shape, x, sizeof(x)}};
};
} // namespace

TEST_F(ApiTest, RunsByName) {
  int64_t next[4] = {};
  tapml_tensor outputs[3] = {};
  outputs[2].data = next;
  outputs[2].bytes = sizeof(next);
  tapml_result result = nullptr;
  ASSERT_EQ(takeMessage(tapml_session_run(session, inputs, 2, outputs, 3,
                                          TAPML_RUN_PROFILE_STEPS, &result)),
            "");
  ASSERT_EQ(tapml_result_num_outputs(result), 3u);
  tapml_tensor y;
  ASSERT_EQ(tapml_result_output(result, 0, &y), nullptr);
  EXPECT_STREQ(y.name, "y");
  EXPECT_EQ(y.dtype, TAPML_F32);
  ASSERT_EQ(y.rank, 1u);
  EXPECT_EQ(y.shape[0], 4);
  EXPECT_EQ(static_cast<float *>(y.data)[3], 4 + 2 * 3.5f);
  EXPECT_EQ(next[0], 6);
  EXPECT_NE(std::string(tapml_result_report(result)).find("layer.0"),
            std::string::npos);
  EXPECT_NE(takeMessage(tapml_result_output(result, 3, &y)), "");
  tapml_result_retain(result);
  tapml_result_release(result);
  tapml_result_release(result);
}

TEST_F(ApiTest, InfersShapes) {
  int64_t many[1] = {100};
  inputs[0].shape = inputs[1].shape = many;
  inputs[0].data = inputs[1].data = nullptr;
  tapml_result result = nullptr;
  ASSERT_EQ(takeMessage(tapml_session_infer(session, inputs, 2, &result)), "");
  tapml_tensor z;
  ASSERT_EQ(tapml_result_output(result, 1, &z), nullptr);
  EXPECT_EQ(z.shape[0], 100);
  EXPECT_EQ(z.bytes, 400u);
  EXPECT_EQ(z.data, nullptr);
  tapml_result_release(result);
}

TEST_F(ApiTest, ReportsMisuse) {
  tapml_result result = nullptr;
  auto run = [&](size_t count) {
    return takeMessage(
        tapml_session_run(session, inputs, count, nullptr, 0, 0, &result));
  };
  inputs[1].name = "ids";
  EXPECT_NE(run(2).find("given twice"), std::string::npos);
  inputs[1].name = "y";
  EXPECT_NE(run(2).find("input 'y' is unknown; the model has 'x', 'ids'"),
            std::string::npos);
  EXPECT_NE(run(1).find("input 'x' is missing"), std::string::npos);
  inputs[1].name = nullptr;
  EXPECT_NE(run(2).find("some inputs have names"), std::string::npos);
  inputs[1].name = "x";
  inputs[1].bytes = 15;
  EXPECT_NE(run(2).find("input 'x' has 15 bytes"), std::string::npos);
  int unknown = 99;
  std::memcpy(&inputs[1].dtype, &unknown, sizeof(unknown));
  EXPECT_NE(run(2).find("unknown element type 99"), std::string::npos);
  EXPECT_EQ(result, nullptr);
  EXPECT_NE(takeMessage(
                tapml_session_run(nullptr, nullptr, 0, nullptr, 0, 0, &result)),
            "");
  tapml_executable missing = nullptr;
  tapml_status status =
      tapml_executable_load("/nonexistent/x.tapx", nullptr, &missing);
  EXPECT_EQ(tapml_status_get_code(status), TAPML_STATUS_NOT_FOUND);
  EXPECT_NE(takeMessage(status).find("/nonexistent/x.tapx"), std::string::npos);
  tapml_executable_release(nullptr);
  tapml_status_free(nullptr);
}

TEST_F(ApiTest, DescribesTheModel) {
  tapml_executable again = nullptr;
  tapml_load_options options = {};
  options.struct_size = sizeof(options);
  options.threads = 1;
  ASSERT_EQ(takeMessage(tapml_executable_load(
                directory.file("model.tapx").c_str(), &options, &again)),
            "");
  EXPECT_EQ(tapml_executable_num_inputs(again), 2u);
  EXPECT_EQ(tapml_executable_num_outputs(again), 3u);
  tapml_tensor_info info;
  ASSERT_EQ(tapml_executable_input(again, 1, &info), nullptr);
  EXPECT_STREQ(info.name, "ids");
  EXPECT_EQ(info.dtype, TAPML_I64);
  EXPECT_STREQ(info.dims[0].symbol, "n");
  EXPECT_EQ(info.dims[0].max, 100000);
  ASSERT_EQ(tapml_executable_output(again, 2, &info), nullptr);
  EXPECT_STREQ(info.name, "next");
  EXPECT_EQ(info.rank, 1u);
  EXPECT_NE(std::string(tapml_executable_manifest(again)).find("\"format\""),
            std::string::npos);
  tapml_executable_release(again);
}

TEST_F(ApiTest, ListsDevices) {
  char *json = nullptr, *note = nullptr;
  ASSERT_EQ(takeMessage(tapml_list_devices(&json, &note)), "");
  EXPECT_EQ(nlohmann::json::parse(json)[0]["id"], "host");
  tapml_string_free(json);
  tapml_string_free(note);
}
