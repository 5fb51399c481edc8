//===- Passes.td - From linalg to kernels -*- tablegen -*-===//
//
// Part of the TapML project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE.TXT for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef TAPML_CODEGEN_PASSES_TD
#define TAPML_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Formation
//===----------------------------------------------------------------------===//

def FormKernelsPass : Pass<"tapml-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "group linalg ops into kernels";
  let description = [{
    Takes linalg, tensor, arith and math ops on tensors and puts those that are
    computed together into `tapml.kernel` ops of one result each.

    First the function is normalised: named ops become generics, constant
    tensors become fills or selections by index, sizes are computed from the
    sizes of the arguments, contractions accumulate from zero. An op that cannot
    become part of a kernel is an error.

    Then the ops are visited last to first. An op joins the kernel of its users,
    so that it is computed where it is needed, or becomes the result of a kernel
    of its own. It becomes the result of its own kernel if
    - it is returned;
    - it computes something from weights alone (arguments with the attribute
      `tapml.constant`) and its user does not, so that it can be done once per
      load; repeating elements and renaming indices do not count;
    - it is used by several kernels, unless it is cheap: no reduction, no
      transcendental function, few operations on scalars, and at most one
      operand of its own size;
    - it is the end of a contraction's epilogue (a chain of elementwise ops at
      the contraction's indices) and its user cannot be part of it;
    - it is a contraction whose user reads it at other indices than the
      kernel's result, or whose user's kernel holds a reduction or another
      contraction;
    - it is a reduction, and the user neither reads it once at the indices of
      the kernel's result, nor by rows of the kernel's result with all of the
      trailing indices reduced (as in softmax and layer norm);
    - it is not cheap and would be computed several times for one element, such
      as on the input of a contraction, unless it depends on a reduction of the
      same rows;
    - the kernel would read more tensors than the profile allows buffers.

    ```mlir
    %0 = linalg.matmul ...
    %1 = linalg.generic ... ins(%0, %bias) { arith.addf }
    %2 = linalg.generic ... ins(%1) { math.erf }
    // becomes
    %2 = tapml.kernel "linear_384x1536_gelu" -> tensor<?x1536xf32> {
      %0 = linalg.generic ...
      %1 = linalg.generic ...
      %2 = linalg.generic ...
      tapml.yield %2 : tensor<?x1536xf32>
    }
    ```

    Kernels carry the union of the discardable attributes `tapml.instances` of
    their ops, and are named after `tapml.operator`.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "the preset whose limits hold, instead of the variant's target">
  ];
  let statistics = [
    Statistic<"numKernels", "kernels", "kernels formed">,
    Statistic<"numCloned", "cloned", "ops computed in several kernels">
  ];
  let dependentDialects = [
    "::mlir::affine::AffineDialect",
    "::mlir::arith::ArithDialect",
    "::mlir::linalg::LinalgDialect",
    "::mlir::tensor::TensorDialect",
    "::tapml::TapMLDialect"
  ];
}

def SelectLoweringPass : Pass<"tapml-select-lowering", "::mlir::func::FuncOp"> {
  let summary = "choose how each kernel is structured";
  let description = [{
    Attaches `#tapml.lowering` to every `tapml.kernel`: strategy, tile,
    workgroup, vector width, chosen from the kernel's shape and the profile of
    the enclosing `tapml.variant`. One function per class of kernels chooses;
    the preferred numbers are a table per family of devices.

    A lowering that is there already is kept. Kept or chosen, a lowering that
    the profile cannot run is an error.

    The sizes that `at_least` guards are elementwise [elements], row_reduction
    [rows, row length], matmul [M, N, K], each the product of the loops of that
    kind. `tile` is [1, adjacent elements], [rows, elements per step] and
    [rows, columns].
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "the preset to choose for, instead of the variant's target">
  ];
  let statistics = [
    Statistic<"numKept", "kept", "kernels whose lowering was given">
  ];
  let dependentDialects = ["::tapml::TapMLDialect"];
}

def PlanMemoryPass : Pass<"tapml-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Assign intermediate tensors to slots that are used again";
  let description = [{
    In the body of every variant and in the module's functions, tensors that
    live only between two launches or dispatches are given a slot each, so that
    those that are never alive at the same time share one:

    - launches, dispatches and transfers carry `tapml.slots`, an i64 for each
      result: its slot, or -1 where it has none;
    - a launch that depends on weights alone carries `tapml.init`: it runs once
      when the executable is loaded. Its result has a slot only if no other
      launch uses it later on;
    - results of a variant's body have no slot: the caller provides them.

    The largest tensors are placed first, each into the smallest slot that is
    free. Sizes that are not known are estimated with the largest sizes that
    `tapml.dim_ranges` allows, or `default-dim`. A slot takes the most bytes of
    the tensors that it holds, which is computed for the real sizes.

    `tapml.memory` on each function says how good the plan is, in estimated
    bytes: `planned` those of all slots, `live` the most that are alive at once
    (summed over the places), which no plan goes below.
  }];
  let options = [
    Option<"defaultDim", "default-dim", "int64_t", /*default=*/"128",
           "Estimate for a dimension that has no range">
  ];
}

