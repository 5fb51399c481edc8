// RUN: tapml-opt %s --tapml-legalize-shader=profile=webgpu-f16-subgroups --canonicalize | FileCheck %s

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @maximum
  gpu.func @maximum(%x: memref<?xf32>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    // CHECK: %[[A:.*]] = memref.load %arg0
    %a = memref.load %x[%i] : memref<?xf32>
    // CHECK: %[[B:.*]] = memref.load %arg1
    %b = memref.load %y[%i] : memref<?xf32>
    // The larger; NaN if either is, as the first operand decides where the
    // comparison does not.
    // CHECK: %[[WINS:.*]] = arith.cmpf ogt, %[[A]], %[[B]]
    // CHECK: %[[M:.*]] = arith.select %[[WINS]], %[[A]], %[[B]]
    // CHECK: %[[BITS:.*]] = arith.bitcast %[[A]] : f32 to i32
    // CHECK: %[[MAGNITUDE:.*]] = arith.andi %[[BITS]], %c2147483647_i32
    // CHECK: %[[NAN:.*]] = arith.cmpi ugt, %[[MAGNITUDE]], %c2139095040_i32
    // CHECK: arith.select %[[NAN]], %[[A]], %[[M]]
    %m = arith.maximumf %a, %b : f32
    memref.store %m, %x[%i] : memref<?xf32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @minnum
  gpu.func @minnum(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %two = arith.constant 2.0 : f32
    // CHECK: %[[A:.*]] = memref.load
    %a = memref.load %x[%i] : memref<?xf32>
    // A constant is a number, so nothing asks whether it is NaN.
    // CHECK: %[[WINS:.*]] = arith.cmpf olt, %[[A]], %[[TWO:.*]] : f32
    // CHECK: %[[M:.*]] = arith.select %[[WINS]], %[[A]], %[[TWO]]
    // CHECK-NEXT: memref.store %[[M]]
    %m = arith.minnumf %a, %two : f32
    memref.store %m, %x[%i] : memref<?xf32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @unordered
  gpu.func @unordered(%x: memref<?xf32>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %two = arith.constant 2.0 : f32
    %a = memref.load %x[%i] : memref<?xf32>
    // CHECK: %[[GE:.*]] = arith.cmpf oge
    // CHECK: %[[LT:.*]] = arith.xori %[[GE]], %true
    %c = arith.cmpf ult, %a, %two : f32
    // CHECK: arith.cmpi ugt
    %n = arith.cmpf une, %a, %a : f32
    // CHECK: %[[L:.*]] = arith.cmpf olt
    // CHECK: %[[G:.*]] = arith.cmpf ogt
    // CHECK: arith.ori %[[L]], %[[G]]
    %d = arith.cmpf one, %a, %two : f32
    // CHECK: %[[EQ:.*]] = arith.cmpf oeq
    // CHECK: arith.xori %[[EQ]], %true
    %o = arith.cmpf une, %a, %two : f32
    %e = arith.andi %c, %n : i1
    %f = arith.andi %e, %d : i1
    %g = arith.andi %f, %o : i1
    %r = arith.extui %g : i1 to i32
    memref.store %r, %y[%i] : memref<?xi32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @to_integer
  gpu.func @to_integer(%x: memref<?xf32>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    // CHECK: %[[A:.*]] = memref.load
    %a = memref.load %x[%i] : memref<?xf32>
    // Only what is in range is converted; zero where it is not, and then the
    // limits are put in.
    // CHECK: %[[SMALL:.*]] = arith.cmpf olt, %[[A]]
    // CHECK: %[[LARGE:.*]] = arith.cmpf oge, %[[A]]
    // CHECK: %[[ABOVE:.*]] = arith.cmpf ogt, %[[A]]
    // CHECK: %[[IN:.*]] = arith.andi %[[SMALL]], %[[ABOVE]]
    // CHECK: %[[SAFE:.*]] = arith.select %[[IN]], %[[A]], %{{.*}} : f32
    // CHECK: %[[C:.*]] = arith.fptosi %[[SAFE]] {tapml.in_range} : f32 to i32
    // CHECK: %[[TOP:.*]] = arith.select %[[LARGE]], %c2147483647_i32, %[[C]]
    // CHECK: %[[LOW:.*]] = arith.cmpf ole, %[[A]]
    // CHECK: arith.select %[[LOW]], %c-2147483648_i32, %[[TOP]]
    %r = arith.fptosi %a : f32 to i32
    memref.store %r, %y[%i] : memref<?xi32>
    gpu.return
  }
  // CHECK-LABEL: gpu.func @in_range
  gpu.func @in_range(%x: memref<?xf32>, %y: memref<?xi32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    // CHECK: %[[A:.*]] = memref.load
    %a = memref.load %x[%i] : memref<?xf32>
    // CHECK-NEXT: arith.fptosi %[[A]] {tapml.in_range}
    %r = arith.fptosi %a {tapml.in_range} : f32 to i32
    memref.store %r, %y[%i] : memref<?xi32>
    gpu.return
  }
  // WGSL refuses a text that has these, even where they never run.
  // CHECK-LABEL: gpu.func @constants
  gpu.func @constants(%x: memref<?xvector<2xf32>>, %y: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    // CHECK-DAG: %[[INFINITY:.*]] = arith.constant 0x7F800000 : f32
    // CHECK-DAG: %[[ROOTS:.*]] = arith.constant dense<[0x{{[7F]}}FC00000, 2.000000e+00]> : vector<2xf32>
    // CHECK-NOT: math.sqrt
    // CHECK-NOT: arith.truncf
    // CHECK: memref.store %[[ROOTS]]
    // CHECK: memref.store %[[INFINITY]]
    %i = gpu.thread_id x
    %values = arith.constant dense<[-1.0, 4.0]> : vector<2xf32>
    %roots = math.sqrt %values : vector<2xf32>
    memref.store %roots, %x[%i] : memref<?xvector<2xf32>>
    %large = arith.constant 1.0e30 : f32
    %half = arith.truncf %large : f32 to f16
    %wide = arith.extf %half : f16 to f32
    memref.store %wide, %y[%i] : memref<?xf32>
    gpu.return
  }
  // WGSL has no integers of 16 bits for the sign of a half.
  // CHECK-LABEL: gpu.func @half_sign
  gpu.func @half_sign(%x: memref<?xf16>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %i = gpu.thread_id x
    %one = arith.constant 1.0 : f16
    // CHECK: %[[A:.*]] = memref.load
    %a = memref.load %x[%i] : memref<?xf16>
    // CHECK: %[[WIDE:.*]] = arith.extf %[[A]] : f16 to f32
    // CHECK: %[[BITS:.*]] = arith.bitcast %[[WIDE]] : f32 to i32
    // CHECK: arith.andi %[[BITS]], %c-2147483648_i32
    // CHECK: arith.truncf %{{.*}} : f32 to f16
    %b = math.copysign %one, %a : f16
    memref.store %b, %x[%i] : memref<?xf16>
    gpu.return
  }
}
