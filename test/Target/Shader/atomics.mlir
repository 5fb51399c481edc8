gpu.module @kernels {
  gpu.func @count(%x: memref<?xi32> loc("x"), %bins: memref<16xi32> loc("bins")) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "readwrite"]} {
    %i = gpu.thread_id x
    %c1 = arith.constant 1 : i32
    %k = memref.load %x[%i] : memref<?xi32>
    %at = arith.index_castui %k : i32 to index
    %old = memref.atomic_rmw addi %c1, %bins[%at] : (i32, memref<16xi32>) -> i32
    %m = memref.atomic_rmw maxu %old, %bins[%i] : (i32, memref<16xi32>) -> i32
    %now = memref.load %bins[%at] : memref<16xi32>
    memref.store %now, %bins[%i] : memref<16xi32>
    gpu.return
  }
}
