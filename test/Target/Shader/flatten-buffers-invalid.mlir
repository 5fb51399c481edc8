// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu --split-input-file --verify-diagnostics

gpu.module @kernels {
  // expected-error @+1 {{kernel 'strided': argument 0 has type 'memref<8x4xf32, strided<[8, 1]>>'; buffers are contiguous, and only their first size may be dynamic}}
  gpu.func @strided(%x: memref<8x4xf32, strided<[8, 1]>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'columns': argument 0 has type 'memref<8x?xf32>'; buffers are contiguous}}
  gpu.func @columns(%x: memref<8x?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @block(%x: memref<8x4xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{kernel 'block': 'vector.load' uses buffer 0 of type 'memref<8x4xf32>' other than by loads and stores of elements and vectors in a row}}
    %v = vector.load %x[%c0, %c0] : memref<8x4xf32>, vector<2x4xf32>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @view(%x: memref<8x4xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    // expected-error @+1 {{kernel 'view': 'memref.subview' uses buffer 0}}
    %v = memref.subview %x[1, 0] [1, 4] [1, 1] : memref<8x4xf32> to memref<4xf32, strided<[1], offset: 4>>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  gpu.func @beyond(%x: memref<8x4xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %zero = arith.constant 0.0 : f32
    // expected-error @+1 {{kernel 'beyond': 'vector.transfer_read' uses buffer 0}}
    %v = vector.transfer_read %x[%i, %i], %zero : memref<8x4xf32>, vector<4xf32>
    vector.store %v, %y[%i] : memref<?xf32>, vector<4xf32>
    gpu.return
  }
}
