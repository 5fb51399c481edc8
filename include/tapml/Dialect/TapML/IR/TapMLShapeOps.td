//===- TapMLShapeOps.td - Constants, views, joins ----------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_SHAPEOPS_TD
#define TAPML_DIALECT_TAPML_IR_SHAPEOPS_TD

include "tapml/Dialect/TapML/IR/TapMLOperatorBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"

//===----------------------------------------------------------------------===//
// Tensors from nothing
//===----------------------------------------------------------------------===//

def TapML_ConstantOp
    : TapML_OperatorOp<"constant", (ins ElementsAttrInterface:$value),
                       [ConstantLike, AllTypesMatch<["value", "result"]>],
                       ["getUnsupportedReason"]> {
  let summary = "a small constant tensor";
  let description = [{
    A tensor that the model computes with and that is not a weight. Numbers of
    the framework become tensors of rank 0. Equal constants are one value, so a
    constant's `instance` is not kept when it is merged.

    ```mlir
    %half = tapml.constant dense<5.000000e-01> : tensor<f32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
}

def TapML_FullOp
    : TapML_OperatorOp<"full",
          (ins Variadic<Index>:$sizes, TypedAttrInterface:$value), [],
          ["getUnsupportedReason"]> {
  let summary = "a tensor of one value";
  let description = [{
    `torch.full`. `sizes` gives the dynamic dimensions of the result, in order.

    ```mlir
    %y = tapml.full true sizes(%batch) : tensor<?x16xi1>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $value (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_ArangeOp
    : TapML_OperatorOp<"arange", (ins Index:$start, Index:$end, Index:$step)> {
  let summary = "evenly spaced numbers";
  let description = [{
    `torch.arange`: `start`, `start + step`, ... as long as `end` is not
    reached. `step` may be negative and must not be zero.

    ```mlir
    %y = tapml.arange %c0 to %n step %c1 : tensor<?xi64>
    ```
  }];
  let results = (outs TapML_NumberTensor:$result);
  let assemblyFormat = [{
    $start `to` $end `step` $step attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

def TapML_ReshapeOp
    : TapML_OperatorOp<"reshape", (ins TapML_Tensor:$x, Variadic<Index>:$sizes),
                       [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "the same elements, in order, in another shape";
  let description = [{
    `view`, `reshape`, `flatten` and their like. The result's type gives the
    shape, `sizes` its dynamic dimensions, in order; the number of elements must
    stay the same.

    ```mlir
    %y = tapml.reshape %x sizes(%b, %s)
           : tensor<?x?x384xf32> -> tensor<?x?x12x32xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def TapML_PermuteOp
    : TapML_OperatorOp<"permute",
          (ins TapML_Tensor:$x, TapML_DimsAttr:$permutation),
          [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "the dimensions in another order";
  let description = [{
    `permute`, `transpose`, `t`. Dimension `i` of the result is dimension
    `permutation[i]` of `x`.

    ```mlir
    %y = tapml.permute %x [0, 2, 1, 3]
           : tensor<?x?x12x32xf32> -> tensor<?x12x?x32xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x $permutation attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def TapML_UnsqueezeOp
    : TapML_OperatorOp<"unsqueeze", (ins TapML_Tensor:$x, TapML_DimAttr:$dim),
                       [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "one more dimension, of size 1";
  let description = [{
    `torch.unsqueeze`: the result has a dimension `dim` of size 1.

    ```mlir
    %y = tapml.unsqueeze %x dim 1 : tensor<?x?xi1> -> tensor<?x1x?xi1>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `dim` $dim attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_SqueezeOp
    : TapML_OperatorOp<"squeeze", (ins TapML_Tensor:$x, TapML_DimsAttr:$dims),
                       [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "without some dimensions of size 1";
  let description = [{
    `torch.squeeze`: the dimensions `dims`, all of size 1, are left out.

    ```mlir
    %y = tapml.squeeze %x dims [1] : tensor<?x1x?xi1> -> tensor<?x?xi1>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `dims` $dims attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_ExpandOp
    : TapML_OperatorOp<"expand", (ins TapML_Tensor:$x, Variadic<Index>:$sizes),
                       [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "repetition along dimensions of size 1";
  let description = [{
    `expand`, `broadcast_to`: `x` broadcast to the result's shape, aligned at
    the last dimension. `sizes` gives the result's dynamic dimensions, in order.
    Only a size that the type of `x` gives as 1 repeats; other sizes are taken
    to be equal.

    ```mlir
    %y = tapml.expand %x sizes(%b) : tensor<1x16xi64> -> tensor<?x16xi64>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x (`sizes` `(` $sizes^ `)`)? attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Parts and joins
//===----------------------------------------------------------------------===//

def TapML_SliceOp
    : TapML_OperatorOp<"slice",
          (ins TapML_Tensor:$x, Index:$start, Index:$end, TapML_DimAttr:$dim,
               DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>,
                                 "1">:$step),
          [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "a range of one dimension";
  let description = [{
    `x[start:end:step]` in dimension `dim`. `start` and `end` must be within 0
    and the size of the dimension (PyTorch's negative and large bounds are
    resolved when capturing); the range is empty where `end` is not above
    `start`.

    ```mlir
    %y = tapml.slice %x dim 1 from %c0 to %s
           : tensor<1x512xi64> -> tensor<1x?xi64>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `dim` $dim `from` $start `to` $end (`step` $step^)? attr-dict
    `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def TapML_SelectOp
    : TapML_OperatorOp<"select",
          (ins TapML_Tensor:$x, Index:$index, TapML_DimAttr:$dim),
          [AllElementTypesMatch<["x", "result"]>]> {
  let summary = "one place of one dimension";
  let description = [{
    `x[index]` in dimension `dim`, which the result lacks. `index` must be within
    the dimension.

    ```mlir
    %y = tapml.select %x dim 1 at %c0 : tensor<?x?x384xf32> -> tensor<?x384xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $x `dim` $dim `at` $index attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_ConcatOp
    : TapML_OperatorOp<"concat",
          (ins Variadic<TapML_Tensor>:$inputs, TapML_DimAttr:$dim), [],
          ["getUnsupportedReason"]> {
  let summary = "tensors joined along one dimension";
  let description = [{
    `torch.cat`: the sizes along `dim` add up, all others are equal.

    ```mlir
    %y = tapml.concat %a, %b dim 1
           : tensor<?x3xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $inputs `dim` $dim attr-dict `:` type($inputs) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // TAPML_DIALECT_TAPML_IR_SHAPEOPS_TD
