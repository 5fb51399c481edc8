//===- TapMLElementwiseOps.td - One element at a time ------*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_ELEMENTWISEOPS_TD
#define TAPML_DIALECT_TAPML_IR_ELEMENTWISEOPS_TD

include "tapml/Dialect/TapML/IR/TapMLOperatorBase.td"

//===----------------------------------------------------------------------===//
// Base classes
//===----------------------------------------------------------------------===//

// An operator that computes each element of its result from one element of each
// operand. `floatClass` is its numerical class for floating-point results;
// integers and booleans are always discrete.
class TapML_ElementwiseOp<string mnemonic, dag args, string floatClass,
                          list<Trait> traits = [],
                          list<string> overridden = []>
    : TapML_OperatorOp<mnemonic, args, traits, overridden> {
  code scalarDeclaration = [{
    /// Builds the value of one element of the result from the elements of the
    /// operands at the same place.
    ::mlir::Value computeScalar(::mlir::OpBuilder &builder,
                                ::mlir::Location loc,
                                ::mlir::ValueRange elements);
  }];
  code operatorDefinition = [{
    ::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>
    $cppClass::decompose(::mlir::OpBuilder &builder) {
      return ::tapml::detail::decomposeElementwise(
          getOperation(), builder,
          [&](::mlir::OpBuilder &b, ::mlir::Location loc,
              ::mlir::ValueRange elements) {
            return computeScalar(b, loc, elements);
          });
    }
    ::tapml::NumericalClass $cppClass::getNumericalClass() {
      return ::tapml::detail::getClassOfElementwise(
          getOperation(), ::tapml::NumericalClass::}] # floatClass # [{);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder,
        ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return ::tapml::detail::reifyBroadcastShape(getOperation(), builder,
                                                  shapes);
    }
  }];
  code arithmeticDefinition = operatorDefinition # [{
    std::optional<std::string>
    $cppClass::getUnsupportedReason(::tapml::ProfileAttr profile) {
      return ::tapml::detail::getUnsupportedArithmeticReason(getOperation(),
                                                             profile);
    }
  }];
  let extraClassDeclaration = scalarDeclaration;
  let extraClassDefinition = operatorDefinition;
}

class TapML_UnaryOp<string mnemonic, Type type, string floatClass>
    : TapML_ElementwiseOp<mnemonic, (ins type:$x), floatClass,
                          [AllTypesMatch<["x", "result"]>]> {
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
}

// A unary operator that could leave the range of its integer type.
class TapML_UnaryArithmeticOp<string mnemonic, Type type, string floatClass>
    : TapML_ElementwiseOp<mnemonic, (ins type:$x), floatClass,
                          [AllTypesMatch<["x", "result"]>],
                          ["getUnsupportedReason"]> {
  let results = (outs type:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let extraClassDefinition = arithmeticDefinition;
}

class TapML_BinaryOp<string mnemonic, Type type, string floatClass,
                     list<string> overridden = []>
    : TapML_ElementwiseOp<mnemonic, (ins type:$lhs, type:$rhs), floatClass,
                          [AllElementTypesMatch<["lhs", "rhs", "result"]>],
                          overridden> {
  let results = (outs type:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
  code verifierDefinition = [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::tapml::detail::verifyBroadcast(getOperation(), {"lhs", "rhs"});
    }
  }];
  let extraClassDefinition = operatorDefinition # verifierDefinition;
}

// A binary operator that could leave the range of its integer type.
class TapML_BinaryArithmeticOp<string mnemonic, Type type, string floatClass>
    : TapML_BinaryOp<mnemonic, type, floatClass, ["getUnsupportedReason"]> {
  let extraClassDefinition = arithmeticDefinition # verifierDefinition;
}

class TapML_ComparisonOp<string mnemonic>
    : TapML_ElementwiseOp<mnemonic, (ins TapML_Tensor:$lhs, TapML_Tensor:$rhs),
                          "Discrete", [AllElementTypesMatch<["lhs", "rhs"]>]> {
  let results = (outs TapML_BoolTensor:$result);
  let assemblyFormat = [{
    $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDefinition = operatorDefinition # [{
    ::llvm::LogicalResult $cppClass::verify() {
      return ::tapml::detail::verifyBroadcast(getOperation(), {"lhs", "rhs"});
    }
  }];
}

//===----------------------------------------------------------------------===//
// Functions of one number
//===----------------------------------------------------------------------===//

