//===- TestBuilder.cpp - The IR and the text of a test --------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

TestOp tapml::buildTest(OpBuilder &builder, StringRef name,
                        const OperatorGroup &group, const Visit &visit,
                        ArrayRef<DataAttr> inputs, ArrayRef<DataAttr> expects) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = builder.getUnknownLoc();
  auto toArray = [&](ArrayRef<DataAttr> data) {
    return builder.getArrayAttr(SmallVector<Attribute>(data));
  };
  SmallVector<Attribute> none(expects.size(), builder.getUnitAttr());
  auto test =
      TestOp::create(builder, loc, name, toArray(inputs), toArray(expects),
                     builder.getArrayAttr(none), builder.getArrayAttr(none));
  Block *body = builder.createBlock(&test.getBody());
  IRMapping mapping;
  for (auto [value, recorded] :
       llvm::zip_equal(group.operands, visit.operands)) {
    if (recorded.kind == RecordedValue::Kind::Size) {
      Value constant =
          arith::ConstantIndexOp::create(builder, loc, recorded.size);
      mapping.map(value, constant);
    } else {
      mapping.map(value, body->addArgument(value.getType(), loc));
    }
  }
  for (Operation *op : group.ops) {
    for (Value operand : op->getOperands()) {
      Operation *constant = operand.getDefiningOp();
      if (constant && !mapping.contains(operand))
        builder.clone(*constant, mapping)->setLoc(loc);
    }
    builder.clone(*op, mapping)->setLoc(loc);
  }
  SmallVector<Value> results;
  for (Value result : group.results)
    results.push_back(mapping.lookup(result));
  YieldOp::create(builder, loc, results);
  return test;
}

void tapml::setOracle(TestOp test, unsigned index, DataAttr oracle,
                      DataAttr bound) {
  auto replace = [&](ArrayAttr array, DataAttr data) {
    SmallVector<Attribute> entries(array.begin(), array.end());
    entries[index] = data;
    return ArrayAttr::get(test.getContext(), entries);
  };
  test.setOracleAttr(replace(test.getOracle(), oracle));
  test.setBoundAttr(replace(test.getBound(), bound));
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// The product of `sizes`; dynamic if one is.
static int64_t multiply(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) {
    if (ShapedType::isDynamic(size))
      return size;
    product *= size;
  }
  return product;
}

/// What contributes to the error of one operation.
static std::string describeOp(Operation *op,
                              function_ref<ArrayRef<int64_t>(Value)> shapeOf) {
  auto sums = [](int64_t terms) -> std::string {
    if (ShapedType::isDynamic(terms))
      return "sums";
    return "sums of " + std::to_string(terms) + " terms";
  };
  auto size = [&](Value value, unsigned fromEnd) {
    ArrayRef<int64_t> shape = shapeOf(value);
    return shape.size() < fromEnd ? 1 : shape[shape.size() - fromEnd];
  };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case([&](LinearOp linear) { return sums(size(linear.getX(), 1)); })
      .Case([&](MatmulOp matmul) { return sums(size(matmul.getA(), 1)); })
      .Case([&](ScaledDotProductAttentionOp attention) {
        return sums(size(attention.getQuery(), 1)) +
               " for the scores, whose errors go through the softmax, and " +
               sums(size(attention.getKey(), 2)) + " for the values";
      })
      .Case([&](LayerNormOp norm) {
        return sums(multiply(
                   shapeOf(norm.getX()).take_back(norm.getNormalizedRank()))) +
               " for mean and variance";
      })
      .Case([&](SoftmaxOp softmax) {
        return "the exponential, and " +
               sums(shapeOf(softmax.getX())[softmax.getDim()]);
      })
      .Case<SumOp, MeanOp>([&](auto reduction) {
        SmallVector<int64_t> sizes;
        for (int64_t dim : reduction.getDims())
          sizes.push_back(shapeOf(reduction.getX())[dim]);
        return sums(multiply(sizes));
      })
      .Default([&](Operation *other) -> std::string {
        auto tapmlOp = dyn_cast<TapMLOperator>(other);
        if (!tapmlOp)
          return "";
        switch (tapmlOp.getNumericalClass()) {
        case NumericalClass::Movement:
        case NumericalClass::Discrete:
          return "";
        case NumericalClass::Elementwise:
          return "one rounding of each element";
        case NumericalClass::Transcendental:
          return "the ULP budget of " + other->getName().stripDialect().str();
        case NumericalClass::Accumulation:
        case NumericalClass::Composite:
          return "the sums in " + other->getName().stripDialect().str();
        }
        llvm_unreachable("covered switch");
      });
}

std::string tapml::describeBound(const OperatorGroup &group,
                                 const Visit &visit) {
  auto shapeOf = [&](Value value) -> ArrayRef<int64_t> {
    for (auto [operand, recorded] :
         llvm::zip_equal(group.operands, visit.operands))
      if (operand == value)
        return recorded.shape;
    for (auto [result, recorded] :
         llvm::zip_equal(group.results, visit.results))
      if (result == value)
        return recorded.shape;
    return cast<RankedTensorType>(value.getType()).getShape();
  };
  llvm::SetVector<StringRef> parts;
  SmallVector<std::string> texts;
  for (Operation *op : group.ops)
    texts.push_back(describeOp(op, shapeOf));
  for (const std::string &text : texts)
    if (!text.empty())
      parts.insert(text);
  return llvm::join(parts, "; ");
}

/// Writes `text` as comment lines of at most 80 columns.
static void printComment(raw_ostream &os, StringRef text) {
  SmallVector<StringRef> words;
  text.split(words, ' ', -1, /*KeepEmpty=*/false);
  size_t column = 0;
  for (StringRef word : words) {
    if (column && column + 1 + word.size() > 80) {
      os << "\n";
      column = 0;
    }
    os << (column ? " " : "// ") << word;
    column += (column ? 1 : 3) + word.size();
  }
  os << (words.empty() ? "//\n" : "\n");
}

std::string tapml::printTest(ModuleOp module, ArrayRef<std::string> comment) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (const std::string &line : comment)
    printComment(os, line);
  os << "//\n";
  os << "// RUN: tapml test %s --target=host\n";
  for (StringRef kind : {"vulkan", "webgpu", "metal"})
    os << "// RUN: %if " << kind << " %{ tapml test %s --target=" << kind
       << " %}\n";
  os << "\n";
  for (Operation &op : *module.getBody()) {
    op.print(os);
    os << "\n";
  }
  return text;
}
