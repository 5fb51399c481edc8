//===- LegalizeBuffers.cpp - Vectors, bytes and halves in memory ===//
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

/// Rewrites the accesses of vectors that are left, to memory of scalars,
/// element by element.
static void rewriteAsScalars(gpu::GPUFuncOp kernel) {
  SmallVector<Operation *> accesses;
  kernel.walk([&](Operation *op) {
    if (isa<vector::LoadOp, vector::StoreOp>(op))
      accesses.push_back(op);
  });
  for (Operation *op : accesses) {
    auto load = dyn_cast<vector::LoadOp>(op);
    auto store = dyn_cast<vector::StoreOp>(op);
    VectorType type = load ? load.getVectorType() : store.getVectorType();
    Value memory = load ? load.getBase() : store.getBase();
    if (type.getRank() != 1 ||
        cast<MemRefType>(memory.getType()).getElementType() !=
            type.getElementType())
      continue;
    OpBuilder b(op);
    Location loc = op->getLoc();
    SmallVector<Value> indices(load ? load.getIndices() : store.getIndices());
    Value first = indices.back();
    SmallVector<Value> elements;
    for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
      indices.back() = addIndex(b, loc, first, i);
      if (load)
        elements.push_back(memref::LoadOp::create(b, loc, memory, indices));
      else
        memref::StoreOp::create(
            b, loc,
            vector::ExtractOp::create(b, loc, store.getValueToStore(), i),
            memory, indices);
    }
    if (load)
      load.replaceAllUsesWith(
          Value(vector::FromElementsOp::create(b, loc, type, elements)));
    op->erase();
  }
}

//===----------------------------------------------------------------------===//
// Buffers of bytes and halves
//===----------------------------------------------------------------------===//

namespace {
/// Accesses elements of 8 or 16 bits in a buffer of 32-bit words, the first
/// lowest.
class Packer {
public:
  Packer(OpBuilder &builder, Location loc, Value buffer, Type element)
      : b(builder), loc(loc), buffer(buffer), element(element),
        bits(element.getIntOrFloatBitWidth()) {}

  /// The number of elements in a word.
  static int64_t getCount(Type element) {
    return 32 / element.getIntOrFloatBitWidth();
  }

  Value load(Value index) {
    return getElement(memref::LoadOp::create(b, loc, buffer, wordOf(index)),
                      shiftOf(index));
  }

  /// The elements in words from `word` on.
  Value loadWords(Value word, VectorType type) {
    SmallVector<Value> elements;
    int64_t count = getCount(element);
    for (int64_t i = 0, e = type.getNumElements(); i < e; i += count) {
      Value loaded = memref::LoadOp::create(b, loc, buffer,
                                            addIndex(b, loc, word, i / count));
      for (int64_t j = 0; j < count; ++j)
        elements.push_back(
            getElement(loaded, j ? constant(bits * j) : Value()));
    }
    return vector::FromElementsOp::create(b, loc, type, elements);
  }

  void storeWords(Value word, Value elements) {
    int64_t count = getCount(element);
    for (int64_t i = 0, e = getWidth(elements.getType()); i < e; i += count) {
      Value packed;
      for (int64_t j = 0; j < count; ++j) {
        Value part = widen(vector::ExtractOp::create(b, loc, elements, i + j));
        if (j)
          part = arith::ShLIOp::create(b, loc, part, constant(bits * j));
        packed = packed ? arith::OrIOp::create(b, loc, packed, part) : part;
      }
      memref::StoreOp::create(b, loc, packed, buffer,
                              addIndex(b, loc, word, i / count));
    }
  }

