//===- MSL.cpp - The syntax of MSL ----------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/MSL/MSL.h"
#include "../Shader/Text.h"
#include "ReservedWords.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::shader;

namespace {
class MSL final : public Language {
public:
  StringRef getName() const override { return "MSL"; }
  bool isReserved(StringRef name) const override {
    return msl::isReserved(name);
  }
  bool promotesNarrow() const override { return true; }
  bool hasGlobalBuffers() const override { return false; }
  bool hasScalar(Scalar scalar) const override { return true; }
  StringRef refuseElement(ShaderType type) const override { return {}; }
  std::string getTypeName(ShaderType type) const override;

  std::string getLiteral(const APFloat &value, Scalar type) const override;
  std::string getLiteral(const APInt &value, Scalar type) const override;
  Expression getInfinity(Scalar type, Features &features) const override {
    return type == Scalar::Half ? Expression("half(INFINITY)")
                                : Expression("INFINITY");
  }
  Expression getNaN(Scalar type, Features &features) const override {
    return type == Scalar::Half ? Expression("half(NAN)") : Expression("NAN");
  }

  StringRef getFunction(StringRef operation) const override;
  Expression getSelect(const Expression &condition, const Expression &whenTrue,
                       const Expression &whenFalse,
                       bool isVector) const override;
  Expression getBitcast(const Expression &value,
                        ShaderType type) const override {
    return getCall("as_type<" + getTypeName(type) + ">", value);
  }
  Expression getRemainder(const Expression &lhs,
                          const Expression &rhs) const override {
    return getCall("fmod", {lhs, rhs});
  }

  std::string getAtomicLoad(StringRef place) const override {
    return ("atomic_load_explicit(&" + place + ", memory_order_relaxed)").str();
  }
  std::string getAtomicStore(StringRef place, StringRef value) const override {
    return ("atomic_store_explicit(&" + place + ", " + value +
            ", memory_order_relaxed)")
        .str();
  }
  std::optional<std::string> getAtomicUpdate(arith::AtomicRMWKind kind,
                                             StringRef place,
                                             StringRef value) const override;
  std::vector<std::string> getBarrier(bool buffers) const override {
    return {buffers ? "threadgroup_barrier(mem_flags::mem_device | "
                      "mem_flags::mem_threadgroup)"
                    : "threadgroup_barrier(mem_flags::mem_threadgroup)"};
  }
  StringRef getSubgroupFunction(StringRef name) const override;

  std::string getConstantDeclaration(ShaderType type,
                                     StringRef name) const override {
    return "const " + getTypeName(type) + " " + name.str();
  }
  std::string getVariableDeclaration(ShaderType type, StringRef name,
                                     bool isInitialized) const override {
    return getTypeName(type) + " " + name.str();
  }
  std::string getArrayDeclaration(const Array &array) const override;
  StringRef getLoop() const override { return "while (true)"; }
  StringRef getDefaultCase() const override { return "default:"; }
  bool caseNeedsBreak() const override { return true; }

  void printPreamble(raw_ostream &os, const Features &features) const override;
  void printConstantArray(raw_ostream &os, const Array &array,
                          ArrayRef<std::string> values) const override;
  void printKernelHead(raw_ostream &os,
                       const KernelInterface &kernel) const override;
  void printFunctionHead(raw_ostream &os,
                         const FunctionInterface &function) const override;
};
} // namespace

//===----------------------------------------------------------------------===//
// Types and values
//===----------------------------------------------------------------------===//

std::string MSL::getTypeName(ShaderType type) const {
  static constexpr StringRef names[] = {"bool",   "char", "uchar", "short",
                                        "ushort", "int",  "uint",  "long",
                                        "ulong",  "half", "float"};
  std::string scalar = names[static_cast<unsigned>(type.scalar)].str();
  return type.isVector() ? scalar + std::to_string(type.width) : scalar;
}

std::string MSL::getLiteral(const APFloat &value, Scalar type) const {
  return getDecimal(value) + (type == Scalar::Half ? "h" : "f");
}

