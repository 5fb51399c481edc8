//===- LegalizeBuffers.cpp - Vectors and bytes in memory ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "tapml/Codegen/Analysis/Divisibility.h"
#include "tapml/Codegen/Legalize.h"

using namespace mlir;
using namespace tapml;

/// The number of elements that are accessed at once in memory.
static constexpr int64_t kVectorWidth = 4;

namespace {
/// One load or store of a scalar or a vector at one index.
struct Access {
  Operation *op;
  Value index;
  /// The stored value; null for a load.
  Value stored;
  /// The type that is loaded or stored.
  Type type;

  int64_t getWidth() const { return tapml::getWidth(type); }
};
} // namespace

/// Returns the accesses of a one-dimensional buffer, or failure if it is used
/// in another way.
static FailureOr<SmallVector<Access>> collectAccesses(Value buffer) {
  SmallVector<Access> accesses;
  for (Operation *user : buffer.getUsers()) {
    if (auto load = dyn_cast<memref::LoadOp>(user))
      accesses.push_back({user, load.getIndices()[0], {}, load.getType()});
    else if (auto load = dyn_cast<vector::LoadOp>(user))
      accesses.push_back({user, load.getIndices()[0], {}, load.getType()});
    else if (auto store = dyn_cast<memref::StoreOp>(user);
             store && store.getValue() != buffer)
      accesses.push_back({user, store.getIndices()[0], store.getValue(),
                          store.getValue().getType()});
    else if (auto store = dyn_cast<vector::StoreOp>(user))
      accesses.push_back({user, store.getIndices()[0], store.getValueToStore(),
                          store.getVectorType()});
    else
      return failure();
  }
  return accesses;
}

static Value constantIndex(OpBuilder &builder, Location loc, int64_t value) {
  return arith::ConstantIndexOp::create(builder, loc, value);
}

static Value addIndex(OpBuilder &builder, Location loc, Value index,
                      int64_t value) {
  if (value == 0)
    return index;
  return arith::AddIOp::create(builder, loc, index,
                               constantIndex(builder, loc, value));
}

static void replaceLoad(const Access &access, Value value) {
  access.op->getResult(0).replaceAllUsesWith(value);
  access.op->erase();
}

/// Gives argument `buffer` of `kernel` the element type `element`, one for
/// `ratio` of the present elements.
static void retype(gpu::GPUFuncOp kernel, BlockArgument buffer, Type element,
                   int64_t ratio) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (!ShapedType::isDynamic(shape[0]))
    shape[0] = llvm::divideCeil(shape[0], ratio);
  buffer.setType(MemRefType::get(shape, element, MemRefLayoutAttrInterface(),
                                 type.getMemorySpace()));
  SmallVector<Type> inputs(kernel.getArgumentTypes());
  inputs[buffer.getArgNumber()] = buffer.getType();
  kernel.setFunctionType(
      FunctionType::get(kernel.getContext(), inputs, kernel.getResultTypes()));
}

//===----------------------------------------------------------------------===//
// Buffers of vectors
//===----------------------------------------------------------------------===//

/// Returns whether the buffer pays and can be a buffer of vectors.
static bool canBeVectors(ArrayRef<Access> accesses,
                         DivisibilityAnalysis &analysis) {
  bool anyVector = false;
  for (const Access &access : accesses) {
    if (access.getWidth() == kVectorWidth) {
      if (!analysis.isMultipleOf(access.index, kVectorWidth))
        return false;
      anyVector = true;
    } else if (access.stored || access.getWidth() != 1) {
      return false;
    }
  }
  return anyVector;
}

