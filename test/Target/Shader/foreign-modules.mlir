// RUN: tapml-opt %s --tapml-to-legal-shader=profile=webgpu -o %t.webgpu.mlir
// RUN: tapml-translate %t.webgpu.mlir --tapml-to-wgsl | FileCheck %s --check-prefix=WGSL
// RUN: tapml-opt %s --tapml-to-legal-shader=profile=metal -o %t.metal.mlir
// RUN: tapml-translate %t.metal.mlir --tapml-to-msl -o %t.metal
// RUN: FileCheck %s --check-prefix=MSL --input-file=%t.metal
// RUN: tapml-metal-stand-in %t.metal

// What modules hold that did not come from TapML.

gpu.module @kernels {
  memref.global "private" constant @bytes : memref<4xi8> = dense<[1, 2, -3, 4]>
  memref.global "private" constant @words : memref<4xi32> = dense<[1, -2, 3, 4]>
  memref.global "private" constant @special : memref<3xf32> = dense<[0x7F800000, 0x7FC00000, 1.0]>

  // Functions whose types the language lacks are no functions there.
  func.func private @twice(%x: i8) -> i8 {
    %0 = arith.addi %x, %x : i8
    return %0 : i8
  }
  func.func private @pair(%x: f32) -> (f32, f32) {
    %0 = arith.negf %x : f32
    return %x, %0 : f32, f32
  }

  // The memory of a workgroup is no argument.
  // WGSL:      @group(0) @binding(0) var<storage, read_write> {{.*}}: array<i32>;
  // WGSL-NEXT: var<workgroup> [[SHARED:.*]]: array<array<i32, 2>, 32>;
  // WGSL-EMPTY:
  // WGSL-NEXT: @compute @workgroup_size(32)
  // WGSL-NEXT: fn attributions(
  // WGSL:        var {{.*}}: array<i32, 4>;
  // MSL:       kernel void attributions(
  // MSL-NEXT:    device int *{{.*}} {{\[\[}}buffer(0)]],
  // MSL-NEXT:    uint3 local
  // MSL:         threadgroup int {{.*}}[32][2];
  gpu.func @attributions(%a: memref<?xi32>)
      workgroup(%shared: memref<32x2xi32, #gpu.address_space<workgroup>>)
      private(%own: memref<4xi32, #gpu.address_space<private>>)
      kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c1 = arith.constant 1 : index
    %0 = memref.load %a[%t] : memref<?xi32>
    memref.store %0, %shared[%t, %c1] : memref<32x2xi32, #gpu.address_space<workgroup>>
    gpu.barrier
    %1 = memref.load %shared[%c1, %c1] : memref<32x2xi32, #gpu.address_space<workgroup>>
    memref.store %1, %own[%c1] : memref<4xi32, #gpu.address_space<private>>
    %2 = memref.load %own[%c1] : memref<4xi32, #gpu.address_space<private>>
    memref.store %2, %a[%t] : memref<?xi32>
    gpu.return
  }

  // C computes with 32 bits what has 8; the result is cut before it is used.
  // WGSL: fn bytes_add(
  // WGSL: & 255
  // MSL: kernel void bytes_add(
  // MSL: = int(char({{.*}} + {{.*}}));
  gpu.func @bytes_add(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %0 = memref.load %a[%t] : memref<?xi32>
    %1 = arith.trunci %0 : i32 to i8
    %2 = arith.addi %1, %1 : i8
    %3 = arith.extsi %2 : i8 to i32
    memref.store %3, %a[%t] : memref<?xi32>
    gpu.return
  }

  // Overloads need the type of a byte.
  // MSL: kernel void bytes_min(
  // MSL: min({{.*}}, char(5))
  gpu.func @bytes_min(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c5 = arith.constant 5 : i8
    %0 = memref.load %a[%t] : memref<?xi32>
    %1 = arith.trunci %0 : i32 to i8
    %2 = arith.minsi %1, %c5 : i8
    %3 = arith.extsi %2 : i8 to i32
    memref.store %3, %a[%t] : memref<?xi32>
    gpu.return
  }

  // An arithmetic shift, and divisions that round, of bytes.
  // WGSL: fn bytes_shift(
  gpu.func @bytes_shift(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c3 = arith.constant 3 : i8
    %0 = memref.load %a[%t] : memref<?xi32>
    %1 = arith.trunci %0 : i32 to i8
    %2 = arith.shrsi %1, %c3 : i8
    %3 = arith.ceildivsi %2, %c3 : i8
    %4 = arith.floordivsi %3, %c3 : i8
    %5 = arith.extsi %4 : i8 to i32
    memref.store %5, %a[%t] : memref<?xi32>
    gpu.return
  }

  // What is undefined may be there, if it never runs; WGSL refuses the text.
  // WGSL: fn undefined(
  // WGSL-NOT: {{/|%|<<}}
  // WGSL: }
  // MSL: kernel void undefined(
  gpu.func @undefined(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : i32
    %c32 = arith.constant 32 : i32
    %0 = memref.load %a[%t] : memref<?xi32>
    %1 = arith.divsi %0, %c0 : i32
    %2 = arith.shli %1, %c32 : i32
    memref.store %2, %a[%t] : memref<?xi32>
    gpu.return
  }

  // Two integers of 16 bits are one word where there are no others.
  // WGSL: @group(0) @binding(0) var<storage, read_write> {{.*}}: array<atomic<u32>>;
  // WGSL: fn shorts(
  // MSL: device short *
  gpu.func @shorts(%a: memref<?xi16>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %0 = memref.load %a[%t] : memref<?xi16>
    %1 = arith.muli %0, %0 : i16
    memref.store %1, %a[%t] : memref<?xi16>
    gpu.return
  }

  // Loops and branches carry wide vectors in parts.
  // WGSL: fn carries(
  // WGSL: var [[A:.*]] = vec4f(0.0);
  // WGSL: var [[B:.*]] = vec4f(0.0);
  // WGSL: for (
  // MSL: kernel void carries(
  gpu.func @carries(%x: memref<?xf32>, %n: index) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant dense<0.0> : vector<8xf32>
    %sum = scf.for %i = %c0 to %n step %c8 iter_args(%s = %zero) -> vector<8xf32> {
      %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
      %next = arith.addf %s, %v : vector<8xf32>
      scf.yield %next : vector<8xf32>
    }
    %is = arith.cmpi eq, %n, %c8 : index
    %r = scf.if %is -> vector<8xf32> {
      %negated = arith.negf %sum : vector<8xf32>
      scf.yield %negated : vector<8xf32>
    } else {
      scf.yield %sum : vector<8xf32>
    }
    vector.store %r, %x[%c0] : memref<?xf32>, vector<8xf32>
    gpu.return
  }

  // One order decides the sign; updates of bits take either.
  // WGSL: var<workgroup> [[ORDERED:.*]]: array<atomic<i32>, 32>;
  // WGSL: fn ordered(
  // WGSL: atomicOr(&[[ORDERED]][
  // WGSL: atomicMax(&[[ORDERED]][
  gpu.func @ordered(%a: memref<?xi32>) workgroup(%w: memref<32xi32, #gpu.address_space<workgroup>>)
      kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %0 = memref.load %a[%t] : memref<?xi32>
    memref.store %0, %w[%t] : memref<32xi32, #gpu.address_space<workgroup>>
    gpu.barrier
    %1 = memref.atomic_rmw ori %0, %w[%c0] : (i32, memref<32xi32, #gpu.address_space<workgroup>>) -> i32
    %2 = memref.atomic_rmw xori %0, %w[%c0] : (i32, memref<32xi32, #gpu.address_space<workgroup>>) -> i32
    %3 = memref.atomic_rmw maxs %0, %w[%c0] : (i32, memref<32xi32, #gpu.address_space<workgroup>>) -> i32
    gpu.return
  }

  // Arrays that are no buffers hold booleans.
  // WGSL: fn flags(
  // WGSL: var {{.*}}: array<bool, 4>;
  gpu.func @flags(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>} {
    %t = gpu.thread_id x
    %flags = memref.alloca() : memref<4xi1>
    %0 = memref.load %a[%t] : memref<?xi32>
    %1 = arith.trunci %0 : i32 to i1
    memref.store %1, %flags[%t] : memref<4xi1>
    %2 = memref.load %flags[%t] : memref<4xi1>
    %3 = arith.extui %2 : i1 to i32
    memref.store %3, %a[%t] : memref<?xi32>
    gpu.return
  }

  // The elements of a table are signed, whatever is done with them.
  // WGSL: fn unsigned_reads(
  // WGSL: u32(words[{{.*}}])
  gpu.func @unsigned_reads(%a: memref<?xi32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>} {
    %t = gpu.thread_id x
    %words = memref.get_global @words : memref<4xi32>
    %0 = memref.load %words[%t] : memref<4xi32>
    %1 = memref.load %a[%t] : memref<?xi32>
    %2 = arith.divui %0, %1 : i32
    memref.store %2, %a[%t] : memref<?xi32>
    gpu.return
  }

  // Tables of bytes, and of values that have no literals; arrays without an
  // address space; vectors in arrays.
  // WGSL: fn tables(
  // MSL: kernel void tables(
  gpu.func @tables(%a: memref<?xi32>, %x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 4, 1, 1>} {
    %t = gpu.thread_id x
    %c0 = arith.constant 0 : index
    %bytes = memref.get_global @bytes : memref<4xi8>
    %special = memref.get_global @special : memref<3xf32>
    %0 = memref.load %bytes[%t] : memref<4xi8>
    %1 = func.call @twice(%0) : (i8) -> i8
    %own = memref.alloca() : memref<4xi8>
    memref.store %1, %own[%t] : memref<4xi8>
    %2 = memref.load %own[%c0] : memref<4xi8>
    %3 = arith.extsi %2 : i8 to i32
    memref.store %3, %a[%t] : memref<?xi32>
    %4 = memref.load %special[%t] : memref<3xf32>
    %5:2 = func.call @pair(%4) : (f32) -> (f32, f32)
    %6 = arith.addf %5#0, %5#1 : f32
    %row = memref.alloca() : memref<8xf32>
    %v = vector.broadcast %6 : f32 to vector<4xf32>
    vector.store %v, %row[%t] : memref<8xf32>, vector<4xf32>
    %7 = memref.load %row[%t] : memref<8xf32>
    memref.store %7, %x[%t] : memref<?xf32>
    gpu.return
  }
}
