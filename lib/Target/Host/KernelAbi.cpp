//===- KernelAbi.cpp - The interface of host kernels ----------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelAbi.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/Passes.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "mlir/Interfaces/VectorInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Returns true for the operations of the math dialect that become
/// instructions, or are expanded to some; the others would call libm.
static bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
             math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp,
             math::RsqrtOp, math::SqrtOp, math::TruncOp>(op);
}

/// Returns true if `value` is one of the kernel's buffers, whose extent the
/// kernel is not told.
static bool isKernelBuffer(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

/// Checks that `op` can be compiled to code that needs nothing from outside.
static LogicalResult verifyKernelOp(Operation *op) {
  if ((op->getName().getDialectNamespace() ==
           math::MathDialect::getDialectNamespace() &&
       !isInstruction(op)) ||
      isa<arith::RemFOp>(op))
    return op->emitOpError("in a host kernel would call libm; run "
                           "'tapml-expand-math' before 'tapml-compile-host'");
  if (isa<memref::AllocOp, memref::DeallocOp, memref::ReallocOp>(op))
    return op->emitOpError(
        "in a host kernel would call malloc; use 'memref.alloca'");
  if (isa<CallOpInterface>(op))
    return op->emitOpError(
        "in a host kernel: a kernel cannot call functions; inline them first");
  if (auto dim = dyn_cast<memref::DimOp>(op);
      dim && isKernelBuffer(dim.getSource()))
    return dim.emitOpError("of a host kernel's buffer: kernels get sizes as "
                           "arguments, buffers carry none");
  if (auto transfer = dyn_cast<VectorTransferOpInterface>(op);
      transfer && isKernelBuffer(transfer.getBase()) &&
      transfer.hasOutOfBoundsDim())
    return op->emitOpError("of a host kernel's buffer must be in bounds: "
                           "buffers carry no sizes to compare with");
  return success();
}

/// Forgets what is claimed about the alignment of the kernel's buffers. Devices
/// align buffers, but on the host weights are used where the file has them;
/// loads and stores that need no alignment are as fast where there happens to
/// be one.
static void dropAlignment(func::FuncOp kernel) {
  kernel.walk([](Operation *op) {
    llvm::TypeSwitch<Operation *>(op)
        .Case<vector::LoadOp, vector::StoreOp, vector::MaskedLoadOp,
              vector::MaskedStoreOp>([](auto access) {
          if (isKernelBuffer(access.getBase()))
            access.removeAlignmentAttr();
        })
        .Case<memref::LoadOp, memref::StoreOp>([](auto access) {
          if (isKernelBuffer(access.getMemref()))
            access.removeAlignmentAttr();
        });
  });
}

FailureOr<EntryPointAttr> tapml::prepareHostKernel(func::FuncOp kernel) {
  if (kernel.isExternal())
    return kernel.emitOpError("is marked 'tapml.host_kernel' but has no body");
  if (!kernel.getResultTypes().empty())
    return kernel.emitOpError("is a host kernel and must not return values");

  unsigned numBuffers = 0;
  ArrayRef<Type> types = kernel.getArgumentTypes();
  while (numBuffers < types.size() && isa<MemRefType>(types[numBuffers])) {
    auto type = cast<MemRefType>(types[numBuffers]);
    if (type.getRank() != 1 || !type.getLayout().isIdentity() ||
        !type.getElementType().isIntOrFloat() ||
        type.getElementType().isInteger(1))
      return kernel.emitOpError("argument ")
             << numBuffers << " of a host kernel has type " << type
             << "; buffers are one-dimensional memrefs of numbers (i1 values "
                "are held as i8)";
    ++numBuffers;
  }
  for (unsigned i = numBuffers; i < types.size(); ++i)
    if (!isa<IndexType>(types[i]))
      return kernel.emitOpError("argument ")
             << i << " of a host kernel has type " << types[i]
             << "; after the buffers come sizes of type 'index'";
  if (types.size() < numBuffers + 2)
    return kernel.emitOpError("is a host kernel: its last two arguments must "
                              "be the first workgroup and the end");
  auto access = kernel->getAttrOfType<ArrayAttr>(kAccessAttr);
  if (!access || access.size() != numBuffers)
    return kernel.emitOpError("has ")
           << numBuffers << " buffers; 'tapml.access' must say for each "
           << "whether it is \"read\", \"write\" or \"readwrite\"";

  WalkResult walk =
      kernel.walk([](Operation *op) { return WalkResult(verifyKernelOp(op)); });
  if (walk.wasInterrupted())
    return failure();
  EntryPointAttr entry = EntryPointAttr::getChecked(
      [&] { return kernel.emitOpError(); }, kernel.getContext(),
      kernel.getSymName(), access,
      static_cast<int64_t>(types.size() - numBuffers - 2), ArrayRef<int64_t>());
  if (!entry)
    return failure();
  dropAlignment(kernel);
  return entry;
}

//===----------------------------------------------------------------------===//
// Lowering
//===----------------------------------------------------------------------===//

void tapml::buildHostLoweringPipeline(OpPassManager &pm) {
  OpPassManager &kernels = pm.nest<func::FuncOp>();
  kernels.addPass(vector::createLowerVectorMultiReductionPass());
  kernels.addPass(createConvertVectorToSCFPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(arith::createArithExpandOpsPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertIndexToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createConvertFuncToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

//===----------------------------------------------------------------------===//
// C interface
//===----------------------------------------------------------------------===//

/// A memref argument in the LLVM dialect: allocated and aligned pointer,
/// offset, size and stride.
static constexpr unsigned kDescriptorFields = 5;

void tapml::addEntryPoint(ModuleOp module, EntryPointAttr entry) {
  auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(entry.getName());
  MLIRContext *context = kernel.getContext();
  Location loc = kernel.getLoc();
  OpBuilder builder(kernel);
  auto pointer = LLVM::LLVMPointerType::get(context);
  auto i64 = builder.getI64Type();

  // What one buffer points to, no other does, unless both are only read. The
  // inliner keeps this as alias scopes.
  std::string implementation = (entry.getName() + ".kernel").str();
  kernel.setSymName(implementation);
  kernel.setLinkage(LLVM::Linkage::Internal);
  kernel.setAlwaysInline(true);
  kernel.setNoUnwind(true);
  unsigned numBuffers = entry.getAccess().size();
  for (unsigned i = 0; i < numBuffers; ++i)
    kernel.setArgAttr(i * kDescriptorFields + 1,
                      LLVM::LLVMDialect::getNoAliasAttrName(),
                      builder.getUnitAttr());

  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context),
                                          {pointer, pointer, i64, i64});
  auto wrapper = LLVM::LLVMFuncOp::create(builder, loc, entry.getName(), type);
  wrapper.setNoUnwind(true);
  builder.setInsertionPointToStart(wrapper.addEntryBlock(builder));
  auto loadElement = [&](Value array, Type element, unsigned index) -> Value {
    Value address = LLVM::GEPOp::create(builder, loc, pointer, element, array,
                                        ArrayRef<LLVM::GEPArg>{int32_t(index)},
                                        LLVM::GEPNoWrapFlags::inbounds);
    return LLVM::LoadOp::create(builder, loc, element, address,
                                /*alignment=*/0, /*isVolatile=*/false,
                                /*isNonTemporal=*/false, /*isInvariant=*/true);
  };

  SmallVector<Value> operands;
  Value zero = LLVM::ConstantOp::create(builder, loc, i64, 0);
  Value one = LLVM::ConstantOp::create(builder, loc, i64, 1);
  for (unsigned i = 0; i < numBuffers; ++i) {
    Value data = loadElement(wrapper.getArgument(0), pointer, i);
    // The verifier has refused everything that would ask for the extent.
    llvm::append_values(operands, data, data, zero, zero, one);
  }
  for (int64_t i = 0; i < entry.getSizes(); ++i)
    operands.push_back(
        loadElement(wrapper.getArgument(1), i64, static_cast<unsigned>(i)));
  operands.push_back(wrapper.getArgument(2));
  operands.push_back(wrapper.getArgument(3));
  LLVM::CallOp::create(builder, loc, kernel, operands);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
}
