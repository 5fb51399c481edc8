//===- TapMLGraphOps.td - Weights and constants ------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD
#define TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD

include "tapml/Dialect/TapML/IR/TapMLOperatorBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

def TapML_GlobalOp : TapML_Op<"global", [Symbol]> {
  let summary = "a weight of the model, by name";
  let description = [{
    Names a tensor of the safetensors file that the module's `tapml.weights`
    points to. The tensor's key in the file is the symbol's name, or `key`
    where that is given.

    ```mlir
    tapml.global @"encoder.query.weight" : tensor<384x384xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<RankedTensorOf<[AnyType]>>:$type,
                       OptionalAttr<StrAttr>:$key);
  let assemblyFormat = "$sym_name (`key` $key^)? attr-dict `:` $type";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The tensor's name in the weights file.
    ::llvm::StringRef getWeightKey() {
      return getKey() ? *getKey() : getSymName();
    }
  }];
}

def TapML_GetGlobalOp : TapML_Op<"get_global",
    [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the value of a weight";
  let description = [{
    ```mlir
    %w = tapml.get_global @"encoder.query.weight" : tensor<384x384xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$global);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "$global attr-dict `:` type($result)";
}

def TapML_OperatorRegionOp : TapML_OperatorOp<"operator",
    (ins StrAttr:$name, Variadic<AnyTypeOf<[TapML_Tensor, Index]>>:$inputs,
         Variadic<Index>:$sizes),
    [AttrSizedOperandSegments, IsolatedFromAbove, SingleBlock],
    ["getOperatorName", "getUnsupportedReason"]> {
  let summary = "an operator that other IR defines";
  let description = [{
    Makes an operator of the graph out of operations of other dialects, so that
    another compiler's graph is partitioned, lowered and run by the same passes
    as this dialect's operators, without a translation. The region computes the
    results from its arguments, one for each of `inputs`, with `linalg`,
    `tensor`, `arith` and `math` operations; what else it holds has to be
    converted to them before the graph is lowered. `sizes` gives the dynamic
    dimensions of the results, in order. `name` is what plans and reports call
    the operator.

    ```mlir
    %y = tapml.operator "acme.square" ins(%x : tensor<?x8xf32>) sizes(%n)
         attributes {instance = ["layer.0.square"]} -> tensor<?x8xf32> {
    ^bb0(%a: tensor<?x8xf32>):
      %0 = linalg.square ins(%a : tensor<?x8xf32>)
                         outs(%a : tensor<?x8xf32>) -> tensor<?x8xf32>
      tapml.yield %0 : tensor<?x8xf32>
    }
    ```
  }];
  let results = (outs Variadic<TapML_Tensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $name (`ins` `(` $inputs^ `:` type($inputs) `)`)?
    (`sizes` `(` $sizes^ `)`)? attr-dict-with-keyword `->` type($results) $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

#endif // TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD
