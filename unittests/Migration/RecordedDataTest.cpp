//===- RecordedDataTest.cpp - Tests of the tensors of records -------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/RecordedData.h"
#include "tapml/Migration/ContentStore.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <atomic>
#include <thread>

using namespace llvm;
using namespace tapml;

namespace {

std::string hash(StringRef text) {
  return hashContent({text.data(), text.size()});
}

class RecordedDataTest : public ::testing::Test {
protected:
  void SetUp() override {
    SmallString<256> file;
    ASSERT_FALSE(sys::fs::createTemporaryFile("recorded", "bin", file));
    path = std::string(file);
    content = std::string("first");
    content.resize(kRecordedAlignment);
    content += "second";
    write(content);
  }
  void TearDown() override { sys::fs::remove(path); }

  void write(StringRef text) const {
    std::error_code error;
    raw_fd_ostream os(path, error);
    ASSERT_FALSE(error);
    os << text;
  }

  std::string readError(uint64_t offset, uint64_t size, StringRef hash) const {
    RecordedData data;
    data.addFile("data-0.bin", path, content.size());
    Expected<ArrayRef<char>> bytes =
        data.read("data-0.bin", offset, size, hash);
    return bytes ? "" : toString(bytes.takeError());
  }

  std::string path, content;
};

TEST_F(RecordedDataTest, ReadsWhatHasItsHash) {
  RecordedData data;
  data.addFile("data-0.bin", path, content.size());
  EXPECT_EQ(data.getFileSize("data-0.bin"), content.size());
  EXPECT_EQ(data.getFileSize("data-1.bin"), std::nullopt);
  for (int i = 0; i < 2; ++i) {
    Expected<ArrayRef<char>> bytes =
        data.read("data-0.bin", kRecordedAlignment, 6, hash("second"));
    ASSERT_TRUE(static_cast<bool>(bytes));
    EXPECT_EQ(StringRef(bytes->data(), bytes->size()), "second");
  }
  Expected<ArrayRef<char>> empty =
      data.read("data-0.bin", kRecordedAlignment, 0, hash(""));
  ASSERT_TRUE(static_cast<bool>(empty));
  EXPECT_TRUE(empty->empty());
}

TEST_F(RecordedDataTest, ReadsAnEmptyFile) {
  content = "";
  write(content);
  EXPECT_EQ(readError(0, 0, hash("")), "");
}

TEST_F(RecordedDataTest, RefusesOtherBytes) {
  // Also where a good tensor is, but a longer or another one was recorded.
  StringRef damaged = "do not have the SHA-256 that was recorded: edited or "
                      "damaged; record the model again";
  EXPECT_NE(readError(0, 5, hash("other")).find(damaged), std::string::npos);
  EXPECT_NE(readError(0, 6, hash("first")).find(damaged), std::string::npos);
  content[0] = 'x';
  write(content);
  EXPECT_EQ(readError(0, 5, hash("first")),
            path + ": the 5 bytes at 0 " + damaged.str());
}

TEST_F(RecordedDataTest, RefusesFilesOfAnotherSize) {
  write(StringRef(content).drop_back());
  EXPECT_EQ(readError(0, 5, hash("first")),
            path + ": holds 69 bytes, must have 70: cut short or edited; "
                   "record the model again");
  write(content + "!");
  EXPECT_EQ(readError(0, 5, hash("first")),
            path + ": holds 71 bytes, must have 70: cut short or edited; "
                   "record the model again");
  sys::fs::remove(path);
  EXPECT_EQ(readError(0, 5, hash("first")),
            path + ": No such file or directory; record the model again");
}

TEST_F(RecordedDataTest, ServesSeveralThreads) {
  RecordedData data;
  data.addFile("data-0.bin", path, content.size());
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      Expected<ArrayRef<char>> bytes =
          data.read("data-0.bin", kRecordedAlignment, 6, hash("second"));
      if (!bytes)
        return consumeError(bytes.takeError());
      ++good;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 8);
}

} // namespace
