//===- Language.cpp - What shader languages share -------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Language.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include <charconv>

using namespace mlir;
using namespace tapml::shader;

Language::~Language() = default;

bool tapml::shader::isInteger(Scalar scalar) {
  return scalar >= Scalar::Int8 && scalar <= Scalar::UInt64;
}

bool tapml::shader::isUnsigned(Scalar scalar) {
  switch (scalar) {
  case Scalar::UInt8:
  case Scalar::UInt16:
  case Scalar::UInt32:
  case Scalar::UInt64:
    return true;
  default:
    return false;
  }
}

/// Returns the scalar for `type`.
static std::optional<Scalar> getScalar(Type type, bool isUnsigned) {
  if (type.isF32())
    return Scalar::Float;
  if (type.isF16())
    return Scalar::Half;
  if (type.isInteger(1))
    return Scalar::Bool;
  if (type.isIndex() || type.isInteger(32))
    return isUnsigned ? Scalar::UInt32 : Scalar::Int32;
  if (type.isInteger(8))
    return isUnsigned ? Scalar::UInt8 : Scalar::Int8;
  if (type.isInteger(16))
    return isUnsigned ? Scalar::UInt16 : Scalar::Int16;
  if (type.isInteger(64))
    return isUnsigned ? Scalar::UInt64 : Scalar::Int64;
  return std::nullopt;
}

std::optional<ShaderType> tapml::shader::getShaderType(Type type,
                                                       bool isUnsigned) {
  int64_t width = 1;
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() > 1 || vector.isScalable())
      return std::nullopt;
    width = vector.getNumElements();
    if (width > 4)
      return std::nullopt;
  }
  std::optional<Scalar> scalar =
      getScalar(getElementTypeOrSelf(type), isUnsigned);
  if (!scalar)
    return std::nullopt;
  return ShaderType{*scalar, width};
}

bool tapml::shader::isTriple(Builtin builtin) {
  return builtin == Builtin::GroupId || builtin == Builtin::LocalId ||
         builtin == Builtin::GroupCount;
}

StringRef tapml::shader::getAtomicName(arith::AtomicRMWKind kind) {
  using Kind = arith::AtomicRMWKind;
  switch (kind) {
  case Kind::addi:
    return "add";
  case Kind::andi:
    return "and";
  case Kind::assign:
    return "exchange";
  case Kind::maxs:
  case Kind::maxu:
    return "max";
  case Kind::mins:
  case Kind::minu:
    return "min";
  case Kind::ori:
    return "or";
  case Kind::xori:
    return "xor";
  default:
    return "";
  }
}

std::string tapml::shader::getDecimal(const llvm::APFloat &value) {
  // Every half is a float, whose shortest decimal reads as the same half.
  llvm::APFloat single = value;
  bool losesInfo = false;
  single.convert(llvm::APFloat::IEEEsingle(),
                 llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  char buffer[32];
  auto [end, error] =
      std::to_chars(buffer, buffer + sizeof(buffer), single.convertToFloat());
  (void)error; // 32 characters hold every float.
  std::string text(buffer, end);
  if (text.find_first_of(".e") == std::string::npos)
    text += ".0";
  return text;
}

std::string tapml::shader::getUnsignedDigits(const llvm::APInt &value) {
  if (value.getActiveBits() < 24)
    return std::to_string(value.getZExtValue());
  return "0x" + llvm::utohexstr(value.getZExtValue(), /*LowerCase=*/true);
}
