//===- TapMLNNOps.td - Reductions and layers ---------------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_NNOPS_TD
#define TAPML_DIALECT_TAPML_IR_NNOPS_TD

include "tapml/Dialect/TapML/IR/TapMLOperatorBase.td"

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

class TapML_ReductionOp<string mnemonic, Type type,
                        list<string> overridden = []>
    : TapML_OperatorOp<mnemonic,
          (ins type:$x, TapML_DimsAttr:$dims,
               DefaultValuedAttr<BoolAttr, "false">:$keepdim),
          [AllElementTypesMatch<["x", "result"]>], overridden> {
  let results = (outs type:$result);
  let assemblyFormat = [{
    $x `dims` $dims attr-dict `:` type($x) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_SumOp : TapML_ReductionOp<"sum", TapML_NumberTensor,
                                    ["getUnsupportedReason"]> {
  let summary = "sum over dimensions";
  let description = [{
    `torch.sum` over `dims`, which the result lacks or, with `keepdim`, has with
    size 1. Integers wrap; PyTorch sums them as i64, so they are cast first.

    ```mlir
    %y = tapml.sum %x dims [1] {keepdim = true}
           : tensor<?x?xf32> -> tensor<?x1xf32>
    ```
  }];
}

def TapML_MeanOp : TapML_ReductionOp<"mean", TapML_FloatTensor> {
  let summary = "mean over dimensions";
  let description = [{
    `torch.mean` over `dims`, which the result lacks or, with `keepdim`, has with
    size 1. NaN for a mean of nothing.

    ```mlir
    %y = tapml.mean %x dims [1] : tensor<?x?x384xf32> -> tensor<?x384xf32>
    ```
  }];
}

def TapML_AmaxOp : TapML_ReductionOp<"amax", TapML_NumberTensor> {
  let summary = "largest element over dimensions";
  let description = [{
    `torch.amax` over `dims`, which the result lacks or, with `keepdim`, has with
    size 1. NaN if any element is NaN. The largest of no elements is the
    smallest value of the type (PyTorch rejects it).

    ```mlir
    %y = tapml.amax %x dims [0, 1] : tensor<?x?xf32> -> tensor<f32>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Normalisations
//===----------------------------------------------------------------------===//

def TapML_SoftmaxOp
    : TapML_OperatorOp<"softmax", (ins TapML_FloatTensor:$x, TapML_DimAttr:$dim),
                       [AllTypesMatch<["x", "result"]>]> {
  let summary = "exponentials that sum to one along a dimension";
  let description = [{
    `torch.softmax`: `exp(x - max(x)) / sum(exp(x - max(x)))` along `dim`. A row
    of minus infinities is NaN, as in PyTorch.

    ```mlir
    %y = tapml.softmax %x dim 3 : tensor<?x12x?x?xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = "$x `dim` $dim attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def TapML_LayerNormOp
    : TapML_OperatorOp<"layer_norm",
          (ins TapML_FloatTensor:$x, Optional<TapML_FloatTensor>:$weight,
               Optional<TapML_FloatTensor>:$bias,
               ConfinedAttr<I64Attr, [IntPositive]>:$normalized_rank,
               F64Attr:$epsilon),
          [AllTypesMatch<["x", "result"]>, AttrSizedOperandSegments]> {
  let summary = "layer normalisation";
  let description = [{
    `torch.nn.functional.layer_norm` over the last `normalized_rank` dimensions:
    `(x - mean) / sqrt(variance + epsilon) * weight + bias`, with the variance
    computed from the centred elements. `weight` and `bias` have the shape of
    the normalised dimensions, and the element type of `x`; beside halves both
    may be f32, as in a model in mixed precision.

    ```mlir
    %y = tapml.layer_norm %x weight %g bias %b
           {epsilon = 1.0e-12 : f64, normalized_rank = 1 : i64}
           : (tensor<?x?x384xf32>, tensor<384xf32>, tensor<384xf32>)
           -> tensor<?x?x384xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = [{
    $x (`weight` $weight^)? (`bias` $bias^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

def TapML_LinearOp
    : TapML_OperatorOp<"linear",
          (ins TapML_FloatTensor:$x, TapML_FloatTensor:$weight,
               Optional<TapML_FloatTensor>:$bias)> {
  let summary = "fully connected layer";
  let description = [{
    `torch.nn.functional.linear`: `x * weight^T + bias` over the last dimension
    of `x`. `weight` is `[out, in]`, `bias` is `[out]`.

    ```mlir
    %y = tapml.linear %x, %w bias %b
           : (tensor<?x?x384xf32>, tensor<1536x384xf32>, tensor<1536xf32>)
           -> tensor<?x?x1536xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = [{
    $x `,` $weight (`bias` $bias^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def TapML_MatmulOp
    : TapML_OperatorOp<"matmul", (ins TapML_FloatTensor:$a, TapML_FloatTensor:$b)> {
  let summary = "matrix product, batched";
  let description = [{
    `torch.matmul` of tensors of rank 2 or more: the product of the matrices in
    the last two dimensions; the dimensions before them broadcast as in
    `tapml.add`.

    ```mlir
    %y = tapml.matmul %a, %b
           : tensor<?x4x8xf32>, tensor<8x?xf32> -> tensor<?x4x?xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = [{
    $a `,` $b attr-dict `:` type($a) `,` type($b) `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_ScaledDotProductAttentionOp
    : TapML_OperatorOp<"scaled_dot_product_attention",
          (ins TapML_FloatTensor:$query, TapML_FloatTensor:$key,
               TapML_FloatTensor:$value,
               Optional<TapML_MaskTensor>:$mask,
               F64Attr:$scale, DefaultValuedAttr<BoolAttr, "false">:$is_causal)> {
  let summary = "attention";
  let description = [{
    `torch.nn.functional.scaled_dot_product_attention`:
    `softmax(query * key^T * scale + mask) * value`, with `query` `[..., L, E]`,
    `key` `[..., S, E]` and `value` `[..., S, V]`; the dimensions before the last
    two broadcast as in `tapml.add`. A boolean `mask` keeps the scores where it
    is true, a floating-point one is added to them; it broadcasts to
    `[..., L, S]`. With `is_causal`, row `i` sees columns up to `i`. A row whose
    scores are all masked is zero, as in PyTorch.

    ```mlir
    %y = tapml.scaled_dot_product_attention %q, %k, %v mask %m
           {scale = 0.17677669529663687 : f64}
           : (tensor<?x12x?x32xf32>, tensor<?x12x?x32xf32>,
              tensor<?x12x?x32xf32>, tensor<?x1x?x?xi1>)
           -> tensor<?x12x?x32xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // TAPML_DIALECT_TAPML_IR_NNOPS_TD
