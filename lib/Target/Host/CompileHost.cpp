//===- CompileHost.cpp - Host kernels to shared objects -------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "KernelAbi.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Threading.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tapml/Dialect/TapML/IR/TapMLOps.h"
#include "tapml/Target/Host/HostCodegen.h"
#include "tapml/Target/Host/Passes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/Utils/SplitModule.h"
#include <map>

namespace tapml {
#define GEN_PASS_DEF_COMPILEHOSTPASS
#include "tapml/Target/Host/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

/// How many parts of the host's code are compiled at the same time. Not the
/// number of processors, on which the code must not depend.
static constexpr size_t kMaxParts = 4;

/// The kernels of `variant`.
static SmallVector<func::FuncOp> getHostKernels(VariantOp variant) {
  SmallVector<func::FuncOp> kernels;
  for (auto function : variant.getBody().getOps<func::FuncOp>())
    if (function->hasAttr(kHostKernelAttr))
      kernels.push_back(function);
  return kernels;
}

/// The symbol of the binary for `cpu`: "x86-64-v3" is @host_x86_64_v3.
static std::string getBinaryName(StringRef cpu) {
  std::string name = "host_" + cpu.str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  return name;
}

namespace {

/// Hands out the names of entry points: a kernel keeps its name unless another
/// executable's kernel has it already, and then gets that of its executable
/// before it.
class EntryNames {
public:
  EntryNames() {
    // What the shared object calls must not be something that it defines.
    taken.insert_range(
        ArrayRef<StringRef>{"memcpy", "memmove", "memset", "memcmp"});
  }

  std::string assign(StringRef executable, StringRef kernel) {
    std::string name = kernel.str();
    if (!taken.insert(name).second) {
      std::string base = (executable + "." + kernel).str();
      name = base;
      for (unsigned i = 1; !taken.insert(name).second; ++i)
        name = base + "." + std::to_string(i);
    }
    return name;
  }

private:
  llvm::StringSet<> taken;
};

/// Finds kernels that compute the same: layers of a model differ in their
/// weights only, and their kernels are compiled once.
class KernelSet {
public:
  /// Returns the kernel that was inserted before and equals `kernel` in all but
  /// its name; inserts it if there is none.
  func::FuncOp insert(func::FuncOp kernel) {
    SmallVectorImpl<func::FuncOp> &candidates = kernels[getHash(kernel)];
    for (func::FuncOp other : candidates)
      if (isSame(kernel, other))
        return other;
    candidates.push_back(kernel);
    return kernel;
  }

private:
  static size_t getHash(func::FuncOp kernel) {
    llvm::hash_code hash = llvm::hash_value(kernel.getNumArguments());
    kernel.getBody().walk([&](Operation *op) {
      hash = llvm::hash_combine(hash,
                                OperationEquivalence::computeHash(
                                    op, OperationEquivalence::ignoreHashValue,
                                    OperationEquivalence::ignoreHashValue,
                                    OperationEquivalence::IgnoreLocations));
    });
    return hash;
  }

  static bool isSame(func::FuncOp a, func::FuncOp b) {
    return a.getFunctionType() == b.getFunctionType() &&
           a->getAttr(kAccessAttr) == b->getAttr(kAccessAttr) &&
           OperationEquivalence::isRegionEquivalentTo(
               &a.getBody(), &b.getBody(),
               OperationEquivalence::IgnoreLocations);
  }

  std::map<size_t, SmallVector<func::FuncOp, 1>> kernels;
};

struct CompileHostPass
    : public tapml::impl::CompileHostPassBase<CompileHostPass> {
  using CompileHostPassBase::CompileHostPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    CompileHostPassBase::getDependentDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
  }

  void runOnOperation() override;

private:
  LogicalResult collect(VariantOp variant, EntryNames &names, KernelSet &known,
                        ModuleOp kernels,
                        SmallVectorImpl<EntryPointAttr> &entries);
  LogicalResult compile(ModuleOp kernels, ArrayRef<HostTarget> targets,
                        ArrayRef<EntryPointAttr> entries);
};

} // namespace

