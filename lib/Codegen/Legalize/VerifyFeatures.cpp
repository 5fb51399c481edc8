//===- VerifyFeatures.cpp - Types and operations a profile allows ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The stock conversion to SPIR-V takes types that the target lacks for 32-bit
// ones without a word, buffers included, and the text emitters know no others;
// whatever they must not see is refused here.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Codegen/Analysis/Uniformity.h"
#include "tapml/Codegen/Legalize.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tapml;

/// Returns the feature that values of a scalar type need; empty if none, and
/// nothing if no feature helps.
static std::optional<StringRef> getValueFeature(Type type) {
  if (type.isIndex() || type.isInteger(1) || type.isInteger(32) || type.isF32())
    return StringRef();
  if (type.isInteger(8))
    return StringRef("int8");
  if (type.isInteger(16))
    return StringRef("int16");
  if (type.isInteger(64))
    return StringRef("int64");
  if (type.isF16())
    return StringRef("float16");
  if (type.isF64())
    return StringRef("float64");
  return std::nullopt;
}

/// Returns the feature that elements in buffers need beside that.
static StringRef getStorageFeature(Type type) {
  if (!type.isIntOrFloat())
    return {};
  switch (type.getIntOrFloatBitWidth()) {
  case 8:
    return "storage8";
  case 16:
    return "storage16";
  default:
    return {};
  }
}

/// What to do where a feature is missing.
static StringRef getAdvice(StringRef feature) {
  if (feature == "int64")
    return "; use i32, to which a 'tapml.transfer' narrows with a check, or "
           "place the operator on the host";
  return "; use another type, or place the operator on the host";
}

/// Returns whether bytes may be 32-bit integers with zeros above in `op`: it
/// only moves them, compares them unsigned, or works bit by bit.
static bool isRightOnWideBytes(Operation *op) {
  if (isa<arith::SelectOp, arith::AndIOp, arith::OrIOp, arith::XOrIOp,
          arith::ExtUIOp, arith::TruncIOp, arith::UIToFPOp, scf::ForOp,
          scf::IfOp, scf::YieldOp, vector::BroadcastOp, vector::ExtractOp,
          vector::FromElementsOp, vector::InsertOp, vector::ShuffleOp>(op))
    return true;
  if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    using Predicate = arith::CmpIPredicate;
    switch (compare.getPredicate()) {
    case Predicate::eq:
    case Predicate::ne:
    case Predicate::ult:
    case Predicate::ule:
    case Predicate::ugt:
    case Predicate::uge:
      return true;
    default:
      return false;
    }
  }
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
      return !integer.getValue().isNegative();
    auto elements = dyn_cast<DenseIntElementsAttr>(constant.getValue());
    return elements && llvm::none_of(elements, [](const APInt &v) {
             return v.isNegative();
           });
  }
  return false;
}

namespace {
/// Checks one kernel; reports each missing feature once.
class FeatureVerifier {
public:
  FeatureVerifier(gpu::GPUFuncOp kernel, ProfileAttr profile)
      : kernel(kernel), profile(profile) {}

  LogicalResult verify() {
    for (BlockArgument argument : getInterface(kernel))
      verifyType(kernel, argument.getType());
    for (Block &block : kernel.getBody())
      for (Operation &op : block)
        op.walk([&](Operation *nested) { verifyOp(nested); });
    return failure(hasFailed);
  }

private:
  void verifyOp(Operation *op) {
    // What uses a constant says more about it; where that is all right on wide
    // bytes, the constant has to be so too.
    if (isa<arith::ConstantOp>(op) && isRightOnWideBytes(op))
      return;
    for (Type type : op->getOperandTypes())
      verifyType(op, type);
    for (Type type : op->getResultTypes())
      verifyType(op, type);
    if (isa<gpu::SubgroupReduceOp>(op))
      require(op, "subgroup_arithmetic", "operation 'gpu.subgroup_reduce'");
    if (auto broadcast = dyn_cast<gpu::SubgroupBroadcastOp>(op))
      verifyBroadcast(broadcast);
    if (isa<gpu::ShuffleOp>(op))
      verifyShuffle(cast<gpu::ShuffleOp>(op));
    if (auto barrier = dyn_cast<gpu::BarrierOp>(op))
      verifyBarrier(barrier);
  }

  void verifyType(Operation *op, Type type) {
    if (auto buffer = dyn_cast<MemRefType>(type))
      return verifyBuffer(op, buffer);
    if (!verifyShape(op, type, type))
      return;
    Type element = getElementTypeOrSelf(type);
    // Bytes out of packed words are 32-bit integers.
    if (element.isInteger(8) && !profile.hasFeature("int8") &&
        isRightOnWideBytes(op))
      return;
    if (isStoredHalf(op, element))
      return;
    if (std::optional<StringRef> feature = getValueFeature(element))
      require(op, *feature, type);
    else
      report(op, type, "kernels for this target have no such type");
  }

