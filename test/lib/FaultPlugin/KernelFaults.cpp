//===- KernelFaults.cpp - Kernels that are emitted wrongly ----------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Faults.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

static Value makeIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

/// Returns a constant, or a vector of them if `bits` is a vector.
static Value makeWord(OpBuilder &builder, Location loc, Type bits,
                      uint32_t word) {
  TypedAttr attr = builder.getI32IntegerAttr(int32_t(word));
  if (auto vector = dyn_cast<VectorType>(bits))
    attr = DenseElementsAttr::get(vector, int32_t(word));
  return arith::ConstantOp::create(builder, loc, attr);
}

/// Returns the bits of a float, or of a vector of them.
static Value getBits(OpBuilder &builder, Location loc, Value value) {
  Type bits = builder.getI32Type();
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    bits = vector.clone(bits);
  return arith::BitcastOp::create(builder, loc, bits, value);
}

/// Returns `value` with only the bits of `mask`.
static Value maskBits(OpBuilder &builder, Location loc, Value value,
                      uint32_t mask) {
  Value bits = getBits(builder, loc, value);
  Value kept = arith::AndIOp::create(
      builder, loc, bits, makeWord(builder, loc, bits.getType(), mask));
  return arith::BitcastOp::create(builder, loc, value.getType(), kept);
}

/// A loop that accumulates floats.
static scf::ForOp getAccumulation(Operation *op) {
  auto loop = dyn_cast<scf::ForOp>(op);
  if (!loop || loop.getNumResults() == 0)
    return nullptr;
  return llvm::all_of(
             loop.getResultTypes(),
             [](Type type) { return getElementTypeOrSelf(type).isF32(); })
             ? loop
             : nullptr;
}

/// vector-comma: of each vector that is stored, the last component everywhere.
static bool plantVectorComma(Operation *op, OpBuilder &builder) {
  auto extract = dyn_cast<vector::ExtractOp>(op);
  if (!extract || extract.getNumIndices() != 1 ||
      extract.hasDynamicPosition() ||
      !llvm::all_of(extract->getUsers(),
                    [](Operation *user) { return isa<memref::StoreOp>(user); }))
    return false;
  int64_t last =
      cast<VectorType>(extract.getSource().getType()).getNumElements() - 1;
  if (extract.getStaticPosition().front() == last)
    return false;
  extract.setStaticPosition({last});
  return true;
}

/// edge-vector-store: lanes past the end of a row are stored too. Their guard
/// compares a column with the number of columns, within the guard of the tile.
static bool plantEdgeVectorStore(Operation *op, OpBuilder &builder) {
  auto branch = dyn_cast<scf::IfOp>(op);
  if (!branch || !branch.getElseRegion().empty() ||
      !branch->getParentOfType<scf::IfOp>() ||
      branch.getThenRegion().getOps<memref::StoreOp>().empty())
    return false;
  auto guard = branch.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!guard || !matchPattern(guard.getRhs(), m_Constant()))
    return false;
  Value always = arith::ConstantIntOp::create(builder, op->getLoc(), 1, 1);
  branch.getConditionMutable().assign(always);
  return true;
}

/// Last term of a sum dropped.
static bool plantLastTermDropped(Operation *op, OpBuilder &builder) {
  scf::ForOp loop = getAccumulation(op);
  if (!loop)
    return false;
  loop.setUpperBound(arith::SubIOp::create(
      builder, op->getLoc(), loop.getUpperBound(), loop.getStep()));
  return true;
}

/// Uninitialised accumulator: sums start from what a register happens to hold,
/// here the first element of the first input.
static bool plantUninitialised(Operation *op, OpBuilder &builder) {
  scf::ForOp loop = getAccumulation(op);
  if (!loop || !matchPattern(loop.getInitArgs().front(), m_AnyZeroFloat()))
    return false;
  Value input = op->getParentOfType<gpu::GPUFuncOp>().getArgument(0);
  if (cast<MemRefType>(input.getType()).getElementType() !=
      loop.getInitArgs().front().getType())
    return false;
  Value held = memref::LoadOp::create(builder, op->getLoc(), input,
                                      makeIndex(builder, op->getLoc(), 0));
  loop.getInitArgsMutable().slice(0, 1).assign(held);
  return true;
}

/// Keeps of each sum, after each term, the bits of `mask`.
static bool plantNarrowSums(Operation *op, OpBuilder &builder, uint32_t mask) {
  scf::ForOp loop = getAccumulation(op);
  if (!loop)
    return false;
  Operation *yield = loop.getBody()->getTerminator();
  builder.setInsertionPoint(yield);
  for (OpOperand &operand : yield->getOpOperands())
    operand.set(maskBits(builder, op->getLoc(), operand.get(), mask));
  return true;
}

