// RUN: tapml-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{'tapml.test' op expects 1 results, but has an oracle for 0 and a bound for 1; write 'none' where there is none}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle()
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op input 0 must be #tapml.data}}
tapml.test @t
    inputs(none)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op result 0 must expect #tapml.data}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(none)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op result 0 must have both an oracle and a bound, or 'none' for both}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(none) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op result 0 of type 'tensor<2xi64>' has an oracle; only floating point has one}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xi64>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op oracle of result 0 must be 'tensor<2xf64>', got 'tensor<2xf32>'}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op bound of result 0 must be 'tensor<2xf32>', got 'tensor<3xf32>'}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<3xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op has data for 2 inputs, but its region takes 1}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op input 0 is 'tensor<2xi64>', but the region takes 'tensor<?xf32>'}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xi64>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op input 0 is 'tensor<2x2xf32>', but the region takes 'tensor<?xf32>'}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2x2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op expects 2 results, but its region yields 1}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>, #tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

// expected-error @below {{'tapml.test' op expects 'tensor<2x1xf32>' for result 0, but the region yields 'tensor<?xf32>'}}
tapml.test @t
    inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>)
    expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2x1xf32>>)
    oracle(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000002", tensor<2x1xf64>>)
    bound(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000003", tensor<2x1xf32>>) {
^bb0(%x: tensor<?xf32>):
  %y = tapml.gelu %x : tensor<?xf32>
  tapml.yield %y : tensor<?xf32>
}

// -----

tapml.global @w : tensor<2xf32>
tapml.test @t inputs() expects(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>) oracle(none) bound(none) {
  // expected-error @below {{'tapml.get_global' op in a test; the weights of a test are inputs}}
  %w = tapml.get_global @w : tensor<2xf32>
  tapml.yield %w : tensor<2xf32>
}

// -----

func.func @f() attributes {
  // expected-error @below {{data must be named by its SHA-256, 64 lower-case hexadecimal digits, got "9F3C"}}
  data = #tapml.data<"9F3C", tensor<2xf32>>
} { return }

// -----

func.func @f() attributes {
  // expected-error @below {{data must have a static shape, got 'tensor<?xf32>'}}
  data = #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<?xf32>>
} { return }

// -----

func.func @f() attributes {
  // expected-error @below {{data cannot have elements of type 'i4'}}
  data = #tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xi4>>
} { return }

// -----

// expected-error @below {{'tapml.test' op must end with 'tapml.yield'}}
tapml.test @t inputs(#tapml.data<"0000000000000000000000000000000000000000000000000000000000000001", tensor<2xf32>>) expects() oracle() bound() {
^bb0(%x: tensor<?xf32>):
  llvm.unreachable
}
