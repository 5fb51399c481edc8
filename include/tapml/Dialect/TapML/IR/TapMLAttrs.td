//===- TapMLAttrs.td - Profiles and lowerings --------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_ATTRS_TD
#define TAPML_DIALECT_TAPML_IR_ATTRS_TD

include "tapml/Dialect/TapML/IR/TapMLBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class TapML_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<TapML_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===----------------------------------------------------------------------===//
// Device profiles
//===----------------------------------------------------------------------===//

def TapML_TargetKind : I32EnumAttr<"TargetKind", "the language a place runs", [
    I32EnumAttrCase<"Host", 0, "host">,
    I32EnumAttrCase<"Vulkan", 1, "vulkan">,
    I32EnumAttrCase<"WebGPU", 2, "webgpu">,
    I32EnumAttrCase<"Metal", 3, "metal">]> {
  let cppNamespace = "::tapml";
  let genSpecializedAttr = 0;
}

def TapML_ProfileAttr : TapML_Attr<"Profile", "profile"> {
  let summary = "What a device can do: its limits and features";
  let description = [{
    A profile is queried from a device (`tapml devices --json`) or is a named
    preset. `limits` holds integers and integer arrays, `features` a sorted
    list of names; both are checked against the known names (see
    `Profile.h`), so that a misspelt limit is an error and not a default.
    Features that start with `prefers_` say what is fast where there is a
    choice. Code that was made for them also works elsewhere, so nobody has to
    have them.

    ```mlir
    #tapml.profile<vulkan, "vulkan", {max_storage_buffers = 8 : i64},
                   ["int64"]>
    ```
  }];
  let parameters = (ins
    EnumParameter<TapML_TargetKind>:$kind,
    StringRefParameter<"name of the preset or the device">:$name,
    "::mlir::DictionaryAttr":$limits,
    "::mlir::ArrayAttr":$features);
  let assemblyFormat = "`<` $kind `,` $name `,` $limits `,` $features `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Returns the limit `name`, or the value that the kind's specification
    /// guarantees where the profile does not state it.
    int64_t getLimit(::llvm::StringRef name) const;
    /// Returns the limit of a quantity with one value per grid dimension.
    ::llvm::SmallVector<int64_t, 3> getLimit3(::llvm::StringRef name) const;
    bool hasFeature(::llvm::StringRef name) const;
    bool isHost() const { return getKind() == TargetKind::Host; }

    /// Returns the preset called `name`, or null if there is none.
    static ProfileAttr getPreset(::mlir::MLIRContext *context,
                                 ::llvm::StringRef name);
    static ::llvm::SmallVector<::llvm::StringRef> getPresetNames();
  }];
}

//===----------------------------------------------------------------------===//
// Lowerings
//===----------------------------------------------------------------------===//

def TapML_Strategy : I32EnumAttr<"Strategy", "how a kernel is structured", [
    I32EnumAttrCase<"Elementwise", 0, "elementwise">,
    I32EnumAttrCase<"RowReduction", 1, "row_reduction">,
    I32EnumAttrCase<"Matmul", 2, "matmul">]> {
  let cppNamespace = "::tapml";
  let genSpecializedAttr = 0;
}

def TapML_ConfigAttr : TapML_Attr<"Config", "config"> {
  let summary = "One way to run a kernel: strategy and sizes";
  let description = [{
    `tile` is what one invocation computes, in elements of the kernel's result
    (`[1, 4]` for elementwise kernels with vectors of four, `[rows, columns]`
    for a matmul); `workgroup` the number of invocations per workgroup;
    `vector` the number of elements per vector operation; `subgroup` the number
    of invocations that share a row, or the left-hand side of a matmul (1 where
    subgroup operations are not used).
    The configuration applies when every size of the kernel's iteration space
    is at least the entry of `at_least`; an empty list always applies.
  }];
  let parameters = (ins
    EnumParameter<TapML_Strategy>:$strategy,
    ArrayRefParameter<"int64_t">:$tile,
    ArrayRefParameter<"int64_t">:$workgroup,
    DefaultValuedParameter<"int64_t", "1">:$vector,
    DefaultValuedParameter<"int64_t", "1">:$subgroup,
    OptionalArrayRefParameter<"int64_t">:$at_least);
  let assemblyFormat = [{
    `<` $strategy `,` `tile` `=` `[` $tile `]` `,` `workgroup` `=` `[`
    $workgroup `]` `` custom<ConfigOptions>($vector, $subgroup, $at_least) `>`
  }];
  let genVerifyDecl = 1;
}