  void verifyBuffer(Operation *op, MemRefType buffer) {
    if (!verifyShape(op, buffer, buffer.getElementType()))
      return;
    Type element = getElementTypeOrSelf(buffer.getElementType());
    // Arrays of a workgroup or an invocation hold what variables do.
    if (element.isInteger(1) && buffer.getMemorySpace() &&
        profile.getKind() != TargetKind::Vulkan)
      return;
    if (element.isInteger(1))
      return report(op, buffer, "buffers hold i8 in place of i1");
    if (isStoredHalf(op, element))
      return;
    std::optional<StringRef> feature = getValueFeature(element);
    if (!feature)
      return report(op, buffer, "kernels for this target have no such type");
    if (require(op, *feature, buffer))
      require(op, getStorageFeature(element), buffer);
  }

  /// Returns whether `op` only moves halves from and to buffers, which needs no
  /// arithmetic on them.
  bool isStoredHalf(Operation *op, Type element) {
    return element.isF16() && !packsHalves(profile) &&
           isa<gpu::GPUFuncOp, memref::LoadOp, memref::StoreOp,
               arith::ConstantOp, arith::ExtFOp, arith::TruncFOp>(op);
  }

  /// Checks the width of `part`, a vector or scalar type in `whole`.
  bool verifyShape(Operation *op, Type whole, Type part) {
    auto vector = dyn_cast<VectorType>(part);
    if (!vector || (vector.getRank() <= 1 && !vector.isScalable() &&
                    vector.getNumElements() <= 4))
      return true;
    report(op, whole, "vectors have at most four elements");
    return false;
  }

  void verifyShuffle(gpu::ShuffleOp op) {
    require(op, "subgroup_shuffle", "operation 'gpu.shuffle'");
    APInt width;
    int64_t have = profile.getLimit("subgroup_size");
    if (!matchPattern(op.getWidth(), m_ConstantInt(&width)) ||
        width.getSExtValue() != have) {
      hasFailed = true;
      emitKernelError(op) << "the width of 'gpu.shuffle' must be the constant "
                          << have << ", the subgroup size of profile '"
                          << profile.getName() << "'";
    }
  }

  /// A value is given to a subgroup by a broadcast or a shuffle, whichever
  /// there is. SPIR-V finds the first lane by a ballot, and then shuffles.
  void verifyBroadcast(gpu::SubgroupBroadcastOp op) {
    if (op.getBroadcastType() != gpu::BroadcastType::specific_lane &&
        profile.getKind() == TargetKind::Vulkan) {
      require(op, "subgroup_ballot", "a broadcast of the first lane");
      require(op, "subgroup_shuffle", "a broadcast of the first lane");
      return;
    }
    if (profile.hasFeature("subgroup_shuffle"))
      return;
    require(op, "subgroup_ballot", "operation 'gpu.subgroup_broadcast'");
  }

  /// A barrier may only run where all invocations of a workgroup agree.
  void verifyBarrier(gpu::BarrierOp op) {
    if (!uniformity)
      uniformity.emplace(kernel);
    Operation *parent = uniformity->getDivergentParent(op);
    if (!parent)
      return;
    hasFailed = true;
    InFlightDiagnostic diag =
        emitKernelError(op)
        << "'gpu.barrier' inside '" << parent->getName()
        << "' is not reached by all invocations; move it out of there";
    diag.attachNote(parent->getLoc())
        << "whose way differs between invocations";
  }

  /// Returns whether the profile has `feature`, or none is needed.
  template <typename T>
  bool require(Operation *op, StringRef feature, const T &what) {
    if (feature.empty() || profile.hasFeature(feature))
      return true;
    if (!reported.insert(feature).second)
      return false;
    hasFailed = true;
    InFlightDiagnostic diag = emitKernelError(op);
    if (op != kernel.getOperation())
      diag << "'" << op->getName() << "' uses ";
    diag << what << ", which needs feature '" << feature << "' that profile '"
         << profile.getName() << "' lacks" << getAdvice(feature);
    return false;
  }

  void report(Operation *op, Type type, StringRef why) {
    std::string key;
    llvm::raw_string_ostream(key) << type;
    if (!reported.insert(key).second)
      return;
    hasFailed = true;
    InFlightDiagnostic diag = emitKernelError(op);
    if (op != kernel.getOperation())
      diag << "'" << op->getName() << "' uses ";
    diag << type << ": " << why;
  }

  gpu::GPUFuncOp kernel;
  ProfileAttr profile;
  llvm::StringSet<> reported;
  std::optional<UniformityAnalysis> uniformity;
  bool hasFailed = false;
};
} // namespace

LogicalResult tapml::verifyFeatures(gpu::GPUFuncOp kernel,
                                    ProfileAttr profile) {
  return FeatureVerifier(kernel, profile).verify();
}
