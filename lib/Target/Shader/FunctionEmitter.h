//===- FunctionEmitter.h - One function as text --------------- -*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_SHADER_FUNCTIONEMITTER_H
#define TAPML_LIB_TARGET_SHADER_FUNCTIONEMITTER_H

#include "Inlining.h"
#include "Language.h"
#include "NameScope.h"
#include "ValueSigns.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace tapml::shader {

/// What the functions of one text share.
struct TextContext {
  TextContext(const Language &language)
      : language(language), names([&language](llvm::StringRef name) {
          return language.isReserved(name);
        }) {}

  const Language &language;
  NameScopes names;
  Features features;
  /// Names of functions and constant arrays, by symbol.
  llvm::DenseMap<mlir::Operation *, std::string> symbols;
  mlir::SymbolTableCollection symbolTables;
};

/// Writes a function as text; only reads the IR.
class FunctionEmitter {
public:
  FunctionEmitter(TextContext &context, mlir::Operation *function);

  /// Appends the function with its declarations to `text`. Reports what the
  /// language cannot express, at its place.
  mlir::LogicalResult emitKernel(mlir::gpu::GPUFuncOp kernel,
                                 std::string &text);
  mlir::LogicalResult emitFunction(mlir::func::FuncOp function,
                                   std::string &text);

private:
  // Interfaces (EmitInterface.cpp).
  mlir::LogicalResult declareArguments(mlir::gpu::GPUFuncOp kernel);
  mlir::LogicalResult declareWorkgroupMemory(mlir::gpu::GPUFuncOp kernel);
  std::optional<Array> getArray(mlir::Operation *op, mlir::Value memory,
                                llvm::StringRef hint);
  bool isAtomic(mlir::Value memory) const;

  // Statements (EmitStatements.cpp).
  mlir::LogicalResult emitBlock(mlir::Block &block);
  mlir::LogicalResult emitStatement(mlir::Operation *op);
  mlir::LogicalResult emit(mlir::scf::ForOp op);
  mlir::LogicalResult emit(mlir::scf::IfOp op);
  mlir::LogicalResult emit(mlir::scf::WhileOp op);
  mlir::LogicalResult emit(mlir::scf::IndexSwitchOp op);
  mlir::LogicalResult emit(mlir::memref::StoreOp op);
  mlir::LogicalResult emit(mlir::memref::AtomicRMWOp op);
  mlir::LogicalResult emit(mlir::vector::InsertOp op);
  mlir::LogicalResult emit(mlir::gpu::BarrierOp op);
  mlir::LogicalResult emit(mlir::func::CallOp op);
  mlir::LogicalResult declareArray(mlir::Operation *op);
  /// Declares a variable for each of `values`, set to `inits` where given.
  mlir::LogicalResult declareVariables(mlir::ValueRange values,
                                       mlir::ValueRange inits,
                                       llvm::StringRef hint);
  /// Lets `value` be called what `other` is: they are one variable.
  void shareName(mlir::Value value, mlir::Value other) {
    std::string name = names.lookup(other);
    names[value] = std::move(name);
  }
  /// Sets the variables of `targets` to `sources` all at once.
  mlir::LogicalResult assign(mlir::ValueRange targets,
                             mlir::ValueRange sources);
  /// Returns the value that a loop carries around in the variable that may be
  /// set to `value` at once: it is the next one, and the last is read no more.
  mlir::Value findCarried(mlir::Value value) const;
  void writeAssignment(const std::string &name, const Expression &value);
  /// Names the value of `op`.
  mlir::LogicalResult emitConstant(mlir::Operation *op);

  // Expressions (EmitExpressions.cpp).
  mlir::FailureOr<ShaderType> getType(mlir::Operation *at, mlir::Value value);
  /// Returns the text of `value`, with the sign that is asked for.
  mlir::FailureOr<Expression>
  get(mlir::Value value, ValueSigns::Demand demand = ValueSigns::Demand::Any);
  mlir::FailureOr<Expression> getLike(mlir::Value value, mlir::Value other);
  /// Returns the text of an operation with one result, with the result's sign.
  mlir::FailureOr<Expression> getOperation(mlir::Operation *op);
  /// The same with the sign that the operation gives.
  mlir::FailureOr<Expression> getOperationAsIs(mlir::Operation *op);
  mlir::FailureOr<Expression> getConstant(mlir::Operation *op,
                                          mlir::TypedAttr value,
                                          bool isUnsigned, bool asScalar);
  mlir::FailureOr<Expression> getElement(mlir::Operation *op,
                                         mlir::Attribute value, Scalar type);
  mlir::FailureOr<Expression> getArithmetic(mlir::Operation *op,
                                            llvm::StringRef symbol, Level level,
                                            bool mixesScalars);
  mlir::FailureOr<Expression> getFunctionCall(mlir::Operation *op);
  mlir::FailureOr<Expression> getCompare(mlir::Operation *op);
  mlir::FailureOr<Expression> getSelect(mlir::arith::SelectOp op);
  mlir::FailureOr<Expression> getConversion(mlir::Operation *op);
  mlir::FailureOr<Expression> getPlace(mlir::Operation *op, mlir::Value memory,
                                       mlir::ValueRange indices);
  mlir::FailureOr<Expression> getLoad(mlir::memref::LoadOp op);
  mlir::FailureOr<Expression> getBuiltin(mlir::Operation *op);
  mlir::FailureOr<Expression> getBuiltin(Builtin builtin, llvm::StringRef hint);
  mlir::FailureOr<Expression> getCollective(mlir::Operation *op);
  mlir::FailureOr<Expression> getCallOf(mlir::func::CallOp op);
  // Vectors (EmitVectors.cpp).
  mlir::FailureOr<Expression> getVectorOperation(mlir::Operation *op);
  mlir::FailureOr<Expression> getBroadcast(mlir::vector::BroadcastOp op);
  mlir::FailureOr<Expression> getExtract(mlir::vector::ExtractOp op);
  mlir::FailureOr<Expression>
  getComponents(mlir::Operation *op, llvm::ArrayRef<Expression> components);

  /// Starts an error at `op`.
  mlir::InFlightDiagnostic emitError(mlir::Operation *op);
  /// Says that the language has no form of `op`.
  mlir::LogicalResult refuse(mlir::Operation *op, llvm::StringRef why = "");

  std::string getHint(mlir::Value value, llvm::StringRef fallback);
  void line(const llvm::Twine &text);

  TextContext &context;
  const Language &language;
  mlir::Operation *function;
  ValueSigns signs;
  Inlining inlining;
  /// Memory that is updated atomically.
  llvm::DenseSet<mlir::Value> atomics;
  /// Operations that were reported: what uses them is not.
  llvm::SmallPtrSet<mlir::Operation *, 4> refused;
  /// Names of arguments, variables and named values.
  llvm::DenseMap<mlir::Value, std::string> names;
  KernelInterface interface;
  std::string body;
  unsigned indent = 1;
  unsigned loopDepth = 0;
};

} // namespace tapml::shader

#endif // TAPML_LIB_TARGET_SHADER_FUNCTIONEMITTER_H
