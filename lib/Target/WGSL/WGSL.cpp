//===- WGSL.cpp - The syntax of WGSL --------------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/WGSL/WGSL.h"
#include "../Shader/Text.h"
#include "ReservedWords.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tapml;
using namespace tapml::shader;

namespace {
class WGSL final : public Language {
public:
  StringRef getName() const override { return "WGSL"; }
  bool isReserved(StringRef name) const override {
    return wgsl::isReserved(name);
  }
  bool promotesNarrow() const override { return false; }
  bool hasGlobalBuffers() const override { return true; }
  bool hasScalar(Scalar scalar) const override;
  StringRef refuseElement(ShaderType type) const override;
  std::string getTypeName(ShaderType type) const override;

  std::string getLiteral(const APFloat &value, Scalar type) const override;
  std::string getLiteral(const APInt &value, Scalar type) const override;
  Expression getInfinity(Scalar type, Features &features) const override;
  Expression getNaN(Scalar type, Features &features) const override;

  StringRef getFunction(StringRef operation) const override;
  Expression getSelect(const Expression &condition, const Expression &whenTrue,
                       const Expression &whenFalse,
                       bool isVector) const override {
    return getCall("select", {whenFalse, whenTrue, condition});
  }
  Expression getBitcast(const Expression &value,
                        ShaderType type) const override {
    return getCall("bitcast<" + getTypeName(type) + ">", value);
  }
  Expression getRemainder(const Expression &lhs,
                          const Expression &rhs) const override {
    return getBinary("%", Level::Multiplicative, lhs, rhs);
  }

  std::string getAtomicLoad(StringRef place) const override {
    return ("atomicLoad(&" + place + ")").str();
  }
  std::string getAtomicStore(StringRef place, StringRef value) const override {
    return ("atomicStore(&" + place + ", " + value + ")").str();
  }
  std::optional<std::string> getAtomicUpdate(arith::AtomicRMWKind kind,
                                             StringRef place,
                                             StringRef value) const override;
  std::vector<std::string> getBarrier(bool buffers) const override {
    if (buffers)
      return {"storageBarrier()", "workgroupBarrier()"};
    return {"workgroupBarrier()"};
  }
  StringRef getSubgroupFunction(StringRef name) const override;

  std::string getConstantDeclaration(ShaderType type,
                                     StringRef name) const override {
    return ("let " + name).str();
  }
  std::string getVariableDeclaration(ShaderType type, StringRef name,
                                     bool isInitialized) const override {
    std::string text = ("var " + name).str();
    return isInitialized ? text : text + ": " + getTypeName(type);
  }
  std::string getArrayDeclaration(const Array &array) const override {
    return "var " + array.name + ": " + getArrayType(array);
  }
  StringRef getLoop() const override { return "loop"; }
  StringRef getDefaultCase() const override { return "default:"; }
  bool caseNeedsBreak() const override { return false; }

  void printPreamble(raw_ostream &os, const Features &features) const override;
  void printConstantArray(raw_ostream &os, const Array &array,
                          ArrayRef<std::string> values) const override;
  void printKernelHead(raw_ostream &os,
                       const KernelInterface &kernel) const override;
  void printFunctionHead(raw_ostream &os,
                         const FunctionInterface &function) const override;

private:
  std::string getArrayType(const Array &array) const;
};
} // namespace

//===----------------------------------------------------------------------===//
// Types and values
//===----------------------------------------------------------------------===//

bool WGSL::hasScalar(Scalar scalar) const {
  switch (scalar) {
  case Scalar::Bool:
  case Scalar::Int32:
  case Scalar::UInt32:
  case Scalar::Half:
  case Scalar::Float:
    return true;
  default:
    return false;
  }
}

StringRef WGSL::refuseElement(ShaderType type) const {
  return type.width == 3 ? "WGSL pads vectors of three in memory to four"
                         : StringRef();
}

std::string WGSL::getTypeName(ShaderType type) const {
  static constexpr std::pair<StringRef, StringRef> names[] = {
      {"bool", "<bool>"}, {}, {}, {},           {},          {"i32", "i"},
      {"u32", "u"},       {}, {}, {"f16", "h"}, {"f32", "f"}};
  auto [scalar, suffix] = names[static_cast<unsigned>(type.scalar)];
  if (!type.isVector())
    return scalar.str();
  return ("vec" + Twine(type.width) + suffix).str();
}

