//===- TapMLGraphOps.td - Weights and constants ------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD
#define TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD

include "tapml/Dialect/TapML/IR/TapMLBase.td"
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

#endif // TAPML_DIALECT_TAPML_IR_GRAPHOPS_TD
