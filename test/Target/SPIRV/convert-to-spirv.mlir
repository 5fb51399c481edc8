// RUN: tapml-opt %s --tapml-convert-to-spirv=profile=swiftshader | FileCheck %s

// CHECK-LABEL: spirv.module @__spv__kernels Logical GLSL450 requires #spirv.vce<v1.3, [Shader, Matrix], []>
gpu.module @kernels {
  // Sizes are push constants, in a block per number of sizes; buffers are
  // bindings of set 0, and only the first is not written.
  // CHECK-DAG: spirv.GlobalVariable @__sizes_2 : !spirv.ptr<!spirv.struct<(i32 [0], i32 [4])>, PushConstant>
  // CHECK-DAG: spirv.GlobalVariable @__scale_0 bind(0, 0) {non_writable} : !spirv.ptr<!spirv.struct<(!spirv.rtarray<vector<4xf32>, stride=16> [0])>, StorageBuffer>
  // CHECK-DAG: spirv.GlobalVariable @__scale_1 bind(0, 1) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<f32, stride=4> [0])>, StorageBuffer>
  // CHECK: spirv.func @scale() "None"
  // CHECK-SAME: tapml.entry_point = #tapml.entry_point<"scale", access = ["read", "write"], sizes = 2, workgroup = [32, 2, 1]>
  // CHECK: spirv.mlir.addressof @__sizes_2
  // CHECK: spirv.CompositeExtract %{{.*}}[0 : i32] : vector<4xf32>
  // CHECK: spirv.EntryPoint "GLCompute" @scale
  // CHECK: spirv.ExecutionMode @scale "LocalSize", 32, 2, 1
  gpu.func @scale(%x: memref<?xvector<4xf32>>, %y: memref<?xf32>, %n: index, %m: index) kernel attributes {known_block_size = array<i32: 32, 2, 1>, tapml.access = ["read", "write"], tapml.instances = ["a"]} {
    %i = gpu.thread_id x
    %j = arith.addi %i, %m : index
    %c = arith.cmpi ult, %j, %n : index
    scf.if %c {
      %v = memref.load %x[%j] : memref<?xvector<4xf32>>
      %s = vector.extract %v[0] : f32 from vector<4xf32>
      memref.store %s, %y[%j] : memref<?xf32>
    }
    gpu.return
  }
}

gpu.module @conversions {
  // SPIRV-Tools folds these by the sign of the integer's type.
  // CHECK-LABEL: spirv.func @signs
  // CHECK: %[[S:.*]] = spirv.ConvertFToS %[[F:.*]] : f32 to si32
  // CHECK: %[[I:.*]] = spirv.Bitcast %[[S]] : si32 to i32
  // CHECK: spirv.Bitcast %{{.*}} : vector<2xi32> to vector<2xsi32>
  // CHECK: spirv.ConvertSToF %{{.*}} : vector<2xsi32> to vector<2xf32>
  gpu.func @signs(%x: memref<?xf32>, %y: memref<?xvector<2xf32>>) kernel attributes {known_block_size = array<i32: 32, 1, 1>, tapml.access = ["read", "write"]} {
    %i = gpu.thread_id x
    %f = memref.load %x[%i] : memref<?xf32>
    %n = arith.fptosi %f : f32 to i32
    %v = vector.broadcast %n : i32 to vector<2xi32>
    %w = arith.sitofp %v : vector<2xi32> to vector<2xf32>
    memref.store %w, %y[%i] : memref<?xvector<2xf32>>
    gpu.return
  }
}
