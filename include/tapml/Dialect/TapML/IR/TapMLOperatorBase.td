//===- TapMLOperatorBase.td - What all operators share -----*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_OPERATORBASE_TD
#define TAPML_DIALECT_TAPML_IR_OPERATORBASE_TD

include "tapml/Dialect/TapML/IR/TapMLBase.td"
include "tapml/Dialect/TapML/IR/TapMLInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

class TapML_TypeList<list<Type> members> {
  list<Type> types = members;
}

// The element types of the dialect; one line each to add another.
defvar TapML_FloatTypes = TapML_TypeList<[F16, F32]>.types;
defvar TapML_IntegerTypes = TapML_TypeList<[I32, I64]>.types;
defvar TapML_BoolTypes = TapML_TypeList<[I1]>.types;

defvar TapML_DiscreteTypes = !listconcat(TapML_IntegerTypes, TapML_BoolTypes);
defvar TapML_NumberTypes = !listconcat(TapML_FloatTypes, TapML_IntegerTypes);
defvar TapML_ElementTypes = !listconcat(TapML_NumberTypes, TapML_BoolTypes);

def TapML_FloatTensor : RankedTensorOf<TapML_FloatTypes>;
def TapML_NumberTensor : RankedTensorOf<TapML_NumberTypes>;
def TapML_IndexTensor : RankedTensorOf<TapML_IntegerTypes>;
def TapML_BoolTensor : RankedTensorOf<TapML_BoolTypes>;
def TapML_DiscreteTensor : RankedTensorOf<TapML_DiscreteTypes>;
def TapML_MaskTensor
    : RankedTensorOf<!listconcat(TapML_FloatTypes, TapML_BoolTypes)>;
def TapML_Tensor : RankedTensorOf<TapML_ElementTypes>;

//===----------------------------------------------------------------------===//
// Base class
//===----------------------------------------------------------------------===//

// A dimension or a set of dimensions: counted from the front, never negative.
def TapML_DimAttr : ConfinedAttr<I64Attr, [IntNonNegative]>;
def TapML_DimsAttr
    : ConfinedAttr<DenseI64ArrayAttr,
                   [DenseArrayNonNegative<DenseI64ArrayAttr>]>;

// An operator of the model graph: `args`, and its identity in the model.
// `overridden` lists the interface's optional methods that the operator has a
// form of its own for.
class TapML_OperatorOp<string mnemonic, dag args, list<Trait> traits = [],
                       list<string> overridden = []>
    : TapML_Op<mnemonic, !listconcat(traits, [
        Pure,
        DeclareOpInterfaceMethods<TapML_OperatorInterface, overridden>,
        DeclareOpInterfaceMethods<
            ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>])> {
  let arguments = !con(args, (ins OptionalAttr<StrArrayAttr>:$instance));
}

#endif // TAPML_DIALECT_TAPML_IR_OPERATORBASE_TD
