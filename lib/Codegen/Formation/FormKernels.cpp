//===- FormKernels.cpp - Groups linalg ops into kernels -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Formation.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "tapml/Codegen/Passes.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"

namespace tapml {
#define GEN_PASS_DEF_FORMKERNELSPASS
#include "tapml/Codegen/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

FailureOr<ProfileAttr> tapml::getProfileFor(func::FuncOp function,
                                            StringRef option) {
  if (option.empty()) {
    auto variant = dyn_cast<VariantOp>(function->getParentOp());
    return variant ? variant.getTarget() : ProfileAttr();
  }
  if (ProfileAttr profile =
          ProfileAttr::getPreset(function.getContext(), option))
    return profile;
  return function.emitError()
         << "unknown profile '" << option << "', expected one of: "
         << llvm::join(ProfileAttr::getPresetNames(), ", ");
}

namespace {

/// Clones the ops of a group into a kernel.
class KernelBuilder {
public:
  KernelBuilder(KernelGroup &group, OpBuilder &builder)
      : group(group), builder(builder) {}

  void cloneMembers() {
    for (Operation *member : llvm::reverse(group.members))
      cloneWithOperands(member);
  }

  Value getResult() const { return mapping.lookup(group.root->getResult(0)); }

private:
  /// Clones the producer of `value` unless the kernel takes the value from
  /// outside: an index, or a tensor that is stored.
  void provide(Value value) {
    Operation *producer = value.getDefiningOp();
    if (!producer || mapping.contains(value))
      return;
    bool isShapeOrFill = isa<tensor::EmptyOp, linalg::FillOp>(producer);
    bool isConstant = producer->hasTrait<OpTrait::ConstantLike>();
    bool isScalar = !isa<IndexType, ShapedType>(value.getType());
    if (isShapeOrFill || isConstant || isScalar)
      cloneWithOperands(producer);
  }

  void cloneWithOperands(Operation *op) {
    if (op->getNumResults() == 1 && mapping.contains(op->getResult(0)))
      return;
    for (Value operand : op->getOperands())
      provide(operand);
    forEachCapture(op, [&](Value value) { provide(value); });
    Operation *clone = builder.clone(*op, mapping);
    for (StringRef name : {"tapml.instances", "tapml.operator", "tapml.result"})
      clone->removeDiscardableAttr(name);
  }

  KernelGroup &group;
  OpBuilder &builder;
  IRMapping mapping;
};

struct FormKernelsPass
    : public tapml::impl::FormKernelsPassBase<FormKernelsPass> {
  using FormKernelsPassBase::FormKernelsPassBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isDeclaration())
      return markAllAnalysesPreserved();
    FailureOr<ProfileAttr> target = getProfileFor(function, profile);
    if (failed(target) || failed(normalizeForKernels(function)))
      return signalPassFailure();

    Block &body = function.getBody().front();
    SmallVector<std::unique_ptr<KernelGroup>> groups =
        groupKernels(body, *target);
    llvm::StringSet<> names;
    llvm::SmallPtrSet<Operation *, 32> computed;
    for (std::unique_ptr<KernelGroup> &group : groups) {
      if (failed(buildKernel(*group, *target, names)))
        return signalPassFailure();
      for (Operation *member : group->members)
        numCloned += computed.insert(member).second ? 0 : 1;
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    numKernels += groups.size();
  }

private:
  LogicalResult buildKernel(KernelGroup &group, ProfileAttr target,
                            llvm::StringSet<> &names);
};

} // namespace

/// Returns the operators that the ops of `group` compute, or null if unknown.
static ArrayAttr uniteInstances(const KernelGroup &group) {
  llvm::SetVector<Attribute> instances;
  for (Operation *member : llvm::reverse(group.members))
    if (auto array = member->getAttrOfType<ArrayAttr>("tapml.instances"))
      instances.insert(array.begin(), array.end());
  if (instances.empty())
    return nullptr;
  return ArrayAttr::get(group.root->getContext(), instances.getArrayRef());
}

/// Replaces the root of `group` by a kernel that computes it.
LogicalResult FormKernelsPass::buildKernel(KernelGroup &group,
                                           ProfileAttr target,
                                           llvm::StringSet<> &names) {
  Operation *root = group.root;
  Value result = root->getResult(0);
  OpBuilder builder(root);
  auto kernel = KernelOp::create(
      builder, root->getLoc(), TypeRange(result.getType()),
      nameKernel(group, names), LoweringAttr(), uniteInstances(group));
  builder.createBlock(&kernel.getBody());
  KernelBuilder kernelBuilder(group, builder);
  kernelBuilder.cloneMembers();
  YieldOp::create(builder, root->getLoc(), kernelBuilder.getResult());

  SmallVector<Value> inputs = getCapturedTensors(kernel);
  if (target) {
    int64_t limit = target.getLimit("max_storage_buffers");
    int64_t buffers = getNumBuffers(inputs, kernel.getResult(0), target);
    if (buffers > limit)
      return kernel.emitOpError("reads ")
             << inputs.size() << " tensors and writes one, in " << buffers
             << " buffers; profile '" << target.getName() << "' allows "
             << limit
             << " storage buffers; compute the operator on the host, or in "
                "parts";
  }
  result.replaceAllUsesExcept(kernel.getResult(0), root);
  return success();
}
