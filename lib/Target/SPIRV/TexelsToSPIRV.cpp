//===- TexelsToSPIRV.cpp - Loads of texels as fetches ---------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

namespace {
/// Turns a load from a buffer of texels into a fetch.
struct ConvertTexelLoad final : OpConversionPattern<memref::LoadOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(memref::LoadOp load, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    if (!isTexelBuffer(load.getMemRefType()) || load.getIndices().size() != 1)
      return failure();
    Type result = getTypeConverter()->convertType(load.getType());
    if (!result)
      return failure();
    Location loc = load.getLoc();
    Value image = spirv::LoadOp::create(rewriter, loc, adaptor.getMemref());
    Type component = cast<spirv::ImageType>(image.getType()).getElementType();
    Value value = spirv::ImageFetchOp::create(
        rewriter, loc, VectorType::get({4}, component), image,
        adaptor.getIndices().front(), spirv::ImageOperandsAttr(), ValueRange());
    if (!isa<VectorType>(result))
      value = spirv::CompositeExtractOp::create(rewriter, loc, value, 0);
    // Components are 32 bits wide, whatever the texel has.
    if (value.getType() == result) {
      rewriter.replaceOp(load, value);
    } else if (component.isF32()) {
      replaceHalves(load, value, result, rewriter);
    } else {
      rewriter.replaceOpWithNewOp<spirv::UConvertOp>(load, result, value);
    }
    return success();
  }

private:
  /// Replaces a load of 16-bit floats by `wide`, what they are in 32 bits:
  /// where they would be widened they already are.
  static void replaceHalves(memref::LoadOp load, Value wide, Type narrow,
                            ConversionPatternRewriter &rewriter) {
    bool allWiden = true;
    for (Operation *user : llvm::make_early_inc_range(load->getUsers())) {
      auto extension = dyn_cast<arith::ExtFOp>(user);
      if (extension && extension.getType() == wide.getType())
        rewriter.replaceOp(extension, wide);
      else
        allWiden = false;
    }
    if (allWiden)
      rewriter.eraseOp(load);
    else
      rewriter.replaceOpWithNewOp<spirv::FConvertOp>(load, narrow, wide);
  }
};
} // namespace

void tapml::populateTexelToSPIRVPatterns(SPIRVTypeConverter &types,
                                         RewritePatternSet &patterns) {
  types.addConversion([](MemRefType type) -> std::optional<Type> {
    if (!isTexelBuffer(type))
      return std::nullopt;
    Type component = getElementTypeOrSelf(type.getElementType());
    if (component.isInteger())
      component = IntegerType::get(type.getContext(), 32);
    else if (component.isF16())
      component = Float32Type::get(type.getContext());
    auto image = spirv::ImageType::get(
        component, spirv::Dim::Buffer, spirv::ImageDepthInfo::NoDepth,
        spirv::ImageArrayedInfo::NonArrayed,
        spirv::ImageSamplingInfo::SingleSampled,
        spirv::ImageSamplerUseInfo::NeedSampler, spirv::ImageFormat::Unknown);
    return spirv::PointerType::get(image, spirv::StorageClass::UniformConstant);
  });
  patterns.add<ConvertTexelLoad>(types, patterns.getContext(), /*benefit=*/10);
}
