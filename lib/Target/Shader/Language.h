//===- Language.h - What differs between shader languages ----- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_LANGUAGE_H
#define TAPML_LIB_TARGET_SHADER_LANGUAGE_H

#include "Expression.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include "llvm/Support/raw_ostream.h"
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace tapml::shader {

/// A scalar as shaders have them: integers are signed or not.
enum class Scalar {
  Bool,
  Int8,
  UInt8,
  Int16,
  UInt16,
  Int32,
  UInt32,
  Int64,
  UInt64,
  Half,
  Float
};

bool isInteger(Scalar scalar);
bool isUnsigned(Scalar scalar);

/// A scalar, or a vector of `width` of them.
struct ShaderType {
  Scalar scalar;
  int64_t width = 1;

  bool isVector() const { return width > 1; }
  bool operator==(const ShaderType &other) const {
    return scalar == other.scalar && width == other.width;
  }
};

/// Returns the shader's form of a scalar or vector type, with signless integers
/// and indices (which have 32 bits) unsigned where `isUnsigned`; nothing if no
/// shader has the type.
std::optional<ShaderType> getShaderType(mlir::Type type, bool isUnsigned);

/// Returns what an atomic update of integers is called; empty if no shading
/// language has it.
llvm::StringRef getAtomicName(mlir::arith::AtomicRMWKind kind);

/// Returns the shortest decimal number that reads as `value`, which is finite,
/// with a point or an exponent.
std::string getDecimal(const llvm::APFloat &value);

/// Returns the digits of an integer: hexadecimal where it is so large that it
/// is a mask or a pattern of bits.
std::string getUnsignedDigits(const llvm::APInt &value);

/// A buffer that a kernel takes.
struct Buffer {
  std::string name;
  ShaderType element;
  /// The number of elements, where it is known.
  std::optional<int64_t> count;
  bool isWritten;
  bool isAtomic;
};

/// A 32-bit number that a kernel takes.
struct Size {
  std::string name;
  ShaderType type;
};

/// An array of a workgroup, of one invocation, or of constants; a scalar
/// without dimensions.
struct Array {
  std::string name;
  ShaderType element;
  std::vector<int64_t> shape;
  bool isAtomic;
};

/// What the platform tells an invocation.
enum class Builtin {
  GroupId,
  LocalId,
  GroupCount,
  Lane,
  SubgroupSize,
  SubgroupNumber,
  SubgroupCount
};
/// Whether it has one number for each dimension of the grid.
bool isTriple(Builtin builtin);

struct BuiltinArgument {
  Builtin builtin;
  std::string name;
};

/// The interface of an entry point.
struct KernelInterface {
  std::string name;
  std::array<int32_t, 3> workgroup;
  std::vector<Buffer> buffers;
  std::vector<Size> sizes;
  /// Names of the structure of sizes and of its type.
  std::string sizesName, sizesType;
  std::vector<BuiltinArgument> builtins;
  std::vector<Array> workgroupArrays;
};

/// A function that kernels call.
struct FunctionInterface {
  std::string name;
  std::vector<Size> arguments;
  std::optional<ShaderType> result;
};

/// What a text needs beside its kernels.
struct Features {
  bool half = false;
  bool subgroups = false;
  /// Names of variables that hold the bits of values that the language cannot
  /// write as constants; empty where there are none.
  std::string infinity, nan;
};

/// The syntax layer of one language. The emitter decides what is written, a
/// language only how.
class Language {
public:
  virtual ~Language();

  /// "WGSL", "MSL".
  virtual llvm::StringRef getName() const = 0;
  /// Returns whether no declaration may have this name: keywords, reserved
  /// words, and predeclared names that a text uses.
  virtual bool isReserved(llvm::StringRef name) const = 0;
  virtual bool hasScalar(Scalar scalar) const = 0;
  /// Returns why a buffer cannot hold elements of `type`; empty if it can.
  virtual llvm::StringRef refuseElement(ShaderType type) const = 0;
  /// Returns whether buffers are declared outside of the function, where the
  /// other kernels of a text see their names.
  virtual bool hasGlobalBuffers() const = 0;
  virtual std::string getTypeName(ShaderType type) const = 0;

  /// Returns whether sums and products of integers narrower than 32 bits have
  /// 32, as in C.
  virtual bool promotesNarrow() const = 0;

  /// Returns a literal; floats are finite.
  virtual std::string getLiteral(const llvm::APFloat &value,
                                 Scalar type) const = 0;
  virtual std::string getLiteral(const llvm::APInt &value,
                                 Scalar type) const = 0;
  /// Returns the expression of a positive infinity, or of NaN, and notes in
  /// `features` what it needs.
  virtual Expression getInfinity(Scalar type, Features &features) const = 0;
  virtual Expression getNaN(Scalar type, Features &features) const = 0;

  /// Returns the function for a math or arith operation with this name, such
  /// as "math.sqrt"; empty if there is none.
  virtual llvm::StringRef getFunction(llvm::StringRef operation) const = 0;
  /// Returns a choice; `isVector` says whether the condition is a vector.
  virtual Expression getSelect(const Expression &condition,
                               const Expression &whenTrue,
                               const Expression &whenFalse,
                               bool isVector) const = 0;
  virtual Expression getBitcast(const Expression &value,
                                ShaderType type) const = 0;
  /// Returns the remainder of floats with the sign of the dividend.
  virtual Expression getRemainder(const Expression &lhs,
                                  const Expression &rhs) const = 0;

  /// Atomic accesses to `place`, a 32-bit integer.
  virtual std::string getAtomicLoad(llvm::StringRef place) const = 0;
  virtual std::string getAtomicStore(llvm::StringRef place,
                                     llvm::StringRef value) const = 0;
  /// Returns nothing if the language has no such operation.
  virtual std::optional<std::string>
  getAtomicUpdate(mlir::arith::AtomicRMWKind kind, llvm::StringRef place,
                  llvm::StringRef value) const = 0;

  /// Returns the statements of a barrier for the workgroup, with its memory
  /// and, where `buffers`, the buffers.
  virtual std::vector<std::string> getBarrier(bool buffers) const = 0;
  /// Returns a subgroup operation ("add", "mul", "min", "max", "and", "or",
  /// "xor", "shuffle", "shuffle_xor", "shuffle_up", "shuffle_down",
  /// "broadcast_first"); empty if there is none.
  virtual llvm::StringRef getSubgroupFunction(llvm::StringRef name) const = 0;

  /// Starts the declaration of a variable up to its initial value.
  virtual std::string getConstantDeclaration(ShaderType type,
                                             llvm::StringRef name) const = 0;
  /// The same for one that changes. `isInitialized` says whether a value
  /// follows, which may tell the type.
  virtual std::string getVariableDeclaration(ShaderType type,
                                             llvm::StringRef name,
                                             bool isInitialized) const = 0;
  /// Returns the declaration of an array of one invocation.
  virtual std::string getArrayDeclaration(const Array &array) const = 0;
  /// The words of an endless loop, and of cases.
  virtual llvm::StringRef getLoop() const = 0;
  virtual llvm::StringRef getDefaultCase() const = 0;
  virtual bool caseNeedsBreak() const = 0;

  /// Prints what comes first in a text.
  virtual void printPreamble(llvm::raw_ostream &os,
                             const Features &features) const = 0;
  virtual void printConstantArray(llvm::raw_ostream &os, const Array &array,
                                  llvm::ArrayRef<std::string> values) const = 0;
  /// Prints declarations of the kernel and its head up to the open brace.
  virtual void printKernelHead(llvm::raw_ostream &os,
                               const KernelInterface &kernel) const = 0;
  virtual void printFunctionHead(llvm::raw_ostream &os,
                                 const FunctionInterface &function) const = 0;
};

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_LANGUAGE_H
