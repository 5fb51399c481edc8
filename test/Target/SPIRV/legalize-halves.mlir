// RUN: tapml-opt %s --tapml-legalize-spirv=profile=vulkan --canonicalize | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu --canonicalize | FileCheck %s
// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu-f16-subgroups --canonicalize | FileCheck %s --check-prefix=HALF

// Without 16-bit floats two of them are a word, and kernels compute with what
// they are in 32 bits.

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @load
  // CHECK-SAME: (%[[X:.*]]: memref<?xi32>, %[[Y:.*]]: memref<?xf32>)
  // CHECK: %[[Q:.*]] = arith.shrui %{{.*}}, %c1
  // CHECK: %[[W:.*]] = memref.load %[[X]][%[[Q]]]
  // CHECK: %[[P:.*]] = arith.andi %{{.*}}, %c1_i32
  // CHECK: %[[S:.*]] = arith.shli %[[P]], %c4_i32
  // CHECK: %[[B:.*]] = arith.shrui %[[W]], %[[S]]
  // CHECK: %[[H:.*]] = arith.andi %[[B]], %c65535_i32
  // CHECK: arith.andi %[[H]], %c32767_i32
  // CHECK-NOT: {{f16|i16}}
  // CHECK: memref.store %{{.*}}, %[[Y]]
  // HALF-LABEL: gpu.func @load
  // HALF-SAME: (%{{.*}}: memref<?xf16>, %{{.*}}: memref<?xf32>)
  gpu.func @load(%x: memref<?xf16>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf16>
    %w = arith.extf %v : f16 to f32
    memref.store %w, %y[%i] : memref<?xf32>
    gpu.return
  }

  // Other invocations may write the other half of the word.
  // CHECK-LABEL: gpu.func @store_one
  // CHECK-NOT: {{f16|i16}}
  // CHECK: %[[M:.*]] = arith.shli %c65535_i32, %[[S:.*]] : i32
  // CHECK: memref.atomic_rmw andi
  // CHECK: memref.atomic_rmw ori
  // HALF-LABEL: gpu.func @store_one
  // HALF: arith.truncf
  // HALF: memref.store %{{.*}} : memref<?xf16>
  gpu.func @store_one(%x: memref<?xf16>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %w = memref.load %y[%i] : memref<?xf32>
    %v = arith.truncf %w : f32 to f16
    memref.store %v, %x[%i] : memref<?xf16>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @store_four
  // CHECK-NOT: {{atomic|f16|i16}}
  // CHECK-COUNT-2: memref.store %{{.*}}, %{{.*}}[%{{.*}}] : memref<?xi32>
  // HALF-LABEL: gpu.func @store_four
  // HALF: memref.store %{{.*}} : memref<?xvector<4xf16>>
  gpu.func @store_four(%x: memref<?xf16>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c4 = arith.constant 4 : index
    %o = arith.muli %i, %c4 : index
    %w = vector.load %y[%o] : memref<?xf32>, vector<4xf32>
    %v = arith.truncf %w : vector<4xf32> to vector<4xf16>
    vector.store %v, %x[%o] : memref<?xf16>, vector<4xf16>
    gpu.return
  }

  // A value that is rounded and goes on stays rounded; what only moves is not
  // touched.
  // CHECK-LABEL: gpu.func @choose
  // CHECK-NOT: {{f16|i16}}
  // CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
  // CHECK-NOT: {{f16|i16}}
  // CHECK: gpu.return
  gpu.func @choose(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %zero = arith.constant 0.1 : f16
    %w = memref.load %x[%i] : memref<?xf32>
    %v = arith.truncf %w : f32 to f16
    %c = arith.cmpi ult, %i, %n : index
    %s = arith.select %c, %v, %zero : f16
    %e = arith.extf %s : f16 to f32
    memref.store %e, %y[%i] : memref<?xf32>
    gpu.return
  }

  // Arithmetic is that of floats, rounded to a half where it may not give one.
  // CHECK-LABEL: gpu.func @compute
  // CHECK-NOT: {{f16|i16}}
  // CHECK: %[[SUM:.*]] = arith.addf %[[A:.*]], %{{.*}} : f32
  // CHECK: %[[BITS:.*]] = arith.bitcast %[[SUM]] : f32 to i32
  // CHECK: arith.andi %[[BITS]], %c2147483647_i32
  // CHECK: %[[ROOT:.*]] = math.sqrt %{{.*}} : f32
  // CHECK: arith.bitcast %[[ROOT]] : f32 to i32
  // CHECK-NOT: {{f16|i16}}
  // CHECK: gpu.return
  // HALF-LABEL: gpu.func @compute
  // HALF: arith.addf %{{.*}}, %{{.*}} : f16
  gpu.func @compute(%x: memref<?xf16>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf16>
    %s = arith.addf %v, %v : f16
    %r = math.sqrt %s : f16
    %e = arith.extf %r : f16 to f32
    memref.store %e, %y[%i] : memref<?xf32>
    gpu.return
  }

  // CHECK-LABEL: gpu.func @compare
  // CHECK: %[[LESS:.*]] = arith.negf %{{.*}} : f32
  // CHECK-NEXT: arith.cmpf olt, %{{.*}}, %[[LESS]] : f32
  // CHECK: gpu.return
  gpu.func @compare(%x: memref<?xf16>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf16>
    %m = arith.negf %v : f16
    %c = arith.cmpf olt, %v, %m : f16
    %e = arith.extui %c : i1 to i32
    memref.store %e, %y[%i] : memref<?xi32>
    gpu.return
  }

  // Lanes give the floats to each other.
  // CHECK-LABEL: gpu.func @exchange
  // CHECK: gpu.shuffle xor %{{.*}} : vector<2xf32>
  // CHECK: gpu.subgroup_broadcast %{{.*}}, first_active_lane : vector<2xf32>
  // HALF-LABEL: gpu.func @exchange
  // HALF: gpu.shuffle xor %{{.*}} : vector<2xf16>
  gpu.func @exchange(%x: memref<?xf32>, %y: memref<?xvector<2xf32>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c1 = arith.constant 1 : i32
    %v = memref.load %x[%i] : memref<?xf32>
    %h = arith.truncf %v : f32 to f16
    %b = vector.broadcast %h : f16 to vector<2xf16>
    %s, %valid = gpu.shuffle xor %b, %c1, %c1 : vector<2xf16>
    %f = gpu.subgroup_broadcast %s, first_active_lane : vector<2xf16>
    %e = arith.extf %f : vector<2xf16> to vector<2xf32>
    memref.store %e, %y[%i] : memref<?xvector<2xf32>>
    gpu.return
  }
}
