//===- ConvertToSPIRV.cpp - Kernels as SPIR-V modules ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/ControlFlowToSPIRV/ControlFlowToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/UBToSPIRV/UBToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/Passes.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Pass/PassManager.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Target/SPIRV/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLCONVERTTOSPIRVPASS
#include "tapml/Target/SPIRV/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Target environment
//===----------------------------------------------------------------------===//

/// Returns what a Vulkan 1.1 device with the features of `profile` accepts.
/// Nothing here may imply the capability Kernel: that would select OpenCL's
/// interface. The conversion does not tell 16-bit floats that are only stored
/// from those that are computed with; features have been verified before.
static spirv::TargetEnvAttr getTargetEnv(ProfileAttr profile) {
  using spirv::Capability;
  using spirv::Extension;
  MLIRContext *context = profile.getContext();
  static const std::pair<StringRef, Capability> features[] = {
      {"float16", Capability::Float16},
      {"float64", Capability::Float64},
      {"int16", Capability::Int16},
      {"int64", Capability::Int64},
      {"int8", Capability::Int8},
      {"storage16", Capability::StorageBuffer16BitAccess},
      {"storage8", Capability::StorageBuffer8BitAccess},
      {"subgroup_arithmetic", Capability::GroupNonUniformArithmetic},
      {"subgroup_ballot", Capability::GroupNonUniformBallot},
      {"subgroup_shuffle", Capability::GroupNonUniformShuffle}};
  SmallVector<Capability> capabilities = {Capability::Shader,
                                          Capability::GroupNonUniform,
                                          Capability::SampledBuffer};
  for (auto [feature, capability] : features)
    if (profile.hasFeature(feature))
      capabilities.push_back(capability);
  if (!profile.hasFeature("float16") && profile.hasFeature("storage16"))
    capabilities.push_back(Capability::Float16);
  auto triple = spirv::VerCapExtAttr::get(
      spirv::Version::V_1_3, capabilities,
      {Extension::SPV_KHR_storage_buffer_storage_class,
       Extension::SPV_KHR_16bit_storage, Extension::SPV_KHR_8bit_storage},
      context);
  // The profile's own limits are checked by tapml-verify-limits; of these the
  // conversion reads only the subgroup size.
  spirv::ResourceLimitsAttr defaults = spirv::getDefaultResourceLimits(context);
  auto limits = spirv::ResourceLimitsAttr::get(
      context, defaults.getMaxComputeSharedMemorySize(),
      defaults.getMaxComputeWorkgroupInvocations(),
      defaults.getMaxComputeWorkgroupSize(), profile.getLimit("subgroup_size"),
      std::nullopt, std::nullopt, ArrayAttr::get(context, {}),
      ArrayAttr::get(context, {}));
  return spirv::TargetEnvAttr::get(
      triple, limits, spirv::ClientAPI::Vulkan, spirv::Vendor::Unknown,
      spirv::DeviceType::Unknown, spirv::TargetEnvAttr::kUnknownDeviceID);
}

