//===- ManifestTest.cpp - Manifests, sound and otherwise ------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestModel.h"

using namespace tapml::rt;
using namespace tapml::rt::test;

static Status parse(const OrderedJson &json) {
  return Manifest::parse(json.dump()).status();
}

TEST(ManifestTest, ReadsAllModels) {
  for (const char *place : {"host", "vulkan"})
    for (bool mixed : {false, true}) {
      Status status = parse(makeManifest(place, mixed));
      EXPECT_TRUE(status.ok()) << status.message();
    }
}

TEST(ManifestTest, NamesThePlaceOfAProblem) {
  auto expect = [](const std::function<void(OrderedJson &)> &change,
                   const std::string &text) {
    OrderedJson json = makeManifest("vulkan");
    change(json);
    EXPECT_TRUE(failsWith(parse(json), StatusCode::Damaged, text)) << text;
  };
  expect([](auto &j) { j.erase("kernels"); },
         "manifest: member 'kernels' is missing");
  expect([](auto &j) { j["kernels"][2]["place"] = 7; },
         "kernels[2].place: 7 is not one of the 2 places");
  expect([](auto &j) { j["kernels"][0]["access"][0] = "look"; },
         "kernels[0].access[0]: expected 'read', 'write', 'readwrite' or "
         "'texels ' "
         "and one of f16, f16x4, f32, f32x4, u32, u32x4, u8, u8x4");
  expect([](auto &j) { j["inputs"][0]["shape"][0] = "m"; },
         "inputs[0].shape[0]: symbol 'm' is not declared");
  expect([](auto &j) { j["inputs"][0]["dtype"] = "f8"; },
         "inputs[0].dtype: element type 'f8' is unknown");
  expect([](auto &j) { j["main"]["exprs"][2] = {"mul", 2, 1}; },
         "main.exprs[2][1]: 2 is not one of the 2 earlier expressions");
  expect([](auto &j) { j["main"]["exprs"][0] = {"dim", 0, 1}; },
         "main.exprs[0][2]: 1 is not one of the 1 dimensions");
  expect([](auto &j) { j["main"]["exprs"][0] = {"size", 0}; },
         "0 is not one of the 0 size operands");
  expect([](auto &j) { j["main"]["exprs"][0] = {"pow", 0, 0}; },
         "operation 'pow' is unknown");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["steps"][0]["buffers"].erase(0);
      },
      "kernel 'add_weight' takes 3 buffers, got 2");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["steps"][0]["sizes"].push_back(0);
      },
      "kernel 'add_weight' takes 2 sizes, got 3");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["steps"][0]["cases"][1]["kernel"] =
            0;
      },
      "kernel 'add_weight.host' is for place 'host', not 'vulkan'");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["steps"][0]["buffers"][2] = {
            {"arg", 0}};
      },
      "argument 0 is written");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["init"][0]["buffers"][0] = {
            {"arg", 0}};
      },
      "argument 0 is not constant");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["init"][0]["sizes"] = {0};
      },
      "a size depends on more than constant arguments");
  expect(
      [](auto &j) {
        j["executables"][0]["variants"][1]["init"] = OrderedJson::array();
      },
      "prepared tensor 0 is never written");
  expect(
      [](auto &j) {
        j["executables"][1]["variants"][1]["steps"] = OrderedJson::array();
      },
      "result 0 is never written");
  expect([](auto &j) { j["main"]["steps"].erase(0); },
         "is used before it is defined");
  expect([](auto &j) { j["main"]["steps"].push_back(j["main"]["steps"][0]); },
         "is defined twice");
  expect(
      [](auto &j) {
        j["main"]["values"][4]["slot"] = j["main"]["values"][3]["slot"];
      },
      "shares slot 0 with an operand");
  expect([](auto &j) { j["places"][1]["kind"] = "host"; },
         "there are 2 hosts, needs one");
  expect([](auto &j) { j["kernels"][3].erase("section"); },
         "kernel 'add_weight' names no section");
  expect([](auto &j) { j["main"]["steps"][1]["operands"][1] = 0; },
         "operand 1 is f32 of rank 1 at 'host', needs f32 of rank 1 at "
         "'vulkan'");
  expect([](auto &j) { j["symbols"][0]["max"] = 0; }, "is not a range");
  expect([](auto &j) { j["kernels"][3]["uniform_sizes"] = 0; },
         "kernels[3].uniform_sizes: a uniform buffer needs a size");
  auto expectPart = [&](const OrderedJson &part, const std::string &text) {
    expect(
        [&](auto &j) {
          j["executables"][0]["variants"][1]["steps"][0]["buffers"][0] = part;
        },
        text);
  };
  OrderedJson all = {{"arg", 0}};
  expectPart({{"part_of", all}, {"offset", 100}, {"bytes", 4}},
             "an offset that is a multiple of 256");
  expectPart({{"part_of", all}, {"offset", 0}, {"bytes", 0}},
             "a part needs a size");
  expectPart({{"part_of", all}, {"offset", 0}}, "member 'bytes' is missing");
  expectPart({{"part_of", {{"part_of", all}, {"offset", 0}, {"bytes", 4}}},
              {"offset", 0},
              {"bytes", 4}},
             "a part has no parts");
}

TEST(ManifestTest, RefusesOtherVersionsAndOtherText) {
  OrderedJson json = makeManifest("host");
  json["format"]["major"] = 2;
  EXPECT_TRUE(failsWith(parse(json), StatusCode::Incompatible, "format 2"));
  EXPECT_TRUE(failsWith(Manifest::parse("{\"a\": tru}").status(),
                        StatusCode::Damaged, "not valid JSON near byte"));
  EXPECT_FALSE(Manifest::parse("").ok());
  EXPECT_FALSE(Manifest::parse(std::string(100000, '[')).ok());
  EXPECT_FALSE(Manifest::parse("[]").ok());
}

/// Calls `visit` for every node below `node`.
static void forEachNode(OrderedJson &node,
                        const std::function<void(OrderedJson &)> &visit) {
  for (auto &child : node) {
    visit(child);
    if (child.is_structured())
      forEachNode(child, visit);
  }
}

TEST(ManifestTest, NoChangeOfANodeCrashes) {
  // Plan and load what still parses. It is not run: host kernels trust the
  // sizes that the compiler gave them.
  static const OrderedJson replacements[] = {nullptr,
                                             true,
                                             0,
                                             1,
                                             2,
                                             -1,
                                             int64_t(1) << 40,
                                             1.5,
                                             "",
                                             "host",
                                             OrderedJson::array(),
                                             OrderedJson::object()};
  TemporaryDirectory directory;
  OrderedJson original = makeManifest("host");
  size_t numAccepted = 0;
  OrderedJson changed = original;
  LoadOptions options;
  options.threads = 1;
  forEachNode(changed, [&](OrderedJson &node) {
    OrderedJson saved = node;
    for (const OrderedJson &replacement : replacements) {
      node = replacement;
      if (!parse(changed).ok())
        continue;
      ++numAccepted;
      auto manifest = Manifest::parse(changed.dump());
      std::vector<Shape> shapes;
      for (const InputDesc &input : manifest->inputs)
        shapes.push_back(Shape(input.shape.size(), 9));
      (void)inferOutputShapes(*manifest, shapes);
      auto executable =
          Executable::load(writeModel(directory, changed), options);
      if (executable.ok())
        (void)planShapes(**executable, shapes);
    }
    node = saved;
  });
  EXPECT_GT(numAccepted, 0u);
}
