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
#include "tapml/Target/Host/HostObjectCache.h"
#include "tapml/Target/Host/Passes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Bitcode/BitcodeWriter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <map>

namespace tapml {
#define GEN_PASS_DEF_COMPILEHOSTPASS
#include "tapml/Target/Host/Passes.h.inc"
} // namespace tapml

using namespace mlir;
using namespace tapml;

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

/// A kernel in a module of its own, and what becomes of it.
struct HostKernel {
  EntryPointAttr entry;
  ModuleOp module;
  /// All that its machine code is made of, but for the processor.
  std::string text;
  /// In LLVM's IR; empty where the objects are known.
  SmallVector<char, 0> bitcode;
  /// The machine code for each target, in `compiled` or in the cache.
  SmallVector<ArrayRef<char>, 2> objects;
  SmallVector<SmallVector<char, 0>, 2> compiled;
};

struct CompileHostPass
    : public tapml::impl::CompileHostPassBase<CompileHostPass> {
  using CompileHostPassBase::CompileHostPassBase;
  CompileHostPass(CompileHostPassOptions options, HostObjectCache *cache)
      : CompileHostPassBase(std::move(options)), cache(cache) {}

  void getDependentDialects(DialectRegistry &registry) const override {
    CompileHostPassBase::getDependentDialects(registry);
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
  }

  void runOnOperation() override;

private:
  LogicalResult collect(VariantOp variant, EntryNames &names, KernelSet &known,
                        ModuleOp container,
                        SmallVectorImpl<HostKernel> &kernels);
  void lookUp(HostKernel &kernel, ArrayRef<HostTarget> targets) const;
  LogicalResult compile(MutableArrayRef<HostKernel> kernels,
                        ArrayRef<HostTarget> targets);
  LogicalResult link(ArrayRef<HostKernel> kernels,
                     ArrayRef<HostTarget> targets);

  HostObjectCache *cache = nullptr;
};

} // namespace

