//===- TapMLIndexingOps.td - Reads at computed places ------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_INDEXINGOPS_TD
#define TAPML_DIALECT_TAPML_IR_INDEXINGOPS_TD

include "tapml/Dialect/TapML/IR/TapMLOperatorBase.td"

def TapML_EmbeddingOp
    : TapML_OperatorOp<"embedding",
          (ins TapML_Tensor:$weight, TapML_IndexTensor:$ids),
          [AllElementTypesMatch<["weight", "result"]>]> {
  let summary = "rows of a table";
  let description = [{
    `torch.nn.functional.embedding`: each id becomes the row of `weight` with
    that number. PyTorch rejects an id that is not a row; here it reads the
    nearest row, so that no input makes a kernel read outside the table.

    ```mlir
    %y = tapml.embedding %weight, %ids
           : tensor<30522x384xf32>, tensor<?x?xi64> -> tensor<?x?x384xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $weight `,` $ids attr-dict `:` type($weight) `,` type($ids)
    `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_GatherOp
    : TapML_OperatorOp<"gather",
          (ins TapML_Tensor:$x, TapML_IndexTensor:$index, TapML_DimAttr:$dim),
          [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "elements along one dimension, chosen for each place";
  let description = [{
    `torch.gather`: the result has the shape of `index`; its element at a place
    is that of `x` at the same place, with the coordinate along `dim` replaced
    by the index there. Indices outside the dimension read the nearest element
    (PyTorch rejects them).

    ```mlir
    %y = tapml.gather %x, %index dim 1
           : tensor<?x8xf32>, tensor<?x2xi64> -> tensor<?x2xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `,` $index `dim` $dim attr-dict `:` type($x) `,` type($index)
    `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_IndexOp
    : TapML_OperatorOp<"index",
          (ins TapML_Tensor:$x, Variadic<TapML_IndexTensor>:$indices,
               TapML_DimsAttr:$dims),
          [AllElementTypesMatch<["x", "result"]>], ["getUnsupportedReason"]> {
  let summary = "elements at computed coordinates (advanced indexing)";
  let description = [{
    `x[i, j]` with tensors as indices. `dims` names the indexed dimensions, which
    are adjacent and in order, one for each tensor of `indices`. The index
    tensors broadcast together as in `tapml.add`, and their shape takes the
    place of the indexed dimensions. A negative index counts from the end;
    indices outside the dimension read the nearest element (PyTorch rejects
    them).

    ```mlir
    %y = tapml.index %x[%i, %j] dims [0, 1]
           : (tensor<?x?xi1>, tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `[` $indices `]` `dims` $dims attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TAPML_DIALECT_TAPML_IR_INDEXINGOPS_TD
