//===- ExpandIntrinsics.cpp - What a CPU has no instruction for -----------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

// On x86-64 without SSE 4.1 and FMA, LLVM turns rounding and the fused
// multiply-add into calls to libm. The expansions below work on vectors too.
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Host/HostCodegen.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

/// Rounds to the nearest integer, ties to even, by adding and taking away the
/// number from which on every value is an integer.
static Value *roundToEven(IRBuilder<> &builder, Value *x, Constant *big) {
  Value *shift = builder.CreateCopySign(big, x);
  return builder.CreateFSub(builder.CreateFAdd(x, shift), shift);
}

/// Expands floor, ceil, trunc and roundeven of `x`. Values without fraction,
/// infinities and NaN are returned as they are; zeros keep the sign.
static Value *expandRounding(IRBuilder<> &builder, Intrinsic::ID id, Value *x) {
  Type *type = x->getType();
  if (type->getScalarType()->isHalfTy()) {
    // Halves without a fraction are halves again.
    Value *wide =
        builder.CreateFPExt(x, type->getWithNewType(builder.getFloatTy()));
    return builder.CreateFPTrunc(expandRounding(builder, id, wide), type);
  }
  double integral = type->getScalarType()->isFloatTy() ? 0x1p23 : 0x1p52;
  Constant *big = ConstantFP::get(type, integral);
  Constant *one = ConstantFP::get(type, 1.0), *zero = ConstantFP::get(type, 0);
  Value *magnitude = builder.CreateUnaryIntrinsic(Intrinsic::fabs, x);

  Value *rounded;
  if (id == Intrinsic::trunc) {
    Value *even = roundToEven(builder, magnitude, big);
    Value *above = builder.CreateFCmpOGT(even, magnitude);
    rounded = builder.CreateFSub(even, builder.CreateSelect(above, one, zero));
  } else {
    rounded = roundToEven(builder, x, big);
    if (id == Intrinsic::floor) {
      Value *above = builder.CreateFCmpOGT(rounded, x);
      rounded =
          builder.CreateFSub(rounded, builder.CreateSelect(above, one, zero));
    } else if (id == Intrinsic::ceil) {
      Value *below = builder.CreateFCmpOLT(rounded, x);
      rounded =
          builder.CreateFAdd(rounded, builder.CreateSelect(below, one, zero));
    }
  }
  rounded = builder.CreateCopySign(rounded, x);
  return builder.CreateSelect(builder.CreateFCmpOLT(magnitude, big), rounded,
                              x);
}

/// Expands a fused multiply-add of floats or halves: the product is exact in
/// double, and the sum is rounded to double before it is rounded again. Results
/// that the type can hold are exact, others are within 0.5 + 2^-29 ULP.
static Value *expandFma(IRBuilder<> &builder, CallInst *call) {
  Type *narrow = call->getType();
  Type *wide = builder.getDoubleTy();
  if (auto *vector = dyn_cast<VectorType>(narrow))
    wide = VectorType::get(wide, vector->getElementCount());
  Value *operands[3];
  for (unsigned i = 0; i < 3; ++i)
    operands[i] = builder.CreateFPExt(call->getArgOperand(i), wide);
  Value *sum = builder.CreateFAdd(builder.CreateFMul(operands[0], operands[1]),
                                  operands[2]);
  return builder.CreateFPTrunc(sum, narrow);
}

Error tapml::expandMissingIntrinsics(Module &module,
                                     const TargetMachine &machine) {
  if (!machine.getTargetTriple().isX86())
    return Error::success(); // AArch64 has instructions for all of them.
  const MCSubtargetInfo &subtarget = *machine.getMCSubtargetInfo();
  bool hasRounding = subtarget.checkFeatures("+sse4.1");
  bool hasFma = subtarget.checkFeatures("+fma");

  SmallVector<IntrinsicInst *> missing;
  for (Function &function : module)
    for (Instruction &instruction : instructions(function))
      if (auto *intrinsic = dyn_cast<IntrinsicInst>(&instruction))
        switch (intrinsic->getIntrinsicID()) {
        case Intrinsic::floor:
        case Intrinsic::ceil:
        case Intrinsic::trunc:
        case Intrinsic::rint:
        case Intrinsic::nearbyint:
        case Intrinsic::roundeven:
          if (!hasRounding)
            missing.push_back(intrinsic);
          break;
        case Intrinsic::fma:
          if (!hasFma)
            missing.push_back(intrinsic);
          break;
        default:
          break;
        }

  for (IntrinsicInst *intrinsic : missing) {
    IRBuilder<> builder(intrinsic);
    Type *scalar = intrinsic->getType()->getScalarType();
    bool isFma = intrinsic->getIntrinsicID() == Intrinsic::fma;
    bool isKnown = scalar->isHalfTy() || scalar->isFloatTy() ||
                   (scalar->isDoubleTy() && !isFma);
    if (!isKnown) {
      std::string text;
      raw_string_ostream(text) << *scalar;
      return createStringError(
          "kernel '%s' uses %s on %s, which CPU '%s' has no instruction for; "
          "name a CPU that has one in host-cpus",
          intrinsic->getFunction()->getName().str().c_str(),
          isFma ? "a fused multiply-add" : "rounding", text.c_str(),
          machine.getTargetCPU().str().c_str());
    }
    Value *expanded = isFma
                          ? expandFma(builder, intrinsic)
                          : expandRounding(builder, intrinsic->getIntrinsicID(),
                                           intrinsic->getArgOperand(0));
    intrinsic->replaceAllUsesWith(expanded);
    intrinsic->eraseFromParent();
  }
  // Those of the expansions, too.
  if (!subtarget.checkFeatures("+f16c"))
    expandHalfConversions(module);
  return Error::success();
}
