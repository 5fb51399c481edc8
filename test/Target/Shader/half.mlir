gpu.module @kernels {
  gpu.func @halves(%x: memref<?xvector<4xf16>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %c = arith.constant dense<1.500000e+00> : vector<4xf16>
    %v = memref.load %x[%i] : memref<?xvector<4xf16>>
    %w = arith.addf %v, %c : vector<4xf16>
    memref.store %w, %x[%i] : memref<?xvector<4xf16>>
    %e = vector.extract %w[0] : f16 from vector<4xf16>
    %f = arith.extf %e : f16 to f32
    memref.store %f, %y[%i] : memref<?xf32>
    gpu.return
  }
}
