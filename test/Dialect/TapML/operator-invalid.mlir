// RUN: tapml-opt %s --split-input-file --verify-diagnostics

func.func @name(%x: tensor<4xf32>) {
  // expected-error @+1 {{needs a name}}
  %0 = tapml.operator "" ins(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    tapml.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @sizes(%x: tensor<?x?xf32>, %n: index) {
  // expected-error @+1 {{needs one size for each dynamic dimension of its results: 2, got 1}}
  %0 = tapml.operator "a" ins(%x : tensor<?x?xf32>) sizes(%n) -> tensor<?x?xf32> {
  ^bb0(%a: tensor<?x?xf32>):
    tapml.yield %a : tensor<?x?xf32>
  }
  return
}

// -----

func.func @arguments(%x: tensor<4xf32>) {
  // expected-error @+1 {{region needs the arguments 'tensor<4xf32>', got 'tensor<4xi32>'}}
  %0 = tapml.operator "a" ins(%x : tensor<4xf32>) -> tensor<4xi32> {
  ^bb0(%a: tensor<4xi32>):
    tapml.yield %a : tensor<4xi32>
  }
  return
}

// -----

func.func @yield(%x: tensor<4xf32>) {
  %0 = tapml.operator "a" ins(%x : tensor<4xf32>) -> tensor<4xi32> {
  ^bb0(%a: tensor<4xf32>):
    // expected-error @+1 {{must yield the operator's results, of types 'tensor<4xi32>', got 'tensor<4xf32>'}}
    tapml.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @terminator(%x: tensor<4xf32>) {
  // expected-error @+1 {{region must end with 'tapml.yield'}}
  %0 = tapml.operator "a" ins(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    llvm.unreachable
  }
  return
}

// -----

func.func @nested(%x: tensor<4xf32>) {
  %0 = tapml.operator "a" ins(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    // expected-error @+1 {{'tapml.tanh' op cannot be a part of an operator; it is one itself, or belongs to a placed graph}}
    %1 = tapml.tanh %a : tensor<4xf32>
    tapml.yield %1 : tensor<4xf32>
  }
  return
}

// -----

func.func private @f(tensor<4xf32>) -> tensor<4xf32>
func.func @effects(%x: tensor<4xf32>) {
  %0 = tapml.operator "a" ins(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    // expected-error @+1 {{may have side effects; an operator is a function of its inputs}}
    %1 = func.call @f(%a) : (tensor<4xf32>) -> tensor<4xf32>
    tapml.yield %1 : tensor<4xf32>
  }
  return
}

// -----

func.func @capture(%x: tensor<4xf32>) {
  // expected-note @+1 {{required by region isolation constraints}}
  %0 = tapml.operator "a" -> tensor<4xf32> {
    // expected-error @+1 {{using value defined outside the region}}
    tapml.yield %x : tensor<4xf32>
  }
  return
}
