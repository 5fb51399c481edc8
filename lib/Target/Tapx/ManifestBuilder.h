//===- ManifestBuilder.h - The tables of a manifest -------------*- C++ -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_LIB_TARGET_TAPX_MANIFESTBUILDER_H
#define TAPML_LIB_TARGET_TAPX_MANIFESTBUILDER_H

#include "tapml/Codegen/SizeExpr.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Target/Tapx/Tapx.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringMap.h"

namespace tapml {

/// The largest number of elements of a tensor on a device: indices there have
/// 32 bits.
inline constexpr int64_t kMaxDeviceElements = INT32_MAX;

/// Builds the tables that all executables of a module share: places, sections
/// of code, kernels, weights.
class ManifestBuilder {
public:
  explicit ManifestBuilder(mlir::ModuleOp module) : module(module) {}

  /// Collects the places and the host's code.
  mlir::LogicalResult collect();

  mlir::ModuleOp getModule() const { return module; }

  /// The number of a place; a diagnostic on `op` if there is none called so.
  mlir::FailureOr<unsigned> getPlace(mlir::Operation *op,
                                     mlir::StringAttr name);
  unsigned getPlace(VariantOp variant) const {
    return places.lookup(variant.getSymNameAttr()).number;
  }

  /// The number of the kernel that `launch` calls `name`.
  mlir::FailureOr<unsigned> getKernel(LaunchOp launch, VariantOp variant,
                                      mlir::SymbolRefAttr name);

  /// The number of a weight.
  unsigned getWeight(GlobalOp global) {
    weights.insert(global);
    return std::distance(weights.begin(), llvm::find(weights, global));
  }
  llvm::ArrayRef<GlobalOp> getWeights() const { return weights.getArrayRef(); }

  /// The element type as manifests call it; a diagnostic on `op` if the format
  /// has no such type.
  mlir::FailureOr<std::string> getElementType(mlir::Operation *op,
                                              mlir::Type type);

  /// Adds "host", "places", "weights" and "kernels" to the manifest.
  mlir::LogicalResult addTables(llvm::json::Object &manifest);
  std::vector<TapxSectionData> takeSections() { return std::move(sections); }

private:
  struct Place {
    unsigned number;
    ProfileAttr profile;
  };
  struct Kernel {
    unsigned place;
    std::string section; // Empty for the host.
    EntryPointAttr entry;
    llvm::SetVector<mlir::Attribute> instances;
  };

  mlir::LogicalResult collectPlace(VariantOp variant);
  mlir::LogicalResult collectHostCode();
  /// The section that holds the code of a device's binary.
  std::string getSection(BinaryOp binary);

  mlir::ModuleOp module;
  llvm::MapVector<mlir::StringAttr, Place> places;
  mlir::SmallVector<BinaryOp> hostBinaries;
  mlir::SmallVector<std::string> hostSections;
  llvm::DenseMap<mlir::Attribute, std::string> codeSections; // By data.
  llvm::DenseMap<std::tuple<unsigned, mlir::Attribute, mlir::Attribute>,
                 unsigned>
      kernelNumbers;
  std::vector<Kernel> kernels;
  llvm::SetVector<GlobalOp> weights;
  std::vector<TapxSectionData> sections;
};

/// Translates one variant of an executable.
mlir::FailureOr<llvm::json::Object> translateVariant(ManifestBuilder &builder,
                                                     VariantOp variant);

/// Translates the main function: "symbols", "inputs", "outputs" and "main".
mlir::LogicalResult translateMain(ManifestBuilder &builder,
                                  mlir::func::FuncOp main,
                                  llvm::json::Object &manifest);

/// The rows of a table as the manifest has them.
llvm::json::Array toJson(const SizeExprTable &table);
llvm::json::Array toJson(llvm::ArrayRef<SizeExprTable::Id> ids);
llvm::json::Array toJson(mlir::ArrayAttr strings);

/// Rounds a row of bytes up to what a slot takes.
SizeExprTable::Id roundToSlot(SizeExprTable &table, SizeExprTable::Id bytes);

/// Checks that the weights file holds `weights`, and returns the manifest's
/// "package".
mlir::FailureOr<llvm::json::Object>
describePackage(mlir::ModuleOp module, llvm::ArrayRef<GlobalOp> weights,
                const TapxOptions &options);

} // namespace tapml

#endif // TAPML_LIB_TARGET_TAPX_MANIFESTBUILDER_H