  /// Clears and sets one element atomically: other invocations may write the
  /// others of the word at the same time.
  void store(Value index, Value value) {
    Value word = wordOf(index), shift = shiftOf(index);
    Value mask =
        arith::ShLIOp::create(b, loc, constant((1 << bits) - 1), shift);
    mask = arith::XOrIOp::create(b, loc, mask, constant(-1));
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::andi, mask,
                                buffer, word);
    Value part = arith::ShLIOp::create(b, loc, widen(value), shift);
    memref::AtomicRMWOp::create(b, loc, arith::AtomicRMWKind::ori, part, buffer,
                                word);
  }

private:
  Value constant(int32_t value) {
    return arith::ConstantIntOp::create(b, loc, value, 32);
  }
  /// The element that begins `shift` bits, or none, above the lowest of `word`.
  Value getElement(Value word, Value shift) {
    if (shift)
      word = arith::ShRUIOp::create(b, loc, word, shift);
    Value part = arith::TruncIOp::create(b, loc, b.getIntegerType(bits), word);
    return isa<FloatType>(element)
               ? arith::BitcastOp::create(b, loc, element, part)
               : part;
  }
  Value widen(Value value) {
    if (isa<FloatType>(element))
      value = arith::BitcastOp::create(b, loc, b.getIntegerType(bits), value);
    return arith::ExtUIOp::create(b, loc, b.getI32Type(), value);
  }
  Value wordOf(Value index) {
    int64_t shift = llvm::Log2_64(getCount(element));
    return arith::ShRUIOp::create(b, loc, index, constantIndex(b, loc, shift));
  }
  /// The number of bits below the element at `index`.
  Value shiftOf(Value index) {
    Value narrow = arith::IndexCastOp::create(b, loc, b.getI32Type(), index);
    Value place =
        arith::AndIOp::create(b, loc, narrow, constant(getCount(element) - 1));
    return arith::ShLIOp::create(b, loc, place, constant(llvm::Log2_64(bits)));
  }

  OpBuilder &b;
  Location loc;
  Value buffer;
  Type element;
  int64_t bits;
};
} // namespace

/// Rewrites an access after the buffer of `element` has become one of 32-bit
/// words.
static void rewriteAsWords(const Access &access, Value buffer, Type element,
                           DivisibilityAnalysis &analysis) {
  OpBuilder b(access.op);
  Location loc = access.op->getLoc();
  Packer packer(b, loc, buffer, element);
  auto vectorType = dyn_cast<VectorType>(access.type);
  int64_t count = Packer::getCount(element);
  if (access.getWidth() % count == 0 &&
      analysis.isMultipleOf(access.index, count)) {
    Value word = buildExactQuotient(b, loc, access.index, count, analysis);
    if (!access.stored)
      return replaceLoad(access, packer.loadWords(word, vectorType));
    packer.storeWords(word, access.stored);
    return access.op->erase();
  }
  SmallVector<Value> elements;
  for (int64_t i = 0, e = access.getWidth(); i < e; ++i) {
    Value index = addIndex(b, loc, access.index, i);
    if (!access.stored)
      elements.push_back(packer.load(index));
    else if (vectorType)
      packer.store(index, vector::ExtractOp::create(b, loc, access.stored, i));
    else
      packer.store(index, access.stored);
  }
  if (access.stored)
    return access.op->erase();
  replaceLoad(access, vectorType ? Value(vector::FromElementsOp::create(
                                       b, loc, vectorType, elements))
                                 : elements[0]);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

LogicalResult tapml::legalizeBuffers(gpu::GPUFuncOp kernel,
                                     ProfileAttr profile) {
  for (BlockArgument buffer : getInterface(kernel)) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      continue;
    FailureOr<SmallVector<Access>> accesses = collectAccesses(buffer);
    Type element = type.getElementType();
    bool isPacked = (element.isInteger(8) && packsBytes(profile)) ||
                    (element.isInteger(16) && packsShorts(profile)) ||
                    (element.isF16() && packsHalves(profile));
    if (failed(accesses)) {
      if (isPacked)
        return emitKernelError(kernel)
               << "argument " << buffer.getArgNumber() << " is a buffer of "
               << (element.isF16()         ? "16-bit floats"
                   : element.isInteger(16) ? "16-bit integers"
                                           : "bytes")
               << " that is used other than by loads and stores, but profile '"
               << profile.getName() << "' has no feature '"
               << (element.isInteger(8) ? "storage8" : "storage16") << "'";
      continue;
    }
    // Offsets do not depend on what buffers hold, but their operations change.
    DivisibilityAnalysis analysis;
    if (isPacked) {
      retype(kernel, buffer, IntegerType::get(kernel.getContext(), 32),
             Packer::getCount(element));
      for (const Access &access : *accesses)
        rewriteAsWords(access, buffer, element, analysis);
    } else if (!isa<VectorType>(element)) {
      bool asVectors = canBeVectors(*accesses, analysis);
      if (!asVectors)
        continue;
      retype(kernel, buffer, VectorType::get({kVectorWidth}, element),
             kVectorWidth);
      for (const Access &access : *accesses)
        rewriteAsVectors(access, buffer, analysis);
    }
  }
  rewriteAsScalars(kernel);
  return success();
}
