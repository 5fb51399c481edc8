gpu.module @kernels {
  func.func private @twice(%a: f32 loc("a"), %n: i32 loc("n")) -> f32 {
    %s = arith.uitofp %n : i32 to f32
    %r = arith.mulf %a, %s : f32
    return %r : f32
  }
  gpu.func @apply(%x: memref<?xf32> loc("x"), %y: memref<?xi32> loc("y")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %i = gpu.thread_id x
    %a = memref.load %x[%i] : memref<?xf32>
    %n = memref.load %y[%i] : memref<?xi32>
    %r = func.call @twice(%a, %n) : (f32, i32) -> f32
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
  gpu.func @unused(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}