/// Maps the memory spaces of the gpu dialect; what has none is a buffer.
static std::optional<spirv::StorageClass> getStorageClass(Attribute space) {
  if (!space)
    return spirv::StorageClass::StorageBuffer;
  if (auto gpuSpace = dyn_cast<gpu::AddressSpaceAttr>(space)) {
    switch (gpuSpace.getValue()) {
    case gpu::AddressSpace::Workgroup:
      return spirv::StorageClass::Workgroup;
    case gpu::AddressSpace::Private:
      return spirv::StorageClass::Function;
    default:
      return spirv::StorageClass::StorageBuffer;
    }
  }
  if (auto integer = dyn_cast<IntegerAttr>(space); integer && !integer.getInt())
    return spirv::StorageClass::StorageBuffer;
  if (auto storage = dyn_cast<spirv::StorageClassAttr>(space))
    return storage.getValue();
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Interface
//===----------------------------------------------------------------------===//

/// Returns the block of the 32-bit sizes of `entry`, made once for kernels that
/// can share it: push constants, or a uniform buffer bound behind the buffers.
static spirv::GlobalVariableOp getSizeBlock(OpBuilder &builder, Location loc,
                                            spirv::ModuleOp module,
                                            EntryPointAttr entry) {
  int64_t count = entry.getSizes();
  bool isUniform = entry.getSizeBlock() == SizeBlock::UniformBuffer;
  uint32_t binding = entry.getAccess().size();
  std::string name = "__sizes_" + std::to_string(count);
  if (isUniform)
    name += "_at_" + std::to_string(binding);
  if (auto variable = module.lookupSymbol<spirv::GlobalVariableOp>(name))
    return variable;
  SmallVector<Type> members(count, builder.getI32Type());
  SmallVector<spirv::StructType::OffsetInfo> offsets;
  for (unsigned i = 0; i < count; ++i)
    offsets.push_back(4 * i);
  auto type =
      spirv::PointerType::get(spirv::StructType::get(members, offsets),
                              isUniform ? spirv::StorageClass::Uniform
                                        : spirv::StorageClass::PushConstant);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  if (isUniform)
    return spirv::GlobalVariableOp::create(builder, loc, type, name,
                                           /*descriptorSet=*/0, binding);
  return spirv::GlobalVariableOp::create(builder, loc, type, name, nullptr);
}

namespace {
/// Turns a kernel into an entry point without arguments: buffers are bindings,
/// sizes members of a block.
struct ConvertKernel final : OpConversionPattern<gpu::GPUFuncOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(gpu::GPUFuncOp kernel, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto module = kernel->getParentOfType<spirv::ModuleOp>();
    if (!module || !kernel.isKernel() || !kernel.getKnownBlockSize())
      return failure();
    Location loc = kernel.getLoc();
    auto function = spirv::FuncOp::create(rewriter, loc, kernel.getName(),
                                          rewriter.getFunctionType({}, {}));
    function->setAttr(
        spirv::getEntryPointABIAttrName(),
        spirv::getEntryPointABIAttr(getContext(), *kernel.getKnownBlockSize()));
    auto entry = kernel->getAttrOfType<EntryPointAttr>(kEntryPointAttrName);
    if (!entry)
      return failure();
    function->setAttr(kEntryPointAttrName, entry);

    Block &block = kernel.getBody().front();
    TypeConverter::SignatureConversion signature(block.getNumArguments());
    rewriter.setInsertionPointToStart(&block);
    unsigned binding = 0, size = 0;
    for (BlockArgument argument : block.getArguments()) {
      Value value =
          argument.getType().isIndex()
              ? loadSize(rewriter, loc, module, entry, size++)
              : bindBuffer(rewriter, loc, module, kernel, argument, binding++);
      if (!value)
        return failure();
      signature.remapInput(argument.getArgNumber(), value);
    }
    rewriter.inlineRegionBefore(kernel.getBody(), function.getBody(),
                                function.getBody().end());
    if (failed(rewriter.convertRegionTypes(&function.getBody(),
                                           *getTypeConverter(), &signature)))
      return failure();
    rewriter.eraseOp(kernel);
    return success();
  }

private:
  static Value loadSize(OpBuilder &builder, Location loc,
                        spirv::ModuleOp module, EntryPointAttr entry,
                        unsigned index) {
    spirv::GlobalVariableOp variable =
        getSizeBlock(builder, loc, module, entry);
    Value block = spirv::AddressOfOp::create(builder, loc, variable);
    Value member = spirv::ConstantOp::create(builder, loc, builder.getI32Type(),
                                             builder.getI32IntegerAttr(index));
    Value pointer = spirv::AccessChainOp::create(builder, loc, block, member);
    return spirv::LoadOp::create(builder, loc, pointer);
  }

  Value bindBuffer(OpBuilder &builder, Location loc, spirv::ModuleOp module,
                   gpu::GPUFuncOp kernel, BlockArgument argument,
                   unsigned binding) const {
    Type type = getTypeConverter()->convertType(argument.getType());
    if (!isa_and_nonnull<spirv::PointerType>(type))
      return nullptr;
    std::string name = ("__" + kernel.getName() + "_" + Twine(binding)).str();
    spirv::GlobalVariableOp variable;
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(module.getBody());
      variable =
          spirv::GlobalVariableOp::create(builder, loc, type, name, 0, binding);
    }
    auto access = kernel->getAttrOfType<ArrayAttr>(kAccessAttrName);
    if (access && binding < access.size() &&
        access[binding] == builder.getStringAttr("read"))
      variable->setAttr("non_writable", builder.getUnitAttr());
    return spirv::AddressOfOp::create(builder, loc, variable);
  }
};
} // namespace