def SplitBuffersPass : Pass<"tapml-split-buffers"> {
  let summary = "Bind tensors larger than a binding in parts";
  let description = [{
    Devices bind a limited number of bytes at once
    (`max_storage_buffer_bytes`). Where a launch of a device's variant reads or
    writes a statically sized tensor with more, its kernels are copied, and the
    copies take the tensor in parts of a power of two of bytes: every access
    picks the part by its index. Vectors that may lie across two parts are
    accessed one element at a time. `tapml.parts` on the launch says in how many
    parts each buffer is bound.

    A tensor whose size is not known is not split; the executable checks it
    before anything is allocated.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
  let statistics = [
    Statistic<"numSplit", "num-split", "Number of kernels that take parts">
  ];
}

def TapMLNarrowFloatsPass : Pass<"tapml-narrow-floats"> {
  let summary = "Compute in f16 where that gives the same as f32";
  let description = [{
    Operators widen halves, compute in f32, and round their result once. In
    every `gpu.module` for a profile with the features `float16` and
    `storage16`, what is between the conversions is computed in f16 where it is
    one `arith.addf`, `subf` or `mulf` (for Metal, whose division is correctly
    rounded, also `divf` and `math.sqrt`), and operands and result may go
    through operations that round nothing: `negf`, `absf`, minimum, maximum,
    `select`, `vector.broadcast`. Comparisons of widened halves compare the
    halves. Constants take part if they are normal numbers in f16.

    What is rounded to f32 first and then to f16 is then the same as what is
    rounded to f16 at once, since 24 >= 2 * 11 + 2. Sums of rows, and whatever
    else takes several operations, stay in f32, and so does what is used in f32
    as well.

    ```mlir
    %a = arith.extf %x : f16 to f32
    %b = arith.extf %y : f16 to f32
    %c = arith.addf %a, %b : f32
    %d = arith.truncf %c : f32 to f16
    // becomes
    %d = arith.addf %x, %y : f16
    ```
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::tapml::TapMLDialect"];
}

def TapMLExpandMathPass : Pass<"tapml-expand-math"> {
  let summary = "Replace elementary functions of f32 and f16 by arithmetic";
  let description = [{
    Replaces `math.exp`, `exp2`, `log`, `powf`, `tanh`, `erf`, `sin`, `cos`,
    `rsqrt` and `trunc` on f32, scalar or vector, by arithmetic that every
    target language has, so that a function has one value everywhere: what
    devices offer is loose (Vulkan allows `exp` 3 + 2|x| ULP) or unsafe for
    large arguments (`tanh`). Functions of f16 are those of f32, rounded. Other
    types and functions are left alone.

    Arguments are reduced to a small interval and the function evaluated there
    by a minimax polynomial (utils/math/fit_coefficients.py). With correctly
    rounded +, -, *, / and sqrt the largest distances from the true value, in
    units in the last place, stay below these bounds; a division or square root
    that the device rounds less well adds its own error once.

    | function | bound | range |
    |---|---|---|
    | exp, exp2 | 1.5 | all; below the smallest normal number half an ULP more |
    | log | 1.5 | all, subnormal arguments included |
    | tanh | 2 | all; exactly +-1 from 9.1 on |
    | erf | 2 | all; exactly +-1 from 3.9375 on |
    | sin, cos | 4 | up to 411774 (2^18 pi/2); NaN beyond |
    | rsqrt | 1.5 | all |
    | trunc | 0 | all |
    | powf | 2 + 3 \|y log x\| | all |

    NaN gives NaN, infinities give the limits, domain errors NaN, and special
    cases of `powf` are those of IEEE 754. Where the device flushes subnormal
    numbers they count as zero.
  }];
  let options = [
    Option<"fma", "fma", "bool", /*default=*/"false",
           "Evaluate polynomials with math.fma, where it is fast">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

// Emission
//===----------------------------------------------------------------------===//

def EmitKernelsPass : Pass<"tapml-emit-kernels"> {
  let summary = "Emit kernels as flat loops and replace them by launches";
  let description = [{
    Replaces every `tapml.kernel` by a `tensor.empty` and a `tapml.launch`, and
    emits what it computes as a function: a `gpu.func` in `gpu.module @kernels`
    for a target, a `func.func` over a range of workgroups for the host. Each
    configuration of the kernel's lowering becomes an entry point. Kernels that
    come out equal are emitted once.

    The functions work on flat buffers (`memref<?xT>`, booleans as `i8`) and
    `index` sizes: first the tensors that are read, then the one that is
    written, then the sizes that differ from input to input. The host side
    computes the sizes, guards and grids; a grid that could be larger than the
    profile allows in one dimension is spread over the others.

    ```mlir
    %y = tapml.kernel "scale" lowering(<<elementwise, tile = [1, 4],
             workgroup = [64, 1, 1], vector = 4>>) -> tensor<?xf32> { ... }
    // becomes
    %0 = tensor.empty(%n) : tensor<?xf32>
    %y = tapml.launch [@kernels::@scale] grids(%x, %y, %c1) sizes(%n)
             ins(%x : tensor<?xf32>) outs(%0 : tensor<?xf32>) -> tensor<?xf32>
    ```

    A kernel's region may hold structured operations (`linalg`) whose bodies use
    `arith`, `math`, `linalg.index` and `tensor.extract`; `tensor.empty`,
    `collapse_shape`, `expand_shape`, `extract_slice`, `cast`, `splat`, `dim`;
    constants and arithmetic on sizes. Anything else is an error.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
    "::mlir::gpu::GPUDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
    "::mlir::tensor::TensorDialect", "::mlir::vector::VectorDialect"
  ];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"vulkan\"",
           "Preset to emit for where kernels are not in a tapml.variant">
  ];
  let statistics = [
    Statistic<"emitted", "num-emitted", "Number of entry points emitted">,
    Statistic<"shared", "num-shared",
              "Number of entry points that an earlier one serves">
  ];
}

//===----------------------------------------------------------------------===//
// Legalisation
//===----------------------------------------------------------------------===//

def TapMLVerifyLimitsPass : Pass<"tapml-verify-limits"> {
  let summary = "Check kernels against the limits and features of a profile";
  let description = [{
    Checks every `gpu.func` just before it is emitted: workgroup size, memory
    and number of invocations, storage buffers, push constant bytes, bytes of
    statically sized buffers, and whether the profile has the features that
    the types and operations need. Each violation is one error with the
    kernel, its operator instances, what is needed and what there is.
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::tapml::TapMLDialect"];
}

def TapMLOutlineMathPass : Pass<"tapml-outline-math"> {
  let summary = "Make elementary functions functions of a shader";
  let description = [{
    In every `gpu.module` of a WebGPU or Metal variant, an operation that
    `tapml-expand-math` would expand into a polynomial becomes a call of a
    function of that name, so that the text of the shader stays short. The body
    of the function is the operation, which the expansion then finds there.

    ```mlir
    %e = math.exp %x : vector<4xf32>
    // becomes
    %e = func.call @exp_f32x4(%x) : (vector<4xf32>) -> vector<4xf32>
    ```
  }];
  let options = [
    Option<"profile", "profile", "std::string", /*default=*/"\"\"",
           "Preset that is compiled for, where kernels are outside a "
           "tapml.variant">,
  ];
  let dependentDialects = ["::mlir::func::FuncDialect",
                           "::tapml::TapMLDialect"];
}

#endif // TAPML_CODEGEN_PASSES_TD
