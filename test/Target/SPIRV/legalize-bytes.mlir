// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --canonicalize | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-spirv=profile=lavapipe --canonicalize | FileCheck %s --check-prefix=BYTES

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @load
  // CHECK-SAME: (%[[X:.*]]: memref<?xi32>, %[[Y:.*]]: memref<?xi32>)
  // CHECK: %[[I:.*]] = gpu.thread_id x
  // CHECK: %[[Q:.*]] = arith.shrui %[[I]], %c2
  // CHECK: %[[W:.*]] = memref.load %[[X]][%[[Q]]]
  // CHECK: %[[N:.*]] = arith.index_cast %[[I]] : index to i32
  // CHECK: %[[P:.*]] = arith.andi %[[N]], %c3_i32
  // CHECK: %[[S:.*]] = arith.shli %[[P]], %c3_i32
  // CHECK: %[[B:.*]] = arith.shrui %[[W]], %[[S]]
  // CHECK: arith.andi %[[B]], %c255_i32 : i32
  // BYTES-LABEL: gpu.func @load
  // BYTES-SAME: (%{{.*}}: memref<?xi8>, %{{.*}}: memref<?xi32>)
  gpu.func @load(%x: memref<?xi8>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xi8>
    %w = arith.extui %v : i8 to i32
    memref.store %w, %y[%i] : memref<?xi32>
    gpu.return
  }

  // Other invocations may write the rest of the word.
  // CHECK-LABEL: gpu.func @store_one
  // CHECK: %[[M:.*]] = arith.shli %c255_i32, %[[S:.*]] : i32
  // CHECK: %[[K:.*]] = arith.xori %[[M]], %c-1_i32
  // CHECK: memref.atomic_rmw andi %[[K]], %[[B:.*]][%[[E:.*]]]
  // CHECK: %[[V:.*]] = arith.shli %{{.*}}, %[[S]] : i32
  // CHECK: memref.atomic_rmw ori %[[V]], %[[B]][%[[E]]]
  // BYTES-LABEL: gpu.func @store_one
  // BYTES: memref.store %{{.*}} : memref<?xi8>
  gpu.func @store_one(%x: memref<?xi8>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %w = memref.load %y[%i] : memref<?xi32>
    %v = arith.trunci %w : i32 to i8
    memref.store %v, %x[%i] : memref<?xi8>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @store_four
  // CHECK-NOT: atomic
  // CHECK-COUNT-3: arith.ori
  // CHECK: memref.store %{{.*}}, %{{.*}}[%{{.*}}] : memref<?xi32>
  // BYTES-LABEL: gpu.func @store_four
  // BYTES: memref.store %{{.*}} : memref<?xvector<4xi8>>
  gpu.func @store_four(%x: memref<?xi8>, %v: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c4 = arith.constant 4 : index
    %o = arith.muli %i, %c4 : index
    %c = arith.cmpi ult, %i, %v : index
    %b = vector.broadcast %c : i1 to vector<4xi1>
    %e = arith.extui %b : vector<4xi1> to vector<4xi8>
    vector.store %e, %x[%o] : memref<?xi8>, vector<4xi8>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @store_four_anywhere
  // CHECK-COUNT-8: memref.atomic_rmw
  gpu.func @store_four_anywhere(%x: memref<?xi8>, %o: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %e = arith.constant dense<1> : vector<4xi8>
    vector.store %e, %x[%o] : memref<?xi8>, vector<4xi8>
    gpu.return
  }
}
