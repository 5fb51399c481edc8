gpu.module @kernels {
  gpu.func @load_before_store(%x: memref<?xf32> loc("x"), %y: memref<?xf32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f32
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %y[%i] : memref<?xf32>
    memref.store %one, %x[%i] : memref<?xf32>
    %c = arith.addf %a, %b : f32
    memref.store %c, %y[%i] : memref<?xf32>
    gpu.return
  }
  gpu.func @not_into_loop(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%i] : memref<?xf32>
    %s = math.sqrt %a : f32
    %bound = arith.addi %n, %i : index
    scf.for unsigned %j = %c0 to %bound step %c1 {
      memref.store %s, %x[%j] : memref<?xf32>
    }
    gpu.return
  }
}
