gpu.module @kernels {
  gpu.func @sum(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %lane = gpu.lane_id
    %c1 = arith.constant 1 : i32
    %w = arith.constant 32 : i32
    %a = memref.load %x[%lane] : memref<?xf32>
    %s = gpu.subgroup_reduce add %a uniform : (f32) -> f32
    %t, %ok = gpu.shuffle xor %s, %c1, %w : f32
    %r = arith.addf %t, %s : f32
    memref.store %r, %x[%lane] : memref<?xf32>
    gpu.return
  }
}
