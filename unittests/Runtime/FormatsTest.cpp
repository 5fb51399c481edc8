//===- FormatsTest.cpp - Safetensors and NumPy files ----------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Numpy.h"
#include "TestModel.h"

using namespace tapml::rt;
using namespace tapml::rt::test;

TEST(SafetensorsTest, RoundTrip) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.safetensors");
  std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  std::vector<uint8_t> flags = {1, 0, 1};
  ASSERT_TRUE(writeSafetensors(
                  path, {{"b", DType::F32, {2, 3}, ByteSpan(floats.data(), 24)},
                         {"a", DType::I1, {3}, ByteSpan(flags)},
                         {"none", DType::I64, {0, 4}, ByteSpan()},
                         {"one", DType::I64, {}, ByteSpan(floats.data(), 8)}})
                  .ok());
  auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ((*file)->entries().size(), 4u);
  const SafetensorsEntry *b = (*file)->find("b");
  ASSERT_TRUE(b);
  EXPECT_EQ(b->shape, (Shape{2, 3}));
  EXPECT_EQ(b->offset % 64, 0u);
  EXPECT_EQ(std::memcmp((*file)->bytes(*b).data, floats.data(), 24), 0);
  EXPECT_EQ((*file)->find("a")->dtype, DType::I1);
  EXPECT_EQ((*file)->find("one")->shape, Shape{});
}

TEST(SafetensorsTest, EveryTruncationIsAnError) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.safetensors");
  std::vector<float> floats = {1, 2, 3};
  ASSERT_TRUE(writeSafetensors(
                  path, {{"x", DType::F32, {3}, ByteSpan(floats.data(), 12)}})
                  .ok());
  std::string bytes = readFile(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    writeFile(path, bytes.substr(0, size));
    EXPECT_TRUE(failsWith(SafetensorsFile::open(path).status(),
                          StatusCode::Damaged, "cut short"))
        << size;
  }
  // Changed bytes of the header end in an error or a readable file.
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[i] = char(changed[i] ^ (1 << bit));
      writeFile(path, changed);
      (void)SafetensorsFile::open(path);
    }
}

TEST(SafetensorsTest, RefusesInconsistentHeaders) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.safetensors");
  auto open = [&](const std::string &header, size_t dataSize) {
    std::string bytes;
    appendLE<uint64_t>(bytes, header.size());
    writeFile(path, bytes + header + std::string(dataSize, 'd'));
    return SafetensorsFile::open(path).status();
  };
  auto tensor = [](const char *range, const char *shape = "[2]",
                   const char *dtype = "F32") {
    return std::string("{\"dtype\":\"") + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + range + "}";
  };
  EXPECT_TRUE(open("{\"x\":" + tensor("[0,8]") + "}", 8).ok());
  EXPECT_TRUE(failsWith(open("{\"x\":" + tensor("[0,9]") + "}", 9),
                        StatusCode::Damaged, "do not hold the shape 2"));
  EXPECT_TRUE(failsWith(
      open("{\"x\":" + tensor("[0,8]") + ",\"y\":" + tensor("[4,12]") + "}",
           12),
      StatusCode::Damaged, "overlap"));
  EXPECT_TRUE(failsWith(open("{\"x\":" + tensor("[4,12]") + "}", 12),
                        StatusCode::Damaged, "leave a hole"));
  EXPECT_TRUE(failsWith(open("{\"x\":" + tensor("[0,8]") + "}", 9),
                        StatusCode::Damaged, "follow the last tensor"));
  EXPECT_TRUE(failsWith(open("{\"x\":" + tensor("[0,8]", "[2]", "F7") + "}", 8),
                        StatusCode::Damaged, "x: element type 'F7'"));
  EXPECT_FALSE(open("{\"x\":" + tensor("[0,8]", "[-2]") + "}", 8).ok());
  EXPECT_FALSE(open("{\"x\":" + tensor("[8,0]") + "}", 8).ok());
  EXPECT_FALSE(
      open("{\"x\":" +
               tensor("[0,8]", "[4611686018427387904,4611686018427387904]") +
               "}",
           8)
          .ok());
  EXPECT_FALSE(open("[]", 0).ok());
}