def TapML_TanhOp : TapML_UnaryOp<"tanh", TapML_FloatTensor, "Transcendental"> {
  let summary = "hyperbolic tangent";
  let description = [{
    `torch.tanh`: each element becomes its hyperbolic tangent.

    ```mlir
    %y = tapml.tanh %x : tensor<?x384xf32>
    ```
  }];
}

def TapML_ExpOp : TapML_UnaryOp<"exp", TapML_FloatTensor, "Transcendental"> {
  let summary = "exponential function";
  let description = [{
    `torch.exp`: each element becomes e to its power.

    ```mlir
    %y = tapml.exp %x : tensor<?x384xf32>
    ```
  }];
}

def TapML_LogOp : TapML_UnaryOp<"log", TapML_FloatTensor, "Transcendental"> {
  let summary = "natural logarithm";
  let description = [{
    `torch.log`: minus infinity for zero, NaN for negative elements.

    ```mlir
    %y = tapml.log %x : tensor<?x384xf32>
    ```
  }];
}

def TapML_SqrtOp : TapML_UnaryOp<"sqrt", TapML_FloatTensor, "Elementwise"> {
  let summary = "square root";
  let description = [{
    `torch.sqrt`: NaN for negative elements.

    ```mlir
    %y = tapml.sqrt %x : tensor<?xf32>
    ```
  }];
}

def TapML_RsqrtOp : TapML_UnaryOp<"rsqrt", TapML_FloatTensor, "Elementwise"> {
  let summary = "reciprocal of the square root";
  let description = [{
    `torch.rsqrt`: infinity for zero, NaN for negative elements. Computed as a
    division by a square root, so that it carries two roundings and no device's
    approximation.

    ```mlir
    %y = tapml.rsqrt %x : tensor<?xf32>
    ```
  }];
}

def TapML_SinOp : TapML_UnaryOp<"sin", TapML_FloatTensor, "Transcendental"> {
  let summary = "sine";
  let description = [{
    `torch.sin`, in radians.

    ```mlir
    %y = tapml.sin %x : tensor<?xf32>
    ```
  }];
}

def TapML_CosOp : TapML_UnaryOp<"cos", TapML_FloatTensor, "Transcendental"> {
  let summary = "cosine";
  let description = [{
    `torch.cos`, in radians.

    ```mlir
    %y = tapml.cos %x : tensor<?xf32>
    ```
  }];
}

def TapML_ErfOp : TapML_UnaryOp<"erf", TapML_FloatTensor, "Transcendental"> {
  let summary = "error function";
  let description = [{
    `torch.erf`.

    ```mlir
    %y = tapml.erf %x : tensor<?xf32>
    ```
  }];
}

def TapML_SigmoidOp
    : TapML_UnaryOp<"sigmoid", TapML_FloatTensor, "Transcendental"> {
  let summary = "logistic function";
  let description = [{
    `torch.sigmoid`: `1 / (1 + exp(-x))`.

    ```mlir
    %y = tapml.sigmoid %x : tensor<?xf32>
    ```
  }];
}

def TapML_SiluOp : TapML_UnaryOp<"silu", TapML_FloatTensor, "Transcendental"> {
  let summary = "sigmoid linear unit (swish)";
  let description = [{
    `torch.nn.functional.silu`: `x / (1 + exp(-x))`.

    ```mlir
    %y = tapml.silu %x : tensor<?xf32>
    ```
  }];
}

def TapML_GeluOp
    : TapML_ElementwiseOp<"gelu",
          (ins TapML_FloatTensor:$x,
               DefaultValuedStrAttr<StrAttr, "none">:$approximate),
          "Transcendental", [AllTypesMatch<["x", "result"]>]> {
  let summary = "Gaussian error linear unit";
  let description = [{
    `torch.nn.functional.gelu`. With `approximate = "none"` it is
    `x/2 * (1 + erf(x / sqrt(2)))`; with `approximate = "tanh"` it is
    `x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))`. The two differ by up to
    5e-4, and one must not stand for the other.

    ```mlir
    %y = tapml.gelu %x {approximate = "none"} : tensor<?x1536xf32>
    ```
  }];
  let results = (outs TapML_FloatTensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x)";
  let hasVerifier = 1;
}

