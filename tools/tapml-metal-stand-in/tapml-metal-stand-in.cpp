//===- tapml-metal-stand-in.cpp - Checks MSL where there is no Metal ------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/MetalStandIn/MetalStandIn.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

/// Splits at lines of `// -----`, as tapml-translate separates texts.
static std::vector<std::string> splitTexts(const std::string &text) {
  static const std::string separator = "// -----\n";
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string::npos;
       begin = end + separator.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

int main(int argc, char **argv) {
  if (argc != 2 || !std::strcmp(argv[1], "--help")) {
    std::fprintf(stderr,
                 "usage: tapml-metal-stand-in FILE.metal\n\n"
                 "Compiles the shaders in a file ('-': standard input) as C++ "
                 "with a stand-in for\nMetal's standard library, and lists "
                 "their kernels.\n");
    return argc == 2 ? 0 : 2;
  }
  std::ifstream file;
  bool isStandardInput = !std::strcmp(argv[1], "-");
  if (!isStandardInput) {
    file.open(argv[1]);
    if (!file) {
      std::fprintf(stderr, "tapml-metal-stand-in: error: cannot read '%s'\n",
                   argv[1]);
      return 1;
    }
  }
  std::istream &input = isStandardInput ? std::cin : file;
  std::string text(std::istreambuf_iterator<char>(input), {});
  int result = 0;
  for (const std::string &part : splitTexts(text)) {
    std::string error;
    auto library = tapml::metal::Library::compile(
        part, tapml::metal::Library::Options(), error);
    if (!library) {
      std::fprintf(stderr, "tapml-metal-stand-in: error: %s\n", error.c_str());
      result = 1;
      continue;
    }
    for (const tapml::metal::Signature &kernel : library->getKernels())
      std::printf("%s: %zu arguments, %u threads\n", kernel.name.c_str(),
                  kernel.arguments.size(), kernel.maxThreads);
  }
  return result;
}
