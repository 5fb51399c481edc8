gpu.module @kernels {
  gpu.func @parentheses(%x: memref<?xf32> loc("x"), %y: memref<?xi32> loc("y")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xf32>
    %b = memref.load %x[%c1] : memref<?xf32>
    %ab = arith.addf %a, %b : f32
    %aab = arith.subf %a, %ab : f32
    %m = arith.mulf %aab, %ab : f32
    %d = arith.divf %m, %m : f32
    %n = arith.negf %d : f32
    %e = arith.subf %b, %n : f32
    memref.store %e, %x[%i] : memref<?xf32>
    %k = memref.load %y[%i] : memref<?xi32>
    %c3 = arith.constant 3 : i32
    %s = arith.addi %k, %c3 : i32
    %l = arith.shli %s, %c3 : i32
    %o = arith.ori %l, %k : i32
    %an = arith.andi %o, %s : i32
    %lt = arith.cmpi slt, %an, %k : i32
    %f = arith.cmpf olt, %a, %b : f32
    %both = arith.andi %lt, %f : i1
    %neither = arith.cmpi eq, %k, %c3 : i32
    %any = arith.ori %both, %neither : i1
    %true = arith.constant true
    %not = arith.xori %any, %true : i1
    %r = arith.select %not, %k, %c3 : i32
    memref.store %r, %y[%i] : memref<?xi32>
    gpu.return
  }
}
