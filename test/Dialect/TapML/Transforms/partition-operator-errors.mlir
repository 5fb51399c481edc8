// RUN: tapml-opt %s --tapml-partition='plan-json={"version":1,"rules":[{"match":{"op":"acme.square"},"place":"vulkan","unsupported":"error"}],"default":"host"} targets=vulkan' --split-input-file --verify-diagnostics

// What an operator of other IR needs is seen in its region.

func.func @forward(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+2 {{'tapml.operator' is not supported on profile 'vulkan': computes in i64, the profile lacks 'int64'}}
  // expected-note @+1 {{requested by rule 1}}
  %0 = tapml.operator "acme.square" ins(%x : tensor<8xf32>) attributes {instance = ["wide"]} -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %e = tensor.empty() : tensor<8xf32>
    %1 = linalg.map ins(%a : tensor<8xf32>) outs(%e : tensor<8xf32>) (%v: f32, %o: f32) {
      %i = arith.fptosi %v : f32 to i64
      %f = arith.sitofp %i : i64 to f32
      linalg.yield %f : f32
    }
    tapml.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}

// -----

func.func @forward(%x: tensor<8xf32>) -> tensor<8xf32> {
  // expected-error @+2 {{'tapml.operator' is not supported on profile 'vulkan': holds 'tosa.const', which is not lowered; convert it to linalg first}}
  // expected-note @+1 {{requested by rule 1}}
  %0 = tapml.operator "acme.square" ins(%x : tensor<8xf32>) attributes {instance = ["tosa"]} -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
    %1 = tosa.negate %a, %z, %z : (tensor<8xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<8xf32>
    tapml.yield %1 : tensor<8xf32>
  }
  return %0 : tensor<8xf32>
}
