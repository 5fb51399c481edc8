// RUN: tapml-opt %s --tapml-verify-limits=profile=vulkan --split-input-file --verify-diagnostics
// The conversion refuses the same by itself: it would compile f16 buffers as
// f32 without a word.
// RUN: tapml-opt %s --tapml-convert-to-spirv=profile=vulkan --split-input-file --verify-diagnostics

gpu.module @kernels {
  // expected-error @+1 {{kernel 'half': 'memref<?xf16>', which needs feature 'float16' that profile 'vulkan' lacks}}
  gpu.func @half(%x: memref<?xf16>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'brain': 'memref<?xbf16>': kernels for this target have no such type}}
  gpu.func @brain(%x: memref<?xbf16>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'wide': 'memref<?xi64>', which needs feature 'int64' that profile 'vulkan' lacks; use i32, to which a 'tapml.transfer' narrows with a check, or place the operator on the host}}
  gpu.func @wide(%x: memref<?xi64>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @product(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %n = memref.load %x[%i] : memref<?xi32>
    // expected-error @+1 {{kernel 'product': 'arith.extsi' uses 'i64', which needs feature 'int64'}}
    %w = arith.extsi %n : i32 to i64
    %p = arith.muli %w, %w : i64
    %c = arith.constant 40 : i64
    %h = arith.shrui %p, %c : i64
    %t = arith.trunci %h : i64 to i32
    memref.store %t, %x[%i] : memref<?xi32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'bits': 'memref<?xi1>': buffers hold i8 in place of i1}}
  gpu.func @bits(%x: memref<?xi1>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @sum_of_bytes(%x: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %n = memref.load %x[%i] : memref<?xi32>
    %b = arith.trunci %n : i32 to i8
    // expected-error @+1 {{kernel 'sum_of_bytes': 'arith.addi' uses 'i8', which needs feature 'int8' that profile 'vulkan' lacks}}
    %s = arith.addi %b, %b : i8
    %e = arith.extui %s : i8 to i32
    memref.store %e, %x[%i] : memref<?xi32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @eight(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{kernel 'eight': 'vector.load' uses 'vector<8xf32>': vectors have at most four elements}}
    %v = vector.load %x[%c0] : memref<?xf32>, vector<8xf32>
    vector.store %v, %x[%c0] : memref<?xf32>, vector<8xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @reduce(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf32>
    // expected-error @+1 {{kernel 'reduce': 'gpu.subgroup_reduce' uses operation 'gpu.subgroup_reduce', which needs feature 'subgroup_arithmetic' that profile 'vulkan' lacks}}
    %s = gpu.subgroup_reduce add %v : (f32) -> f32
    memref.store %s, %x[%i] : memref<?xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @divergent(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c = arith.cmpi ult, %i, %n : index
    // expected-note @+1 {{whose way differs between invocations}}
    scf.if %c {
      // expected-error @+1 {{kernel 'divergent': 'gpu.barrier' inside 'scf.if' is not reached by all invocations; move it out of there}}
      gpu.barrier
    }
    gpu.return
  }
}

// -----

// In 32 bits it would be rounded twice.
gpu.module @kernels {
  gpu.func @product_and_sum(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf32>
    // expected-error @+1 {{kernel 'product_and_sum': 'arith.truncf' uses 'f16', which needs feature 'float16' that profile 'vulkan' lacks}}
    %h = arith.truncf %v : f32 to f16
    %f = math.fma %h, %h, %h : f16
    %w = arith.extf %f : f16 to f32
    memref.store %w, %x[%i] : memref<?xf32>
    gpu.return
  }
}
