//===- TapMLTestOps.cpp - Tests of operators ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/TapMLOps.h"

using namespace mlir;
using namespace tapml;

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

/// Parses `keyword(data, data, ...)`; `none` stands for a missing entry.
static ParseResult parseDataClause(OpAsmParser &parser, StringRef keyword,
                                   ArrayAttr &data) {
  SmallVector<Attribute> entries;
  if (parser.parseKeyword(keyword) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&] {
        if (succeeded(parser.parseOptionalKeyword("none"))) {
          entries.push_back(parser.getBuilder().getUnitAttr());
          return ParseResult(success());
        }
        return parser.parseAttribute(entries.emplace_back());
      }))
    return failure();
  data = parser.getBuilder().getArrayAttr(entries);
  return success();
}

static ParseResult parseDataClauses(OpAsmParser &parser, ArrayAttr &inputs,
                                    ArrayAttr &expects, ArrayAttr &oracle,
                                    ArrayAttr &bound) {
  return failure(parseDataClause(parser, "inputs", inputs) ||
                 parseDataClause(parser, "expects", expects) ||
                 parseDataClause(parser, "oracle", oracle) ||
                 parseDataClause(parser, "bound", bound));
}

/// Prints a clause on lines of its own, one line for each tensor: hashes are
/// long.
static void printDataClause(OpAsmPrinter &printer, StringRef keyword,
                            ArrayAttr data) {
  printer.printNewline();
  printer << "    " << keyword << "(";
  llvm::interleave(
      data,
      [&](Attribute entry) {
        if (isa<UnitAttr>(entry))
          printer << "none";
        else
          printer.printAttribute(entry);
      },
      [&] {
        printer << ",";
        printer.printNewline();
        printer.getStream().indent(5 + keyword.size());
      });
  printer << ")";
}

static void printDataClauses(OpAsmPrinter &printer, TestOp, ArrayAttr inputs,
                             ArrayAttr expects, ArrayAttr oracle,
                             ArrayAttr bound) {
  printDataClause(printer, "inputs", inputs);
  printDataClause(printer, "expects", expects);
  printDataClause(printer, "oracle", oracle);
  printDataClause(printer, "bound", bound);
}

#define GET_OP_CLASSES
#include "tapml/Dialect/TapML/IR/TapMLTestOps.cpp.inc"

//===----------------------------------------------------------------------===//
// TestOp
//===----------------------------------------------------------------------===//

DataAttr TestOp::getInput(unsigned index) {
  return cast<DataAttr>(getInputs()[index]);
}

DataAttr TestOp::getExpected(unsigned index) {
  return cast<DataAttr>(getExpects()[index]);
}

DataAttr TestOp::getOracleOf(unsigned index) {
  return dyn_cast<DataAttr>(getOracle()[index]);
}

DataAttr TestOp::getBoundOf(unsigned index) {
  return dyn_cast<DataAttr>(getBound()[index]);
}

YieldOp TestOp::getYield() {
  return cast<YieldOp>(getBody().front().getTerminator());
}

LogicalResult TestOp::verify() {
  size_t results = getExpects().size();
  if (getOracle().size() != results || getBound().size() != results)
    return emitOpError("expects ")
           << results << " results, but has an oracle for "
           << getOracle().size() << " and a bound for " << getBound().size()
           << "; write 'none' where there is none";
  auto isData = llvm::IsaPred<DataAttr>;
  for (auto [index, entry] : llvm::enumerate(getInputs()))
    if (!isData(entry))
      return emitOpError("input ") << index << " must be #tapml.data";
  for (auto [index, entry] : llvm::enumerate(getExpects())) {
    if (!isData(entry))
      return emitOpError("result ") << index << " must expect #tapml.data";
    RankedTensorType type = getExpected(index).getType();
    Attribute oracle = getOracle()[index], bound = getBound()[index];
    if (isa<UnitAttr>(oracle) && isa<UnitAttr>(bound))
      continue;
    if (!isData(oracle) || !isData(bound))
      return emitOpError("result ")
             << index << " must have both an oracle and a bound, or 'none' for "
             << "both";
    if (!isa<FloatType>(type.getElementType()))
      return emitOpError("result ")
             << index << " of type " << type
             << " has an oracle; only floating point has one";
    Builder builder(getContext());
    for (auto [name, entry, element] :
         {std::tuple("oracle", oracle, builder.getF64Type()),
          std::tuple("bound", bound, builder.getF32Type())}) {
      RankedTensorType wanted = type.clone(element);
      if (cast<DataAttr>(entry).getType() != wanted)
        return emitOpError(name)
               << " of result " << index << " must be " << wanted << ", got "
               << cast<DataAttr>(entry).getType();
    }
  }
  return success();
}

/// Whether `data` is a value of `type`.
static bool isValueOf(RankedTensorType data, Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType() == data.getElementType() &&
         succeeded(verifyCompatibleShape(tensor, data));
}

LogicalResult TestOp::verifyRegions() {
  Block &body = getBody().front();
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield)
    return emitOpError("must end with 'tapml.yield'");
  if (body.getNumArguments() != getInputs().size())
    return emitOpError("has data for ")
           << getInputs().size() << " inputs, but its region takes "
           << body.getNumArguments();
  for (BlockArgument argument : body.getArguments()) {
    RankedTensorType data = getInput(argument.getArgNumber()).getType();
    if (!isValueOf(data, argument.getType()))
      return emitOpError("input ")
             << argument.getArgNumber() << " is " << data
             << ", but the region takes " << argument.getType();
  }
  if (yield.getNumOperands() != getExpects().size())
    return emitOpError("expects ")
           << getExpects().size() << " results, but its region yields "
           << yield.getNumOperands();
  for (auto [index, type] : llvm::enumerate(yield.getOperandTypes()))
    if (!isValueOf(getExpected(index).getType(), type))
      return emitOpError("expects ")
             << getExpected(index).getType() << " for result " << index
             << ", but the region yields " << type;
  WalkResult result = walk([](GetGlobalOp get) -> WalkResult {
    return get.emitOpError("in a test; the weights of a test are inputs");
  });
  return failure(result.wasInterrupted());
}
