//===- WebGPUKernel.cpp - Compute pipelines from WGSL ---------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "WebGPUDevice.h"

#include <algorithm>
#include <cctype>

using namespace tapml::rt;

namespace {
/// A compute entry point and its lines, from 1.
struct EntryPoint {
  std::string name;
  size_t firstLine = 0, lastLine = 0;
};

class WebGPUModule : public DeviceModule {
public:
  explicit WebGPUModule(std::shared_ptr<WebGPUContext> context)
      : context(std::move(context)) {}
  ~WebGPUModule() override {
    if (handle && !context->abandoned)
      context->api().ShaderModuleRelease(handle);
  }

  std::shared_ptr<WebGPUContext> context;
  WGPUShaderModule handle = nullptr;
  std::vector<EntryPoint> entryPoints;
};

/// Finds the compute entry points of WGSL text, so that a wrong name is our
/// error, and the device's complaint about a line that of a kernel. Knows
/// comments, attributes and braces; all else is the device's to check.
class EntryPointScanner {
public:
  explicit EntryPointScanner(std::string_view text) : text(text) {}

  std::vector<EntryPoint> run() {
    bool compute = false, inEntry = false;
    int depth = 0;
    size_t declarationLine = 0;
    for (std::string_view token = next(); !token.empty(); token = next()) {
      if (token == "{") {
        ++depth;
      } else if (token == "}") {
        if (--depth == 0 && inEntry) {
          found.back().lastLine = line;
          inEntry = false;
        }
      } else if (depth == 0 && token == "@") {
        std::string_view attribute = next();
        if (attribute == "compute")
          compute = true;
        if (!declarationLine)
          declarationLine = line;
      } else if (depth == 0 && token == "fn") {
        size_t first = declarationLine ? declarationLine : line;
        std::string name(next());
        if (compute) {
          found.push_back({std::move(name), first, SIZE_MAX});
          inEntry = true;
        }
        compute = false;
        declarationLine = 0;
      } else if (depth == 0 && token == ";") {
        compute = false;
        declarationLine = 0;
      }
    }
    return std::move(found);
  }

private:
  static bool isWordPart(char c) {
    // Bytes of other characters than ASCII's are letters, as far as it matters.
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           (c & 0x80);
  }

  void skipSpaceAndComments() {
    unsigned nesting = 0;
    while (at < text.size()) {
      std::string_view two = text.substr(at, 2);
      if (two == "/*") {
        ++nesting;
        at += 2;
      } else if (two == "*/" && nesting) {
        --nesting;
        at += 2;
      } else if (two == "//" && !nesting) {
        at = std::min(text.find('\n', at), text.size());
      } else if (nesting ||
                 std::isspace(static_cast<unsigned char>(text[at]))) {
        line += text[at++] == '\n';
      } else {
        return;
      }
    }
  }

  /// A word or one other character; empty at the end.
  std::string_view next() {
    skipSpaceAndComments();
    size_t begin = at;
    while (at < text.size() && isWordPart(text[at]))
      ++at;
    if (at == begin && at < text.size())
      ++at;
    return text.substr(begin, at - begin);
  }

  std::string_view text;
  size_t at = 0, line = 1;
  std::vector<EntryPoint> found;
};
} // namespace

/// True when all bytes are UTF-8, and none is zero: what WGSL text is.
static bool isText(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size();) {
    unsigned char lead = bytes[i];
    size_t length = lead < 0x80   ? 1
                    : lead < 0xc2 ? 0
                    : lead < 0xe0 ? 2
                    : lead < 0xf0 ? 3
                    : lead < 0xf5 ? 4
                                  : 0;
    if (lead == 0 || length == 0 || length > bytes.size() - i)
      return false;
    for (size_t k = 1; k < length; ++k)
      if ((bytes[i + k] & 0xc0) != 0x80)
        return false;
    unsigned char second = length > 1 ? bytes[i + 1] : 0x80;
    // Overlong forms, surrogates, and what is above the last character.
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
      return false;
    i += length;
  }
  return true;
}

/// The first line that a message of the compiler names ("wgsl:4:3").
static std::optional<size_t> findLine(const std::string &message) {
  static const std::string mark = "wgsl:";
  size_t at = message.find(mark);
  if (at == std::string::npos)
    return std::nullopt;
  size_t digits = at + mark.size(), end = digits;
  while (end < message.size() && end < digits + 9 &&
         std::isdigit(static_cast<unsigned char>(message[end])))
    ++end;
  if (end == digits)
    return std::nullopt;
  return std::stoul(message.substr(digits, end - digits));
}

