gpu.module @kernels {
  memref.global "private" constant @table : memref<2x3xf32> = dense<[[0.5, 1.0, 1.5], [2.0, 2.5, 3.0]]>
  gpu.func @tile(%x: memref<?xf32> loc("x")) kernel attributes {known_block_size = array<i32: 16, 16, 1>} {
    %i = gpu.thread_id x
    %j = gpu.thread_id y
    %c1 = arith.constant 1 : index
    %tile = memref.alloc() : memref<16x16xf32, #gpu.address_space<workgroup>> loc("tile")
    %own = memref.alloca() : memref<4xf32, #gpu.address_space<private>> loc("own")
    %t = memref.get_global @table : memref<2x3xf32>
    %a = memref.load %x[%i] : memref<?xf32>
    memref.store %a, %tile[%i, %j] : memref<16x16xf32, #gpu.address_space<workgroup>>
    gpu.barrier
    %b = memref.load %tile[%j, %i] : memref<16x16xf32, #gpu.address_space<workgroup>>
    memref.store %b, %own[%c1] : memref<4xf32, #gpu.address_space<private>>
    %c = memref.load %t[%c1, %c1] : memref<2x3xf32>
    %d = memref.load %own[%c1] : memref<4xf32, #gpu.address_space<private>>
    %e = arith.mulf %c, %d : f32
    memref.store %e, %x[%i] : memref<?xf32>
    gpu.return
  }
}
