// RUN: tapml-opt %s --split-input-file --tapml-partition='summary=false' --verify-diagnostics

func.func @same_instance(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note @below {{the other operator is here}}
  %0 = tapml.exp %x {instance = ["layer.0", "a"]} : tensor<4xf32>
  // expected-error @below {{instance "layer.0" is given to two operators of @same_instance, 'tapml.exp' and 'tapml.neg'; each needs an identity of its own}}
  %1 = tapml.neg %0 {instance = ["b", "layer.0"]} : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @entry(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @private(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
func.func private @private(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{'tapml.exp' is in @private, which is private; only public functions are graphs: inline it first}}
  %0 = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @nested(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  %0 = scf.if %c -> tensor<4xf32> {
    // expected-error @below {{'tapml.exp' is inside 'scf.if'; operators must stand at the top of their graph}}
    %1 = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
    scf.yield %1 : tensor<4xf32>
  } else {
    scf.yield %x : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// expected-error @below {{graph @blocks has control flow between blocks; a graph is one block}}
func.func @blocks(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tapml.exp %x {instance = ["exp"]} : tensor<4xf32>
  cf.br ^end
^end:
  return %0 : tensor<4xf32>
}
