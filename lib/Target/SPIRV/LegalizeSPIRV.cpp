//===- LegalizeSPIRV.cpp - What SPIR-V can express ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "tapml/Codegen/Legalize.h"
#include "tapml/Target/SPIRV/Passes.h"

namespace tapml {
#define GEN_PASS_DEF_TAPMLLEGALIZESPIRVPASS
#include "tapml/Target/SPIRV/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

namespace {
/// Mesa 22.3's CPU driver takes signed comparisons of 64-bit integers for
/// unsigned ones; with the sign bits flipped, unsigned is right.
struct FlipSignedCompare final : OpRewritePattern<arith::CmpIOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpIOp op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getLhs().getType();
    std::optional<arith::CmpIPredicate> predicate =
        getUnsigned(op.getPredicate());
    if (!getElementTypeOrSelf(type).isInteger(64) || !predicate)
      return failure();
    TypedAttr signBit = rewriter.getIntegerAttr(getElementTypeOrSelf(type),
                                                APInt::getSignedMinValue(64));
    if (auto vector = dyn_cast<VectorType>(type))
      signBit = DenseElementsAttr::get(vector, Attribute(signBit));
    Value flip = arith::ConstantOp::create(rewriter, op.getLoc(), signBit);
    auto flipped = [&](Value value) -> Value {
      return arith::XOrIOp::create(rewriter, op.getLoc(), value, flip);
    };
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(
        op, *predicate, flipped(op.getLhs()), flipped(op.getRhs()));
    return success();
  }

  static std::optional<arith::CmpIPredicate>
  getUnsigned(arith::CmpIPredicate predicate) {
    using arith::CmpIPredicate;
    switch (predicate) {
    case CmpIPredicate::slt:
      return CmpIPredicate::ult;
    case CmpIPredicate::sle:
      return CmpIPredicate::ule;
    case CmpIPredicate::sgt:
      return CmpIPredicate::ugt;
    case CmpIPredicate::sge:
      return CmpIPredicate::uge;
    default:
      return std::nullopt;
    }
  }
};

/// The stock conversion of reductions knows no bitwise ones.
struct ExpandBitwiseReduction final : OpRewritePattern<vector::ReductionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::ReductionOp op,
                                PatternRewriter &rewriter) const override {
    using Kind = vector::CombiningKind;
    if (!llvm::is_contained({Kind::AND, Kind::OR, Kind::XOR}, op.getKind()))
      return failure();
    Location loc = op.getLoc();
    Value result = op.getAcc();
    for (int64_t i = 0; i < op.getSourceVectorType().getNumElements(); ++i) {
      Value element =
          vector::ExtractOp::create(rewriter, loc, op.getVector(), i);
      result = result ? vector::makeArithReduction(rewriter, loc, op.getKind(),
                                                   result, element)
                      : element;
    }
    rewriter.replaceOp(op, result);
    return success();
  }
};
} // namespace

/// Makes constant tables arrays of each invocation that reads them, and the
/// tables' values what it stores there first.
static LogicalResult copyTables(gpu::GPUModuleOp module) {
  SymbolTableCollection symbols;
  SmallVector<memref::GetGlobalOp> reads;
  module.walk([&](memref::GetGlobalOp read) { reads.push_back(read); });
  for (memref::GetGlobalOp read : reads) {
    auto table = symbols.lookupNearestSymbolFrom<memref::GlobalOp>(
        read, read.getNameAttr());
    auto values = dyn_cast_or_null<DenseElementsAttr>(
        table ? table.getInitialValueAttr() : Attribute());
    if (!values || !table.getConstant())
      return emitKernelError(read) << "table '" << read.getName()
                                   << "' must be constant with values in the "
                                      "module";
    // Where nothing runs again and again.
    auto kernel = read->getParentOfType<gpu::GPUFuncOp>();
    OpBuilder b = OpBuilder::atBlockBegin(&kernel.getBody().front());
    Location loc = read.getLoc();
    MemRefType type = read.getType();
    Value copy = memref::AllocaOp::create(
        b, loc,
        MemRefType::get(type.getShape(), type.getElementType(), AffineMap(),
                        gpu::AddressSpaceAttr::get(
                            b.getContext(), gpu::AddressSpace::Private)));
    SmallVector<int64_t> strides = computeStrides(type.getShape());
    for (auto [number, value] :
         llvm::enumerate(values.getValues<Attribute>())) {
      SmallVector<Value> at;
      for (int64_t index : delinearize(number, strides))
        at.push_back(arith::ConstantIndexOp::create(b, loc, index));
      Value element = arith::ConstantOp::create(b, loc, cast<TypedAttr>(value));
      memref::StoreOp::create(b, loc, element, copy, at);
    }
    read.replaceAllUsesWith(copy);
    read.erase();
  }
  for (auto table :
       llvm::make_early_inc_range(module.getOps<memref::GlobalOp>()))
    table.erase();
  return success();
}

namespace {
struct LegalizeSPIRVPass final
    : tapml::impl::TapMLLegalizeSPIRVPassBase<LegalizeSPIRVPass> {
  using TapMLLegalizeSPIRVPassBase::TapMLLegalizeSPIRVPassBase;

  void runOnOperation() override {
    RewritePatternSet expansions(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(expansions);
    expansions.add<FlipSignedCompare, ExpandBitwiseReduction>(&getContext());
    FrozenRewritePatternSet frozen(std::move(expansions));
    auto legalize = [&](gpu::GPUModuleOp module, ProfileAttr profile) {
      bool hasNarrow =
          profile.hasFeature("int8") && profile.hasFeature("int16");
      // The conversion knows neither calls nor tables.
      inlineFunctions(module, [](Type) { return false; });
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        WalkResult left = kernel.walk([](func::CallOp call) {
          emitKernelError(call)
              << "'" << call.getCallee()
              << "' calls itself or has no body of one block in the module; "
                 "kernels for this target cannot call it";
          return WalkResult::interrupt();
        });
        if (left.wasInterrupted())
          return failure();
      }
      for (auto function :
           llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
        function.erase();
      if (failed(copyTables(module)))
        return failure();
      for (auto kernel : module.getOps<gpu::GPUFuncOp>()) {
        materializeMemory(kernel);
        if (failed(flattenBuffers(kernel)) || failed(narrowIntegers(kernel)) ||
            failed(legalizeVectors(kernel)) ||
            failed(legalizeBuffers(kernel, profile)) ||
            (widensHalves(profile) && failed(widenHalves(kernel))) ||
            (!hasNarrow && failed(widenIntegers(kernel))) ||
            failed(applyPatternsGreedily(kernel, frozen)))
          return failure();
        readThroughTexels(kernel, profile);
      }
      return success();
    };
    if (failed(forEachKernelModule(getOperation(), profile, TargetKind::Vulkan,
                                   legalize)))
      signalPassFailure();
  }
};
} // namespace