namespace {
/// Gives a value to a subgroup by the operation that the profile has; where
/// there are both, by the one that it prefers.
struct ConvertBroadcast final : OpConversionPattern<gpu::SubgroupBroadcastOp> {
  ConvertBroadcast(const TypeConverter &types, MLIRContext *context,
                   bool byShuffle)
      : OpConversionPattern(types, context), byShuffle(byShuffle) {}

  LogicalResult
  matchAndRewrite(gpu::SubgroupBroadcastOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (!type)
      return failure();
    Location loc = op.getLoc();
    auto scope = spirv::ScopeAttr::get(getContext(), spirv::Scope::Subgroup);
    bool isFirst = op.getBroadcastType() != gpu::BroadcastType::specific_lane;
    Value lane = adaptor.getLane();
    if (isFirst) {
      // The dialect has no operation for it.
      Value yes =
          spirv::ConstantOp::getOne(rewriter.getI1Type(), loc, rewriter);
      Value lanes = spirv::GroupNonUniformBallotOp::create(
          rewriter, loc, VectorType::get(4, rewriter.getI32Type()), scope, yes);
      lane = spirv::GroupNonUniformBallotFindLSBOp::create(
          rewriter, loc, rewriter.getI32Type(), scope, lanes);
    }
    if (isFirst || byShuffle)
      rewriter.replaceOpWithNewOp<spirv::GroupNonUniformShuffleOp>(
          op, type, scope, adaptor.getSrc(), lane);
    else
      rewriter.replaceOpWithNewOp<spirv::GroupNonUniformBroadcastOp>(
          op, type, scope, adaptor.getSrc(), lane);
    return success();
  }

private:
  bool byShuffle;
};
} // namespace

