//===- TapMLInterfaces.td - What passes ask of an operator -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_DIALECT_TAPML_IR_INTERFACES_TD
#define TAPML_DIALECT_TAPML_IR_INTERFACES_TD

include "mlir/IR/OpBase.td"

def TapML_OperatorInterface : OpInterface<"TapMLOperator"> {
  let cppNamespace = "::tapml";
  let description = [{
    An operator of the model graph: what the framework calls one op. Passes
    partition, lower and record operators through this interface only, so that
    another dialect's op takes part by implementing it.
  }];
  let methods = [
    InterfaceMethod<[{
        Lowers the operator to linalg, tensor, arith and math operations on
        tensors. Returns one value per result, of the result's type. The
        operator itself stays; the caller replaces it. Fails with a diagnostic
        on the operator.
      }],
      "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "decompose",
      (ins "::mlir::OpBuilder &":$builder)>,
    InterfaceMethod<[{
        Returns how the operator's result relates to its float64 evaluation:
        the rule by which a bound is derived.
      }],
      "::tapml::NumericalClass", "getNumericalClass">,
    InterfaceMethod<[{
        Evaluates the operator in float64, by its mathematical definition and
        not by its decomposition, and bounds the error that a faithful
        computation makes: reads operands from `evaluation` and adds one result
        for each of the operator's. Fails with a diagnostic on the operator
        where sizes do not fit together.
      }],
      "::llvm::LogicalResult", "evaluate",
      (ins "::tapml::Evaluation &":$evaluation)>,
    InterfaceMethod<[{
        Returns why the operator cannot run under `profile`, as a clause that
        completes "not supported: ", or nothing if it can.
      }],
      "std::optional<std::string>", "getUnsupportedReason",
      (ins "::tapml::ProfileAttr":$profile), [{}], [{
        return ::tapml::detail::getUnsupportedTypeReason($_op, profile);
      }]>,
    InterfaceMethod<[{
        Returns what plans and reports call the operator: the name of the
        operation, without this dialect's prefix.
      }],
      "::llvm::StringRef", "getOperatorName", (ins), [{}], [{
        ::llvm::StringRef name = $_op->getName().getStringRef();
        name.consume_front("tapml.");
        return name;
      }]>,
    InterfaceMethod<[{
        Returns the operator's identity in the model: one string for a captured
        operator, several where passes merged equal operators.
      }],
      "::mlir::ArrayAttr", "getInstances", (ins), [{}], [{
        return $_op->template getAttrOfType<::mlir::ArrayAttr>("instance");
      }]>,
  ];
}

#endif // TAPML_DIALECT_TAPML_IR_INTERFACES_TD
