//===- LoopsToSPIRV.cpp - Loops that keep their values in registers -------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The stock conversion of `scf.for` returns results through variables that the
// body stores to. They cost twice the registers, and hold anything after a loop
// that does not run. Here the results are the values of the loop's header,
// where they are the initial ones if the body never runs.
//
//===----------------------------------------------------------------------===//

#include "Patterns.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

using namespace mlir;
using namespace tapml;

namespace {
struct ConvertFor final : OpConversionPattern<scf::ForOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(scf::ForOp loop, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    Location loc = loop.getLoc();
    SmallVector<Type> types;
    if (failed(getTypeConverter()->convertTypes(loop.getResultTypes(), types)))
      return failure();
    auto result =
        spirv::LoopOp::create(rewriter, loc, types, spirv::LoopControl::None);
    OpBuilder::InsertionGuard guard(rewriter);
    result.addEntryAndMergeBlock(rewriter);
    Region &region = result.getBody();
    Block *merge = result.getMergeBlock();
    Value start = adaptor.getLowerBound();
    SmallVector<Type> carried = {start.getType()};
    llvm::append_range(carried, types);
    SmallVector<Location> locations(carried.size(), loc);
    Block *header = rewriter.createBlock(merge, carried, locations);

    Block *body = loop.getBody();
    TypeConverter::SignatureConversion signature(body->getNumArguments());
    for (BlockArgument argument : body->getArguments())
      signature.remapInput(argument.getArgNumber(),
                           header->getArgument(argument.getArgNumber()));
    body = rewriter.applySignatureConversion(body, signature);
    rewriter.inlineRegionBefore(loop.getRegion(), region, merge->getIterator());

    SmallVector<Value> first = {start};
    llvm::append_range(first, adaptor.getInitArgs());
    rewriter.setInsertionPointToEnd(&region.front());
    spirv::BranchOp::create(rewriter, loc, header, first);

    rewriter.setInsertionPointToEnd(header);
    Value position = header->getArgument(0), end = adaptor.getUpperBound();
    Value runs = loop.getUnsignedCmp()
                     ? spirv::ULessThanOp::create(rewriter, loc, position, end)
                           .getResult()
                     : spirv::SLessThanOp::create(rewriter, loc, position, end);
    spirv::BranchConditionalOp::create(rewriter, loc, runs, body, ValueRange(),
                                       merge, ValueRange());

    // The values of the next iteration come with the conversion of the yield.
    rewriter.setInsertionPointToEnd(body);
    Value next =
        spirv::IAddOp::create(rewriter, loc, position, adaptor.getStep());
    spirv::BranchOp::create(rewriter, loc, header, next);

    rewriter.setInsertionPointToEnd(merge);
    rewriter.replaceOpWithNewOp<spirv::MergeOp>(
        merge->getTerminator(), header->getArguments().drop_front());
    rewriter.replaceOp(loop, result.getResults());
    return success();
  }
};

/// Returns a value equal to `value` that is made by an instruction. The
/// serializer does not find the result of a loop among the values that a loop
/// around it passes on to its next iteration.
static Value copy(OpBuilder &builder, Location loc, Value value) {
  if (auto type = dyn_cast<VectorType>(value.getType())) {
    SmallVector<int32_t> all =
        llvm::to_vector(llvm::seq<int32_t>(0, type.getNumElements()));
    return spirv::VectorShuffleOp::create(builder, loc, type, value, value,
                                          builder.getI32ArrayAttr(all));
  }
  Value pair = spirv::CompositeConstructOp::create(
      builder, loc, VectorType::get({2}, value.getType()),
      ValueRange{value, value});
  return spirv::CompositeExtractOp::create(builder, loc, pair, 0);
}

/// Passes the values of an iteration on to the next one.
struct ConvertForYield final : OpConversionPattern<scf::YieldOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult
  matchAndRewrite(scf::YieldOp yield, OpAdaptor adaptor,
                  ConversionPatternRewriter &rewriter) const override {
    auto loop = dyn_cast<spirv::LoopOp>(yield->getParentOp());
    if (!loop || loop.getNumResults() != yield.getNumOperands())
      return failure();
    auto branch =
        cast<spirv::BranchOp>(loop.getContinueBlock()->getTerminator());
    SmallVector<Value> values(branch.getBlockArguments());
    rewriter.setInsertionPoint(branch);
    for (auto [old, value] :
         llvm::zip_equal(yield.getOperands(), adaptor.getOperands()))
      values.push_back(old.getDefiningOp<scf::ForOp>()
                           ? copy(rewriter, yield.getLoc(), value)
                           : value);
    rewriter.replaceOpWithNewOp<spirv::BranchOp>(branch, branch.getTarget(),
                                                 values);
    rewriter.eraseOp(yield);
    return success();
  }
};
} // namespace

void tapml::populateLoopToSPIRVPatterns(SPIRVTypeConverter &types,
                                        RewritePatternSet &patterns) {
  patterns.add<ConvertFor, ConvertForYield>(types, patterns.getContext(),
                                            /*benefit=*/10);
}