namespace {
/// Combines the values of a subgroup by the operations of Vulkan. The stock
/// conversion has those of OpenCL where control flow is uniform, and no others
/// on bits.
struct ConvertSubgroupReduce final
    : OpConversionPattern<gpu::SubgroupReduceOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(gpu::SubgroupReduceOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    using Kind = gpu::AllReduceOperation;
    Type type = adaptor.getValue().getType();
    bool isFloat = isa<FloatType>(type);
    if (op.getClusterSize() || (!isFloat && !isa<IntegerType>(type)))
      return failure();
    auto replaceBy = [&](auto tag) {
      rewriter.replaceOpWithNewOp<typename decltype(tag)::Op>(
          op, type, spirv::Scope::Subgroup, spirv::GroupOperation::Reduce,
          adaptor.getValue(), /*cluster_size=*/Value());
      return success();
    };
    switch (op.getOp()) {
    case Kind::ADD:
      return isFloat ? replaceBy(With<spirv::GroupNonUniformFAddOp>())
                     : replaceBy(With<spirv::GroupNonUniformIAddOp>());
    case Kind::MUL:
      return isFloat ? replaceBy(With<spirv::GroupNonUniformFMulOp>())
                     : replaceBy(With<spirv::GroupNonUniformIMulOp>());
    case Kind::MINUI:
      return replaceBy(With<spirv::GroupNonUniformUMinOp>());
    case Kind::MINSI:
      return replaceBy(With<spirv::GroupNonUniformSMinOp>());
    case Kind::MINNUMF:
      return replaceBy(With<spirv::GroupNonUniformFMinOp>());
    case Kind::MAXUI:
      return replaceBy(With<spirv::GroupNonUniformUMaxOp>());
    case Kind::MAXSI:
      return replaceBy(With<spirv::GroupNonUniformSMaxOp>());
    case Kind::MAXNUMF:
      return replaceBy(With<spirv::GroupNonUniformFMaxOp>());
    case Kind::AND:
      return replaceBy(With<spirv::GroupNonUniformBitwiseAndOp>());
    case Kind::OR:
      return replaceBy(With<spirv::GroupNonUniformBitwiseOrOp>());
    case Kind::XOR:
      return replaceBy(With<spirv::GroupNonUniformBitwiseXorOp>());
    // What becomes of NaN is open.
    case Kind::MINIMUMF:
    case Kind::MAXIMUMF:
      return failure();
    }
    llvm_unreachable("covered switch");
  }

private:
  template <typename OpTy> struct With {
    using Op = OpTy;
  };
};
} // namespace

namespace {
/// Conversions between floats and signed integers. SPIRV-Tools, which
/// SwiftShader optimizes with, folds them by the sign of the integer's type,
/// not of the operation; the stock conversion leaves the type without one.
template <typename OpTy, typename SpirvOpTy, bool isFromInteger>
struct ConvertSigned final : OpConversionPattern<OpTy> {
  using OpConversionPattern<OpTy>::OpConversionPattern;

  LogicalResult
  matchAndRewrite(OpTy op, typename OpTy::Adaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Value value = adaptor.getIn();
    Type type = this->getTypeConverter()->convertType(op.getType());
    Type integer = isFromInteger ? value.getType() : type;
    if (!type || !getElementTypeOrSelf(integer).isInteger(32))
      return failure();
    Type withSign =
        IntegerType::get(this->getContext(), 32, IntegerType::Signed);
    if (auto vector = dyn_cast<VectorType>(integer))
      withSign = vector.clone(withSign);
    if (isFromInteger) {
      value = spirv::BitcastOp::create(rewriter, loc, withSign, value);
      rewriter.replaceOpWithNewOp<SpirvOpTy>(op, type, value);
    } else {
      value = SpirvOpTy::create(rewriter, loc, withSign, value);
      rewriter.replaceOpWithNewOp<spirv::BitcastOp>(op, type, value);
    }
    return success();
  }
};
} // namespace

namespace {
/// The atomic update that the stock conversion has not.
struct ConvertAtomicXor final : OpConversionPattern<memref::AtomicRMWOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(memref::AtomicRMWOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (op.getKind() != arith::AtomicRMWKind::xori || !type ||
        !type.isInteger(32))
      return failure();
    Value place = spirv::getElementPtr(
        *getTypeConverter<SPIRVTypeConverter>(), op.getMemRefType(),
        adaptor.getMemref(), adaptor.getIndices(), op.getLoc(), rewriter);
    if (!place)
      return failure();
    rewriter.replaceOpWithNewOp<spirv::AtomicXorOp>(
        op, type, place, spirv::Scope::Device, spirv::MemorySemantics::None,
        adaptor.getValue());
    return success();
  }
};

/// The number of ones, which the stock conversion has not either.
struct ConvertBitCount final : OpConversionPattern<math::CtPopOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(math::CtPopOp op, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (!type || !getElementTypeOrSelf(type).isInteger(32))
      return failure();
    rewriter.replaceOpWithNewOp<spirv::BitCountOp>(op, type,
                                                   adaptor.getOperand());
    return success();
  }
};

