// RUN: tapml-opt %s --tapml-lower-to-linalg | FileCheck %s

// CHECK-LABEL: func @to_boolean
//       CHECK:     arith.cmpi ne
//       CHECK:     arith.cmpf une
func.func @to_boolean(%x: tensor<?xi64>, %y: tensor<?xf32>) -> (tensor<?xi1>, tensor<?xi1>) {
  %0 = tapml.cast %x : tensor<?xi64> -> tensor<?xi1>
  %1 = tapml.cast %y : tensor<?xf32> -> tensor<?xi1>
  return %0, %1 : tensor<?xi1>, tensor<?xi1>
}

// CHECK-LABEL: func @from_boolean
//       CHECK:     arith.uitofp %{{.*}} : i1 to f32
//       CHECK:     arith.extui %{{.*}} : i1 to i64
func.func @from_boolean(%x: tensor<?xi1>) -> (tensor<?xf32>, tensor<?xi64>) {
  %0 = tapml.cast %x : tensor<?xi1> -> tensor<?xf32>
  %1 = tapml.cast %x : tensor<?xi1> -> tensor<?xi64>
  return %0, %1 : tensor<?xf32>, tensor<?xi64>
}

// CHECK-LABEL: func @between_integers
//       CHECK:     arith.extsi %{{.*}} : i32 to i64
//       CHECK:     arith.trunci %{{.*}} : i64 to i32
//       CHECK:     arith.sitofp %{{.*}} : i64 to f32
func.func @between_integers(%x: tensor<?xi32>) -> (tensor<?xi32>, tensor<?xf32>) {
  %0 = tapml.cast %x : tensor<?xi32> -> tensor<?xi64>
  %1 = tapml.cast %0 : tensor<?xi64> -> tensor<?xi32>
  %2 = tapml.cast %0 : tensor<?xi64> -> tensor<?xf32>
  return %1, %2 : tensor<?xi32>, tensor<?xf32>
}

// The conversion sees no value that the integer type cannot hold: 0x4EFFFFFF is
// the last float below 2^31, 0x4F000000 is 2^31.

// CHECK-LABEL: func @from_float_saturates
//       CHECK:   ^bb0(%[[X:.*]]: f32, %{{.*}}: i32):
//       CHECK:     %[[LOWEST:.*]] = arith.constant -2.14748365E+9 : f32
//       CHECK:     %[[RAISED:.*]] = arith.maximumf %[[X]], %[[LOWEST]]
//       CHECK:     %[[LAST:.*]] = arith.constant 2.14748352E+9 : f32
//       CHECK:     %[[CLAMPED:.*]] = arith.minimumf %[[RAISED]], %[[LAST]]
//       CHECK:     %[[NAN:.*]] = arith.cmpf uno, %[[X]], %[[X]]
//       CHECK:     %[[NUMBER:.*]] = arith.select %[[NAN]], %{{.*}}, %[[CLAMPED]]
//       CHECK:     %[[INTEGER:.*]] = arith.fptosi %[[NUMBER]] : f32 to i32
//       CHECK:     %[[BEYOND:.*]] = arith.cmpf oge, %[[X]], %{{.*}}
//       CHECK:     %[[LARGEST:.*]] = arith.constant 2147483647 : i32
//       CHECK:     arith.select %[[BEYOND]], %[[LARGEST]], %[[INTEGER]]
func.func @from_float_saturates(%x: tensor<?xf32>) -> tensor<?xi32> {
  %0 = tapml.cast %x : tensor<?xf32> -> tensor<?xi32>
  return %0 : tensor<?xi32>
}