/// Rewrites an access to the buffer after it has become one of vectors.
static void rewriteAsVectors(const Access &access, Value buffer,
                             DivisibilityAnalysis &analysis) {
  OpBuilder b(access.op);
  Location loc = access.op->getLoc();
  bool isAligned = analysis.isMultipleOf(access.index, kVectorWidth);
  Value element = isAligned ? buildExactQuotient(b, loc, access.index,
                                                 kVectorWidth, analysis)
                            : arith::ShRUIOp::create(b, loc, access.index,
                                                     constantIndex(b, loc, 2));
  if (access.stored) {
    memref::StoreOp::create(b, loc, access.stored, buffer, element);
    access.op->erase();
    return;
  }
  Value loaded = memref::LoadOp::create(b, loc, buffer, element);
  if (access.getWidth() == kVectorWidth)
    return replaceLoad(access, loaded);
  Value scalar;
  if (isAligned)
    scalar = vector::ExtractOp::create(b, loc, loaded, 0);
  else
    scalar = vector::ExtractOp::create(
        b, loc, loaded,
        Value(arith::AndIOp::create(b, loc, access.index,
                                    constantIndex(b, loc, kVectorWidth - 1))));
  replaceLoad(access, scalar);
}

/// Rewrites a vector access to a buffer of scalars, element by element.
static void rewriteAsScalars(const Access &access, Value buffer) {
  if (!isa<VectorType>(access.type))
    return;
  OpBuilder b(access.op);
  Location loc = access.op->getLoc();
  SmallVector<Value> elements;
  for (int64_t i = 0, e = access.getWidth(); i < e; ++i) {
    Value index = addIndex(b, loc, access.index, i);
    if (access.stored)
      memref::StoreOp::create(
          b, loc, vector::ExtractOp::create(b, loc, access.stored, i), buffer,
          index);
    else
      elements.push_back(memref::LoadOp::create(b, loc, buffer, index));
  }
  if (access.stored)
    return access.op->erase();
  replaceLoad(access, vector::FromElementsOp::create(
                          b, loc, cast<VectorType>(access.type), elements));
}

//===----------------------------------------------------------------------===//
// Buffers of bytes
//===----------------------------------------------------------------------===//

namespace {
/// Accesses bytes in a buffer of 32-bit words, the first byte lowest.
class BytePacker {
public:
  BytePacker(OpBuilder &builder, Location loc, Value buffer)
      : b(builder), loc(loc), buffer(buffer) {}

  /// Byte `position` (an i32, or a constant multiple of eight bits) of `word`.
  Value getByte(Value word, Value shift) {
    if (shift)
      word = arith::ShRUIOp::create(b, loc, word, shift);
    return arith::TruncIOp::create(b, loc, b.getI8Type(), word);
  }

  Value load(Value index) {
    return getByte(memref::LoadOp::create(b, loc, buffer, wordOf(index)),
                   shiftOf(index));
  }

  /// Four bytes at word `element`.
  Value loadWord(Value element, VectorType type) {
    Value word = memref::LoadOp::create(b, loc, buffer, element);
    SmallVector<Value> bytes;
    for (int64_t i = 0; i < kVectorWidth; ++i)
      bytes.push_back(getByte(word, i ? constant(8 * i) : Value()));
    return vector::FromElementsOp::create(b, loc, type, bytes);
  }

  void storeWord(Value element, Value bytes) {
    Value word;
    for (int64_t i = 0; i < kVectorWidth; ++i) {
      Value byte = widen(vector::ExtractOp::create(b, loc, bytes, i));
      if (i)
        byte = arith::ShLIOp::create(b, loc, byte, constant(8 * i));
      word = word ? arith::OrIOp::create(b, loc, word, byte) : byte;
    }
    memref::StoreOp::create(b, loc, word, buffer, element);
  }

  /// Clears and sets one byte atomically: other invocations may write the
  /// other bytes of the word at the same time.
  void store(Value index, Value byte) {
    Value element = wordOf(index), shift = shiftOf(index);
    Value mask = arith::ShLIOp::create(b, loc, constant(0xff), shift);
    mask = arith::XOrIOp::create(b, loc, mask, constant(-1));
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::andi, mask,
                                buffer, element);
    Value bits = arith::ShLIOp::create(b, loc, widen(byte), shift);
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::ori, bits, buffer,
                                element);
  }

