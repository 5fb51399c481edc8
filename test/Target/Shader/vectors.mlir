gpu.module @kernels {
  gpu.func @parts(%x: memref<?xvector<4xf32>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xvector<4xf32>>
    %lo = vector.extract_strided_slice %v {offsets = [0], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
    %hi = vector.extract_strided_slice %v {offsets = [2], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>
    %sum = arith.addf %lo, %hi : vector<2xf32>
    %a = vector.extract %sum[0] : f32 from vector<2xf32>
    %b = vector.extract %sum[1] : f32 from vector<2xf32>
    %r = vector.from_elements %b, %a, %a, %b : vector<4xf32>
    %s = vector.shuffle %r, %v [3, 2, 1, 0] : vector<4xf32>, vector<4xf32>
    %t = vector.shuffle %s, %v [0, 4, 1, 5] : vector<4xf32>, vector<4xf32>
    %u = vector.insert %a, %t [2] : f32 into vector<4xf32>
    %w = vector.insert_strided_slice %sum, %u {offsets = [1], strides = [1]} : vector<2xf32> into vector<4xf32>
    memref.store %w, %x[%i] : memref<?xvector<4xf32>>
    %e = vector.extract %w[%i] : f32 from vector<4xf32>
    memref.store %e, %y[%i] : memref<?xf32>
    %c = vector.insert %e, %w [%i] : f32 into vector<4xf32>
    memref.store %c, %x[%i] : memref<?xvector<4xf32>>
    gpu.return
  }
  gpu.func @scalars_widen(%x: memref<?xvector<4xf32>> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %half = arith.constant dense<5.000000e-01> : vector<4xf32>
    %steps = arith.constant dense<[0.0, 1.0, 2.0, 3.0]> : vector<4xf32>
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xvector<4xf32>>
    %f = memref.load %y[%i] : memref<?xf32>
    %b = vector.broadcast %f : f32 to vector<4xf32>
    %p = arith.mulf %v, %b : vector<4xf32>
    %q = arith.addf %p, %half : vector<4xf32>
    %r = arith.subf %q, %steps : vector<4xf32>
    %s = math.fma %r, %b, %half : vector<4xf32>
    %lt = arith.cmpf olt, %s, %half : vector<4xf32>
    %t = arith.select %lt, %s, %b : vector<4xi1>, vector<4xf32>
    memref.store %t, %x[%i] : memref<?xvector<4xf32>>
    gpu.return
  }
}