def TapML_LoweringAttr : TapML_Attr<"Lowering", "lowering"> {
  let summary = "An ordered list of configurations; the last has no guard";
  let description = [{
    Each entry becomes an entry point; the host picks the first whose guard
    holds for the sizes at hand. Chosen by `tapml-select-lowering`, pinned by
    tests, overridden by tuning; later passes only obey.
  }];
  let parameters = (ins ArrayRefParameter<"ConfigAttr">:$configs);
  let assemblyFormat = "`<` $configs `>`";
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

def TapML_SizeBlock : I32EnumAttr<"SizeBlock", "where a kernel finds sizes", [
    I32EnumAttrCase<"PushConstants", 0, "push_constants">,
    I32EnumAttrCase<"UniformBuffer", 1, "uniform_buffer">]> {
  let cppNamespace = "::tapml";
  let genSpecializedAttr = 0;
}

def TapML_EntryPointAttr : TapML_Attr<"EntryPoint", "entry_point"> {
  let summary = "How a compiled kernel is called";
  let description = [{
    What a launch has to know about a kernel once only its binary form is left:
    the access (`read`, `write` or `readwrite`) of each buffer in the order of
    its parameters, the number of sizes that follow, and the workgroup size,
    which kernels of the host do not have. A Vulkan kernel with more sizes than
    push constants can hold finds them in a uniform buffer behind its buffers.
    `texels FORMAT` is a buffer that is only read, through a view of texels of
    that format: `f16`, `f32`, `u32`, `u8`, or four of them, `f32x4` and so on.

    ```mlir
    #tapml.entry_point<"gelu", access = ["read", "write"], sizes = 1,
                       workgroup = [64, 1, 1]>
    #tapml.entry_point<"sum", access = ["read", "write"],
                       sizes = 40 in uniform_buffer, workgroup = [64, 1, 1]>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"name of the kernel in the binary">:$name,
    "::mlir::ArrayAttr":$access,
    "int64_t":$sizes,
    OptionalArrayRefParameter<"int64_t">:$workgroup,
    DefaultValuedParameter<"::tapml::SizeBlock",
                           "::tapml::SizeBlock::PushConstants">:$size_block);
  let builders = [AttrBuilder<(ins
      "::llvm::StringRef":$name, "::mlir::ArrayAttr":$access, "int64_t":$sizes,
      CArg<"::llvm::ArrayRef<int64_t>", "{}">:$workgroup), [{
    return $_get($_ctxt, name, access, sizes, workgroup,
                 SizeBlock::PushConstants);
  }]>];
  let assemblyFormat = [{
    `<` $name `,` `access` `=` $access `,` `sizes` `=` $sizes
    (`in` $size_block^)? (`,` `workgroup` `=` `[` $workgroup^ `]`)? `>`
  }];
  let genVerifyDecl = 1;
}

//===----------------------------------------------------------------------===//
// Stored tensors
//===----------------------------------------------------------------------===//

def TapML_DataAttr : TapML_Attr<"Data", "data"> {
  let summary = "A tensor in a content store, by the hash of its bytes";
  let description = [{
    The values stand in a file named by the SHA-256 of its content, in a
    directory named by the hash's first two digits: the elements row by row,
    little-endian, without padding; `i1` takes a byte of 0 or 1. Equal tensors
    are one file. Whoever reads it checks the hash, so that a value in a test
    is what was recorded or an error.

    ```mlir
    #tapml.data<"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
                tensor<1x19x384xf32>>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"SHA-256 of the bytes, in hexadecimal">:$hash,
    "::mlir::RankedTensorType":$type);
  let assemblyFormat = "`<` $hash `,` $type `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Returns the number of bytes that one element takes, or nothing for an
    /// element type that cannot be stored.
    static std::optional<unsigned> getElementBytes(::mlir::Type type);
    /// Returns the size of the file.
    uint64_t getByteSize() const;
  }];
}

#endif // TAPML_DIALECT_TAPML_IR_ATTRS_TD
