gpu.module @kernels {
  gpu.func @scale_rows(%arg0: memref<?xvector<4xf32>> loc("x"), %arg1: memref<?xf32> loc("factor"), %arg2: memref<?xvector<4xf32>> loc("y"), %arg3: index loc("rows"), %arg4: index loc("columns")) kernel attributes {known_block_size = array<i32: 8, 4, 1>, tapml.access = ["read", "read", "write"], tapml.instances = ["encoder.layer.0.scale", "encoder.layer.1.scale", "encoder.layer.2.scale"]} {
    %gx = gpu.block_id x
    %gy = gpu.block_id y
    %n = gpu.grid_dim x
    %lx = gpu.thread_id x
    %bx = gpu.block_dim x
    %g = arith.muli %gy, %n : index
    %g1 = arith.addi %g, %gx : index
    %first = arith.muli %g1, %bx : index
    %row = arith.addi %first, %lx : index loc("row")
    %inside = arith.cmpi ult, %row, %arg3 : index
    scf.if %inside {
      %at = arith.muli %row, %arg4 : index
      %v = memref.load %arg0[%at] : memref<?xvector<4xf32>>
      %f = memref.load %arg1[%row] : memref<?xf32>
      %b = vector.broadcast %f : f32 to vector<4xf32>
      %p = arith.mulf %v, %b : vector<4xf32>
      memref.store %p, %arg2[%at] : memref<?xvector<4xf32>>
    }
    gpu.return
  }
}
