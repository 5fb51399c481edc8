//===- HostCodegen.cpp - LLVM IR to objects -------------------------------===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tapml/Target/Host/HostCodegen.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Analysis/TargetTransformInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar/LoopLoadElimination.h"

using namespace llvm;
using namespace tapml;

/// Runs LLVM's pipeline for -O3, but for one pass: what it forwards from one
/// round of a loop to the next is in registers already, and its checks of
/// softmax over an odd size take 50 times as long as all other passes.
static void optimize(Module &module, TargetMachine &machine) {
  PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback([](StringRef pass, Any) {
    return pass != LoopLoadEliminationPass::name();
  });
  PassBuilder builder(&machine, tuning, /*PGOOpt=*/std::nullopt, &callbacks);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3)
      .run(module, modules);
}

/// Checks that the object needs nothing that the loading process may lack.
static Error checkUndefinedSymbols(ArrayRef<char> bytes) {
  Expected<std::unique_ptr<object::ObjectFile>> object =
      object::ObjectFile::createObjectFile(
          MemoryBufferRef(StringRef(bytes.data(), bytes.size()), "host code"));
  if (!object)
    return object.takeError();
  std::string missing;
  for (const object::SymbolRef &symbol : (*object)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (!flags || !name)
      return joinErrors(flags.takeError(), name.takeError());
    if (!(*flags & object::SymbolRef::SF_Undefined) || name->empty())
      continue;
    bool allowed = StringSwitch<bool>(*name)
                       .Cases({"memcpy", "memmove", "memset", "memcmp"}, true)
                       .Default(false);
    if (!allowed)
      missing += (missing.empty() ? "'" : ", '") + name->str() + "'";
  }
  if (missing.empty())
    return Error::success();
  return createStringError(
      "host code would call %s; it may call nothing but memcpy, memmove, "
      "memset and memcmp: expand the operation that needs it before",
      missing.c_str());
}

Expected<SmallVector<char, 0>>
tapml::compileHostModule(Module &module, const HostTarget &target) {
  Expected<std::unique_ptr<TargetMachine>> machine =
      createHostTargetMachine(target);
  if (!machine)
    return machine.takeError();
  module.setTargetTriple(target.triple);
  module.setDataLayout((*machine)->createDataLayout());
  module.setPICLevel(PICLevel::SmallPIC);
  if (Error error = expandMissingIntrinsics(module, **machine))
    return std::move(error);
  optimize(module, **machine);

  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  legacy::PassManager codegen;
  if ((*machine)->addPassesToEmitFile(codegen, os, /*DwoOut=*/nullptr,
                                      CodeGenFileType::ObjectFile))
    return createStringError("LLVM's target '%s' cannot write object files",
                             (*machine)->getTarget().getName());
  codegen.run(module);
  if (Error error = checkUndefinedSymbols(object))
    return std::move(error);
  return object;
}