def TapML_ReluOp : TapML_UnaryOp<"relu", TapML_NumberTensor, "Elementwise"> {
  let summary = "rectified linear unit";
  let description = [{
    `torch.relu`: the larger of the element and zero; NaN stays NaN.

    ```mlir
    %y = tapml.relu %x : tensor<?xf32>
    ```
  }];
}

def TapML_NegOp
    : TapML_UnaryArithmeticOp<"neg", TapML_NumberTensor, "Elementwise"> {
  let summary = "negation";
  let description = [{
    `torch.neg`. The smallest integer is its own negation.

    ```mlir
    %y = tapml.neg %x : tensor<?xf32>
    ```
  }];
}

def TapML_AbsOp
    : TapML_UnaryArithmeticOp<"abs", TapML_NumberTensor, "Elementwise"> {
  let summary = "absolute value";
  let description = [{
    `torch.abs`. The smallest integer is its own absolute value.

    ```mlir
    %y = tapml.abs %x : tensor<?xf32>
    ```
  }];
}

def TapML_LogicalNotOp
    : TapML_UnaryOp<"logical_not", TapML_BoolTensor, "Discrete"> {
  let summary = "logical negation";
  let description = [{
    `torch.logical_not` on booleans; other types are cast first.

    ```mlir
    %y = tapml.logical_not %mask : tensor<?x?xi1>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Functions of two numbers
//===----------------------------------------------------------------------===//

def TapML_AddOp
    : TapML_BinaryArithmeticOp<"add", TapML_NumberTensor, "Elementwise"> {
  let summary = "sum, with broadcasting";
  let description = [{
    `torch.add` of tensors of one element type. Shapes broadcast as in NumPy:
    aligned at the last dimension, a size of 1 or a missing dimension repeats.
    Two sizes that are not known when compiling are taken to be equal; only a
    size that the type gives as 1 repeats. Integers wrap.

    ```mlir
    %y = tapml.add %x, %b : tensor<?x?x384xf32>, tensor<384xf32>
           -> tensor<?x?x384xf32>
    ```
  }];
}

def TapML_SubOp
    : TapML_BinaryArithmeticOp<"sub", TapML_NumberTensor, "Elementwise"> {
  let summary = "difference, with broadcasting";
  let description = [{
    `torch.sub` of tensors of one element type; broadcasts as `tapml.add`.
    Integers wrap.

    ```mlir
    %y = tapml.sub %a, %b : tensor<?x4xf32>, tensor<4xf32> -> tensor<?x4xf32>
    ```
  }];
}

def TapML_MulOp
    : TapML_BinaryArithmeticOp<"mul", TapML_NumberTensor, "Elementwise"> {
  let summary = "product, with broadcasting";
  let description = [{
    `torch.mul` of tensors of one element type; broadcasts as `tapml.add`.
    Integers wrap.

    ```mlir
    %y = tapml.mul %a, %b : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
    ```
  }];
}

def TapML_DivOp : TapML_BinaryOp<"div", TapML_FloatTensor, "Elementwise"> {
  let summary = "quotient, with broadcasting";
  let description = [{
    `torch.div` of floating-point tensors; broadcasts as `tapml.add`. PyTorch
    divides integers as floating-point numbers, so they are cast first.

    ```mlir
    %y = tapml.div %a, %b : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
    ```
  }];
}

def TapML_PowOp
    : TapML_BinaryArithmeticOp<"pow", TapML_NumberTensor, "Transcendental"> {
  let summary = "power, with broadcasting";
  let description = [{
    `torch.pow` of tensors of one element type; broadcasts as `tapml.add`.
    The constant exponents 2, 3, 0.5, -0.5, -1 and -2 become products, roots and
    quotients, as in PyTorch. Integers wrap; an integer to a negative power is
    zero unless it is 1 or -1 (PyTorch rejects it).

    ```mlir
    %y = tapml.pow %x, %two : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
    ```
  }];
}

def TapML_MaximumOp
    : TapML_BinaryOp<"maximum", TapML_NumberTensor, "Elementwise"> {
  let summary = "larger of two numbers, with broadcasting";
  let description = [{
    `torch.maximum`: NaN if either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %y = tapml.maximum %a, %b : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
    ```
  }];
}