std::string WGSL::getArrayType(const Array &array) const {
  std::string text = getTypeName(array.element);
  if (array.isAtomic)
    text = "atomic<" + text + ">";
  for (int64_t size : llvm::reverse(array.shape))
    text = ("array<" + text + ", " + Twine(size) + ">").str();
  return text;
}

std::string WGSL::getLiteral(const APFloat &value, Scalar type) const {
  std::string text = getDecimal(value);
  return type == Scalar::Half ? text + "h" : text;
}

std::string WGSL::getLiteral(const APInt &value, Scalar type) const {
  if (isUnsigned(type))
    return getUnsignedDigits(value) + "u";
  return std::to_string(value.getSExtValue());
}

// The value of a constant expression must be finite, so the bits come from a
// variable.
Expression WGSL::getInfinity(Scalar type, Features &features) const {
  features.infinity = "infinity_bits";
  Expression value("bitcast<f32>(infinity_bits)");
  return type == Scalar::Half ? getCall("f16", value) : value;
}

Expression WGSL::getNaN(Scalar type, Features &features) const {
  features.nan = "nan_bits";
  Expression value("bitcast<f32>(nan_bits)");
  return type == Scalar::Half ? getCall("f16", value) : value;
}

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

StringRef WGSL::getFunction(StringRef operation) const {
  return llvm::StringSwitch<StringRef>(operation)
      .Cases({"arith.maxsi", "arith.maxui"}, "max")
      .Cases({"arith.minsi", "arith.minui"}, "min")
      .Cases({"math.absf", "math.absi"}, "abs")
      .Cases({"math.fma", "vector.fma"}, "fma")
      .Case("math.acos", "acos")
      .Case("math.asin", "asin")
      .Case("math.atan", "atan")
      .Case("math.atan2", "atan2")
      .Case("math.ceil", "ceil")
      .Case("math.cos", "cos")
      .Case("math.cosh", "cosh")
      .Case("math.ctlz", "countLeadingZeros")
      .Case("math.ctpop", "countOneBits")
      .Case("math.cttz", "countTrailingZeros")
      .Case("math.exp", "exp")
      .Case("math.exp2", "exp2")
      .Case("math.floor", "floor")
      .Case("math.log", "log")
      .Case("math.log2", "log2")
      .Case("math.powf", "pow")
      .Case("math.roundeven", "round")
      .Case("math.rsqrt", "inverseSqrt")
      .Case("math.sin", "sin")
      .Case("math.sinh", "sinh")
      .Case("math.sqrt", "sqrt")
      .Case("math.tan", "tan")
      .Case("math.tanh", "tanh")
      .Case("math.trunc", "trunc")
      .Default("");
}

std::optional<std::string> WGSL::getAtomicUpdate(arith::AtomicRMWKind kind,
                                                 StringRef place,
                                                 StringRef value) const {
  StringRef name = getAtomicName(kind);
  if (name.empty())
    return std::nullopt;
  return ("atomic" + Twine(llvm::toUpper(name.front())) + name.drop_front() +
          "(&" + place + ", " + value + ")")
      .str();
}

