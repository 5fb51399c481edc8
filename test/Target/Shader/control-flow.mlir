gpu.module @kernels {
  gpu.func @swap(%x: memref<?xf32> loc("x"), %n: index loc("n")) kernel attributes {known_block_size = array<i32: 1, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %a = memref.load %x[%c0] : memref<?xf32>
    %b = memref.load %x[%c1] : memref<?xf32>
    %r:3 = scf.for unsigned %i = %c0 to %n step %c1 iter_args(%p = %a, %q = %b, %s = %a) -> (f32, f32, f32) {
      %t = arith.addf %s, %p : f32
      scf.yield %q, %p, %t : f32, f32, f32
    }
    memref.store %r#0, %x[%c0] : memref<?xf32>
    memref.store %r#2, %x[%c1] : memref<?xf32>
    gpu.return
  }
  gpu.func @choose(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : i32
    %c7 = arith.constant 7 : i32
    %v = memref.load %x[%i] : memref<?xi32>
    %neg = arith.cmpi slt, %v, %c0 : i32
    %r = scf.if %neg -> (i32) {
      %d = arith.divsi %v, %c7 : i32
      scf.yield %d : i32
    } else {
      %m = arith.muli %v, %v : i32
      scf.yield %m : i32
    }
    memref.store %r, %x[%i] : memref<?xi32>
    gpu.return
  }
  gpu.func @collatz(%x: memref<?xi32> loc("x")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %c0 = arith.constant 0 : i32
    %c1 = arith.constant 1 : i32
    %c2 = arith.constant 2 : i32
    %c3 = arith.constant 3 : i32
    %v = memref.load %x[%i] : memref<?xi32>
    %r:2 = scf.while (%n = %v, %k = %c0) : (i32, i32) -> (i32, i32) {
      %go = arith.cmpi ugt, %n, %c1 : i32
      %twice = arith.addi %k, %k : i32
      scf.condition(%go) %n, %twice : i32, i32
    } do {
    ^bb0(%n: i32, %k: i32):
      %odd = arith.andi %n, %c1 : i32
      %isodd = arith.cmpi ne, %odd, %c0 : i32
      %h = arith.shrui %n, %c1 : i32
      %t = arith.muli %n, %c3 : i32
      %u = arith.addi %t, %c1 : i32
      %next = arith.select %isodd, %u, %h : i32
      %k1 = arith.addi %k, %c1 : i32
      scf.yield %next, %k1 : i32, i32
    }
    memref.store %r#1, %x[%i] : memref<?xi32>
    gpu.return
  }
  gpu.func @pick(%x: memref<?xf32> loc("x"), %w: index loc("way")) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf32>
    %r = scf.index_switch %w -> f32
    case 2 {
      %s = math.sqrt %v : f32
      scf.yield %s : f32
    }
    case -1 {
      scf.yield %v : f32
    }
    default {
      %n = arith.negf %v : f32
      scf.yield %n : f32
    }
    memref.store %r, %x[%i] : memref<?xf32>
    gpu.return
  }
}
