//===- EmitVectors.cpp - Vectors as expressions ---------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FunctionEmitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml::shader;

using Demand = ValueSigns::Demand;

static constexpr char kComponents[] = "xyzw";

/// Returns `vector.xyz` for the components at `positions`.
static Expression getSwizzle(const Expression &vector,
                             ArrayRef<int64_t> positions) {
  std::string text = getBase(vector) + ".";
  for (int64_t position : positions)
    text.push_back(kComponents[position]);
  return Expression(text);
}

FailureOr<Expression>
FunctionEmitter::getComponents(Operation *op, ArrayRef<Expression> components) {
  FailureOr<ShaderType> type = getType(op, op->getResult(0));
  if (failed(type))
    return failure();
  if (!type->isVector())
    return components.front();
  return getCall(language.getTypeName(*type), components);
}

FailureOr<Expression> FunctionEmitter::getBroadcast(vector::BroadcastOp op) {
  FailureOr<ShaderType> type = getType(op, op.getResult());
  FailureOr<Expression> value = getLike(op.getSource(), op.getResult());
  if (failed(type) || failed(value))
    return failure();
  if (op.getSource().getType() == op.getType() || !type->isVector())
    return value;
  if (auto source = dyn_cast<VectorType>(op.getSource().getType());
      source && source.getRank() == 1)
    value = getSwizzle(*value, {0});
  return getCall(language.getTypeName(*type), *value);
}

FailureOr<Expression> FunctionEmitter::getExtract(vector::ExtractOp op) {
  FailureOr<Expression> vector = getLike(op.getSource(), op.getResult());
  if (failed(vector))
    return failure();
  auto type = op.getSourceVectorType();
  if (type.getRank() > 1)
    return refuse(op, "a vector of several dimensions");
  // Vectors of one element are scalars.
  if (type.getNumElements() == 1 || op.getMixedPosition().empty())
    return vector;
  OpFoldResult position = op.getMixedPosition().front();
  if (auto constant = dyn_cast<Attribute>(position)) {
    int64_t number = cast<IntegerAttr>(constant).getInt();
    if (number < 0)
      return refuse(op, "no element at all");
    return getSwizzle(*vector, number);
  }
  FailureOr<Expression> index = get(cast<Value>(position));
  if (failed(index))
    return failure();
  return Expression(getBase(*vector) + "[" + index->text + "]");
}

/// Returns the expressions of the elements of `vector`.
static SmallVector<Expression> getElements(const Expression &vector,
                                           int64_t count) {
  if (count == 1)
    return {vector};
  SmallVector<Expression> elements;
  for (int64_t i = 0; i < count; ++i)
    elements.push_back(getSwizzle(vector, i));
  return elements;
}

static int64_t getCount(Value vector) {
  auto type = dyn_cast<VectorType>(vector.getType());
  return type ? type.getNumElements() : 1;
}

FailureOr<Expression> FunctionEmitter::getVectorOperation(Operation *op) {
  auto like = [&](Value value) { return getLike(value, op->getResult(0)); };
  return TypeSwitch<Operation *, FailureOr<Expression>>(op)
      .Case([&](vector::BroadcastOp broadcast) {
        return getBroadcast(broadcast);
      })
      .Case([&](vector::ExtractOp extract) { return getExtract(extract); })
      .Case([&](vector::FromElementsOp elements) -> FailureOr<Expression> {
        SmallVector<Expression> parts;
        for (Value element : elements.getElements()) {
          FailureOr<Expression> part = like(element);
          if (failed(part))
            return failure();
          parts.push_back(*part);
        }
        return getComponents(op, parts);
      })
      .Case([&](vector::ExtractStridedSliceOp slice) -> FailureOr<Expression> {
        FailureOr<Expression> vector = like(slice.getSource());
        if (failed(vector) || failed(getType(op, slice.getSource())))
          return failure();
        if (slice.hasNonUnitStrides())
          return refuse(op, "strides");
        auto offset =
            cast<IntegerAttr>(slice.getOffsets().getValue().front()).getInt();
        SmallVector<int64_t> positions;
        for (int64_t i = 0, e = slice.getType().getNumElements(); i < e; ++i)
          positions.push_back(offset + i);
        if (getCount(slice.getSource()) == 1)
          return vector;
        return getSwizzle(*vector, positions);
      })
      .Case([&](vector::InsertStridedSliceOp insert) -> FailureOr<Expression> {
        FailureOr<Expression> part = like(insert.getValueToStore());
        FailureOr<Expression> whole = like(insert.getDest());
        if (failed(part) || failed(whole) ||
            failed(getType(op, insert.getDest())))
          return failure();
        SmallVector<Expression> elements =
            getElements(*whole, getCount(insert.getDest()));
        auto offset =
            cast<IntegerAttr>(insert.getOffsets().getValue().front()).getInt();
        for (auto [i, element] : llvm::enumerate(
                 getElements(*part, getCount(insert.getValueToStore()))))
          elements[offset + i] = element;
        return getComponents(op, elements);
      })
      .Case([&](vector::ShuffleOp shuffle) -> FailureOr<Expression> {
        FailureOr<Expression> first = like(shuffle.getV1());
        FailureOr<Expression> second = like(shuffle.getV2());
        if (failed(first) || failed(second) ||
            failed(getType(op, shuffle.getV1())) ||
            failed(getType(op, shuffle.getV2())))
          return failure();
        int64_t split = getCount(shuffle.getV1());
        SmallVector<int64_t> mask(shuffle.getMask());
        // Elements that may hold anything hold the first.
        for (int64_t &position : mask)
          position = std::max<int64_t>(position, 0);
        if (split > 1 &&
            llvm::all_of(mask, [&](int64_t i) { return i < split; }))
          return getSwizzle(*first, mask);
        SmallVector<Expression> all = getElements(*first, split);
        llvm::append_range(all,
                           getElements(*second, getCount(shuffle.getV2())));
        SmallVector<Expression> parts;
        for (int64_t position : mask)
          parts.push_back(all[position]);
        return getComponents(op, parts);
      })
      .Case([&](vector::InsertOp insert) -> FailureOr<Expression> {
        // With a constant position; others are statements.
        FailureOr<Expression> part = like(insert.getValueToStore());
        FailureOr<Expression> whole = like(insert.getDest());
        if (failed(part) || failed(whole) ||
            failed(getType(op, insert.getDest())))
          return failure();
        if (isa<VectorType>(insert.getValueToStoreType()))
          return refuse(op, "a vector of several dimensions");
        auto position = cast<IntegerAttr>(
            cast<Attribute>(insert.getMixedPosition().front()));
        SmallVector<Expression> elements =
            getElements(*whole, getCount(insert.getDest()));
        elements[position.getInt()] = *part;
        return getComponents(op, elements);
      })
      .Case([&](vector::BitCastOp) -> FailureOr<Expression> {
        FailureOr<ShaderType> type = getType(op, op->getResult(0));
        FailureOr<Expression> value = get(op->getOperand(0));
        if (failed(type) || failed(value))
          return failure();
        return language.getBitcast(*value, *type);
      })
      .Case([&](vector::FMAOp) { return getFunctionCall(op); })
      .Default([&](Operation *) { return refuse(op); });
}
