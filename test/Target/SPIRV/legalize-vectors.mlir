// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --canonicalize --cse --split-input-file | FileCheck %s

gpu.module @kernels {
  // Offsets that are provably multiples of four: buffers of vectors, and the
  // quotient is taken term by term.
  // CHECK-LABEL: gpu.func @aligned
  // CHECK-SAME: (%[[X:.*]]: memref<?xvector<4xf32>>, %[[Y:.*]]: memref<?xvector<4xf32>>, %[[R:.*]]: index)
  // CHECK: %[[T:.*]] = gpu.thread_id x
  // CHECK: %[[ROW:.*]] = arith.muli %[[R]], %c96
  // CHECK: %[[I:.*]] = arith.addi %[[ROW]], %[[T]]
  // CHECK: %[[V:.*]] = memref.load %[[X]][%[[I]]]
  // CHECK: memref.store %[[V]], %[[Y]][%[[I]]]
  gpu.func @aligned(%x: memref<?xf32>, %y: memref<?xf32>, %r: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %t = gpu.thread_id x
    %c4 = arith.constant 4 : index
    %c384 = arith.constant 384 : index
    %row = arith.muli %r, %c384 : index
    %column = arith.muli %t, %c4 : index
    %i = arith.addi %row, %column : index
    %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
    vector.store %v, %y[%i] : memref<?xf32>, vector<4xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // The row size may be odd: element by element.
  // CHECK-LABEL: gpu.func @unaligned
  // CHECK-SAME: (%[[X:.*]]: memref<?xf32>
  // CHECK-COUNT-4: memref.load %[[X]]
  // CHECK: vector.from_elements
  gpu.func @unaligned(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %b = gpu.block_id x
    %t = gpu.thread_id x
    %c4 = arith.constant 4 : index
    %row = arith.muli %b, %n : index
    %column = arith.muli %t, %c4 : index
    %i = arith.addi %row, %column : index
    %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
    vector.store %v, %y[%column] : memref<?xf32>, vector<4xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // A scalar load from a buffer of vectors picks an element.
  // CHECK-LABEL: gpu.func @scalar_load
  // CHECK-SAME: (%[[X:.*]]: memref<?xvector<4xf32>>, %{{.*}}: memref<?xvector<4xf32>>, %[[N:.*]]: index)
  // CHECK-DAG: %[[Q:.*]] = arith.shrui %[[N]], %c2
  // CHECK-DAG: %[[V:.*]] = memref.load %[[X]][%[[Q]]]
  // CHECK-DAG: %[[P:.*]] = arith.andi %[[N]], %c3
  // CHECK: vector.extract %[[V]][%[[P]]]
  gpu.func @scalar_load(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c8 = arith.constant 8 : index
    %v = vector.load %x[%c8] : memref<?xf32>, vector<4xf32>
    %s = memref.load %x[%n] : memref<?xf32>
    %b = vector.broadcast %s : f32 to vector<4xf32>
    %w = arith.addf %v, %b : vector<4xf32>
    vector.store %w, %y[%c8] : memref<?xf32>, vector<4xf32>
    gpu.return
  }

  // A scalar store keeps the buffer scalar.
  // CHECK-LABEL: gpu.func @scalar_store
  // CHECK-SAME: (%[[X:.*]]: memref<?xf32>
  // CHECK-COUNT-5: memref.store %{{.*}}, %[[X]]
  gpu.func @scalar_store(%x: memref<?xf32>, %s: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c8 = arith.constant 8 : index
    %v = arith.constant dense<[0.0, 1.0, 2.0, 3.0]> : vector<4xf32>
    %f = arith.constant 4.0 : f32
    vector.store %v, %x[%c8] : memref<?xf32>, vector<4xf32>
    memref.store %f, %x[%s] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // Eight elements are two times four.
  // CHECK-LABEL: gpu.func @wide
  // CHECK-SAME: (%{{.*}}: memref<?xvector<4xf32>>)
  // CHECK-NOT: vector<8xf32>
  // CHECK-COUNT-2: arith.mulf %{{.*}} : vector<4xf32>
  // CHECK-NOT: arith.mulf
  gpu.func @wide(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %t = gpu.thread_id x
    %c8 = arith.constant 8 : index
    %i = arith.muli %t, %c8 : index
    %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
    %w = arith.mulf %v, %v : vector<8xf32>
    vector.store %w, %x[%i] : memref<?xf32>, vector<8xf32>
    gpu.return
  }

  // An element goes into the part that has it.
  // CHECK-LABEL: gpu.func @insert
  // CHECK-NOT: vector<8xf32>
  // CHECK: vector.insert %{{.*}}, %{{.*}} [1] : f32 into vector<4xf32>
  // CHECK-NOT: vector<8xf32>
  // CHECK: gpu.return
  gpu.func @insert(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %t = gpu.thread_id x
    %c8 = arith.constant 8 : index
    %ones = arith.constant dense<1.0> : vector<8xf32>
    %i = arith.muli %t, %c8 : index
    %s = memref.load %x[%i] : memref<?xf32>
    %v = vector.insert %s, %ones [5] : f32 into vector<8xf32>
    %w = arith.mulf %v, %v : vector<8xf32>
    vector.store %w, %x[%i] : memref<?xf32>, vector<8xf32>
    gpu.return
  }
}