StringRef WGSL::getSubgroupFunction(StringRef name) const {
  return llvm::StringSwitch<StringRef>(name)
      .Case("add", "subgroupAdd")
      .Case("mul", "subgroupMul")
      .Case("min", "subgroupMin")
      .Case("max", "subgroupMax")
      .Case("and", "subgroupAnd")
      .Case("or", "subgroupOr")
      .Case("xor", "subgroupXor")
      .Case("broadcast_first", "subgroupBroadcastFirst")
      .Case("shuffle", "subgroupShuffle")
      .Case("shuffle_xor", "subgroupShuffleXor")
      .Case("shuffle_up", "subgroupShuffleUp")
      .Case("shuffle_down", "subgroupShuffleDown")
      .Default("");
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

void WGSL::printPreamble(raw_ostream &os, const Features &features) const {
  if (features.half)
    os << "enable f16;\n";
  if (features.subgroups)
    os << "enable subgroups;\n";
  if (features.half || features.subgroups)
    os << "\n";
  if (features.infinity.empty() && features.nan.empty())
    return;
  os << "// WGSL has no constants for these.\n";
  if (!features.infinity.empty())
    os << "var<private> " << features.infinity << ": u32 = 0x7f800000u;\n";
  if (!features.nan.empty())
    os << "var<private> " << features.nan << ": u32 = 0x7fc00000u;\n";
  os << "\n";
}

void WGSL::printConstantArray(raw_ostream &os, const Array &array,
                              ArrayRef<std::string> values) const {
  Array flat = array;
  os << "const " << array.name << " = ";
  // Nested where there are several dimensions.
  std::function<void(size_t, ArrayRef<std::string>)> print =
      [&](size_t dimension, ArrayRef<std::string> part) {
        if (dimension == array.shape.size()) {
          os << getTypeName(array.element) << "(" << part.front() << ")";
          return;
        }
        flat.shape.assign(array.shape.begin() + dimension, array.shape.end());
        os << getArrayType(flat) << "(";
        size_t size = array.shape[dimension];
        for (size_t i = 0; i < size; ++i) {
          if (i)
            os << ", ";
          ArrayRef<std::string> element =
              part.slice(i * (part.size() / size), part.size() / size);
          if (dimension + 1 == array.shape.size())
            os << element.front();
          else
            print(dimension + 1, element);
        }
        os << ")";
      };
  print(0, values);
  os << ";\n";
}

static StringRef getBuiltinName(Builtin builtin) {
  switch (builtin) {
  case Builtin::GroupId:
    return "workgroup_id";
  case Builtin::LocalId:
    return "local_invocation_id";
  case Builtin::GroupCount:
    return "num_workgroups";
  case Builtin::Lane:
    return "subgroup_invocation_id";
  case Builtin::SubgroupSize:
    return "subgroup_size";
  case Builtin::SubgroupNumber:
    return "subgroup_id";
  case Builtin::SubgroupCount:
    return "num_subgroups";
  }
  llvm_unreachable("covered switch");
}

void WGSL::printKernelHead(raw_ostream &os,
                           const KernelInterface &kernel) const {
  if (!kernel.sizes.empty()) {
    os << "struct " << kernel.sizesType << " {\n";
    for (const Size &size : kernel.sizes)
      os << "  " << size.name << ": " << getTypeName(size.type) << ",\n";
    os << "}\n\n";
  }
  unsigned binding = 0;
  for (const Buffer &buffer : kernel.buffers) {
    os << "@group(0) @binding(" << binding++ << ") var<storage, "
       << (buffer.isWritten ? "read_write" : "read") << "> " << buffer.name
       << ": ";
    Array array{buffer.name, buffer.element, {}, buffer.isAtomic};
    if (buffer.count)
      array.shape.push_back(*buffer.count);
    os << (buffer.count ? getArrayType(array)
                        : "array<" + getArrayType(array) + ">")
       << ";\n";
  }
  if (!kernel.sizes.empty())
    os << "@group(0) @binding(" << binding << ") var<uniform> "
       << kernel.sizesName << ": " << kernel.sizesType << ";\n";
  for (const Array &array : kernel.workgroupArrays)
    os << "var<workgroup> " << array.name << ": " << getArrayType(array)
       << ";\n";
  if (binding || !kernel.workgroupArrays.empty() || !kernel.sizes.empty())
    os << "\n";
  os << "@compute @workgroup_size(" << kernel.workgroup[0];
  if (kernel.workgroup[1] != 1 || kernel.workgroup[2] != 1)
    os << ", " << kernel.workgroup[1];
  if (kernel.workgroup[2] != 1)
    os << ", " << kernel.workgroup[2];
  os << ")\nfn " << kernel.name << "(";
  llvm::interleave(
      kernel.builtins, os,
      [&](const BuiltinArgument &argument) {
        os << "@builtin(" << getBuiltinName(argument.builtin) << ") "
           << argument.name << ": "
           << (isTriple(argument.builtin) ? "vec3u" : "u32");
      },
      ", ");
  os << ") {\n";
}

void WGSL::printFunctionHead(raw_ostream &os,
                             const FunctionInterface &function) const {
  os << "fn " << function.name << "(";
  llvm::interleave(
      function.arguments, os,
      [&](const Size &argument) {
        os << argument.name << ": " << getTypeName(argument.type);
      },
      ", ");
  os << ")";
  if (function.result)
    os << " -> " << getTypeName(*function.result);
  os << " {\n";
}

//===----------------------------------------------------------------------===//
// Translation
//===----------------------------------------------------------------------===//

FailureOr<std::string>
tapml::translateToWGSL(ArrayRef<gpu::GPUFuncOp> kernels) {
  return emitText(kernels, WGSL());
}

void tapml::registerWGSLTranslation(
    const std::function<void(DialectRegistry &)> &registerDialects) {
  static TranslateFromMLIRRegistration registration(
      "tapml-to-wgsl", "write the kernels of gpu modules as WGSL",
      [](Operation *op, raw_ostream &output) {
        return translate(op, WGSL(), output);
      },
      registerDialects);
}
