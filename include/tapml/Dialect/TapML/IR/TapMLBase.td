//===- TapMLBase.td - The tapml dialect --------------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_BASE_TD
#define TAPML_DIALECT_TAPML_IR_BASE_TD

include "mlir/IR/OpBase.td"

def TapML_Dialect : Dialect {
  let name = "tapml";
  let cppNamespace = "::tapml";
  let summary = "Model graphs as a framework user knows them, and their "
                "placement on devices";
  let description = [{
    The dialect captures a model with one op per framework operator
    (`tapml.linear`, `tapml.layer_norm`, ...), says which operator runs where
    (`tapml.executable`, `tapml.dispatch`, `tapml.transfer`), and groups the
    lowered code into kernels (`tapml.kernel`, `tapml.launch`).

    All types are builtin tensors. Weights are symbols (`tapml.global`) that
    name a tensor in a safetensors file; they are never part of the IR.
    Every operator may carry `instance`, the operator's identity in the model;
    passes that merge operators unite it.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect",
    "::mlir::func::FuncDialect",
    "::mlir::tensor::TensorDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
}

class TapML_Op<string mnemonic, list<Trait> traits = []>
    : Op<TapML_Dialect, mnemonic, traits>;

#endif // TAPML_DIALECT_TAPML_IR_BASE_TD
