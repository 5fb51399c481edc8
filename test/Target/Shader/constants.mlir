gpu.module @kernels {
  gpu.func @floats(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %inf = arith.constant 0x7F800000 : f32
    %ninf = arith.constant 0xFF800000 : f32
    %nan = arith.constant 0x7FC00000 : f32
    %one = arith.constant 1.0 : f32
    %tiny = arith.constant 1.0e-12 : f32
    %large = arith.constant 3.40282347E+38 : f32
    memref.store %inf, %x[%c0] : memref<?xf32>
    memref.store %ninf, %x[%c1] : memref<?xf32>
    memref.store %nan, %x[%c2] : memref<?xf32>
    memref.store %one, %x[%c3] : memref<?xf32>
    memref.store %tiny, %x[%c4] : memref<?xf32>
    memref.store %large, %x[%c5] : memref<?xf32>
    gpu.return
  }
  gpu.func @integers(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xi32>
    %min = arith.constant -2147483648 : i32
    %m = arith.constant 0x7fffffff : i32
    %s = arith.maxsi %a, %min : i32
    %lo = arith.divsi %s, %m : i32
    memref.store %lo, %x[%c1] : memref<?xi32>
    gpu.return
  }
}