/// Moves the kernels of `variant` to modules in `container` and lets the
/// launches name them there.
LogicalResult CompileHostPass::collect(VariantOp variant, EntryNames &names,
                                       KernelSet &known, ModuleOp container,
                                       SmallVectorImpl<HostKernel> &kernels) {
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
    kernel->remove();
    kernel.setSymName(name);
    OpBuilder builder = OpBuilder::atBlockEnd(container.getBody());
    HostKernel &added = kernels.emplace_back();
    added.module = ModuleOp::create(builder, kernel.getLoc());
    added.module.push_back(kernel);
    added.entry = EntryPointAttr::get(&getContext(), name, entry->getAccess(),
                                      entry->getSizes(), entry->getWorkgroup());
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

/// What the machine code of `kernel` for `target` is found by.
static std::string makeKey(const HostKernel &kernel, const HostTarget &target) {
  return target.triple.str() + " " + target.cpu + "\n" + kernel.text;
}

/// Takes the machine code of `kernel` from the cache, where it is for all
/// targets. Nothing that could change it runs after this pass.
void CompileHostPass::lookUp(HostKernel &kernel,
                             ArrayRef<HostTarget> targets) const {
  kernel.objects.resize(targets.size());
  kernel.compiled.resize(targets.size());
  if (!cache)
    return;
  llvm::raw_string_ostream os(kernel.text);
  kernel.module.print(os, OpPrintingFlags().useLocalScope());
  SmallVector<ArrayRef<char>, 2> objects;
  for (const HostTarget &target : targets)
    if (std::optional<ArrayRef<char>> object =
            cache->lookup(makeKey(kernel, target)))
      objects.push_back(*object);
  if (objects.size() != targets.size())
    return;
  kernel.objects = std::move(objects);
  kernel.module.erase();
  kernel.module = nullptr;
}

/// Compiles what is left in modules, in the LLVM dialect, for each target.
/// Every kernel by itself, so that its code depends on nothing else.
LogicalResult CompileHostPass::compile(MutableArrayRef<HostKernel> kernels,
                                       ArrayRef<HostTarget> targets) {
  SmallVector<HostKernel *> missing;
  for (HostKernel &kernel : kernels)
    if (kernel.module)
      missing.push_back(&kernel);
  auto translate = [&](HostKernel *kernel) -> LogicalResult {
    addEntryPoint(kernel->module, kernel->entry);
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> module =
        translateModuleToLLVMIR(kernel->module, context, "tapml-host");
    if (!module)
      return failure();
    llvm::raw_svector_ostream os(kernel->bitcode);
    llvm::WriteBitcodeToFile(*module, os);
    return success();
  };
  if (failed(failableParallelForEach(&getContext(), missing, translate)))
    return failure();
  SmallVector<std::string> errors(missing.size() * targets.size());
  parallelFor(&getContext(), 0, errors.size(), [&](size_t i) {
    HostKernel &kernel = *missing[i / targets.size()];
    size_t target = i % targets.size();
    llvm::LLVMContext context;
    llvm::Expected<std::unique_ptr<llvm::Module>> module =
        llvm::parseBitcodeFile(
            llvm::MemoryBufferRef(
                StringRef(kernel.bitcode.data(), kernel.bitcode.size()),
                "tapml-host"),
            context);
    llvm::Expected<SmallVector<char, 0>> object =
        module ? compileHostModule(**module, targets[target])
               : module.takeError();
    if (!object) {
      errors[i] = llvm::toString(object.takeError());
      return;
    }
    kernel.compiled[target] = std::move(*object);
    kernel.objects[target] = kernel.compiled[target];
    if (cache)
      cache->insert(makeKey(kernel, targets[target]), kernel.objects[target]);
  });
  for (const std::string &error : errors)
    if (!error.empty())
      return getOperation().emitError() << error;
  return success();
}

/// Adds a shared object of all kernels for each target.
LogicalResult CompileHostPass::link(ArrayRef<HostKernel> kernels,
                                    ArrayRef<HostTarget> targets) {
  ModuleOp module = getOperation();
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  SmallVector<Attribute> entries;
  for (const HostKernel &kernel : kernels)
    entries.push_back(kernel.entry);
  for (auto [index, target] : llvm::enumerate(targets)) {
    SmallVector<ArrayRef<char>> objects;
    for (const HostKernel &kernel : kernels)
      objects.push_back(kernel.objects[index]);
    llvm::Expected<SmallVector<char, 0>> object = linkSharedObject(objects);
    if (!object)
      return module.emitError() << llvm::toString(object.takeError());
    SmallVector<StringRef> features(target.features.begin(),
                                    target.features.end());
    ArrayRef<int8_t> data(reinterpret_cast<const int8_t *>(object->data()),
                          object->size());
    BinaryOp::create(builder, module.getLoc(), getBinaryName(target.cpu), "elf",
                     builder.getStringAttr(target.triple.str()),
                     builder.getStringAttr(target.cpu),
                     builder.getStrArrayAttr(features),
                     builder.getArrayAttr(entries), data);
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

  // The kernels live in modules inside ours until they are machine code.
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto container = ModuleOp::create(builder, module.getLoc(),
                                    StringRef("tapml_host_kernels"));
  EntryNames names;
  KernelSet known;
  SmallVector<HostKernel> kernels;
  bool failedAny = false;
  for (auto executable : module.getOps<ExecutableOp>())
    for (auto variant : executable.getBody().getOps<VariantOp>())
      if (variant.getTarget().isHost())
        failedAny |= failed(collect(variant, names, known, container, kernels));
  if (failedAny)
    return signalPassFailure();

  for (HostKernel &kernel : kernels)
    lookUp(kernel, *targets);
  OpPassManager pm(ModuleOp::getOperationName());
  buildHostLoweringPipeline(pm.nest<ModuleOp>());
  if (failed(runPipeline(pm, container)) ||
      failed(compile(kernels, *targets)) ||
      (!kernels.empty() && failed(link(kernels, *targets))))
    return signalPassFailure();
  container.erase();
}

std::unique_ptr<Pass>
tapml::createCompileHostPass(CompileHostPassOptions options,
                             HostObjectCache *cache) {
  return std::make_unique<CompileHostPass>(std::move(options), cache);
}
