//===- TapMLExecutableOps.td - Placement and kernels -------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_EXECUTABLEOPS_TD
#define TAPML_DIALECT_TAPML_IR_EXECUTABLEOPS_TD

include "tapml/Dialect/TapML/IR/TapMLAttrs.td"
include "tapml/Dialect/TapML/IR/TapMLBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

//===----------------------------------------------------------------------===//
// Executables
//===----------------------------------------------------------------------===//

def TapML_ExecutableOp : TapML_Op<"executable",
    [IsolatedFromAbove, Symbol, SymbolTable, SingleBlock, NoTerminator,
     NoRegionArguments]> {
  let summary = "operators placed together, compiled once per target";
  let description = [{
    A region of the model, shared by every place in the graph that computes the
    same thing (constants aside), in one variant per place.

    ```mlir
    tapml.executable @linear_384x384 {
      tapml.variant @vulkan target(<vulkan, "vulkan", {}, []>) {
        func.func @body(%x: tensor<?x384xf32>, ...) -> tensor<?x384xf32>
      }
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def TapML_VariantOp : TapML_Op<"variant",
    [IsolatedFromAbove, HasParent<"ExecutableOp">, Symbol, SymbolTable,
     SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "an executable's form for one place";
  let description = [{
    The symbol is the place's name. `@body` takes the region's tensors and then
    its sizes, and returns the region's results; weights carry the argument
    attribute `tapml.constant`. While it is lowered, the variant also holds the
    kernels that the body launches, and at the end their binary form.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TapML_ProfileAttr:$target);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
      "$sym_name `target` `(` $target `)` attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// The function that computes the region: the host side of the variant.
    ::mlir::func::FuncOp getBodyFunc();
  }];
}

def TapML_EntryPointArrayAttr
    : TypedArrayAttrBase<TapML_EntryPointAttr, "array of entry points">;

def TapML_BinaryOp : TapML_Op<"binary",
    [ParentOneOf<["VariantOp", "::mlir::ModuleOp"]>, Symbol]> {
  let summary = "compiled kernels, ready to load";
  let description = [{
    `format` is `spirv` (little-endian words), `wgsl` or `msl` (text), or `elf`
    (a shared object for `triple`, usable by CPUs that have `features`). A variant for a device holds
    its own binaries. Those of the host stand in the module, one per CPU level,
    each with the kernels of all executables: their entry points are the same
    and launches name them without a path.

    ```mlir
    tapml.binary @host_x86_64_v3 "elf" triple "x86_64-unknown-linux-gnu"
        cpu "x86-64-v3" features ["avx2", "fma"]
        entries [#tapml.entry_point<"gelu", access = ["read", "write"],
                                    sizes = 1>] [127, 69, ...]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$format,
                       OptionalAttr<StrAttr>:$target_triple,
                       OptionalAttr<StrAttr>:$target_cpu,
                       OptionalAttr<StrArrayAttr>:$target_features,
                       OptionalAttr<TapML_EntryPointArrayAttr>:$entries,
                       DenseI8ArrayAttr:$data);
  let assemblyFormat = [{
    $sym_name $format (`triple` $target_triple^)? (`cpu` $target_cpu^)?
    (`features` $target_features^)? (`entries` $entries^)? $data attr-dict
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns the entry point called `name`, or null.
    ::tapml::EntryPointAttr lookupEntry(::llvm::StringRef name);
  }];
}

//===----------------------------------------------------------------------===//
// The host side of a mixed execution
//===----------------------------------------------------------------------===//

def TapML_TransferOp : TapML_Op<"transfer",
    [Pure, DeclareOpInterfaceMethods<
         ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "moves a tensor to a place";
  let description = [{
    Crossing from one place to another is always an operation, so that the
    number of crossings and their bytes can be counted. The result holds the
    operand's values; its element type may be `i32` where the operand's is
    `i64` (each value is checked when it crosses) and the reverse.

    ```mlir
    %1 = tapml.transfer %0 to @vulkan : tensor<?xi64> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$source, FlatSymbolRefAttr:$place);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat =
      "$source `to` $place attr-dict `:` type($source) `->` type($result)";
  let hasVerifier = 1;
}

def TapML_DispatchOp : TapML_Op<"dispatch",
    [Pure, AttrSizedOperandSegments, DestinationStyleOpInterface,
     DeclareOpInterfaceMethods<SymbolUserOpInterface>,
     DeclareOpInterfaceMethods<
         ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "runs an executable at a place";
  let description = [{
    `sizes` and `inputs` are the arguments of the executable's body (inputs
    first); `outputs` give the results' shapes, one result each. `instances`
    lists the operators that the region computes.

    ```mlir
    %y = tapml.dispatch @linear_384x384 on @vulkan ins(%x, %w : ...)
           outs(%init : tensor<?x384xf32>) {instances = ["encoder.query"]}
           -> tensor<?x384xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$executable, FlatSymbolRefAttr:$place,
                       Variadic<Index>:$sizes, Variadic<AnyRankedTensor>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs,
                       OptionalAttr<StrArrayAttr>:$instances);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $executable `on` $place (`sizes` `(` $sizes^ `)`)?
    (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    (`outs` `(` $outputs^ `:` type($outputs) `)`)? attr-dict
    (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

def TapML_KernelOp : TapML_Op<"kernel",
    [SingleBlockImplicitTerminator<"YieldOp">, NoRegionArguments,
     RecursiveMemoryEffects]> {
  let summary = "operations that become one kernel";
  let description = [{
    Groups operations on tensors that are computed together, without
    intermediate results in memory. Values from outside are the kernel's
    inputs. `lowering` says how it is structured.

    ```mlir
    %y = tapml.kernel "gelu" -> tensor<?x1536xf32> {
      %0 = linalg.generic ...
      tapml.yield %0 : tensor<?x1536xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<TapML_LoweringAttr>:$lowering,
                       OptionalAttr<StrArrayAttr>:$instances);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`lowering` `(` $lowering^ `)`)? attr-dict-with-keyword
    (`->` type($results)^)? $body
  }];
  let hasVerifier = 1;
}

def TapML_YieldOp : TapML_Op<"yield",
    [Pure, ReturnLike, Terminator,
     ParentOneOf<["KernelOp", "OperatorRegionOp", "TestOp"]>]> {
  let summary = "the results of a kernel, an operator or a test";
  let arguments = (ins Variadic<AnyType>:$operands);
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
  let builders = [OpBuilder<(ins),
      [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

def TapML_LaunchOp : TapML_Op<"launch",
    [Pure, AttrSizedOperandSegments, DestinationStyleOpInterface,
     DeclareOpInterfaceMethods<
         ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "runs one of several entry points over a grid";
  let description = [{
    The kernel's buffers are `inputs` and then `outputs`, its scalar arguments
    `sizes`. The first entry point whose guard is not zero runs, with its three
    numbers of workgroups; the last has no guard.

    ```mlir
    %y = tapml.launch [@kernels::@k_tiles, @kernels::@k] guards(%large)
           grids(%gx, %c1, %c1, %hx, %c1, %c1) sizes(%rows)
           ins(%x : tensor<?x384xf32>) outs(%init : tensor<?x384xf32>)
           -> tensor<?x384xf32>
    ```
  }];
  let arguments = (ins SymbolRefArrayAttr:$kernels, Variadic<Index>:$guards,
                       Variadic<Index>:$grids, Variadic<Index>:$sizes,
                       Variadic<AnyRankedTensor>:$inputs,
                       Variadic<AnyRankedTensor>:$outputs,
                       OptionalAttr<StrArrayAttr>:$instances);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $kernels (`guards` `(` $guards^ `)`)? `grids` `(` $grids `)`
    (`sizes` `(` $sizes^ `)`)? (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    `outs` `(` $outputs `:` type($outputs) `)` attr-dict
    `->` type($results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return getOutputsMutable();
    }
  }];
}

#endif // TAPML_DIALECT_TAPML_IR_EXECUTABLEOPS_TD