/// Makes halves that are only stored out of floats: constants of them would
/// need the arithmetic.
struct ConvertStoredConstant final : OpConversionPattern<arith::ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(arith::ConstantOp op, OpAdaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Type type = getTypeConverter()->convertType(op.getType());
    if (!type || !getElementTypeOrSelf(op.getType()).isF16())
      return failure();
    TypedAttr wide = widenConstant(cast<TypedAttr>(op.getValue()));
    Value value =
        spirv::ConstantOp::create(rewriter, op.getLoc(), wide.getType(), wide);
    rewriter.replaceOpWithNewOp<spirv::FConvertOp>(op, type, value);
    return success();
  }
};
} // namespace

/// Returns where a kernel's sizes fit.
static SizeBlock getSizeBlock(gpu::GPUFuncOp kernel, ProfileAttr profile) {
  int64_t sizes = llvm::count_if(kernel.getArgumentTypes(),
                                 [](Type type) { return type.isIndex(); });
  return 4 * sizes > profile.getLimit("max_push_constant_bytes")
             ? SizeBlock::UniformBuffer
             : SizeBlock::PushConstants;
}

//===----------------------------------------------------------------------===//
// What the stock conversion gets wrong
//===----------------------------------------------------------------------===//

/// Before SPIR-V 1.4 one condition cannot choose between vectors.
static void broadcastConditions(gpu::GPUFuncOp kernel) {
  kernel.walk([](arith::SelectOp select) {
    auto type = dyn_cast<VectorType>(select.getType());
    Value condition = select.getCondition();
    if (!type || isa<VectorType>(condition.getType()))
      return;
    OpBuilder b(select);
    select.getConditionMutable().assign(vector::BroadcastOp::create(
        b, select.getLoc(), type.clone(condition.getType()), condition));
  });
}

/// Shuffles to a relative lane are a feature of their own in Vulkan, which
/// profiles do not promise.
static void expandRelativeShuffles(gpu::GPUFuncOp kernel) {
  kernel.walk([](gpu::ShuffleOp shuffle) {
    bool isUp = shuffle.getMode() == gpu::ShuffleMode::UP;
    if (!isUp && shuffle.getMode() != gpu::ShuffleMode::DOWN)
      return;
    OpBuilder b(shuffle);
    Location loc = shuffle.getLoc();
    Value by = shuffle.getOffset(), width = shuffle.getWidth();
    Value lane = arith::IndexCastOp::create(
        b, loc, b.getI32Type(),
        gpu::LaneIdOp::create(b, loc, /*upper_bound=*/IntegerAttr()));
    Value source = isUp ? arith::SubIOp::create(b, loc, lane, by).getResult()
                        : arith::AddIOp::create(b, loc, lane, by).getResult();
    Value isThere =
        isUp
            ? arith::CmpIOp::create(b, loc, arith::CmpIPredicate::uge, lane, by)
            : arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, source,
                                    width);
    auto moved = gpu::ShuffleOp::create(b, loc, shuffle.getValue(), source,
                                        width, gpu::ShuffleMode::IDX);
    shuffle->replaceAllUsesWith(ValueRange{moved.getShuffleResult(), isThere});
    shuffle.erase();
  });
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ConvertToSPIRVPass final
    : tapml::impl::TapMLConvertToSPIRVPassBase<ConvertToSPIRVPass> {
  using TapMLConvertToSPIRVPassBase::TapMLConvertToSPIRVPassBase;

  void runOnOperation() override {
    auto convert = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      return convertModule(module, profile);
    };
    if (failed(forEachKernelModule(getOperation(), profile, TargetKind::Vulkan,
                                   convert)))
      signalPassFailure();
  }

private:
  LogicalResult verify(gpu::GPUModuleOp module, ProfileAttr profile);
  LogicalResult convertModule(gpu::GPUModuleOp module, ProfileAttr profile);
  LogicalResult finish(spirv::ModuleOp module, ProfileAttr profile);
};
} // namespace

