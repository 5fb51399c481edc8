// RUN: tapml-translate %s --tapml-to-wgsl --split-input-file --verify-diagnostics

// What WGSL cannot express is reported where it is, once, and nothing is
// written.

// expected-error @+1 {{no 'gpu.module' here}}
module {
}

// -----

gpu.module @kernels {
  gpu.func @long(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xi32>
    // expected-error @+1 {{kernel 'long': 'arith.extsi' uses 'i64'; WGSL has no such type}}
    %w = arith.extsi %v : i32 to i64
    %t = arith.muli %w, %w : i64
    %r = arith.trunci %t : i64 to i32
    memref.store %r, %x[%i] : memref<?xi32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'wide': argument 0 has type 'memref<?xf64>'; WGSL has no such buffers}}
  gpu.func @wide(%x: memref<?xf64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'triples': argument 0 has type 'memref<?xvector<3xf32>>'; WGSL pads vectors of three in memory to four}}
  gpu.func @triples(%x: memref<?xvector<3xf32>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'matrix': argument 0 has type 'memref<4x4xf32>'; buffers are one-dimensional with unit stride}}
  gpu.func @matrix(%x: memref<4x4xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'scalar': argument 1 has type 'f32'; arguments are buffers and index sizes}}
  gpu.func @scalar(%x: memref<?xf32>, %f: f32) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'order': argument 1 is a buffer behind a size; buffers are first}}
  gpu.func @order(%n: index, %x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'lies': buffer 0 is written, but 'tapml.access' says that it is only read}}
  gpu.func @lies(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read"]} {
    %i = gpu.thread_id x
    %c = arith.constant 1.0 : f32
    memref.store %c, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'sizeless': has no 'known_block_size' of three numbers}}
  gpu.func @sizeless(%x: memref<?xf32>) kernel {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'select': no entry point in WGSL can have this name; rename it, to 'select1' for example}}
  gpu.func @select(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{'helper' is no kernel; functions that kernels call are 'func.func'}}
  gpu.func @helper(%x: memref<?xf32>) {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @nan(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.instances = ["encoder.norm", "decoder.norm"]} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    // expected-error @+1 {{kernel 'nan' of encoder.norm and 1 more: WGSL has no form of 'arith.cmpf' with a predicate that asks for NaN}}
    %c = arith.cmpf ult, %a, %a : f32
    %r = arith.select %c, %a, %a : f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @parallel(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // expected-error @+1 {{kernel 'parallel': WGSL has no form of 'scf.parallel'}}
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      scf.reduce
    }
    gpu.return
  }
}

// -----

gpu.module @kernels {
  func.func private @forever(%a: f32) -> f32 {
    // expected-error @+1 {{function 'forever' calls itself; shaders have no recursion}}
    %r = func.call @forever(%a) : (f32) -> f32
    return %r : f32
  }
  gpu.func @apply(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %r = func.call @forever(%a) : (f32) -> f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{global 'changing' must be constant with values in the module}}
  memref.global "private" @changing : memref<4xf32>
  gpu.func @table(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %t = memref.get_global @changing : memref<4xf32>
    %a = memref.load %t[%i] : memref<4xf32>
    memref.store %a, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @dynamic(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    // expected-error @+1 {{kernel 'dynamic': WGSL has no form of 'memref.alloca' with memory whose size is not known}}
    %t = memref.alloca(%n) : memref<?xf32, #gpu.address_space<private>>
    %a = memref.load %t[%i] : memref<?xf32, #gpu.address_space<private>>
    memref.store %a, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @float_atomic(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %c = arith.constant 1.0 : f32
    // expected-error @+1 {{kernel 'float_atomic': WGSL has no form of 'memref.atomic_rmw' with addf}}
    %a = memref.atomic_rmw addf %c, %x[%i] : (f32, memref<?xf32>) -> f32
    gpu.return
  }
}