/// The kernels to which the compiler's complaint belongs: those of the entry
/// point that contains the line, else all.
static std::string blame(const Status &failure,
                         const std::vector<EntryPoint> &entryPoints,
                         const std::vector<const KernelDesc *> &kernels) {
  std::vector<const KernelDesc *> blamed;
  if (std::optional<size_t> line = findLine(failure.message()))
    for (const EntryPoint &entry : entryPoints)
      if (entry.firstLine <= *line && *line <= entry.lastLine)
        for (const KernelDesc *kernel : kernels)
          if (kernel->entry == entry.name)
            blamed.push_back(kernel);
  if (blamed.empty())
    blamed = kernels;
  std::string out;
  for (const KernelDesc *kernel : blamed)
    out += (out.empty() ? "" : ", ") + kernel->describe();
  return out;
}

static Status checkEntry(const WebGPUModule &module, const KernelDesc &desc) {
  for (const EntryPoint &entry : module.entryPoints)
    if (entry.name == desc.entry)
      return Status();
  return makeError(StatusCode::Damaged, "section '", desc.section,
                   "' has no entry point '", desc.entry, "' for kernel '",
                   desc.name, "'");
}

/// Returns `text` without the directive that subgroups need by the standard:
/// naga has them without, and refuses it. Lines and columns stay.
static std::string blankSubgroups(std::string_view text) {
  std::string result(text);
  constexpr std::string_view directive = "enable subgroups;";
  for (size_t line = 0; line < result.size();) {
    if (result.compare(line, directive.size(), directive) == 0)
      result.replace(line, directive.size(), directive.size(), ' ');
    size_t end = result.find('\n', line);
    line = end == std::string::npos ? result.size() : end + 1;
  }
  return result;
}

Result<std::shared_ptr<DeviceModule>>
WebGPUDevice::loadModule(ByteSpan code, const std::string &name,
                         const std::vector<const KernelDesc *> &kernels) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  if (!isText(code.text()))
    return makeError(StatusCode::Damaged, "section '", name,
                     "' is not WGSL: it is no text; compile the executable "
                     "anew");
  auto module = std::make_shared<WebGPUModule>(context);
  module->entryPoints = EntryPointScanner(code.text()).run();
  for (const KernelDesc *kernel : kernels) {
    TAPML_RETURN_IF_ERROR(checkKernelLimits(*kernel));
    TAPML_RETURN_IF_ERROR(checkEntry(*module, *kernel));
  }
  std::string text = blankSubgroups(code.text());
  Status status = context->make("compile section '" + name + "'", [&] {
    WGPUShaderSourceWGSL source = {};
    source.chain.sType = WGPUSType_ShaderSourceWGSL;
    source.code = toView(text);
    WGPUShaderModuleDescriptor description = {};
    description.nextInChain = &source.chain;
    description.label = toView(name);
    module->handle =
        context->api().DeviceCreateShaderModule(context->device, &description);
  });
  if (!status.ok() && context->sticky().ok() && !kernels.empty())
    return status.withContext(blame(status, module->entryPoints, kernels));
  TAPML_RETURN_IF_ERROR(status);
  return std::shared_ptr<DeviceModule>(std::move(module));
}

Result<std::unique_ptr<DeviceKernel>>
WebGPUDevice::createKernel(std::shared_ptr<DeviceModule> module,
                           const KernelDesc &desc) {
  auto &code = static_cast<WebGPUModule &>(*module);
  TAPML_RETURN_IF_ERROR(checkEntry(code, desc));
  TAPML_ASSIGN_OR_RETURN(WebGPUContext::Layout layout,
                         context->layout(desc.access, desc.numSizes));
  auto kernel = std::make_unique<WebGPUKernel>(desc, context);
  kernel->groupLayout = layout.group;
  TAPML_RETURN_IF_ERROR(context->make("compile " + desc.describe(), [&] {
    WGPUComputePipelineDescriptor description = {};
    description.layout = layout.pipeline;
    description.compute.module = code.handle;
    description.compute.entryPoint = toView(desc.entry);
    kernel->pipeline = context->api().DeviceCreateComputePipeline(
        context->device, &description);
  }));
  return std::unique_ptr<DeviceKernel>(std::move(kernel));
}

WebGPUKernel::~WebGPUKernel() {
  if (pipeline && !context->abandoned)
    context->api().ComputePipelineRelease(pipeline);
}
