// RUN: tapml-opt %s --tapml-expand-math | FileCheck %s
// RUN: tapml-opt %s --tapml-expand-math=fma=true | FileCheck %s --check-prefix=FMA

// Vectors stay vectors; no function is left, and no fma without the option.
// CHECK-LABEL: func @vector_of_four
// CHECK-NOT: math.exp
// CHECK-NOT: math.fma
// CHECK: arith.fptosi %{{.*}} : vector<4xf32> to vector<4xi32>
// CHECK: arith.select %{{.*}} : vector<4xi1>, vector<4xf32>
// FMA-LABEL: func @vector_of_four
// FMA: math.fma %{{.*}} : vector<4xf32>
func.func @vector_of_four(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.exp %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// CHECK-LABEL: func @every_function
// CHECK-NOT: math.{{exp|exp2|log|tanh|erf|sin|cos|rsqrt|trunc|powf}}
// CHECK: return
func.func @every_function(%x: f32, %y: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.exp2 %0 : f32
  %2 = math.log %1 : f32
  %3 = math.tanh %2 : f32
  %4 = math.erf %3 : f32
  %5 = math.sin %4 : f32
  %6 = math.cos %5 : f32
  %7 = math.rsqrt %6 : f32
  %8 = math.trunc %7 : f32
  %9 = math.powf %8, %y : f32
  return %9 : f32
}

// What every language has, and other types, stay.
// CHECK-LABEL: func @kept
// CHECK: math.floor
// CHECK: math.sqrt
// CHECK: math.exp %{{.*}} : f64
func.func @kept(%x: f32, %y: f64) -> (f32, f64) {
  %0 = math.floor %x : f32
  %1 = math.sqrt %0 : f32
  %2 = math.exp %y : f64
  return %1, %2 : f32, f64
}

// The function may be of any kind.
// CHECK-LABEL: gpu.func @kernel
// CHECK-NOT: math.tanh
gpu.module @kernels {
  gpu.func @kernel(%b: memref<?xf32>) kernel {
    %i = gpu.thread_id x
    %x = memref.load %b[%i] : memref<?xf32>
    %y = math.tanh %x : f32
    memref.store %y, %b[%i] : memref<?xf32>
    gpu.return
  }
}

// Functions of halves are those of floats, rounded.
// CHECK-LABEL: func @half
// CHECK: %[[WIDE:.*]] = arith.extf %{{.*}} : vector<4xf16> to vector<4xf32>
// CHECK-NOT: math.{{exp|trunc}}
// CHECK: %[[H:.*]] = arith.truncf %{{.*}} : vector<4xf32> to vector<4xf16>
// CHECK: arith.extf %[[H]]
// CHECK: arith.truncf
// CHECK: return
func.func @half(%x: vector<4xf16>) -> vector<4xf16> {
  %0 = math.exp %x : vector<4xf16>
  %1 = math.trunc %0 : vector<4xf16>
  return %1 : vector<4xf16>
}
