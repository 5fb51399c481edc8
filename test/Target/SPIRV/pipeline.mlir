// RUN: tapml-opt %s --tapml-gpu-to-spirv -o %t.mlir
// RUN: FileCheck %s --check-prefix=IR < %t.mlir
// RUN: tapml-translate %t.mlir --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s

// IR-NOT: gpu.module
// IR: tapml.binary @spirv "spirv"
// IR-SAME: entries [#tapml.entry_point<"gelu", access = ["read", "write"], sizes = 1, workgroup = [64, 1, 1]>, #tapml.entry_point<"negate"
// IR-SAME: [3, 2, 35, 7,

// CHECK: OpMemoryModel Logical GLSL450
// CHECK-DAG: OpEntryPoint GLCompute %gelu "gelu"
// CHECK-DAG: OpEntryPoint GLCompute %negate "negate"
// CHECK-DAG: OpExecutionMode %gelu LocalSize 64 1 1
// CHECK-DAG: OpDecorate %__gelu_0 NonWritable
// CHECK-DAG: OpDecorate %__gelu_1 Binding 1
// CHECK: OpTypeRuntimeArray %v4float
tapml.executable @gelu {
  tapml.variant @vulkan target(<vulkan, "vulkan", {}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @gelu(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"]} {
        %b = gpu.block_id x
        %t = gpu.thread_id x
        %w = gpu.block_dim x
        %c4 = arith.constant 4 : index
        %first = arith.muli %b, %w : index
        %i = arith.addi %first, %t : index
        %o = arith.muli %i, %c4 : index
        %inside = arith.cmpi ult, %o, %n : index
        scf.if %inside {
          %v = vector.load %x[%o] : memref<?xf32>, vector<4xf32>
          %e = math.erf %v : vector<4xf32>
          vector.store %e, %y[%o] : memref<?xf32>, vector<4xf32>
        }
        gpu.return
      }
      gpu.func @negate(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>, tapml.access = ["readwrite"]} {
        %t = gpu.thread_id x
        %v = memref.load %x[%t] : memref<?xf32>
        %n = arith.negf %v : f32
        memref.store %n, %x[%t] : memref<?xf32>
        gpu.return
      }
    }
  }
  // A variant for another target is left alone.
  // IR: tapml.variant @metal
  // IR: gpu.module @kernels
  tapml.variant @metal target(<metal, "metal", {}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
    }
  }
}
