//===- TapMLTestOps.td - Tests of operators ----------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_TESTOPS_TD
#define TAPML_DIALECT_TAPML_IR_TESTOPS_TD

include "tapml/Dialect/TapML/IR/TapMLAttrs.td"
include "tapml/Dialect/TapML/IR/TapMLBase.td"
include "mlir/IR/SymbolInterfaces.td"

def TapML_TestOp : TapML_Op<"test",
    [IsolatedFromAbove, Symbol, SingleBlock]> {
  let summary = "an operator with what the source gave it and got from it";
  let description = [{
    The region is the operator, or the few operations that the framework's
    operator became; its arguments are the inputs, weights among them, and it
    yields the results. `inputs` has the data of each argument and `expects` the
    source's result for each that is yielded. For a result that is computed in
    floating point, `oracle` has its float64 evaluation on the same inputs, which
    decides, and `bound` how far from that a result may lie; `none` stands where
    the result must equal the source's.

    ```mlir
    tapml.test @encoder.layer.0.intermediate_act_fn
        inputs(#tapml.data<"9f3c...", tensor<1x19x1536xf32>>)
        expects(#tapml.data<"77ab...", tensor<1x19x1536xf32>>)
        oracle(#tapml.data<"0d41...", tensor<1x19x1536xf64>>)
        bound(#tapml.data<"c2e0...", tensor<1x19x1536xf32>>) {
    ^bb0(%x: tensor<?x?x1536xf32>):
      %0 = tapml.gelu %x : tensor<?x?x1536xf32>
      tapml.yield %0 : tensor<?x?x1536xf32>
    }
    ```

    The symbol is the operator's identity in the model. `tapml carve` writes
    such tests and `tapml test` runs them. A migration writes one of several
    operators that are wrong only together, and marks it with `tapml.fused` where
    they are wrong only when they are merged into regions.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ArrayAttr:$inputs,
                       ArrayAttr:$expects, ArrayAttr:$oracle, ArrayAttr:$bound);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `` custom<DataClauses>($inputs, $expects, $oracle, $bound)
    attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Returns the data of argument `index`.
    ::tapml::DataAttr getInput(unsigned index);
    /// Returns what the source computed for yielded value `index`.
    ::tapml::DataAttr getExpected(unsigned index);
    /// Returns the float64 evaluation of yielded value `index`, or null.
    ::tapml::DataAttr getOracleOf(unsigned index);
    /// Returns the bound of yielded value `index`, or null.
    ::tapml::DataAttr getBoundOf(unsigned index);
    /// Returns the operation that yields the results.
    ::tapml::YieldOp getYield();
  }];
}

#endif // TAPML_DIALECT_TAPML_IR_TESTOPS_TD
