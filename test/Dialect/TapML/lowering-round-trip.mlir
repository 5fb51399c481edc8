// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// Options that have their default value are left out, whichever follow.

// CHECK-LABEL: func.func @options
func.func @options() attributes {
    // CHECK-SAME: a = #tapml.config<elementwise, tile = [1, 1], workgroup = [1, 1, 1]>
    a = #tapml.config<elementwise, tile = [1, 1], workgroup = [1, 1, 1], vector = 1>,
    // CHECK-SAME: b = #tapml.config<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [8]>
    b = #tapml.config<elementwise, tile = [1, 4], workgroup = [64, 1, 1], vector = 4, at_least = [8]>,
    // CHECK-SAME: c = #tapml.config<row_reduction, tile = [1, 1], workgroup = [64, 1, 1], at_least = [0, 33]>
    c = #tapml.config<row_reduction, tile = [1, 1], workgroup = [64, 1, 1], at_least = [0, 33]>,
    // CHECK-SAME: d = #tapml.config<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], subgroup = 8>
    d = #tapml.config<row_reduction, tile = [1, 4], workgroup = [64, 1, 1], subgroup = 8>} {
  return
}
