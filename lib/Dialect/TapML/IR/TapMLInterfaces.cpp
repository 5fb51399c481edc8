//===- TapMLInterfaces.cpp - What passes ask of an operator ===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Dialect/TapML/IR/TapMLInterfaces.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tapml;

#include "tapml/Dialect/TapML/IR/TapMLInterfaces.cpp.inc"

std::string tapml::toIdentifier(StringRef name) {
  std::string identifier = name.str();
  for (char &c : identifier)
    if (!llvm::isAlnum(c))
      c = '_';
  return identifier;
}

ArrayAttr tapml::uniteInstances(ArrayRef<Operation *> ops) {
  llvm::SetVector<Attribute> instances;
  for (Operation *op : ops)
    if (auto own = op->getAttrOfType<ArrayAttr>("instance"))
      instances.insert(own.begin(), own.end());
  if (instances.empty())
    return nullptr;
  return ArrayAttr::get(ops.front()->getContext(), instances.getArrayRef());
}

/// Returns the name of the profile feature without which `op` cannot use
/// `type`; empty where no feature is needed. i64 needs none on a boundary:
/// values cross as checked i32. Neither do halves that an operator only stores:
/// they are packed into words.
static StringRef getRequiredFeature(Operation *op, Type type) {
  if (type.isF64())
    return "float64";
  bool isStored = isa<TapMLOperator>(op) && op->getNumRegions() == 0;
  if ((type.isF16() && !isStored) || type.isBF16())
    return "float16";
  return "";
}

std::optional<std::string>
tapml::detail::getUnsupportedTypeReason(Operation *op, ProfileAttr profile) {
  if (profile.isHost())
    return std::nullopt;
  auto check = [&](Type type) -> std::optional<std::string> {
    Type element = getElementTypeOrSelf(type);
    StringRef feature = getRequiredFeature(op, element);
    if (feature.empty() || profile.hasFeature(feature))
      return std::nullopt;
    std::string reason;
    llvm::raw_string_ostream os(reason);
    os << "needs element type " << element << ", the profile lacks '" << feature
       << "'";
    return reason;
  };
  for (Type type : op->getOperandTypes())
    if (auto reason = check(type))
      return reason;
  for (Type type : op->getResultTypes())
    if (auto reason = check(type))
      return reason;
  return std::nullopt;
}