/// Refuses what the patterns would fail on without a clear word, or worse
/// would take for something else.
LogicalResult ConvertToSPIRVPass::verify(gpu::GPUModuleOp module,
                                         ProfileAttr profile) {
  bool hasFailed = false;
  for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
    std::optional<ArrayRef<int32_t>> sizes = kernel.getKnownBlockSize();
    if (!kernel.isKernel() || !sizes || sizes->size() != 3) {
      hasFailed = true;
      emitKernelError(kernel)
          << "must be a kernel with a 'known_block_size' of three numbers";
    }
    if (kernel.getNumWorkgroupAttributions() ||
        kernel.getNumPrivateAttributions()) {
      hasFailed = true;
      emitKernelError(kernel) << "has memory attributions; use 'memref.alloc' "
                                 "and 'memref.alloca' in their address spaces";
    }
    for (BlockArgument argument : kernel.getArguments()) {
      if (isa<IndexType, MemRefType>(argument.getType()))
        continue;
      hasFailed = true;
      emitKernelError(kernel)
          << "argument " << argument.getArgNumber() << " has type "
          << argument.getType() << "; arguments are buffers and index sizes";
    }
    hasFailed |= failed(verifyFeatures(kernel, profile));
  }
  return failure(hasFailed);
}

LogicalResult ConvertToSPIRVPass::convertModule(gpu::GPUModuleOp module,
                                                ProfileAttr profile) {
  if (failed(verify(module, profile)))
    return failure();
  MLIRContext *context = &getContext();
  spirv::TargetEnvAttr env = getTargetEnv(profile);
  module->setAttr(spirv::getTargetEnvAttrName(), env);
  spirv::MemorySpaceToStorageClassConverter spaces(getStorageClass);
  for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
    kernel->setAttr(kEntryPointAttrName,
                    describeKernel(kernel, getSizeBlock(kernel, profile)));
    broadcastConditions(kernel);
    expandRelativeShuffles(kernel);
    spirv::convertMemRefTypesAndAttrs(kernel, spaces);
  }

  SPIRVConversionOptions options;
  options.use64bitIndex = false;
  SPIRVTypeConverter types(env, options);
  RewritePatternSet patterns(context);
  ScfToSPIRVContext scfContext;
  populateGPUToSPIRVPatterns(types, patterns);
  populateSCFToSPIRVPatterns(types, scfContext, patterns);
  arith::populateArithToSPIRVPatterns(types, patterns);
  populateMathToSPIRVPatterns(types, patterns);
  populateVectorToSPIRVPatterns(types, patterns);
  populateMemRefToSPIRVPatterns(types, patterns);
  cf::populateControlFlowToSPIRVPatterns(types, patterns);
  ub::populateUBToSPIRVConversionPatterns(types, patterns);
  patterns.add<ConvertKernel>(types, context, /*benefit=*/10);
  patterns.add<ConvertAtomicXor, ConvertBitCount>(types, context);
  patterns.add<ConvertSigned<arith::SIToFPOp, spirv::ConvertSToFOp, true>,
               ConvertSigned<arith::FPToSIOp, spirv::ConvertFToSOp, false>>(
      types, context, /*benefit=*/10);
  populateLoopToSPIRVPatterns(types, patterns);
  populateTexelToSPIRVPatterns(types, patterns);
  if (!profile.hasFeature("float16"))
    patterns.add<ConvertStoredConstant>(types, context, /*benefit=*/10);
  bool byShuffle = !profile.hasFeature("subgroup_ballot") ||
                   (profile.hasFeature("prefers_subgroup_shuffle") &&
                    profile.hasFeature("subgroup_shuffle"));
  patterns.add<ConvertBroadcast>(types, context, byShuffle);
  patterns.add<ConvertSubgroupReduce>(types, context, /*benefit=*/10);

  Operation *parent = module->getParentOp();
  std::unique_ptr<ConversionTarget> target = SPIRVConversionTarget::get(env);
  llvm::SmallPtrSet<Operation *, 4> before;
  for (auto old : parent->getRegion(0).getOps<spirv::ModuleOp>())
    before.insert(old);
  if (failed(applyFullConversion(module, *target, std::move(patterns))))
    return failure();
  for (auto converted :
       llvm::to_vector(parent->getRegion(0).getOps<spirv::ModuleOp>()))
    if (!before.contains(converted) && failed(finish(converted, profile)))
      return failure();
  return success();
}

