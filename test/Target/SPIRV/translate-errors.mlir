// RUN: not tapml-translate %s --tapml-binary-to-spirv 2>&1 | FileCheck %s

// CHECK: error: no 'tapml.binary' of format 'spirv' here
tapml.global @weight : tensor<4xf32>
