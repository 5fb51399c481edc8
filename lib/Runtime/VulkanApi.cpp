//===- VulkanApi.cpp - The Vulkan loader, found at run time ---------------===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "VulkanApi.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>

using namespace tapml::rt;

static constexpr char validationLayer[] = "VK_LAYER_KHRONOS_validation";

std::string tapml::rt::describeResult(VkResult result) {
  switch (result) {
#define CASE(name)                                                             \
  case name:                                                                   \
    return #name;
    CASE(VK_ERROR_OUT_OF_HOST_MEMORY)
    CASE(VK_ERROR_OUT_OF_DEVICE_MEMORY)
    CASE(VK_ERROR_INITIALIZATION_FAILED)
    CASE(VK_ERROR_DEVICE_LOST)
    CASE(VK_ERROR_MEMORY_MAP_FAILED)
    CASE(VK_ERROR_LAYER_NOT_PRESENT)
    CASE(VK_ERROR_EXTENSION_NOT_PRESENT)
    CASE(VK_ERROR_FEATURE_NOT_PRESENT)
    CASE(VK_ERROR_INCOMPATIBLE_DRIVER)
    CASE(VK_ERROR_TOO_MANY_OBJECTS)
    CASE(VK_ERROR_FRAGMENTED_POOL)
    CASE(VK_ERROR_OUT_OF_POOL_MEMORY)
    CASE(VK_ERROR_INVALID_SHADER_NV)
#undef CASE
  default:
    return concat("VkResult ", int(result));
  }
}

Result<std::shared_ptr<VulkanInstance>>
VulkanInstance::create(const VulkanOptions &options) {
  std::shared_ptr<VulkanInstance> result(new VulkanInstance());
  result->settings = options;
  TAPML_RETURN_IF_ERROR(result->load());
  return result;
}

VulkanInstance::~VulkanInstance() {
  if (messenger)
    destroyMessenger(handle, messenger, nullptr);
  if (handle)
    table.DestroyInstance(handle, nullptr);
  if (library)
    dlclose(library);
}

VKAPI_ATTR VkBool32 VKAPI_CALL VulkanInstance::onMessage(
    VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
    const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
  auto *instance = static_cast<VulkanInstance *>(user);
  std::lock_guard<std::mutex> lock(instance->messageMutex);
  // The first complaint says the most; keep a few, not thousands.
  if (instance->messages.size() < 8192)
    instance->messages += concat(instance->messages.empty() ? "" : "; ",
                                 data->pMessage ? data->pMessage : "(no text)");
  return VK_FALSE;
}

Status VulkanInstance::takeValidationErrors() {
  if (!settings.validation)
    return Status();
  std::lock_guard<std::mutex> lock(messageMutex);
  if (messages.empty())
    return Status();
  Status status = makeError(StatusCode::DeviceError,
                            "the Vulkan validation layer reports: ", messages);
  messages.clear();
  return status;
}