/// Accumulation in the 16-bit float that is the upper half of an f32: bf16.
static bool plantBF16Accumulation(Operation *op, OpBuilder &builder) {
  return plantNarrowSums(op, builder, 0xFFFF0000);
}

/// Accumulation with the eleven bits of f16, on devices without it, too.
static bool plantF16Accumulation(Operation *op, OpBuilder &builder) {
  return plantNarrowSums(op, builder, 0xFFFFE000);
}

/// A sum with one term too many.
static bool plantTermTooMany(Operation *op, OpBuilder &builder) {
  scf::ForOp loop = getAccumulation(op);
  if (!loop)
    return false;
  loop.setUpperBound(arith::AddIOp::create(
      builder, op->getLoc(), loop.getUpperBound(), loop.getStep()));
  return true;
}

/// subgroup-size: values are combined as if a subgroup had half the lanes.
static bool plantSubgroupSize(Operation *op, OpBuilder &builder) {
  auto shuffle = dyn_cast<gpu::ShuffleOp>(op);
  APInt distance, width;
  if (!shuffle || shuffle.getMode() != gpu::ShuffleMode::XOR ||
      !matchPattern(shuffle.getOffset(), m_ConstantInt(&distance)) ||
      !matchPattern(shuffle.getWidth(), m_ConstantInt(&width)) ||
      distance.getZExtValue() * 2 != width.getZExtValue())
    return false;
  for (Operation *combiner :
       llvm::to_vector(shuffle.getShuffleResult().getUsers()))
    combiner->replaceAllUsesWith(ValueRange(shuffle.getValue()));
  return true;
}

/// subgroup-lane: what the upper half of a subgroup holds is asked of the lower
/// half, as if a subgroup had half the lanes.
static bool plantSubgroupLane(Operation *op, OpBuilder &builder) {
  auto broadcast = dyn_cast<gpu::SubgroupBroadcastOp>(op);
  APInt lane;
  if (!broadcast || !broadcast.getLane() ||
      !matchPattern(broadcast.getLane(), m_ConstantInt(&lane)))
    return false;
  broadcast.getLaneMutable().assign(
      arith::ConstantIntOp::create(builder, op->getLoc(),
                                   int64_t(lane.getZExtValue() % 4),
                                   /*width=*/32)
          .getResult());
  return true;
}

/// What the workgroups behind the first give is zero.
static bool plantFirstWorkgroup(Operation *op, OpBuilder &builder) {
  auto store = dyn_cast<memref::StoreOp>(op);
  if (!store || !store.getValue().getType().isF32())
    return false;
  Location loc = op->getLoc();
  Value group = gpu::BlockIdOp::create(builder, loc, gpu::Dimension::x);
  Value isFirst = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        group, makeIndex(builder, loc, 0));
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0));
  store.getValueMutable().assign(
      arith::SelectOp::create(builder, loc, isFirst, store.getValue(), zero)
          .getResult());
  return true;
}

/// Wrong stride of a view: one less than it is.
static bool plantWrongStride(Operation *op, OpBuilder &builder) {
  auto multiply = dyn_cast<arith::MulIOp>(op);
  if (!multiply)
    return false;
  APInt stride;
  bool isAddress = llvm::any_of(multiply->getUsers(), [](Operation *user) {
    return isa<arith::AddIOp>(user) &&
           llvm::any_of(user->getUsers(), [](Operation *next) {
             return isa<memref::LoadOp, arith::AddIOp>(next);
           });
  });
  if (!op->getParentOfType<scf::IfOp>() || !isAddress ||
      !matchPattern(multiply.getRhs(), m_ConstantInt(&stride)) ||
      stride.getSExtValue() < 3)
    return false;
  multiply.getRhsMutable().assign(
      makeIndex(builder, op->getLoc(), stride.getSExtValue() - 1));
  return true;
}

/// Subnormals flushed by what only moves data.
static bool plantFlushed(Operation *op, OpBuilder &builder) {
  auto store = dyn_cast<memref::StoreOp>(op);
  if (!store || !getElementTypeOrSelf(store.getValue()).isF32())
    return false;
  Location loc = op->getLoc();
  Value value = store.getValue(), bits = getBits(builder, loc, value);
  Value zero = makeWord(builder, loc, bits.getType(), 0);
  Value exponent = arith::AndIOp::create(
      builder, loc, bits, makeWord(builder, loc, bits.getType(), 0x7F800000));
  Value isSmall = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        exponent, zero);
  Value flushed = arith::SelectOp::create(builder, loc, isSmall, zero, bits);
  store.getValueMutable().assign(
      arith::BitcastOp::create(builder, loc, value.getType(), flushed)
          .getResult());
  return true;
}

