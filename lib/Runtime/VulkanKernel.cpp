//===- VulkanKernel.cpp - Compute pipelines from SPIR-V -------------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanDevice.h"

#include <algorithm>
#include <map>

using namespace tapml::rt;

namespace {
class VulkanModule : public DeviceModule {
public:
  explicit VulkanModule(std::shared_ptr<VulkanContext> context)
      : context(std::move(context)) {}
  ~VulkanModule() override {
    if (handle && !context->abandoned)
      context->vk.DestroyShaderModule(context->device, handle, nullptr);
  }

  std::shared_ptr<VulkanContext> context;
  VkShaderModule handle = VK_NULL_HANDLE;
  std::vector<std::string> entryPoints;
};
} // namespace

/// Walks the instructions of a module and collects its compute entry points, so
/// that a wrong name or cut-off code is our error and not the driver's crash.
static Status findEntryPoints(const std::vector<uint32_t> &words,
                              std::vector<std::string> &entryPoints) {
  constexpr uint32_t magic = 0x07230203, opEntryPoint = 15, glCompute = 5;
  constexpr size_t headerWords = 5;
  auto fail = [](const char *what) {
    return makeError(StatusCode::Damaged, what,
                     "; compile the executable anew");
  };
  if (words.size() < headerWords || words[0] != magic)
    return fail("is not SPIR-V");
  for (size_t i = headerWords; i < words.size();) {
    uint32_t opcode = words[i] & 0xffff, length = words[i] >> 16;
    if (length == 0 || length > words.size() - i)
      return fail("has an instruction that does not end");
    if (opcode == opEntryPoint && length > 3 && words[i + 1] == glCompute) {
      const char *text = reinterpret_cast<const char *>(&words[i + 3]);
      entryPoints.emplace_back(text, strnlen(text, size_t(length - 3) * 4));
    }
    i += length;
  }
  if (entryPoints.empty())
    return fail("has no compute entry point");
  return Status();
}

Result<std::shared_ptr<DeviceModule>>
VulkanDevice::loadModule(ByteSpan code, const std::string &name,
                         const std::vector<const KernelDesc *> &kernels) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  if (code.size % 4)
    return makeError(StatusCode::Damaged, "section '", name,
                     "' is not SPIR-V: its size is not a multiple of 4");
  std::vector<uint32_t> words(code.size / 4);
  if (!words.empty())
    std::memcpy(words.data(), code.data, code.size);
  auto module = std::make_shared<VulkanModule>(context);
  Status status = findEntryPoints(words, module->entryPoints);
  if (!status.ok())
    return makeError(status.code(), "section '", name, "' ", status.message());
  for (const KernelDesc *kernel : kernels)
    TAPML_RETURN_IF_ERROR(checkKernel(*module, *kernel));
  VkShaderModuleCreateInfo info = {VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = code.size;
  info.pCode = words.data();
  TAPML_RETURN_IF_ERROR(
      context->check(context->vk.CreateShaderModule(context->device, &info,
                                                    nullptr, &module->handle),
                     "load section '" + name + "'"));
  return std::shared_ptr<DeviceModule>(std::move(module));
}

Status VulkanDevice::checkKernel(DeviceModule &module,
                                 const KernelDesc &desc) const {
  TAPML_RETURN_IF_ERROR(checkKernelLimits(desc));
  for (const std::string &entry :
       static_cast<VulkanModule &>(module).entryPoints)
    if (entry == desc.entry)
      return Status();
  return makeError(StatusCode::Damaged, "section '", desc.section,
                   "' has no entry point '", desc.entry, "' for kernel '",
                   desc.name, "'");
}

Result<std::unique_ptr<DeviceKernel>>
VulkanDevice::createKernel(std::shared_ptr<DeviceModule> module,
                           const KernelDesc &desc) {
  TAPML_RETURN_IF_ERROR(context->sticky());
  TAPML_RETURN_IF_ERROR(checkKernel(*module, desc));
  auto &code = static_cast<VulkanModule &>(*module);
  auto kernel = std::make_unique<VulkanKernel>(desc, context);
  VulkanContext::Bindings bindings;
  for (size_t i = 0; i < desc.access.size(); ++i)
    bindings.push_back(desc.getTexels(i) == TexelFormat::None
                           ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER
                           : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER);
  if (desc.uniformSizes)
    bindings.push_back(VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER);
  uint32_t numConstants = desc.uniformSizes ? 0 : desc.numSizes;
  TAPML_ASSIGN_OR_RETURN(kernel->setLayout, context->setLayout(bindings));
  TAPML_ASSIGN_OR_RETURN(kernel->layout,
                         context->pipelineLayout(bindings, numConstants));
  VkComputePipelineCreateInfo info = {
      VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = code.handle;
  info.stage.pName = desc.entry.c_str();
  info.layout = kernel->layout;
  TAPML_RETURN_IF_ERROR(context->check(
      context->vk.CreateComputePipelines(context->device, VK_NULL_HANDLE, 1,
                                         &info, nullptr, &kernel->pipeline),
      "compile kernel '" + desc.name + "'"));
  return std::unique_ptr<DeviceKernel>(std::move(kernel));
}

VulkanKernel::~VulkanKernel() {
  if (pipeline && !context->abandoned)
    context->vk.DestroyPipeline(context->device, pipeline, nullptr);
}