private:
  Value constant(int32_t value) {
    return arith::ConstantIntOp::create(b, loc, value, 32);
  }
  Value widen(Value byte) {
    return arith::ExtUIOp::create(b, loc, b.getI32Type(), byte);
  }
  Value wordOf(Value index) {
    return arith::ShRUIOp::create(b, loc, index, constantIndex(b, loc, 2));
  }
  /// The number of bits below the byte at `index`.
  Value shiftOf(Value index) {
    Value narrow = arith::IndexCastOp::create(b, loc, b.getI32Type(), index);
    Value byte = arith::AndIOp::create(b, loc, narrow, constant(3));
    return arith::ShLIOp::create(b, loc, byte, constant(3));
  }

  OpBuilder &b;
  Location loc;
  Value buffer;
};
} // namespace

/// Rewrites an access after the buffer has become one of 32-bit words.
static void rewriteAsWords(const Access &access, Value buffer,
                           DivisibilityAnalysis &analysis) {
  OpBuilder b(access.op);
  Location loc = access.op->getLoc();
  BytePacker packer(b, loc, buffer);
  auto vectorType = dyn_cast<VectorType>(access.type);
  if (access.getWidth() == kVectorWidth &&
      analysis.isMultipleOf(access.index, kVectorWidth)) {
    Value element =
        buildExactQuotient(b, loc, access.index, kVectorWidth, analysis);
    if (!access.stored)
      return replaceLoad(access, packer.loadWord(element, vectorType));
    packer.storeWord(element, access.stored);
    return access.op->erase();
  }
  SmallVector<Value> bytes;
  for (int64_t i = 0, e = access.getWidth(); i < e; ++i) {
    Value index = addIndex(b, loc, access.index, i);
    if (!access.stored)
      bytes.push_back(packer.load(index));
    else if (vectorType)
      packer.store(index, vector::ExtractOp::create(b, loc, access.stored, i));
    else
      packer.store(index, access.stored);
  }
  if (access.stored)
    return access.op->erase();
  replaceLoad(access, vectorType ? Value(vector::FromElementsOp::create(
                                       b, loc, vectorType, bytes))
                                 : bytes[0]);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult tapml::legalizeBuffers(gpu::GPUFuncOp kernel,
                                     ProfileAttr profile) {
  for (BlockArgument buffer : kernel.getArguments()) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      continue;
    if (type.getRank() != 1 || !type.getLayout().isIdentity())
      return emitKernelError(kernel)
             << "argument " << buffer.getArgNumber() << " has type " << type
             << "; buffers are one-dimensional with unit stride";
    FailureOr<SmallVector<Access>> accesses = collectAccesses(buffer);
    bool isBytes = type.getElementType().isInteger(8) && packsBytes(profile);
    if (failed(accesses)) {
      if (isBytes)
        return emitKernelError(kernel)
               << "argument " << buffer.getArgNumber()
               << " is a buffer of bytes that is used other than by loads and "
                  "stores, but profile '"
               << profile.getName() << "' has no feature 'storage8'";
      continue;
    }
    // Offsets do not depend on what buffers hold, but their operations change.
    DivisibilityAnalysis analysis;
    if (isBytes) {
      retype(kernel, buffer, IntegerType::get(kernel.getContext(), 32),
             kVectorWidth);
      for (const Access &access : *accesses)
        rewriteAsWords(access, buffer, analysis);
    } else if (!isa<VectorType>(type.getElementType())) {
      bool asVectors = canBeVectors(*accesses, analysis);
      if (asVectors)
        retype(kernel, buffer,
               VectorType::get({kVectorWidth}, type.getElementType()),
               kVectorWidth);
      for (const Access &access : *accesses)
        asVectors ? rewriteAsVectors(access, buffer, analysis)
                  : rewriteAsScalars(access, buffer);
    }
  }
  return success();
}