/// A kernel that never ends.
static bool plantEndless(Operation *op, OpBuilder &builder) {
  auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
  if (!kernel)
    return false;
  Location loc = op->getLoc();
  builder.setInsertionPointToStart(&kernel.getBody().front());
  Value output = kernel.getArgument(0);
  for (BlockArgument argument : kernel.getArguments())
    if (isa<MemRefType>(argument.getType()))
      output = argument;
  Value zero = makeIndex(builder, loc, 0);
  Value always = arith::ConstantIntOp::create(builder, loc, 1, 1);
  scf::WhileOp::create(
      builder, loc, TypeRange(), ValueRange(),
      [&](OpBuilder &b, Location, ValueRange) {
        // What is stored is what is there: only a race could end it.
        Value word = memref::LoadOp::create(b, loc, output, zero);
        memref::StoreOp::create(b, loc, word, output, zero);
        scf::ConditionOp::create(b, loc, always, ValueRange());
      },
      [&](OpBuilder &b, Location, ValueRange) {
        scf::YieldOp::create(b, loc);
      });
  return true;
}

/// workgroup-256: more invocations than the device has.
static bool plantLargeWorkgroup(Operation *op, OpBuilder &builder) {
  auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
  if (!kernel)
    return false;
  kernel.setKnownBlockSize(ArrayRef<int32_t>({8192, 1, 1}));
  return true;
}

/// workgroup-memory: more of it than the device has.
static bool plantWorkgroupMemory(Operation *op, OpBuilder &builder) {
  auto kernel = dyn_cast<gpu::GPUFuncOp>(op);
  if (!kernel)
    return false;
  Location loc = op->getLoc();
  auto space = gpu::AddressSpaceAttr::get(builder.getContext(),
                                          gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get({1 << 20}, builder.getF32Type(),
                              MemRefLayoutAttrInterface(), space);
  Value memory = kernel.addWorkgroupAttribution(type, loc);
  builder.setInsertionPointToStart(&kernel.getBody().front());
  Value zero = makeIndex(builder, loc, 0);
  Value one =
      arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(1));
  memref::StoreOp::create(builder, loc, one, memory, zero);
  return true;
}

/// Wrong grid: the last workgroup is not launched.
static bool plantWrongGrid(Operation *op, OpBuilder &builder) {
  auto launch = dyn_cast<LaunchOp>(op);
  if (!launch)
    return false;
  Location loc = op->getLoc();
  Value one = makeIndex(builder, loc, 1);
  for (unsigned i = 0; i < launch.getGrids().size(); i += 3) {
    Value less = arith::SubIOp::create(builder, loc, launch.getGrids()[i], one);
    launch.getGridsMutable()[i].set(
        arith::MaxSIOp::create(builder, loc, less, one));
  }
  return true;
}

/// tuned-wrong: the kernel that was chosen for large sizes leaves out a term.
static bool plantTunedWrong(Operation *op, OpBuilder &builder) {
  auto launch = dyn_cast<LaunchOp>(op);
  if (!launch || launch.getKernels().size() < 2)
    return false;
  StringAttr name =
      cast<SymbolRefAttr>(launch.getKernels()[0]).getLeafReference();
  arith::AddFOp last;
  op->getParentOfType<VariantOp>().walk([&](gpu::GPUFuncOp kernel) {
    if (kernel.getNameAttr() == name)
      kernel.walk([&](arith::AddFOp add) { last = add; });
  });
  if (!last)
    return false;
  last.replaceAllUsesWith(last.getLhs());
  return true;
}

ArrayRef<FaultKind> tapml::getKernelFaults() {
  static constexpr bool everywhere = true;
  static constexpr FaultKind kinds[] = {
      {"vector-comma", plantVectorComma, everywhere},
      {"edge-vector-store", plantEdgeVectorStore, everywhere},
      {"last-term-dropped", plantLastTermDropped, everywhere},
      {"uninitialised-accumulator", plantUninitialised, everywhere},
      {"bf16-accumulation", plantBF16Accumulation, everywhere},
      {"f16-accumulation", plantF16Accumulation, everywhere},
      {"term-too-many", plantTermTooMany, everywhere},
      {"subgroup-size", plantSubgroupSize, everywhere},
      {"subgroup-lane", plantSubgroupLane, everywhere},
      {"first-workgroup", plantFirstWorkgroup, everywhere},
      {"wrong-stride", plantWrongStride},
      {"subnormals-flushed", plantFlushed, everywhere},
      {"endless-kernel", plantEndless, everywhere},
      {"workgroup-256", plantLargeWorkgroup, everywhere},
      {"workgroup-memory", plantWorkgroupMemory, everywhere},
      {"wrong-grid", plantWrongGrid, everywhere},
      {"tuned-wrong", plantTunedWrong}};
  return kinds;
}