/// What numpy.save writes for numpy.array([[1, 2], [3, 4]], dtype) in the given
/// order.
static std::string numpyBytes(const std::string &descr, bool fortran,
                              const std::string &data) {
  std::string header = "{'descr': '" + descr +
                       "', 'fortran_order': " + (fortran ? "True" : "False") +
                       ", 'shape': (2, 2), }";
  header.resize(117, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00\x76\x00", 10);
  return out + header + data;
}

TEST(NumpyTest, WritesWhatNumpyWrites) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.npy");
  std::vector<int32_t> values = {1, 2, 3, 4};
  std::string data(reinterpret_cast<const char *>(values.data()), 16);
  ASSERT_TRUE(
      writeNpy(path, {"a", DType::I32, {2, 2}, ByteSpan(values.data(), 16)})
          .ok());
  EXPECT_EQ(readFile(path), numpyBytes("<i4", false, data));
  auto array = readNpy(path);
  ASSERT_TRUE(array.ok()) << array.status().message();
  EXPECT_EQ(array->shape, (Shape{2, 2}));
  EXPECT_EQ(array->dtype, DType::I32);
}

TEST(NumpyTest, RearrangesFortranOrder) {
  std::vector<int32_t> values = {1, 3, 2, 4};
  std::string data(reinterpret_cast<const char *>(values.data()), 16);
  std::string bytes = numpyBytes("<i4", true, data);
  auto array = parseNpy(bytes);
  ASSERT_TRUE(array.ok()) << array.status().message();
  const auto *out = reinterpret_cast<const int32_t *>(array->data.data());
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(out[i], i + 1);
}

TEST(NumpyTest, RefusesOtherTypesAndDamage) {
  std::string data(16, '\0');
  EXPECT_TRUE(failsWith(parseNpy(numpyBytes(">i4", false, data)).status(),
                        StatusCode::InvalidArgument, "convert the array"));
  EXPECT_FALSE(parseNpy(numpyBytes("<i8", false, data)).ok());
  std::string good = numpyBytes("<i4", false, data);
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(parseNpy(good.substr(0, size)).ok()) << size;
  for (size_t i = 0; i < good.size() - 16; ++i)
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = good;
      changed[i] = char(changed[i] ^ (1 << bit));
      (void)parseNpy(changed);
    }
}

TEST(NumpyTest, NpzRoundTripAndDamage) {
  TemporaryDirectory directory;
  std::string path = directory.file("a.npz");
  std::vector<float> floats = {1, 2, 3};
  std::vector<int64_t> ints = {-1};
  ASSERT_TRUE(
      writeNpz(path, {{"x", DType::F32, {3}, ByteSpan(floats.data(), 12)},
                      {"layer/y", DType::I64, {}, ByteSpan(ints.data(), 8)}})
          .ok());
  auto arrays = readNpz(path);
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();
  ASSERT_EQ(arrays->size(), 2u);
  EXPECT_EQ((*arrays)[0].name, "x");
  EXPECT_EQ((*arrays)[1].name, "layer/y");
  EXPECT_EQ((*arrays)[1].shape, Shape{});
  EXPECT_EQ(std::memcmp((*arrays)[0].data.data(), floats.data(), 12), 0);
  std::string bytes = readFile(path);
  for (size_t size = 0; size < bytes.size(); ++size) {
    writeFile(path, bytes.substr(0, size));
    EXPECT_FALSE(readNpz(path).ok()) << size;
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = char(changed[i] ^ 0x55);
    writeFile(path, changed);
    (void)readNpz(path);
  }
}

TEST(NumpyTest, NumpyReadsOurArchivesAndWeItsOwn) {
  if (std::system(TAPML_TEST_PYTHON " -c 'import numpy' 2>/dev/null") != 0)
    TAPML_MISSING(TAPML_TEST_PYTHON " has no NumPy");
  TemporaryDirectory directory;
  std::string ours = directory.file("ours.npz");
  std::string theirs = directory.file("theirs.npz");
  std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(
      writeNpz(ours, {{"x", DType::F32, {2, 3}, ByteSpan(floats.data(), 24)}})
          .ok());
  std::string script = "import numpy as n; a = n.load(\"" + ours +
                       "\")[\"x\"]; assert a.shape == (2, 3) and a[1, 2] == 6; "
                       "n.savez_compressed(\"" +
                       theirs + "\", b=a > 2, t=a.T, z=n.zeros((300, 300)))";
  ASSERT_EQ(std::system((TAPML_TEST_PYTHON " -c '" + script + "'").c_str()), 0);
  auto arrays = readNpz(theirs);
  ASSERT_TRUE(arrays.ok()) << arrays.status().message();
  ASSERT_EQ(arrays->size(), 3u);
  EXPECT_EQ((*arrays)[0].dtype, DType::I1);
  EXPECT_EQ((*arrays)[0].data, (std::vector<uint8_t>{0, 0, 1, 1, 1, 1}));
  EXPECT_EQ((*arrays)[1].shape, (Shape{3, 2}));
  EXPECT_EQ(reinterpret_cast<const float *>((*arrays)[1].data.data())[1], 4);
  EXPECT_EQ((*arrays)[2].dtype, DType::F64);
}
