gpu.module @kernels {
  gpu.func @named(%a: memref<?xf32> loc("encoder.query.weight"), %b: memref<?xf32> loc("var"), %c: memref<?xf32> loc("max"), %d: memref<?xf32> loc("1st"), %e: memref<?xf32> loc("x"), %f: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %a[%i] : memref<?xf32>
    memref.store %v, %b[%i] : memref<?xf32>
    memref.store %v, %c[%i] : memref<?xf32>
    memref.store %v, %d[%i] : memref<?xf32>
    memref.store %v, %e[%i] : memref<?xf32>
    memref.store %v, %f[%i] : memref<?xf32>
    gpu.return
  }
}
