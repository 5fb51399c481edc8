//===- ExpandHalves.cpp - Conversions from and to 16-bit floats -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On x86-64 without F16C, LLVM turns them into calls to its runtime library.
// The expansions below round as the instructions do, and work on vectors too.
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Host/HostCodegen.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"

using namespace llvm;

/// Returns `element` in the shape of `like`.
static Type *getTypeLike(Type *like, Type *element) {
  auto *vector = dyn_cast<VectorType>(like);
  return vector ? VectorType::get(element, vector->getElementCount()) : element;
}

/// Returns the float whose bits are those of the integers `bits`.
static Value *toFloat(IRBuilder<> &builder, Value *bits) {
  return builder.CreateBitCast(
      bits, getTypeLike(bits->getType(), builder.getFloatTy()));
}

static Value *toBits(IRBuilder<> &builder, Value *number, unsigned width) {
  return builder.CreateBitCast(
      number, getTypeLike(number->getType(), builder.getIntNTy(width)));
}

/// Widens halves: with the bits in the place of a float's, only the exponent's
/// bias is wrong, which a multiplication corrects exactly, for subnormal
/// numbers too.
static Value *expandExtension(IRBuilder<> &builder, Value *half) {
  Type *words = getTypeLike(half->getType(), builder.getInt32Ty());
  auto constant = [&](uint32_t value) {
    return ConstantInt::get(words, value);
  };
  Value *bits = builder.CreateZExt(toBits(builder, half, 16), words);
  Value *magnitude = builder.CreateAnd(bits, constant(0x7fff));
  Value *sign = builder.CreateShl(builder.CreateAnd(bits, constant(0x8000)),
                                  constant(16));
  Value *shifted = builder.CreateShl(magnitude, constant(13));
  Value *number = toFloat(builder, shifted);
  number =
      builder.CreateFMul(number, ConstantFP::get(number->getType(), 0x1p112));
  Value *isFinite = builder.CreateICmpULT(magnitude, constant(0x7c00));
  Value *special = builder.CreateOr(shifted, constant(0x7f800000));
  Value *result =
      builder.CreateSelect(isFinite, toBits(builder, number, 32), special);
  return toFloat(builder, builder.CreateOr(result, sign));
}

/// Rounds floats to the nearest half, ties to even.
static Value *expandTruncation(IRBuilder<> &builder, Value *number,
                               Type *type) {
  Type *words = getTypeLike(type, builder.getInt32Ty());
  auto constant = [&](uint32_t value) {
    return ConstantInt::get(words, value);
  };
  Value *bits = toBits(builder, number, 32);
  Value *magnitude = builder.CreateAnd(bits, constant(0x7fffffff));
  Value *sign = builder.CreateAnd(builder.CreateLShr(bits, constant(16)),
                                  constant(0x8000));
  // Normal numbers: with the other bias, rounded in integers. A carry goes on
  // into the exponent, up to infinity.
  Value *isOdd = builder.CreateAnd(builder.CreateLShr(magnitude, constant(13)),
                                   constant(1));
  Value *normal =
      builder.CreateAdd(magnitude, constant(0xfff - (uint32_t(112) << 23)));
  normal = builder.CreateLShr(builder.CreateAdd(normal, isOdd), constant(13));
  // Below, the sum with one half is rounded where the last bit of a half is.
  uint32_t oneHalf = 0x3f000000;
  Value *sum = builder.CreateFAdd(toFloat(builder, magnitude),
                                  toFloat(builder, constant(oneHalf)));
  Value *subnormal =
      builder.CreateSub(toBits(builder, sum, 32), constant(oneHalf));
  Value *isNaN = builder.CreateICmpUGT(magnitude, constant(0x7f800000));
  Value *special =
      builder.CreateSelect(isNaN, constant(0x7e00), constant(0x7c00));
  Value *isSmall =
      builder.CreateICmpULT(magnitude, constant(uint32_t(113) << 23));
  Value *isLarge =
      builder.CreateICmpUGE(magnitude, constant(uint32_t(143) << 23));
  Value *result = builder.CreateSelect(isSmall, subnormal, normal);
  result = builder.CreateSelect(isLarge, special, result);
  result = builder.CreateTrunc(builder.CreateOr(result, sign),
                               getTypeLike(type, builder.getInt16Ty()));
  return builder.CreateBitCast(result, type);
}

void tapml::expandHalfConversions(Module &module) {
  SmallVector<CastInst *> casts;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function)) {
      auto *cast = dyn_cast<CastInst>(&instruction);
      if (!cast || !isa<FPExtInst, FPTruncInst, SIToFPInst, UIToFPInst>(cast))
        continue;
      bool widens = isa<FPExtInst>(cast);
      Type *narrow = widens ? cast->getSrcTy() : cast->getDestTy();
      Type *other = widens ? cast->getDestTy() : cast->getSrcTy();
      if (narrow->getScalarType()->isHalfTy() &&
          !other->getScalarType()->isDoubleTy())
        casts.push_back(cast);
    }
  for (CastInst *cast : casts) {
    IRBuilder<> builder(cast);
    Value *operand = cast->getOperand(0);
    Type *type = cast->getType();
    // Integers that a float rounds are beyond the largest half.
    if (operand->getType()->isIntOrIntVectorTy())
      operand = builder.CreateCast(cast->getOpcode(), operand,
                                   getTypeLike(type, builder.getFloatTy()));
    cast->replaceAllUsesWith(isa<FPExtInst>(cast)
                                 ? expandExtension(builder, operand)
                                 : expandTruncation(builder, operand, type));
    cast->eraseFromParent();
  }
}
