//===- LegalizeTables.cpp - Constant tables of 32-bit elements ------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// Returns the type that the elements of a table have for `profile`; null if
/// they stay as they are.
static Type getElementType(memref::GlobalOp table, DenseElementsAttr values,
                           ProfileAttr profile) {
  Type element = table.getType().getElementType();
  Builder b(table.getContext());
  auto isFinite = [](const APFloat &value) { return value.isFinite(); };
  if (element.isF32() || element.isF16()) {
    // As the bits of floats: no language has literals for what is not finite.
    if (!llvm::all_of(values.getValues<APFloat>(), isFinite))
      return b.getI32Type();
    return element.isF16() && packsHalves(profile) ? b.getF32Type() : Type();
  }
  auto integer = dyn_cast<IntegerType>(element);
  if (!integer)
    return {};
  StringRef feature = integer.getWidth() == 8    ? "int8"
                      : integer.getWidth() == 16 ? "int16"
                      : integer.getWidth() == 64 ? "int64"
                                                 : "";
  bool isKnown = integer.getWidth() == 1 || integer.getWidth() == 8 ||
                 integer.getWidth() == 16 || integer.getWidth() == 64;
  if (!isKnown || (!feature.empty() && profile.hasFeature(feature)) ||
      (integer.getWidth() == 64 &&
       !llvm::all_of(values.getValues<APInt>(), [](const APInt &value) {
         return value.isSignedIntN(32);
       })))
    return {};
  return b.getI32Type();
}

/// Returns `values` with elements of another type that holds them.
static DenseElementsAttr convert(DenseElementsAttr values, Type element) {
  if (auto floats = dyn_cast<FloatType>(element))
    return cast<DenseFPElementsAttr>(values).mapValues(
        element, [&](const APFloat &value) {
          APFloat result = value;
          bool losesInfo;
          result.convert(floats.getFloatSemantics(),
                         APFloat::rmNearestTiesToEven, &losesInfo);
          return result.bitcastToAPInt();
        });
  unsigned bits = element.getIntOrFloatBitWidth();
  if (auto floats = dyn_cast<DenseFPElementsAttr>(values))
    return floats.mapValues(element, [](APFloat value) {
      bool losesInfo;
      value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                    &losesInfo);
      return value.bitcastToAPInt();
    });
  return cast<DenseIntElementsAttr>(values).mapValues(
      element, [&](const APInt &value) { return value.sextOrTrunc(bits); });
}

/// Returns `value` as the `type` that the table had before.
static Value convertBack(OpBuilder &b, Location loc, Value value, Type type) {
  if (isa<FloatType>(type) && isa<IntegerType>(value.getType())) {
    value = arith::BitcastOp::create(b, loc, b.getF32Type(), value);
    if (type.isF32())
      return value;
  }
  if (isa<FloatType>(type))
    return arith::TruncFOp::create(b, loc, type, value);
  if (type.isInteger(64))
    return arith::ExtSIOp::create(b, loc, type, value);
  return arith::TruncIOp::create(b, loc, type, value);
}

/// Gives `table` the elements `element`. Whole vectors are read one element
/// after another.
static LogicalResult retype(gpu::GPUModuleOp module, memref::GlobalOp table,
                            DenseElementsAttr values, Type element) {
  Type old = table.getType().getElementType();
  MemRefType type =
      MemRefType::Builder(table.getType()).setElementType(element);
  SmallVector<memref::GetGlobalOp> reads;
  module.walk([&](memref::GetGlobalOp read) {
    if (read.getName() == table.getSymName())
      reads.push_back(read);
  });
  for (memref::GetGlobalOp read : reads)
    for (Operation *user : read->getUsers())
      if (!isa<memref::LoadOp>(user))
        return user->emitError("'")
               << user->getName() << "' of the constant table '"
               << table.getSymName() << "': only 'memref.load' reads tables of "
               << old << " for this target";
  table.setTypeAttr(TypeAttr::get(type));
  table.setInitialValueAttr(convert(values, element));
  for (memref::GetGlobalOp read : reads) {
    read.getResult().setType(type);
    for (Operation *user : llvm::to_vector(read->getUsers())) {
      auto load = cast<memref::LoadOp>(user);
      OpBuilder b(load);
      Value loaded =
          memref::LoadOp::create(b, load.getLoc(), read, load.getIndices());
      load.replaceAllUsesWith(convertBack(b, load.getLoc(), loaded, old));
      load.erase();
    }
  }
  return success();
}

LogicalResult tapml::legalizeTables(gpu::GPUModuleOp module,
                                    ProfileAttr profile) {
  for (auto table : module.getOps<memref::GlobalOp>()) {
    auto values =
        dyn_cast_or_null<DenseElementsAttr>(table.getInitialValueAttr());
    if (!values || !table.getConstant())
      continue;
    Type element = getElementType(table, values, profile);
    if (element && failed(retype(module, table, values, element)))
      return failure();
  }
  return success();
}

namespace {
/// Reads a table at a constant place. WGSL's compilers do so, too, and refuse a
/// text where they find the bits of what is not finite.
struct FoldRead final : OpRewritePattern<memref::LoadOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(memref::LoadOp load,
                                PatternRewriter &rewriter) const override {
    auto read = load.getMemRef().getDefiningOp<memref::GetGlobalOp>();
    SmallVector<uint64_t> place;
    for (Value index : load.getIndices()) {
      APInt value;
      if (!read || !matchPattern(index, m_ConstantInt(&value)))
        return failure();
      place.push_back(value.getZExtValue());
    }
    auto table = read ? SymbolTable::lookupNearestSymbolFrom<memref::GlobalOp>(
                            load, read.getNameAttr())
                      : nullptr;
    if (!table || !table.getConstant())
      return failure();
    auto values =
        dyn_cast_or_null<DenseElementsAttr>(table.getInitialValueAttr());
    if (!values || !ElementsAttr(values).isValidIndex(place))
      return failure();
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(
        load, cast<TypedAttr>(values.getValues<Attribute>()[place]));
    return success();
  }
};
} // namespace

void tapml::populateLegalizeTablesPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldRead>(patterns.getContext());
}
