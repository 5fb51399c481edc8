// RUN: tapml-opt %s --tapml-legalize-spirv=profile=lavapipe | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan | FileCheck %s --check-prefix=PLAIN
// RUN: tapml-opt %s --tapml-legalize-spirv=profile=lavapipe --tapml-convert-to-spirv=profile=lavapipe | FileCheck %s --check-prefix=SPIRV

// Where the profile prefers texel reads, a buffer that is only read is read as
// texels of its elements; what is written, or read in another way, is not.

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @kinds
  // CHECK-SAME: %{{.*}}: memref<?xvector<4xf32>, #spirv.storage_class<Image>>,
  // CHECK-SAME: %{{.*}}: memref<?xf32, #spirv.storage_class<Image>>,
  // CHECK-SAME: %{{.*}}: memref<?xi32, #spirv.storage_class<Image>>,
  // CHECK-SAME: %{{.*}}: memref<?xi8, #spirv.storage_class<Image>>,
  // CHECK-SAME: %{{.*}}: memref<?xi64>,
  // CHECK-SAME: %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xvector<4xf32>>)
  // CHECK-SAME: tapml.access = ["texels f32x4", "texels f32", "texels u32", "texels u8", "read", "readwrite", "write"]
  // PLAIN-LABEL: gpu.func @kinds
  // PLAIN-NOT: storage_class
  // PLAIN-SAME: tapml.access = ["read", "read", "read", "read", "read", "readwrite", "write"]

  // SPIRV-DAG: spirv.GlobalVariable @__kinds_0 bind(0, 0) : !spirv.ptr<!spirv.image<f32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-DAG: spirv.GlobalVariable @__kinds_1 bind(0, 1) : !spirv.ptr<!spirv.image<f32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-DAG: spirv.GlobalVariable @__kinds_2 bind(0, 2) : !spirv.ptr<!spirv.image<i32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-DAG: spirv.GlobalVariable @__kinds_3 bind(0, 3) : !spirv.ptr<!spirv.image<i32, Buffer, NoDepth, NonArrayed, SingleSampled, NeedSampler, Unknown>, UniformConstant>
  // SPIRV-DAG: spirv.GlobalVariable @__kinds_4 bind(0, 4) {{.*}}StorageBuffer
  // SPIRV-LABEL: spirv.func @kinds
  // SPIRV: %[[V:.*]] = spirv.ImageFetch {{.*}} -> vector<4xf32>
  // SPIRV: %[[F:.*]] = spirv.ImageFetch {{.*}} -> vector<4xf32>
  // SPIRV: spirv.CompositeExtract %[[F]][0 : i32] : vector<4xf32>
  // SPIRV: %[[I:.*]] = spirv.ImageFetch {{.*}} -> vector<4xi32>
  // SPIRV: spirv.CompositeExtract %[[I]][0 : i32] : vector<4xi32>
  // SPIRV: %[[B:.*]] = spirv.ImageFetch {{.*}} -> vector<4xi32>
  // SPIRV: %[[C:.*]] = spirv.CompositeExtract %[[B]][0 : i32] : vector<4xi32>
  // SPIRV: spirv.UConvert %[[C]] : i32 to i8
  gpu.func @kinds(%v: memref<?xf32>, %f: memref<?xf32>, %i: memref<?xi32>, %b: memref<?xi8>, %l: memref<?xi64>, %rw: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 8, 1, 1>, tapml.access = ["read", "read", "read", "read", "read", "readwrite", "write"]} {
    %c4 = arith.constant 4 : index
    %t = gpu.thread_id x
    %at = arith.muli %t, %c4 : index
    %0 = vector.load %v[%at] : memref<?xf32>, vector<4xf32>
    %1 = memref.load %f[%t] : memref<?xf32>
    %2 = memref.load %i[%t] : memref<?xi32>
    %3 = memref.load %b[%t] : memref<?xi8>
    %4 = memref.load %rw[%t] : memref<?xf32>
    %5 = arith.sitofp %2 : i32 to f32
    %6 = arith.uitofp %3 : i8 to f32
    %7 = arith.addf %1, %4 : f32
    %8 = arith.addf %5, %6 : f32
    %9 = arith.addf %7, %8 : f32
    %10 = vector.broadcast %9 : f32 to vector<4xf32>
    %11 = arith.addf %0, %10 : vector<4xf32>
    vector.store %11, %y[%at] : memref<?xf32>, vector<4xf32>
    memref.store %9, %rw[%t] : memref<?xf32>
    gpu.return
  }

  // A kernel that does not say what it does with its buffers is left alone.
  // CHECK-LABEL: gpu.func @unknown_access
  // CHECK-NOT: storage_class
  gpu.func @unknown_access(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 8, 1, 1>} {
    %t = gpu.thread_id x
    %0 = memref.load %x[%t] : memref<?xf32>
    memref.store %0, %y[%t] : memref<?xf32>
    gpu.return
  }
}
