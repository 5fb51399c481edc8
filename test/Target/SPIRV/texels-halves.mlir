// RUN: tapml-opt %s --tapml-legalize-spirv=profile=lavapipe | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-spirv=profile=lavapipe --tapml-convert-to-spirv=profile=lavapipe | FileCheck %s --check-prefix=SPIRV

// Texels of halves are fetched as floats: what is widened is so already, what is
// not is converted.

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @kinds
  // CHECK-SAME: %{{.*}}: memref<?xvector<4xf16>, #spirv.storage_class<Image>>,
  // CHECK-SAME: %{{.*}}: memref<?xf16, #spirv.storage_class<Image>>, %{{.*}}: memref<?xvector<4xf32>>, %{{.*}}: memref<?xf16>)
  // CHECK-SAME: tapml.access = ["texels f16x4", "texels f16", "write", "write"]

  // SPIRV-DAG: spirv.GlobalVariable @__kinds_0 bind(0, 0) : !spirv.ptr<!spirv.image<f32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-DAG: spirv.GlobalVariable @__kinds_1 bind(0, 1) : !spirv.ptr<!spirv.image<f32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-LABEL: spirv.func @kinds
  // SPIRV: %[[V:.*]] = spirv.ImageFetch {{.*}} -> vector<4xf32>
  // SPIRV: %[[F:.*]] = spirv.ImageFetch {{.*}} -> vector<4xf32>
  // SPIRV: %[[S:.*]] = spirv.CompositeExtract %[[F]][0 : i32] : vector<4xf32>
  // SPIRV: %[[H:.*]] = spirv.FConvert %[[S]] : f32 to f16
  // SPIRV-NOT: spirv.FConvert
  // SPIRV: spirv.FAdd %[[V]], %[[V]] : vector<4xf32>
  // SPIRV-NOT: spirv.FConvert
  // SPIRV: spirv.FAdd %[[H]], %[[H]] : f16
  gpu.func @kinds(%v: memref<?xf16>, %f: memref<?xf16>, %y: memref<?xf32>, %h: memref<?xf16>) kernel attributes {known_block_size = array<i32: 8, 1, 1>, tapml.access = ["read", "read", "write", "write"]} {
    %c4 = arith.constant 4 : index
    %t = gpu.thread_id x
    %at = arith.muli %t, %c4 : index
    %0 = vector.load %v[%at] : memref<?xf16>, vector<4xf16>
    %1 = memref.load %f[%t] : memref<?xf16>
    %2 = arith.extf %0 : vector<4xf16> to vector<4xf32>
    %3 = arith.addf %2, %2 : vector<4xf32>
    vector.store %3, %y[%at] : memref<?xf32>, vector<4xf32>
    %4 = arith.addf %1, %1 : f16
    memref.store %4, %h[%t] : memref<?xf16>
    gpu.return
  }
}
