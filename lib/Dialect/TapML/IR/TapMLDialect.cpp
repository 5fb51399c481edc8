//===- TapMLDialect.cpp - The tapml dialect ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/TapMLDialect.h"
#include "mlir/Bytecode/BytecodeImplementation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tapml;

#include "tapml/Dialect/TapML/IR/TapMLDialect.cpp.inc"
#include "tapml/Dialect/TapML/IR/TapMLEnums.cpp.inc"

/// Parses what a configuration may leave out, in this order:
/// `, vector = N, subgroup = N, at_least = [...]`.
static ParseResult parseConfigOptions(AsmParser &parser, int64_t &vector,
                                      int64_t &subgroup,
                                      SmallVector<int64_t> &atLeast) {
  vector = subgroup = 1;
  // A keyword of a later option may follow any comma.
  StringRef keywords[] = {"vector", "subgroup", "at_least"};
  ArrayRef<StringRef> expected = keywords;
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    StringRef keyword;
    if (parser.parseKeyword(&keyword))
      return failure();
    const StringRef *found = llvm::find(expected, keyword);
    if (found == expected.end())
      return parser.emitError(loc, "expected one of vector, subgroup, at_least "
                                   "in this order, each at most once");
    expected = expected.drop_front(found - expected.begin() + 1);
    if (parser.parseEqual())
      return failure();
    if (keyword != "at_least") {
      int64_t value;
      if (parser.parseInteger(value))
        return failure();
      (keyword == "vector" ? vector : subgroup) = value;
      continue;
    }
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
          return parser.parseInteger(atLeast.emplace_back());
        }))
      return failure();
  }
  return success();
}

static void printConfigOptions(AsmPrinter &printer, int64_t vector,
                               int64_t subgroup, ArrayRef<int64_t> atLeast) {
  if (vector != 1)
    printer << ", vector = " << vector;
  if (subgroup != 1)
    printer << ", subgroup = " << subgroup;
  if (!atLeast.empty())
    printer << ", at_least = [" << atLeast << "]";
}

#define GET_ATTRDEF_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLAttrs.cpp.inc"

namespace {

/// The version of the dialect that this build writes.
struct TapMLVersion : public DialectVersion {
  TapMLVersion(uint64_t number) : number(number) {}
  uint64_t number;
};

constexpr uint64_t kCurrentVersion = 1;

/// Bytecode carries the dialect's version, so that a later release can read an
/// earlier one's files and an earlier one refuses a later one's with a
/// sentence.
struct TapMLBytecodeInterface : public BytecodeDialectInterface {
  TapMLBytecodeInterface(Dialect *dialect)
      : BytecodeDialectInterface(dialect) {}

  void writeVersion(DialectBytecodeWriter &writer) const override {
    writer.writeVarInt(kCurrentVersion);
  }

  std::unique_ptr<DialectVersion>
  readVersion(DialectBytecodeReader &reader) const override {
    uint64_t number;
    if (failed(reader.readVarInt(number)))
      return nullptr;
    if (number > kCurrentVersion) {
      reader.emitError() << "file uses version " << number
                         << " of the tapml dialect, this build reads up to "
                         << kCurrentVersion << "; use a newer TapML";
      return nullptr;
    }
    return std::make_unique<TapMLVersion>(number);
  }
};

} // namespace

void TapMLDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tapml/Dialect/TapML/IR/TapMLAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLGraphOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLExecutableOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLElementwiseOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLShapeOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLIndexingOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLNNOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tapml/Dialect/TapML/IR/TapMLTestOps.cpp.inc"
      >();
  addInterfaces<TapMLBytecodeInterface>();
}

Operation *TapMLDialect::materializeConstant(OpBuilder &builder,
                                             Attribute value, Type type,
                                             Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (elements && elements.getType() == type)
    return ConstantOp::create(builder, loc, elements, /*instance=*/ArrayAttr());
  return arith::ConstantOp::materialize(builder, value, type, loc);
}

/// Checks `tapml.dims`: one string per dimension of the argument.
static LogicalResult verifyDims(Operation *op, Type type, Attribute attr) {
  auto names = dyn_cast<ArrayAttr>(attr);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!names || !llvm::all_of(names, llvm::IsaPred<StringAttr>))
    return op->emitOpError("'tapml.dims' must be an array of strings");
  if (!tensor || static_cast<size_t>(tensor.getRank()) != names.size())
    return op->emitOpError("'tapml.dims' has ")
           << names.size() << " names for an argument of type " << type;
  for (auto [index, name] : llvm::enumerate(names.getAsRange<StringAttr>()))
    if (tensor.isDynamicDim(index) == name.getValue().empty())
      return op->emitOpError("'tapml.dims' must name each dynamic dimension "
                             "and leave static ones empty, dimension ")
             << index << " of " << type << " has \"" << name.getValue() << "\"";
  return success();
}

LogicalResult TapMLDialect::verifyRegionArgAttribute(Operation *op,
                                                     unsigned regionIndex,
                                                     unsigned argIndex,
                                                     NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  StringRef name = attr.getName();
  if (function && name == "tapml.dims")
    return verifyDims(op, function.getArgumentTypes()[argIndex],
                      attr.getValue());
  if (name == "tapml.name" && !isa<StringAttr>(attr.getValue()))
    return op->emitOpError("'tapml.name' must be a string");
  return success();
}

/// Checks `tapml.dim_ranges`: a dictionary of [min, max] by dimension name.
static LogicalResult verifyDimRanges(Operation *op, Attribute attr) {
  auto ranges = dyn_cast<DictionaryAttr>(attr);
  if (!ranges)
    return op->emitOpError("'tapml.dim_ranges' must be a dictionary");
  for (NamedAttribute range : ranges) {
    auto bounds = dyn_cast<DenseI64ArrayAttr>(range.getValue());
    if (!bounds || bounds.size() != 2 || bounds[0] < 0 || bounds[1] < bounds[0])
      return op->emitOpError("'tapml.dim_ranges' entry \"")
             << range.getName().getValue()
             << "\" must be array<i64: min, max> with 0 <= min <= max";
  }
  return success();
}

LogicalResult TapMLDialect::verifyOperationAttribute(Operation *op,
                                                     NamedAttribute attr) {
  if (attr.getName() == "tapml.dim_ranges")
    return verifyDimRanges(op, attr.getValue());
  return success();
}