def TapML_MinimumOp
    : TapML_BinaryOp<"minimum", TapML_NumberTensor, "Elementwise"> {
  let summary = "smaller of two numbers, with broadcasting";
  let description = [{
    `torch.minimum`: NaN if either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %y = tapml.minimum %a, %b : tensor<?xf32>, tensor<f32> -> tensor<?xf32>
    ```
  }];
}

def TapML_BitwiseAndOp
    : TapML_BinaryOp<"bitwise_and", TapML_DiscreteTensor, "Discrete"> {
  let summary = "bitwise and, with broadcasting";
  let description = [{
    `torch.bitwise_and` of integers or booleans; broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.bitwise_and %a, %b : tensor<?x1xi1>, tensor<1x?xi1>
           -> tensor<?x?xi1>
    ```
  }];
}

def TapML_BitwiseOrOp
    : TapML_BinaryOp<"bitwise_or", TapML_DiscreteTensor, "Discrete"> {
  let summary = "bitwise or, with broadcasting";
  let description = [{
    `torch.bitwise_or` of integers or booleans; broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.bitwise_or %a, %b : tensor<?xi1>, tensor<?xi1> -> tensor<?xi1>
    ```
  }];
}

//===----------------------------------------------------------------------===//
// Comparisons and choice
//===----------------------------------------------------------------------===//

def TapML_EqOp : TapML_ComparisonOp<"eq"> {
  let summary = "equal, with broadcasting";
  let description = [{
    `torch.eq`: false where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.eq %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    ```
  }];
}

def TapML_NeOp : TapML_ComparisonOp<"ne"> {
  let summary = "not equal, with broadcasting";
  let description = [{
    `torch.ne`: true where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.ne %a, %b : tensor<?xi64>, tensor<i64> -> tensor<?xi1>
    ```
  }];
}

def TapML_LtOp : TapML_ComparisonOp<"lt"> {
  let summary = "less than, with broadcasting";
  let description = [{
    `torch.lt`: false where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.lt %a, %b : tensor<?xf32>, tensor<f32> -> tensor<?xi1>
    ```
  }];
}

def TapML_LeOp : TapML_ComparisonOp<"le"> {
  let summary = "less than or equal, with broadcasting";
  let description = [{
    `torch.le`: false where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.le %a, %b : tensor<?xf32>, tensor<f32> -> tensor<?xi1>
    ```
  }];
}

def TapML_GtOp : TapML_ComparisonOp<"gt"> {
  let summary = "greater than, with broadcasting";
  let description = [{
    `torch.gt`: false where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.gt %a, %b : tensor<?xf32>, tensor<f32> -> tensor<?xi1>
    ```
  }];
}

def TapML_GeOp : TapML_ComparisonOp<"ge"> {
  let summary = "greater than or equal, with broadcasting";
  let description = [{
    `torch.ge`: false where either element is NaN. Broadcasts as `tapml.add`.

    ```mlir
    %m = tapml.ge %rows, %columns : tensor<?x1xi64>, tensor<?xi64>
           -> tensor<?x?xi1>
    ```
  }];
}

def TapML_WhereOp
    : TapML_ElementwiseOp<"where",
          (ins TapML_BoolTensor:$cond, TapML_Tensor:$a, TapML_Tensor:$b),
          "Movement", [AllElementTypesMatch<["a", "b", "result"]>]> {
  let summary = "choice between two tensors, with broadcasting";
  let description = [{
    `torch.where`: the element of `a` where `cond` is true, else that of `b`.
    All three broadcast as in `tapml.add`.

    ```mlir
    %y = tapml.where %mask, %x, %zero
           : tensor<?x1xi1>, tensor<?x8xf32>, tensor<f32> -> tensor<?x8xf32>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = [{
    $cond `,` $a `,` $b attr-dict `:` type($cond) `,` type($a) `,` type($b)
    `->` type($result)
  }];
  let hasVerifier = 1;
}

def TapML_CastOp
    : TapML_ElementwiseOp<"cast", (ins TapML_Tensor:$x), "Elementwise", [],
                          ["getUnsupportedReason"]> {
  let summary = "change of the element type";
  let description = [{
    `tensor.to(dtype)`. To a boolean: true unless zero. From a boolean: 0 or 1.
    A floating-point number is truncated towards zero; where the integer type
    cannot hold it, the result is the nearest integer of the type, and zero for
    NaN (PyTorch leaves both undefined). Integers wrap when they are narrowed.

    ```mlir
    %m = tapml.cast %mask : tensor<?x?xi64> -> tensor<?x?xi1>
    ```
  }];
  let results = (outs TapML_Tensor:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif // TAPML_DIALECT_TAPML_IR_ELEMENTWISEOPS_TD
