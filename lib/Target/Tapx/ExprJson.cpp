//===- ExprJson.cpp - Size expressions and readable JSON ------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ManifestBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tapml;
namespace json = llvm::json;

json::Array tapml::toJson(const SizeExprTable &table) {
  json::Array rows;
  for (const SizeExpr &row : table.getRows()) {
    json::Array entry{sizeOpNames[int(row.op)], row.a};
    if (row.op != SizeExpr::Op::Const && row.op != SizeExpr::Op::Size)
      entry.push_back(row.b);
    rows.push_back(std::move(entry));
  }
  return rows;
}

json::Array tapml::toJson(ArrayRef<SizeExprTable::Id> ids) {
  json::Array array;
  for (SizeExprTable::Id id : ids)
    array.push_back(static_cast<int64_t>(id));
  return array;
}

SizeExprTable::Id tapml::roundToSlot(SizeExprTable &table,
                                     SizeExprTable::Id bytes) {
  SizeExprTable::Id unit = table.getConstant(kBufferAlignment);
  return table.getBinary(SizeExpr::Op::Mul,
                         table.getBinary(SizeExpr::Op::CeilDiv, bytes, unit),
                         unit);
}

/// Prints `value` after `column` characters of its line; what does not fit on
/// the line gets a line for each member.
static void print(const json::Value &value, raw_ostream &os, unsigned indent,
                  unsigned column) {
  constexpr unsigned width = 100;
  std::string flat;
  llvm::raw_string_ostream(flat) << value;
  const json::Object *object = value.getAsObject();
  const json::Array *array = value.getAsArray();
  if (column + flat.size() <= width || (!object && !array)) {
    os << flat;
    return;
  }
  unsigned inner = indent + 2;
  bool first = true;
  auto startLine = [&] {
    os << (first ? "\n" : ",\n");
    os.indent(inner);
    first = false;
  };
  if (array) {
    os << "[";
    for (const json::Value &element : *array) {
      startLine();
      print(element, os, inner, inner);
    }
    os << "\n";
    os.indent(indent) << "]";
    return;
  }
  SmallVector<StringRef> keys;
  for (const auto &member : *object)
    keys.push_back(member.first);
  llvm::sort(keys);
  os << "{";
  for (StringRef key : keys) {
    startLine();
    std::string label;
    llvm::raw_string_ostream(label) << json::Value(key) << ": ";
    os << label;
    print(*object->get(key), os, inner, inner + label.size());
  }
  os << "\n";
  os.indent(indent) << "}";
}

void tapml::printReadableJson(const json::Value &value, raw_ostream &os) {
  print(value, os, 0, 0);
  os << "\n";
}
