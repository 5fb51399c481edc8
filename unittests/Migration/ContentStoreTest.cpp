//===- ContentStoreTest.cpp - Tests of the content store ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Migration/ContentStore.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <atomic>
#include <thread>

using namespace llvm;
using namespace tapml;

namespace {

class ContentStoreTest : public ::testing::Test {
protected:
  void SetUp() override {
    SmallString<256> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("content-store", path));
    directory = std::string(path);
  }
  void TearDown() override { sys::fs::remove_directories(directory); }

  static void overwrite(StringRef path, StringRef content) {
    std::error_code error;
    raw_fd_ostream os(path, error);
    ASSERT_FALSE(error);
    os << content;
  }

  std::string directory;
};

ArrayRef<char> bytes(StringRef text) { return {text.data(), text.size()}; }

TEST_F(ContentStoreTest, NamesContentByItsHash) {
  ContentStore store(directory);
  Expected<std::string> hash = store.write(bytes("abc"));
  ASSERT_TRUE(static_cast<bool>(hash));
  EXPECT_EQ(*hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f2"
                   "0015ad");
  EXPECT_TRUE(StringRef(store.getPath(*hash)).contains("/ba/ba7816"));
  Expected<ArrayRef<char>> read = store.read(*hash, 3);
  ASSERT_TRUE(static_cast<bool>(read));
  EXPECT_EQ(StringRef(read->data(), read->size()), "abc");
}

TEST_F(ContentStoreTest, HoldsNothing) {
  // The bytes of an empty tensor.
  ContentStore store(directory);
  Expected<std::string> hash = store.write({});
  ASSERT_TRUE(static_cast<bool>(hash));
  EXPECT_TRUE(StringRef(*hash).starts_with("e3b0c442"));
  Expected<ArrayRef<char>> read = ContentStore(directory).read(*hash, 0);
  ASSERT_TRUE(static_cast<bool>(read));
  EXPECT_TRUE(read->empty());
}

TEST_F(ContentStoreTest, RefusesWhatIsNotWhatItsNameSays) {
  std::string hash = cantFail(ContentStore(directory).write(bytes("abc")));
  std::string path = ContentStore(directory).getPath(hash);

  overwrite(path, "abd");
  Expected<ArrayRef<char>> edited = ContentStore(directory).read(hash, 3);
  ASSERT_FALSE(static_cast<bool>(edited));
  EXPECT_NE(toString(edited.takeError()).find("edited or damaged"),
            std::string::npos);

  overwrite(path, "ab");
  Expected<ArrayRef<char>> cut = ContentStore(directory).read(hash, 3);
  ASSERT_FALSE(static_cast<bool>(cut));
  EXPECT_NE(toString(cut.takeError()).find("has 2 bytes, must have 3"),
            std::string::npos);

  sys::fs::remove(path);
  Expected<ArrayRef<char>> missing = ContentStore(directory).read(hash, 3);
  ASSERT_FALSE(static_cast<bool>(missing));
  EXPECT_NE(toString(missing.takeError()).find("No such file"),
            std::string::npos);
}

TEST_F(ContentStoreTest, RepairsWhatAnInterruptedWriterLeft) {
  std::string hash = cantFail(ContentStore(directory).write(bytes("abc")));
  overwrite(ContentStore(directory).getPath(hash), "xyz");
  EXPECT_EQ(cantFail(ContentStore(directory).write(bytes("abc"))), hash);
  EXPECT_TRUE(static_cast<bool>(ContentStore(directory).read(hash, 3)));
}

TEST_F(ContentStoreTest, ServesSeveralThreads) {
  ContentStore store(directory);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        std::string text = "text " + std::to_string((i + j) % 50);
        Expected<std::string> hash = store.write(bytes(text));
        if (!hash)
          return consumeError(hash.takeError());
        Expected<ArrayRef<char>> read =
            ContentStore(directory).read(*hash, text.size());
        if (!read)
          return consumeError(read.takeError());
        ++good;
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 8 * 50);
}

} // namespace
