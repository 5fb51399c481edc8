//===- TexelBuffers.cpp - Buffers that are read as texels -----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Some devices read storage buffers slowly and texels fast. A view of texels is
// over the same memory as the buffer, so nothing is copied: one kernel writes
// through the buffer, the next reads through the view.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "tapml/Codegen/Legalize.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tapml;

/// Returns the format of a texel that is one element of a buffer; empty if
/// there is none.
static std::string getTexelFormat(Type element) {
  Type scalar = getElementTypeOrSelf(element);
  std::string format = scalar.isF32()         ? "f32"
                       : scalar.isF16()       ? "f16"
                       : scalar.isInteger(32) ? "u32"
                       : scalar.isInteger(8)  ? "u8"
                                              : "";
  int64_t width = getWidth(element);
  if (width != 1 && width != 4)
    return "";
  return format.empty() || width == 1 ? format : format + "x4";
}

bool tapml::isTexelBuffer(Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  auto space =
      buffer
          ? dyn_cast_or_null<spirv::StorageClassAttr>(buffer.getMemorySpace())
          : nullptr;
  return space && space.getValue() == spirv::StorageClass::Image;
}

bool tapml::fitsTexelView(MemRefType type, ProfileAttr profile) {
  int64_t texels = profile.getLimit("max_texel_buffer_elements");
  if (type.hasStaticShape())
    return type.getNumElements() <= texels;
  Type element = type.getElementType();
  int64_t bytes = getWidth(element) *
                  getElementTypeOrSelf(element).getIntOrFloatBitWidth() / 8;
  return uint64_t(texels) >=
         llvm::divideCeil(profile.getLimit("max_storage_buffer_bytes"), bytes);
}

/// Marks the buffers of `kernel` that are read through texels: those that are
/// only read, one element at a time, where the profile prefers it.
void tapml::readThroughTexels(gpu::GPUFuncOp kernel, ProfileAttr profile) {
  auto access = kernel->getAttrOfType<ArrayAttr>(kAccessAttrName);
  if (!access || !profile.hasFeature("prefers_texel_reads"))
    return;
  int64_t left = profile.getLimit("max_texel_buffers");
  Builder b(kernel.getContext());
  auto space = spirv::StorageClassAttr::get(kernel.getContext(),
                                            spirv::StorageClass::Image);
  SmallVector<Attribute> newAccess(access.getValue());
  SmallVector<Type> inputs(kernel.getArgumentTypes());
  unsigned binding = 0;
  for (BlockArgument argument : kernel.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    unsigned number = binding++;
    if (left == 0 || number >= access.size() ||
        access[number] != b.getStringAttr("read"))
      continue;
    std::string format = getTexelFormat(type.getElementType());
    bool onlyLoads = llvm::all_of(argument.getUsers(), [](Operation *user) {
      return isa<memref::LoadOp>(user);
    });
    if (format.empty() || !onlyLoads || !fitsTexelView(type, profile))
      continue;
    --left;
    argument.setType(MemRefType::get(type.getShape(), type.getElementType(),
                                     type.getLayout(), space));
    inputs[argument.getArgNumber()] = argument.getType();
    newAccess[number] = b.getStringAttr("texels " + format);
  }
  kernel.setFunctionType(b.getFunctionType(inputs, kernel.getResultTypes()));
  kernel->setAttr(kAccessAttrName, b.getArrayAttr(newAccess));
}