std::string MSL::getLiteral(const APInt &value, Scalar type) const {
  if (isUnsigned(type)) {
    std::string text = getUnsignedDigits(value) + "u";
    return type == Scalar::UInt64 ? text + "l" : text;
  }
  StringRef suffix = type == Scalar::Int64 ? "l" : "";
  // The smallest integer has no literal: its positive counterpart is too large.
  if (value.isMinSignedValue() && value.getBitWidth() >= 32)
    return ("(" + Twine(value.getSExtValue() + 1) + suffix + " - 1)").str();
  return (Twine(value.getSExtValue()) + suffix).str();
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Expression MSL::getSelect(const Expression &condition,
                          const Expression &whenTrue,
                          const Expression &whenFalse, bool isVector) const {
  if (isVector)
    return getCall("select", {whenFalse, whenTrue, condition});
  auto part = [](const Expression &operand) {
    return operand.level == Level::Conditional ? "(" + operand.text + ")"
                                               : operand.text;
  };
  return Expression(part(condition) + " ? " + part(whenTrue) + " : " +
                        part(whenFalse),
                    Level::Conditional);
}

StringRef MSL::getFunction(StringRef operation) const {
  return llvm::StringSwitch<StringRef>(operation)
      .Cases({"arith.maxsi", "arith.maxui"}, "max")
      .Cases({"arith.minsi", "arith.minui"}, "min")
      .Cases({"math.fma", "vector.fma"}, "fma")
      .Case("math.absf", "fabs")
      .Case("math.absi", "abs")
      .Case("math.acos", "acos")
      .Case("math.asin", "asin")
      .Case("math.atan", "atan")
      .Case("math.atan2", "atan2")
      .Case("math.ceil", "ceil")
      .Case("math.copysign", "copysign")
      .Case("math.cos", "precise::cos")
      .Case("math.cosh", "cosh")
      .Case("math.ctlz", "clz")
      .Case("math.ctpop", "popcount")
      .Case("math.cttz", "ctz")
      .Case("math.exp", "precise::exp")
      .Case("math.exp2", "precise::exp2")
      .Case("math.floor", "floor")
      .Case("math.log", "precise::log")
      .Case("math.log2", "precise::log2")
      .Case("math.powf", "precise::pow")
      .Case("math.round", "round")
      .Case("math.roundeven", "rint")
      .Case("math.rsqrt", "precise::rsqrt")
      .Case("math.sin", "precise::sin")
      .Case("math.sinh", "sinh")
      .Case("math.sqrt", "precise::sqrt")
      .Case("math.tan", "tan")
      .Case("math.tanh", "precise::tanh")
      .Case("math.trunc", "trunc")
      .Default("");
}

std::optional<std::string> MSL::getAtomicUpdate(arith::AtomicRMWKind kind,
                                                StringRef place,
                                                StringRef value) const {
  StringRef name =
      kind == arith::AtomicRMWKind::addf ? "add" : getAtomicName(kind);
  if (name.empty())
    return std::nullopt;
  return ("atomic_" + Twine(name == "exchange" ? "" : "fetch_") + name +
          "_explicit(&" + place + ", " + value + ", memory_order_relaxed)")
      .str();
}

StringRef MSL::getSubgroupFunction(StringRef name) const {
  return llvm::StringSwitch<StringRef>(name)
      .Case("add", "simd_sum")
      .Case("mul", "simd_product")
      .Case("min", "simd_min")
      .Case("max", "simd_max")
      .Case("and", "simd_and")
      .Case("or", "simd_or")
      .Case("xor", "simd_xor")
      .Case("broadcast_first", "simd_broadcast_first")
      .Case("shuffle", "simd_shuffle")
      .Case("shuffle_xor", "simd_shuffle_xor")
      .Case("shuffle_up", "simd_shuffle_up")
      .Case("shuffle_down", "simd_shuffle_down")
      .Default("");
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void MSL::printPreamble(raw_ostream &os, const Features &features) const {
  os << "#include <metal_stdlib>\n"
        "using namespace metal;\n\n"
        "// Rounding of every operation, NaN and infinities are as in the "
        "source.\n"
        "#pragma METAL fp math_mode(safe)\n"
        "#pragma METAL fp contract(off)\n\n";
}

/// Returns the name of the type of elements, in memory that is shared.
static std::string getElementType(const Language &language, ShaderType type,
                                  bool isAtomic) {
  std::string name = language.getTypeName(type);
  return isAtomic ? "atomic_" + name : name;
}

/// Returns the dimensions of an array behind its name.
static std::string getDimensions(const Array &array) {
  std::string text;
  for (int64_t size : array.shape)
    text += "[" + std::to_string(size) + "]";
  return text;
}

std::string MSL::getArrayDeclaration(const Array &array) const {
  return getElementType(*this, array.element, array.isAtomic) + " " +
         array.name + getDimensions(array);
}

void MSL::printConstantArray(raw_ostream &os, const Array &array,
                             ArrayRef<std::string> values) const {
  os << "constant " << getTypeName(array.element) << " " << array.name
     << getDimensions(array) << " = ";
  // Braces around the rows are left out, as C++ allows.
  if (array.shape.empty())
    os << values.front();
  else
    os << "{" << llvm::join(values, ", ") << "}";
  os << ";\n";
}

/// Returns the attribute of what Metal tells an invocation.
static StringRef getBuiltinName(Builtin builtin) {
  switch (builtin) {
  case Builtin::GroupId:
    return "threadgroup_position_in_grid";
  case Builtin::LocalId:
    return "thread_position_in_threadgroup";
  case Builtin::GroupCount:
    return "threadgroups_per_grid";
  case Builtin::Lane:
    return "thread_index_in_simdgroup";
  case Builtin::SubgroupSize:
    return "threads_per_simdgroup";
  case Builtin::SubgroupNumber:
    return "simdgroup_index_in_threadgroup";
  case Builtin::SubgroupCount:
    return "simdgroups_per_threadgroup";
  }
  llvm_unreachable("covered switch");
}

void MSL::printKernelHead(raw_ostream &os,
                          const KernelInterface &kernel) const {
  if (!kernel.sizes.empty()) {
    os << "struct " << kernel.sizesType << " {\n";
    for (const Size &size : kernel.sizes)
      os << "  " << getTypeName(size.type) << " " << size.name << ";\n";
    os << "};\n\n";
  }
  int64_t invocations = 1;
  for (int32_t size : kernel.workgroup)
    invocations *= size;
  os << "[[max_total_threads_per_threadgroup(" << invocations << ")]]\n"
     << "kernel void " << kernel.name << "(";
  std::vector<std::string> arguments;
  for (const Buffer &buffer : kernel.buffers) {
    std::string type = getElementType(*this, buffer.element, buffer.isAtomic);
    // A vector of three takes the place of four, unless it is packed.
    if (buffer.element.width == 3)
      type = "packed_" + type;
    arguments.push_back((Twine(buffer.isWritten ? "device " : "device const ") +
                         type + " *" + buffer.name + " [[buffer(" +
                         Twine(arguments.size()) + ")]]")
                            .str());
  }
  if (!kernel.sizes.empty())
    arguments.push_back(("constant " + kernel.sizesType + " &" +
                         kernel.sizesName + " [[buffer(" +
                         Twine(arguments.size()) + ")]]")
                            .str());
  for (const BuiltinArgument &argument : kernel.builtins) {
    arguments.push_back((Twine(isTriple(argument.builtin) ? "uint3" : "uint") +
                         " " + argument.name + " [[" +
                         getBuiltinName(argument.builtin) + "]]")
                            .str());
  }
  for (size_t i = 0; i < arguments.size(); ++i)
    os << "\n    " << arguments[i] << (i + 1 < arguments.size() ? "," : "");
  os << ") {\n";
  for (const Array &array : kernel.workgroupArrays)
    os << "  threadgroup " << getArrayDeclaration(array) << ";\n";
}

void MSL::printFunctionHead(raw_ostream &os,
                            const FunctionInterface &function) const {
  os << "static " << (function.result ? getTypeName(*function.result) : "void")
     << " " << function.name << "(";
  llvm::interleave(
      function.arguments, os,
      [&](const Size &argument) {
        os << getTypeName(argument.type) << " " << argument.name;
      },
      ", ");
  os << ") {\n";
}

//===----------------------------------------------------------------------===//
// Translation
//===----------------------------------------------------------------------===//

FailureOr<std::string> tapml::translateToMSL(ArrayRef<gpu::GPUFuncOp> kernels) {
  return emitText(kernels, MSL());
}

void tapml::registerMSLTranslation(
    const std::function<void(DialectRegistry &)> &registerDialects) {
  static TranslateFromMLIRRegistration registration(
      "tapml-to-msl", "write the kernels of gpu modules as MSL",
      [](Operation *op, raw_ostream &output) {
        return translate(op, MSL(), output);
      },
      registerDialects);
}
