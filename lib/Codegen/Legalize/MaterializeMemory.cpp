//===- MaterializeMemory.cpp - Memory of a workgroup as operations --------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

void tapml::materializeMemory(gpu::GPUFuncOp kernel) {
  if (kernel.getBody().empty())
    return;
  Block &entry = kernel.getBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&entry);
  auto getType = [&](Type type, gpu::AddressSpace space) -> MemRefType {
    return MemRefType::Builder(cast<MemRefType>(type))
        .setMemorySpace(gpu::AddressSpaceAttr::get(b.getContext(), space));
  };
  for (BlockArgument memory : kernel.getWorkgroupAttributions())
    memory.replaceAllUsesWith(memref::AllocOp::create(
        b, memory.getLoc(),
        getType(memory.getType(), gpu::AddressSpace::Workgroup)));
  for (BlockArgument memory : kernel.getPrivateAttributions())
    memory.replaceAllUsesWith(memref::AllocaOp::create(
        b, memory.getLoc(),
        getType(memory.getType(), gpu::AddressSpace::Private)));
  entry.eraseArguments(kernel.getFunctionType().getNumInputs(),
                       entry.getNumArguments() -
                           kernel.getFunctionType().getNumInputs());
  // Whoever adds one later counts on the number being there.
  kernel->setAttr(gpu::GPUFuncOp::getNumWorkgroupAttributionsAttrName(),
                  b.getI64IntegerAttr(0));
  kernel.removeWorkgroupAttribAttrsAttr();
  kernel.removePrivateAttribAttrsAttr();

  // What has no address space would be taken for a buffer.
  kernel.walk([&](memref::AllocaOp array) {
    bool isAccessed = llvm::all_of(array->getUsers(), [](Operation *user) {
      return isa<memref::LoadOp, memref::StoreOp, vector::LoadOp,
                 vector::StoreOp>(user);
    });
    if (!array.getType().getMemorySpace() && isAccessed)
      array.getResult().setType(
          getType(array.getType(), gpu::AddressSpace::Private));
  });
}
