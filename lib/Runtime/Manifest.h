//===- Manifest.h - What an executable contains and does --------*- C++ -*-===//
//
// Part of the TapML Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information. SPDX-License-Identifier:
// Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_RUNTIME_MANIFEST_H
#define TAPML_LIB_RUNTIME_MANIFEST_H

#include "DType.h"
#include "Expr.h"
#include "Status.h"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tapml::rt {

/// One code payload for the host: the first whose features the processor has
/// is used.
struct HostPayloadDesc {
  std::string cpu;
  std::vector<std::string> features;
  std::string section;
};

/// What the kernels of a place may use. A limit holds one number, or one per
/// grid dimension.
struct ProfileDesc {
  std::string name;
  std::map<std::string, std::vector<int64_t>> limits;
  std::vector<std::string> features;
};

struct PlaceDesc {
  std::string name;
  std::string kind;
  ProfileDesc profile;
};

struct SymbolDesc {
  std::string name;
  int64_t min = 0;
  int64_t max = 0;
};

/// A size that is fixed, or that of a symbol.
struct DimSpec {
  int64_t size = 0;
  std::optional<uint32_t> symbol;
};

struct InputDesc {
  std::string name;
  DType dtype = DType::F32;
  std::vector<DimSpec> shape;
};

struct OutputDesc {
  std::string name;
  uint32_t value = 0;
};

struct WeightDesc {
  std::string key;
  DType dtype = DType::F32;
  Shape shape;
};

enum class Access : uint8_t { Read = 1, Write = 2, ReadWrite = 3 };
inline bool reads(Access access) { return uint8_t(access) & 1; }
inline bool writes(Access access) { return uint8_t(access) & 2; }

/// What a buffer that is read through a view of texels is made of.
enum class TexelFormat : uint8_t {
  None,
  F16,
  F16x4,
  F32,
  F32x4,
  U32,
  U32x4,
  U8,
  U8x4
};
uint32_t getTexelBytes(TexelFormat format);

struct KernelDesc {
  std::string name;
  uint32_t place = 0;
  /// Section of the code; empty for host kernels, whose payload is chosen by
  /// the processor.
  std::string section;
  std::string entry;
  std::vector<Access> access;
  /// `None`, or left out at the end, for storage buffers.
  std::vector<TexelFormat> texels;
  uint32_t numSizes = 0;
  /// The sizes are in a uniform buffer behind the buffers, not in push
  /// constants (Vulkan).
  bool uniformSizes = false;
  std::array<uint32_t, 3> workgroup = {1, 1, 1};
  std::vector<std::string> instances;

  TexelFormat getTexels(size_t buffer) const {
    return buffer < texels.size() ? texels[buffer] : TexelFormat::None;
  }

  /// "kernel 'linear_384x384'" with the operator instances that it computes.
  std::string describe() const;
};

/// Bound ranges start at multiples of this, which every device accepts.
inline constexpr int64_t bindingAlignment = 256;

struct LaunchBuffer {
  enum class Kind : uint8_t { Arg, Prepared, Slot, Result };
  Kind kind = Kind::Arg;
  uint32_t index = 0;
  /// The part that is bound; all of the buffer where `bytes` is 0.
  uint64_t offset = 0, bytes = 0;
};

struct LaunchCase {
  std::optional<ExprId> when;
  uint32_t kernel = 0;
  std::array<ExprId, 3> grid = {};
};

struct LaunchDesc {
  std::vector<LaunchBuffer> buffers;
  std::vector<ExprId> sizes;
  std::vector<LaunchCase> cases;
};

/// A tensor type whose sizes are expressions.
struct TensorDesc {
  DType dtype = DType::F32;
  std::vector<ExprId> shape;
};

struct ArgDesc {
  DType dtype = DType::F32;
  /// -1 is any size.
  Shape shape;
  bool constant = false;
};

struct CheckDesc {
  ExprId expr = 0;
  std::optional<int64_t> min;
  std::optional<int64_t> max;
  std::string what;
};

struct VariantDesc {
  uint32_t place = 0;
  std::vector<ArgDesc> args;
  uint32_t numSizes = 0;
  ExprTable exprs;
  std::vector<TensorDesc> results;
  std::vector<TensorDesc> prepared;
  std::vector<ExprId> slots;
  std::vector<CheckDesc> checks;
  std::vector<LaunchDesc> init;
  std::vector<LaunchDesc> steps;

  /// True when a step (not only `init`) uses argument `arg`.
  bool stepsUseArg(uint32_t arg) const;
};

struct ExecutableDesc {
  std::string name;
  std::vector<VariantDesc> variants;
};

struct ValueDesc {
  enum class Kind : uint8_t { Input, Weight, Slot };
  Kind kind = Kind::Input;
  /// The input, weight or slot.
  uint32_t index = 0;
  uint32_t place = 0;
  DType dtype = DType::F32;
  unsigned rank = 0;
  /// Required for slots; inputs and weights know their shapes.
  std::optional<std::vector<ExprId>> shape;
};

struct MainSlotDesc {
  uint32_t place = 0;
  ExprId bytes = 0;
};

struct StepDesc {
  enum class Op : uint8_t { Transfer, Dispatch };
  Op op = Op::Transfer;
  uint32_t from = 0;
  uint32_t to = 0;
  uint32_t executable = 0;
  uint32_t variant = 0;
  std::vector<uint32_t> operands;
  std::vector<ExprId> sizes;
  std::vector<uint32_t> results;
  std::vector<std::string> instances;
};

struct MainDesc {
  ExprTable exprs;
  std::vector<ValueDesc> values;
  std::vector<MainSlotDesc> slots;
  std::vector<StepDesc> steps;
};

/// A manifest that has been checked: every reference is in range, every value
/// is defined before it is used and still holds its contents then, every launch
/// fits its kernel's interface. Code that interprets it need not check again.
struct Manifest {
  std::string producer;
  std::string model;
  std::string weightsFile;
  uint64_t weightsBytes = 0;
  std::string weightsHeaderSha256;
  std::string samplesDirectory;
  std::string hostTriple;
  std::vector<HostPayloadDesc> hostPayloads;
  std::vector<PlaceDesc> places;
  uint32_t hostPlace = 0;
  std::vector<SymbolDesc> symbols;
  std::vector<InputDesc> inputs;
  std::vector<OutputDesc> outputs;
  std::vector<WeightDesc> weights;
  std::vector<KernelDesc> kernels;
  std::vector<ExecutableDesc> executables;
  MainDesc main;

  /// Reads and checks a manifest.
  static Result<Manifest> parse(std::string_view text);

  /// "executable 'linear_384x384'" with the operator instances of the step.
  std::string describe(const StepDesc &step) const;
};

/// The second half of `Manifest::parse`: checks that need the whole document.
Status verifyManifest(const Manifest &manifest);

} // namespace tapml::rt

#endif // TAPML_LIB_RUNTIME_MANIFEST_H
