// RUN: tapml-translate --tapml-to-manifest %s --split-input-file --verify-diagnostics

// expected-error @+1 {{the module has no function that runs the model}}
module {
}

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
// expected-error @+1 {{'func.func' op is a second function of the module; an executable has one, the model's}}
func.func @backward(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error @+1 {{argument 0 has type 'index'; the inputs of a model are tensors}}
func.func @forward(%x: index) {
  return
}

// -----

// expected-error @+1 {{argument 0 of type 'tensor<?xf32>' needs 'tapml.dims', a name for each dynamic dimension}}
func.func @forward(%x: tensor<?xf32>) {
  return
}

// -----

// expected-error @+1 {{has a tensor of 'f8E4M3FN', an element type that executables do not know}}
func.func @forward(%x: tensor<4xf8E4M3FN>) {
  return
}

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note @+1 {{it is computed here}}
  %0 = math.absf %x : tensor<4xf32>
  // expected-error @+1 {{uses a tensor that is no input, weight, transfer or result of a dispatch}}
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{the model has weights; name the package or the safetensors file that holds them}}
module {
tapml.global @w : tensor<4xf32>
func.func @forward() -> tensor<4xf32> {
  %0 = tapml.get_global @w : tensor<4xf32>
  return %0 : tensor<4xf32>
}
}

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'tapml.transfer' op has a result without a slot; run 'tapml-plan-memory'}}
  %0 = tapml.transfer %x to @host : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'tapml.transfer' op is at '@gpu', for which no executable has a variant}}
  %0 = tapml.transfer %x to @gpu {tapml.slots = array<i64: 0>} : tensor<4xf32> -> tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{'tapml.transfer' op has slot 1000000000000, more than there are tensors; run 'tapml-plan-memory'}}
  %0 = tapml.transfer %x to @host {tapml.slots = array<i64: 1000000000000>} : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{uses no slot 0 but higher ones; run 'tapml-plan-memory'}}
func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tapml.transfer %x to @host {tapml.slots = array<i64: 1>} : tensor<4xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

tapml.executable @e {
  // expected-error @+1 {{has a profile of kind 'vulkan'; the place '@host', and no other, is of kind 'host'}}
  tapml.variant @host target(<vulkan, "gpu", {}, []>) {
    func.func private @body()
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body() {
      return
    }
  }
}
tapml.executable @f {
  // expected-error @+1 {{has another profile than the variants of "gpu" before it, #tapml.profile<vulkan, "gpu", {}, []>}}
  tapml.variant @gpu target(<vulkan, "other", {}, []>) {
    func.func @body() {
      return
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body(%x: tensor<4xf32>, %w: tensor<4xf32> {tapml.constant}) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x, %w : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "read", "write"], sizes = 0>] [3, 2, 35, 7]
  }
}
func.func @forward(%x: tensor<4xf32>, %w: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{'tapml.dispatch' op uses a tensor at '@gpu' that is at '@host'; put a 'tapml.transfer' between}}
  %0 = tapml.dispatch @e on @gpu ins(%x, %x : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) {tapml.slots = array<i64: 0>} -> tensor<4xf32>
  return %x : tensor<4xf32>
}

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    // expected-note @+1 {{the argument is marked 'tapml.constant' here}}
    func.func @body(%w: tensor<4xf32> {tapml.constant}) {
      return
    }
  }
}
func.func @forward(%x: tensor<4xf32>) {
  // expected-error @+1 {{'tapml.dispatch' op input 0 must be a weight}}
  tapml.dispatch @e on @host ins(%x : tensor<4xf32>)
  return
}

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      // expected-error @+1 {{operand 0 is not the result of a launch; results of a body are new tensors}}
      return %x : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      // expected-error @+1 {{operand 1 is returned twice; results of a body are different tensors}}
      return %y, %y : tensor<4xf32>, tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{names @k, which is no entry point of the module's host code; run 'tapml-compile-host'}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{names @kernels::@k, which is no entry point of the variant's binaries; compile its kernels first}}
      %y = tapml.launch [@kernels::@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{passes 2 buffers and 1 sizes to @k, which takes 2 and 0}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) sizes(%c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 0>] [3, 2, 35, 7]
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{passes an output as buffer 1 of @k, whose access is "read"}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "read"], sizes = 0>] [3, 2, 35, 7]
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      %f = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{writes an intermediate result without a slot; run 'tapml-plan-memory'}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %z = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%y : tensor<4xf32>) outs(%f : tensor<4xf32>) -> tensor<4xf32>
      return %z : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}
tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 0>] [127]

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{has not been lowered; run 'tapml-emit-kernels'}}
      %k = tapml.kernel "k" -> tensor<4xf32> {
        %0 = math.absf %x : tensor<4xf32>
        tapml.yield %0 : tensor<4xf32>
      }
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}
tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 0>] [127]

// -----

tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %e = tensor.empty() : tensor<4xf32>
      %a = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {tapml.slots = array<i64: 0>} -> tensor<4xf32>
      %b = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {tapml.slots = array<i64: 0>} -> tensor<4xf32>
      // expected-error @+1 {{uses a tensor whose slot, 0, has been taken by another; run 'tapml-plan-memory'}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
  }
}
func.func @forward() {
  return
}
tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 0>] [127]

// -----

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = tapml.transfer %x to @host {tapml.slots = array<i64: 0>} : tensor<4xf32> -> tensor<4xf32>
  %1 = tapml.transfer %x to @host {tapml.slots = array<i64: 0>} : tensor<4xf32> -> tensor<4xf32>
  // expected-error @+1 {{uses a tensor whose slot, 0, has been taken by another; run 'tapml-plan-memory'}}
  return %0 : tensor<4xf32>
}

// -----

// A device indexes with 32 bits.
tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    // expected-error @+1 {{exceeds a limit of '@gpu': number of elements of argument 0 is 4294967296, at most 2147483647 is possible; place the operator on '@host'}}
    func.func @body(%x: tensor<65536x65536xi8>) {
      return
    }
  }
}
func.func @forward() {
  return
}

// -----

tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "gpu", {}, []>) {
    func.func @body(%x: tensor<4xf32>) -> tensor<4xf32> {
      %c1 = arith.constant 1 : index
      %big = arith.constant 70000 : index
      %e = tensor.empty() : tensor<4xf32>
      // expected-error @+1 {{exceeds a limit of '@gpu': number of workgroups in y of kernel 'k' is 70000, at most 65535 is possible}}
      %y = tapml.launch [@k] grids(%c1, %big, %c1) ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 0>] [3, 2, 35, 7]
  }
}
func.func @forward() {
  return
}

// -----

// A size that no table can express.
tapml.executable @e {
  tapml.variant @host target(<host, "host", {}, []>) {
    func.func @body(%x: tensor<4xi64>) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      // expected-error @+1 {{'tensor.extract' op cannot be part of a size: sizes are integer arithmetic on shapes and 'index' arguments}}
      %v = tensor.extract %x[%c0] : tensor<4xi64>
      %n = arith.index_cast %v : i64 to index
      %e = tensor.empty(%n) : tensor<?xf32>
      %y = tapml.launch [@k] grids(%c0, %c0, %c0) ins(%x : tensor<4xi64>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
  }
}
func.func @forward() {
  return
}

// -----

// expected-error @+1 {{stands in the module and has format 'spirv'; only host code, "elf", is common to all executables}}
tapml.binary @code "spirv" [3, 2, 35, 7]
func.func @forward() {
  return
}

// -----

// expected-note @+1 {{which is here}}
tapml.binary @a "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3" entries [] [1]
// expected-error @+1 {{must have the triple and the entry points of the host code for other CPUs}}
tapml.binary @b "elf" triple "aarch64-unknown-linux-gnu" cpu "generic" entries [] [1]
func.func @forward() {
  return
}
