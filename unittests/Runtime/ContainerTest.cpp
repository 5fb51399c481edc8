//===- ContainerTest.cpp - The .tapx container and its damage -------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Sha256Blocks.h"
#include "TestModel.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace tapml::rt;
using namespace tapml::rt::test;

TEST(Sha256Test, KnownDigests) {
  EXPECT_EQ(toHex(sha256(ByteSpan())), "e3b0c44298fc1c149afbf4c8996fb924"
                                       "27ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(toHex(sha256(std::string("abc"))),
            "ba7816bf8f01cfea414140de5dae2223"
            "b00361a396177a9cb410ff61f20015ad");
  std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  EXPECT_EQ(toHex(sha256(text)), "248d6a61d20638b8e5c026930c3e6039"
                                 "a33ce45964ff2167f6ecedd419db06c1");
  Sha256 million;
  std::string piece(1000, 'a');
  for (int i = 0; i < 1000; ++i)
    million.update(piece);
  EXPECT_EQ(toHex(million.finish()), "cdc76e5c9914fb9281a1c7e284d73e67"
                                     "f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Test, InstructionsOfThisProcessorGiveTheSame) {
  std::vector<uint8_t> blocks(64 * 5);
  for (size_t i = 0; i < blocks.size(); ++i)
    blocks[i] = static_cast<uint8_t>(i * 167 + i / 7);
  for (size_t count = 0; count <= 5; ++count) {
    uint32_t portable[8] = {1, 2, 3, 0xffffffff, 5, 0x80000000, 7, 8}, fast[8];
    std::copy(portable, portable + 8, fast);
    processSha256Portable(portable, blocks.data(), count);
    getSha256BlockFunction()(fast, blocks.data(), count);
    EXPECT_TRUE(std::equal(portable, portable + 8, fast)) << count;
  }
}

TEST(Sha256Test, PiecesGiveTheSame) {
  std::string text(200, 'x');
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Sha256 hash;
    hash.update(text.substr(0, cut));
    hash.update(text.substr(cut));
    EXPECT_EQ(hash.finish(), sha256(text)) << cut;
  }
}

namespace {
class ContainerTest : public ::testing::Test {
protected:
  void SetUp() override {
    path = directory.file("x.tapx");
    ASSERT_TRUE(
        writeTapxFile(path, {{"manifest", manifest}, {"spirv.0", code}}).ok());
    bytes = readFile(path);
  }
  Status openBytes(const std::string &contents) {
    std::string copy = directory.file("copy.tapx");
    writeFile(copy, contents);
    return TapxFile::open(copy).status();
  }

  TemporaryDirectory directory;
  std::string manifest = "{\"a\":1}", code = std::string(100, 'c');
  std::string path, bytes;
};
} // namespace

TEST_F(ContainerTest, RoundTrip) {
  auto file = TapxFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status().message();
  ASSERT_EQ((*file)->sections().size(), 2u);
  EXPECT_EQ((*file)->find("manifest")->data.text(), manifest);
  EXPECT_EQ((*file)->find("spirv.0")->data.text(), code);
  EXPECT_EQ((*file)->find("nosuch"), nullptr);
  EXPECT_EQ(directory.list().size(), 1u);
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_TRUE(info.st_mode & S_IRUSR);
}

TEST_F(ContainerTest, EveryTruncationIsAnError) {
  for (size_t size = 0; size < bytes.size(); ++size) {
    Status status = openBytes(bytes.substr(0, size));
    EXPECT_TRUE(failsWith(status, StatusCode::Damaged, "cut short")) << size;
  }
}

TEST_F(ContainerTest, EveryChangedByteIsAnError) {
  for (size_t i = 0; i < bytes.size(); ++i)
    for (int bit : {0, 7}) {
      std::string changed = bytes;
      changed[i] = char(changed[i] ^ (1 << bit));
      EXPECT_FALSE(openBytes(changed).ok()) << i;
    }
}

TEST_F(ContainerTest, ClearErrorsForOtherFiles) {
  EXPECT_TRUE(failsWith(openBytes("\x7f"
                                  "ELF and so on, quite long"),
                        StatusCode::Damaged, "not a TapML executable"));
  std::string newer = bytes;
  newer[8] = 2;
  EXPECT_TRUE(failsWith(openBytes(newer), StatusCode::Incompatible,
                        "format 2.0, this runtime reads 1.x; use a newer"));
  EXPECT_TRUE(failsWith(openBytes(bytes + "x"), StatusCode::Damaged,
                        "1 bytes follow the last section"));
  EXPECT_TRUE(failsWith(TapxFile::open(directory.file("no.tapx")).status(),
                        StatusCode::NotFound, "cannot open"));
  EXPECT_TRUE(failsWith(TapxFile::open(directory.path).status(), StatusCode::Io,
                        "not a regular file"));
}

TEST_F(ContainerTest, WriterRefusesBadNames) {
  std::string out = directory.file("out.tapx");
  for (const char *name :
       {"", "a b", "a/b", "0123456789012345678901234567890x"})
    EXPECT_FALSE(writeTapxFile(out, {{name, code}}).ok()) << name;
  EXPECT_FALSE(writeTapxFile(out, {{"a", code}, {"a", code}}).ok());
  EXPECT_TRUE(failsWith(writeTapxFile(directory.file("no/x.tapx"), {}),
                        StatusCode::Io, "cannot write"));
  EXPECT_EQ(directory.list(), std::vector<std::string>{"x.tapx"});
}

TEST_F(ContainerTest, FullDiskLeavesNothing) {
  // A file size limit fails in the same place as a full disk does.
  std::string big(1 << 20, 'b');
  rlimit old;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
  rlimit small = old;
  small.rlim_cur = 1 << 16;
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status =
      writeTapxFile(directory.file("big.tapx"), {{"manifest", big}});
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_TRUE(failsWith(status, StatusCode::Io, "cannot write"));
  EXPECT_EQ(directory.list(), std::vector<std::string>{"x.tapx"});
}

TEST_F(ContainerTest, OverwritingIsAtomic) {
  std::string before = readFile(path);
  EXPECT_FALSE(writeTapxFile(path, {{"bad name", code}}).ok());
  EXPECT_EQ(readFile(path), before);
  EXPECT_TRUE(writeTapxFile(path, {{"manifest", code}}).ok());
  EXPECT_NE(readFile(path), before);
}