Status VulkanInstance::load() {
  library = dlopen(settings.loader.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return makeError(StatusCode::NotFound, "the Vulkan loader ",
                     settings.loader,
                     " is not here; install it (Debian: libvulkan1) with a "
                     "driver, or run on the host");
  auto getProcAddr = reinterpret_cast<PFN_vkGetInstanceProcAddr>(
      dlsym(library, "vkGetInstanceProcAddr"));
  if (!getProcAddr)
    return makeError(StatusCode::Incompatible, settings.loader,
                     " is not a Vulkan loader");
  TAPML_RETURN_IF_ERROR(createInstance(getProcAddr));

  uint32_t count = 0;
  VkResult result = table.EnumeratePhysicalDevices(handle, &count, nullptr);
  if (result == VK_SUCCESS && count) {
    physical.resize(count);
    result = table.EnumeratePhysicalDevices(handle, &count, physical.data());
    physical.resize(count);
  }
  if (result != VK_SUCCESS && result != VK_INCOMPLETE &&
      result != VK_ERROR_INITIALIZATION_FAILED)
    return makeError(
        StatusCode::DeviceError,
        "cannot list the Vulkan devices: ", describeResult(result));
  // Kernels need at least Vulkan 1.1 (SPIR-V 1.3, storage buffer class).
  physical.erase(
      std::remove_if(physical.begin(), physical.end(),
                     [&](VkPhysicalDevice device) {
                       VkPhysicalDeviceProperties properties;
                       table.GetPhysicalDeviceProperties(device, &properties);
                       return properties.apiVersion < VK_API_VERSION_1_1;
                     }),
      physical.end());
  return Status();
}

Status VulkanInstance::createInstance(PFN_vkGetInstanceProcAddr getProcAddr) {
#define X(name)                                                                \
  table.name =                                                                 \
      reinterpret_cast<PFN_vk##name>(getProcAddr(VK_NULL_HANDLE, "vk" #name)); \
  if (!table.name)                                                             \
    return makeError(StatusCode::Incompatible, settings.loader,                \
                     " has no vk" #name);
  TAPML_VULKAN_GLOBAL_FUNCTIONS(X)
#undef X
  auto getVersion = reinterpret_cast<PFN_vkEnumerateInstanceVersion>(
      getProcAddr(VK_NULL_HANDLE, "vkEnumerateInstanceVersion"));
  uint32_t loaderVersion = VK_API_VERSION_1_0;
  if (getVersion)
    getVersion(&loaderVersion);
  if (loaderVersion < VK_API_VERSION_1_1)
    return makeError(StatusCode::Incompatible, "the Vulkan loader ",
                     settings.loader,
                     " is older than Vulkan 1.1; install a newer one");
  apiVersion = std::min<uint32_t>(loaderVersion, VK_API_VERSION_1_3);

  std::vector<const char *> layers, extensions;
  if (settings.validation) {
    uint32_t count = 0;
    table.EnumerateInstanceLayerProperties(&count, nullptr);
    std::vector<VkLayerProperties> available(count);
    table.EnumerateInstanceLayerProperties(&count, available.data());
    bool found = false;
    for (const VkLayerProperties &layer : available)
      found |= std::strcmp(layer.layerName, validationLayer) == 0;
    if (!found)
      return makeError(StatusCode::NotFound, "the layer ", validationLayer,
                       " is not here; install it (Debian: "
                       "vulkan-validationlayers) or run without validation");
    layers.push_back(validationLayer);
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  }
  VkApplicationInfo application = {VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pApplicationName = "tapml";
  application.apiVersion = apiVersion;
  VkDebugUtilsMessengerCreateInfoEXT messengerInfo = {
      VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  messengerInfo.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  messengerInfo.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT |
                              VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  messengerInfo.pfnUserCallback = onMessage;
  messengerInfo.pUserData = this;
  VkInstanceCreateInfo info = {VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pApplicationInfo = &application;
  info.enabledLayerCount = uint32_t(layers.size());
  info.ppEnabledLayerNames = layers.data();
  info.enabledExtensionCount = uint32_t(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  VkResult result = table.CreateInstance(&info, nullptr, &handle);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    return makeError(StatusCode::NotFound,
                     "no Vulkan driver is here; install one (Debian: "
                     "mesa-vulkan-drivers, which includes a software driver), "
                     "check VK_ICD_FILENAMES, or run on the host");
  if (result != VK_SUCCESS)
    return makeError(StatusCode::DeviceError,
                     "cannot start Vulkan: ", describeResult(result));
#define X(name)                                                                \
  table.name =                                                                 \
      reinterpret_cast<PFN_vk##name>(getProcAddr(handle, "vk" #name));         \
  if (!table.name)                                                             \
    return makeError(StatusCode::Incompatible,                                 \
                     "the Vulkan driver has no vk" #name);
  TAPML_VULKAN_INSTANCE_FUNCTIONS(X)
#undef X
  if (!settings.validation)
    return Status();
  auto createMessenger = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
      getProcAddr(handle, "vkCreateDebugUtilsMessengerEXT"));
  destroyMessenger = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
      getProcAddr(handle, "vkDestroyDebugUtilsMessengerEXT"));
  if (!createMessenger || !destroyMessenger ||
      createMessenger(handle, &messengerInfo, nullptr, &messenger) !=
          VK_SUCCESS)
    return makeError(StatusCode::DeviceError,
                     "cannot listen to the Vulkan validation layer");
  return Status();
}