/// Takes the order that the stock conversion gives to atomic updates away, as
/// WGSL and MSL have them: each is alone, and no other access depends on it.
/// With that order Mesa 22.3's CPU driver loses updates in loops; presumably to
/// the barriers that it makes of it.
static void relaxAtomics(spirv::ModuleOp module) {
  auto none = spirv::MemorySemanticsAttr::get(module.getContext(),
                                              spirv::MemorySemantics::None);
  module.walk([&](Operation *op) {
    if (op->getInherentAttr("semantics").value_or(nullptr))
      op->setInherentAttr(StringAttr::get(op->getContext(), "semantics"), none);
  });
}

/// Gives the header of a loop that holds another loop a block of its own. The
/// serializer ends such a block with a branch to a new one, but still names it
/// as the one that the inner loop's first values come from.
static void splitHeaders(spirv::ModuleOp module) {
  module.walk([](spirv::LoopOp loop) {
    Block *header = loop.getHeaderBlock();
    if (llvm::none_of(*header, llvm::IsaPred<spirv::LoopOp>))
      return;
    Block *rest = header->splitBlock(header->begin());
    OpBuilder b = OpBuilder::atBlockEnd(header);
    spirv::BranchOp::create(b, loop.getLoc(), rest);
  });
}

/// Makes a converted module complete: entry points, version, capabilities.
LogicalResult ConvertToSPIRVPass::finish(spirv::ModuleOp module,
                                         ProfileAttr profile) {
  relaxAtomics(module);
  splitHeaders(module);
  OpPassManager pipeline(spirv::ModuleOp::getOperationName());
  pipeline.addPass(spirv::createSPIRVLowerABIAttributesPass());
  pipeline.addPass(spirv::createSPIRVUpdateVCEPass());
  if (failed(runPipeline(pipeline, module)))
    return failure();
  module->removeAttr(spirv::getTargetEnvAttrName());

  // The update overlooks what the variables of the subgroup need, and finds
  // version 1.0 sufficient; storage buffers and subgroups are core in 1.3.
  std::optional<spirv::VerCapExtAttr> triple = module.getVceTriple();
  if (!triple)
    return module.emitOpError("has no version after its update");
  SmallVector<spirv::Capability> capabilities(triple->getCapabilities());
  bool usesSubgroups =
      llvm::any_of(module.getOps<spirv::GlobalVariableOp>(),
                   [](spirv::GlobalVariableOp variable) {
                     std::optional<StringRef> builtin = variable.getBuiltIn();
                     return builtin && builtin->starts_with("Subgroup");
                   });
  if (usesSubgroups &&
      !llvm::is_contained(capabilities, spirv::Capability::GroupNonUniform))
    capabilities.push_back(spirv::Capability::GroupNonUniform);
  // Loads, stores and conversions of 16-bit floats come with their storage.
  if (!profile.hasFeature("float16"))
    llvm::erase(capabilities, spirv::Capability::Float16);
  SmallVector<spirv::Extension> extensions;
  for (spirv::Extension extension : triple->getExtensions())
    if (extension != spirv::Extension::SPV_KHR_storage_buffer_storage_class)
      extensions.push_back(extension);
  module.setVceTripleAttr(spirv::VerCapExtAttr::get(
      spirv::Version::V_1_3, capabilities, extensions, module.getContext()));
  return success();
}
