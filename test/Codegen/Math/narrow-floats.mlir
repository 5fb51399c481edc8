// RUN: tapml-opt %s --tapml-narrow-floats=profile=lavapipe | FileCheck %s --check-prefixes=CHECK,LOOSE
// RUN: tapml-opt %s --tapml-narrow-floats=profile=vulkan-1.3-desktop | FileCheck %s --check-prefixes=CHECK,LOOSE
// RUN: tapml-opt %s --tapml-narrow-floats=profile=webgpu-f16-subgroups | FileCheck %s --check-prefixes=CHECK,LOOSE
// RUN: tapml-opt %s --tapml-narrow-floats=profile=metal | FileCheck %s --check-prefixes=CHECK,METAL
// RUN: tapml-opt %s --tapml-narrow-floats=profile=vulkan | FileCheck %s --check-prefix=WIDE
// RUN: tapml-opt %s --tapml-narrow-floats=profile=webgpu-subgroups | FileCheck %s --check-prefix=WIDE

// What is one operation between conversions is computed in f16; without that
// arithmetic all stays as it is.

// WIDE-NOT: {{(addf|subf|mulf|divf|sqrt|maximumf|minnumf|absf|negf|select|cmpf|broadcast).*f16}}

gpu.module @kernels {
  // CHECK-LABEL: gpu.func @rounding
  // CHECK: %[[X:.*]] = memref.load %{{.*}} : memref<?xf16>
  // CHECK: %[[Y:.*]] = memref.load %{{.*}} : memref<?xf16>
  // CHECK-NEXT: %[[A:.*]] = arith.addf %[[X]], %[[Y]] : f16
  // CHECK-NEXT: %[[S:.*]] = arith.subf %[[A]], %[[Y]] : f16
  // CHECK-NEXT: %[[M:.*]] = arith.mulf %[[S]], %[[X]] : f16
  // CHECK-NEXT: memref.store %[[M]]
  gpu.func @rounding(%x: memref<?xf16>, %y: memref<?xf16>) kernel {
    %i = gpu.thread_id x
    %x0 = memref.load %x[%i] : memref<?xf16>
    %y0 = memref.load %y[%i] : memref<?xf16>
    %a = arith.extf %x0 : f16 to f32
    %b = arith.extf %y0 : f16 to f32
    %0 = arith.addf %a, %b : f32
    %1 = arith.truncf %0 : f32 to f16
    %2 = arith.extf %1 : f16 to f32
    %3 = arith.subf %2, %b : f32
    %4 = arith.truncf %3 : f32 to f16
    %5 = arith.extf %4 : f16 to f32
    %6 = arith.mulf %5, %a : f32
    %7 = arith.truncf %6 : f32 to f16
    memref.store %7, %y[%i] : memref<?xf16>
    gpu.return
  }

  // Only Metal rounds quotients and roots correctly.
  // CHECK-LABEL: gpu.func @quotient
  // LOOSE: arith.divf {{.*}} : f32
  // LOOSE: math.sqrt {{.*}} : f32
  // METAL: %[[Q:.*]] = arith.divf {{.*}} : f16
  // METAL-NEXT: math.sqrt %[[Q]] : f16
  gpu.func @quotient(%x: memref<?xf16>, %y: memref<?xf16>) kernel {
    %i = gpu.thread_id x
    %x0 = memref.load %x[%i] : memref<?xf16>
    %y0 = memref.load %y[%i] : memref<?xf16>
    %a = arith.extf %x0 : f16 to f32
    %b = arith.extf %y0 : f16 to f32
    %0 = arith.divf %a, %b : f32
    %1 = arith.truncf %0 : f32 to f16
    %2 = arith.extf %1 : f16 to f32
    %3 = math.sqrt %2 : f32
    %4 = arith.truncf %3 : f32 to f16
    memref.store %4, %y[%i] : memref<?xf16>
    gpu.return
  }

  // What rounds nothing may come before the one operation, and be all there is.
  // CHECK-LABEL: gpu.func @exact
  // CHECK-DAG: %[[Z:.*]] = arith.constant dense<0.000000e+00> : vector<4xf16>
  // CHECK-DAG: %[[H:.*]] = arith.constant dense<5.000000e-01> : vector<4xf16>
  // CHECK: %[[V:.*]] = vector.load %{{.*}} : memref<?xf16>, vector<4xf16>
  // CHECK: %[[R:.*]] = arith.maximumf %[[V]], %[[Z]] : vector<4xf16>
  // CHECK: %[[W:.*]] = vector.broadcast %{{.*}} : f16 to vector<4xf16>
  // CHECK: %[[B:.*]] = math.absf %[[W]] : vector<4xf16>
  // CHECK: %[[N:.*]] = arith.negf %[[B]] : vector<4xf16>
  // CHECK: %[[S:.*]] = arith.addf %[[R]], %[[N]] : vector<4xf16>
  // CHECK: %[[C:.*]] = arith.cmpf olt, %[[S]], %[[H]] : vector<4xf16>
  // CHECK: %[[D:.*]] = arith.minnumf %[[S]], %[[V]] : vector<4xf16>
  // CHECK: arith.select %[[C]], %[[D]], %[[Z]] : vector<4xi1>, vector<4xf16>
  gpu.func @exact(%x: memref<?xf16>, %y: memref<?xf16>) kernel {
    %zero = arith.constant dense<0.0> : vector<4xf32>
    %half = arith.constant dense<0.5> : vector<4xf32>
    %i = gpu.thread_id x
    %v = vector.load %x[%i] : memref<?xf16>, vector<4xf16>
    %s = memref.load %y[%i] : memref<?xf16>
    %a = arith.extf %v : vector<4xf16> to vector<4xf32>
    %b = arith.extf %s : f16 to f32
    %w = vector.broadcast %b : f32 to vector<4xf32>
    %0 = arith.maximumf %a, %zero : vector<4xf32>
    %1 = math.absf %w : vector<4xf32>
    %2 = arith.negf %1 : vector<4xf32>
    %3 = arith.addf %0, %2 : vector<4xf32>
    %4 = arith.truncf %3 : vector<4xf32> to vector<4xf16>
    %5 = arith.extf %4 : vector<4xf16> to vector<4xf32>
    %6 = arith.cmpf olt, %5, %half : vector<4xf32>
    %7 = arith.minnumf %5, %a : vector<4xf32>
    %8 = arith.select %6, %7, %zero : vector<4xi1>, vector<4xf32>
    %9 = arith.truncf %8 : vector<4xf32> to vector<4xf16>
    vector.store %9, %y[%i] : memref<?xf16>, vector<4xf16>
    gpu.return
  }

  // Two operations are rounded once; a number that f16 does not hold, or holds as
  // a subnormal one, and an operand of f32 take part in f32.
  // CHECK-LABEL: gpu.func @stays
  // CHECK-NOT: {{(addf|mulf|maximumf).*f16}}
  // CHECK: gpu.return
  gpu.func @stays(%x: memref<?xf16>, %f: memref<?xf32>, %y: memref<?xf16>) kernel {
    %tenth = arith.constant 0.1 : f32
    %tiny = arith.constant 0x33800000 : f32
    %i = gpu.thread_id x
    %x0 = memref.load %x[%i] : memref<?xf16>
    %g = memref.load %f[%i] : memref<?xf32>
    %a = arith.extf %x0 : f16 to f32
    %0 = arith.mulf %a, %a : f32
    %1 = arith.addf %0, %a : f32
    %2 = arith.truncf %1 : f32 to f16
    memref.store %2, %y[%i] : memref<?xf16>
    %3 = arith.mulf %a, %tenth : f32
    %4 = arith.truncf %3 : f32 to f16
    memref.store %4, %y[%i] : memref<?xf16>
    %5 = arith.mulf %a, %g : f32
    %6 = arith.truncf %5 : f32 to f16
    memref.store %6, %y[%i] : memref<?xf16>
    %7 = arith.addf %a, %tiny : f32
    %8 = arith.truncf %7 : f32 to f16
    memref.store %8, %y[%i] : memref<?xf16>
    %9 = arith.maximumf %a, %g : f32
    %10 = arith.truncf %9 : f32 to f16
    memref.store %10, %y[%i] : memref<?xf16>
    gpu.return
  }

  // What is used in f32 as well is computed there, once.
  // CHECK-LABEL: gpu.func @used_twice
  // CHECK-NOT: {{addf.*f16}}
  // CHECK: %[[S:.*]] = arith.addf {{.*}} : f32
  // CHECK: arith.truncf %[[S]]
  // CHECK: memref.store %[[S]], %{{.*}} : memref<?xf32>
  gpu.func @used_twice(%x: memref<?xf16>, %f: memref<?xf32>, %y: memref<?xf16>) kernel {
    %i = gpu.thread_id x
    %x0 = memref.load %x[%i] : memref<?xf16>
    %a = arith.extf %x0 : f16 to f32
    %0 = arith.addf %a, %a : f32
    %1 = arith.truncf %0 : f32 to f16
    memref.store %1, %y[%i] : memref<?xf16>
    memref.store %0, %f[%i] : memref<?xf32>
    gpu.return
  }

  // Sums are accumulated in f32.
  // CHECK-LABEL: gpu.func @sum
  // CHECK: scf.for {{.*}} -> (f32)
  // CHECK: arith.extf
  // CHECK: arith.addf {{.*}} : f32
  // CHECK: arith.truncf
  gpu.func @sum(%x: memref<?xf16>, %y: memref<?xf16>, %n: index) kernel {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %0 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f32) {
      %x0 = memref.load %x[%i] : memref<?xf16>
      %a = arith.extf %x0 : f16 to f32
      %t = arith.addf %s, %a : f32
      scf.yield %t : f32
    }
    %1 = arith.truncf %0 : f32 to f16
    memref.store %1, %y[%c0] : memref<?xf16>
    gpu.return
  }
}
