// RUN: tapml-opt %s --tapml-to-legal-shader=profile=webgpu --split-input-file --verify-diagnostics

// What the profile, or any shader, cannot run is refused before it is written.

gpu.module @kernels {
  gpu.func @diverges(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c4 = arith.constant 4 : index
    %few = arith.cmpi ult, %t, %c4 : index
    // expected-note @+1 {{whose way differs between invocations}}
    scf.if %few {
      // expected-error @+1 {{kernel 'diverges': 'gpu.barrier' inside 'scf.if' is not reached by all invocations; move it out of there}}
      gpu.barrier
    }
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @reduces(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %0 = memref.load %x[%t] : memref<?xf32>
    // expected-error @+1 {{kernel 'reduces': 'gpu.subgroup_reduce' uses operation 'gpu.subgroup_reduce', which needs feature 'subgroup_arithmetic' that profile 'webgpu' lacks; use another type, or place the operator on the host}}
    %1 = gpu.subgroup_reduce add %0 : (f32) -> f32
    memref.store %1, %x[%t] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  memref.global "private" constant @table : memref<8xi8> = dense<1>
  gpu.func @reads(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %table = memref.get_global @table : memref<8xi8>
    // expected-error @+1 {{'vector.load' of the constant table 'table': only 'memref.load' reads tables of 'i8' for this target}}
    %v = vector.load %table[%c0] : memref<8xi8>, vector<4xi8>
    %0 = arith.extsi %v : vector<4xi8> to vector<4xi32>
    vector.store %0, %x[%c0] : memref<?xi32>, vector<4xi32>
    gpu.return
  }
}