/// Moves the kernels of `variant` to the module `kernels` and lets the launches
/// name them there.
LogicalResult
CompileHostPass::collect(VariantOp variant, EntryNames &names, KernelSet &known,
                         ModuleOp kernels,
                         SmallVectorImpl<EntryPointAttr> &entries) {
  auto executable = cast<ExecutableOp>(variant->getParentOp());
  llvm::StringMap<std::string> renamed;
  bool failedAny = false;
  for (func::FuncOp kernel : getHostKernels(variant)) {
    FailureOr<EntryPointAttr> entry = prepareHostKernel(kernel);
    if (failed(entry)) {
      failedAny = true; // All of them are reported.
      continue;
    }
    func::FuncOp same = known.insert(kernel);
    if (same != kernel) {
      renamed[kernel.getSymName()] = same.getSymName().str();
      kernel.erase();
      continue;
    }
    std::string name =
        names.assign(executable.getSymName(), kernel.getSymName());
    renamed[kernel.getSymName()] = name;
    entries.push_back(EntryPointAttr::get(&getContext(), name,
                                          entry->getAccess(), entry->getSizes(),
                                          entry->getWorkgroup()));
    kernel->remove();
    kernel.setSymName(name);
    kernels.push_back(kernel);
  }
  if (failedAny)
    return failure();

  WalkResult walk = variant.walk([&](LaunchOp launch) {
    SmallVector<Attribute> references;
    for (auto kernel : launch.getKernels().getAsRange<SymbolRefAttr>()) {
      auto it = renamed.find(kernel.getRootReference());
      if (it == renamed.end() || !kernel.getNestedReferences().empty()) {
        launch.emitOpError("names ")
            << kernel << ", which is not a host kernel of this variant";
        return WalkResult::interrupt();
      }
      references.push_back(FlatSymbolRefAttr::get(&getContext(), it->second));
    }
    launch.setKernelsAttr(ArrayAttr::get(&getContext(), references));
    return WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

/// Compiles the module `kernels`, in the LLVM dialect, for each target.
LogicalResult CompileHostPass::compile(ModuleOp kernels,
                                       ArrayRef<HostTarget> targets,
                                       ArrayRef<EntryPointAttr> entries) {
  // Parts of the module are compiled at the same time for all targets, each in
  // a context of its own.
  SmallVector<SmallVector<char, 0>> parts;
  {
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module =
        translateModuleToLLVMIR(kernels, context, "tapml-host");
    if (!module)
      return failure();
    unsigned numParts = std::min<size_t>(kMaxParts, entries.size());
    llvm::SplitModule(
        *module, numParts,
        [&](std::unique_ptr<llvm::Module> part) {
          llvm::raw_svector_ostream os(parts.emplace_back());
          llvm::WriteBitcodeToFile(*part, os);
        },
        /*PreserveLocals=*/true);
  }
  using Objects = SmallVector<SmallVector<char, 0>>;
  SmallVector<Objects> partObjects(targets.size(), Objects(parts.size()));
  SmallVector<std::string> partErrors(targets.size() * parts.size());
  parallelFor(&getContext(), 0, partErrors.size(), [&](size_t i) {
    size_t target = i / parts.size(), part = i % parts.size();
    llvm::LLVMContext context;
    llvm::Expected<std::unique_ptr<llvm::Module>> module =
        llvm::parseBitcodeFile(
            llvm::MemoryBufferRef(
                StringRef(parts[part].data(), parts[part].size()),
                "tapml-host"),
            context);
    llvm::Expected<SmallVector<char, 0>> object =
        module ? compileHostModule(**module, targets[target])
               : module.takeError();
    if (object)
      partObjects[target][part] = std::move(*object);
    else
      partErrors[i] = llvm::toString(object.takeError());
  });
  for (const std::string &error : partErrors)
    if (!error.empty())
      return getOperation().emitError() << error;

  OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
  SmallVector<Attribute> entryAttrs(entries.begin(), entries.end());
  for (auto [target, objects] : llvm::zip_equal(targets, partObjects)) {
    llvm::Expected<SmallVector<char, 0>> object = linkSharedObject(objects);
    if (!object)
      return getOperation().emitError() << llvm::toString(object.takeError());
    SmallVector<StringRef> features(target.features.begin(),
                                    target.features.end());
    ArrayRef<int8_t> data(reinterpret_cast<const int8_t *>(object->data()),
                          object->size());
    BinaryOp::create(builder, kernels.getLoc(), getBinaryName(target.cpu),
                     "elf", builder.getStringAttr(target.triple.str()),
                     builder.getStringAttr(target.cpu),
                     builder.getStrArrayAttr(features),
                     builder.getArrayAttr(entryAttrs), data);
  }
  return success();
}

void CompileHostPass::runOnOperation() {
  ModuleOp module = getOperation();
  llvm::Expected<std::vector<HostTarget>> targets = resolveHostTargets(
      hostTriple, std::vector<std::string>(hostCPUs.begin(), hostCPUs.end()));
  if (!targets) {
    module.emitError() << llvm::toString(targets.takeError());
    return signalPassFailure();
  }

  // The kernels live in a module inside ours until they are machine code.
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto kernels = ModuleOp::create(builder, module.getLoc(),
                                  StringRef("tapml_host_kernels"));
  EntryNames names;
  KernelSet known;
  SmallVector<EntryPointAttr> entries;
  bool failedAny = false;
  for (auto executable : module.getOps<ExecutableOp>())
    for (auto variant : executable.getBody().getOps<VariantOp>())
      if (variant.getTarget().isHost())
        failedAny |= failed(collect(variant, names, known, kernels, entries));
  if (failedAny)
    return signalPassFailure();

  if (!entries.empty()) {
    OpPassManager pm(ModuleOp::getOperationName());
    buildHostLoweringPipeline(pm);
    if (failed(runPipeline(pm, kernels)))
      return signalPassFailure();
    addEntryPoints(kernels, entries);
    if (failed(compile(kernels, *targets, entries)))
      return signalPassFailure();
  }
  kernels.erase();
}
