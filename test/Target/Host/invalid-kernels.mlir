// RUN: tapml-opt %s --tapml-compile-host=host-triple=x86_64-unknown-linux-gnu --split-input-file --verify-diagnostics

#host = #tapml.profile<host, "host", {}, []>

tapml.executable @e {
  tapml.variant @host target(#host) {
    func.func private @body()
    func.func @libm(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      %v = memref.load %x[%begin] : memref<?xf32>
      // expected-error @+1 {{'math.exp' op in a host kernel would call libm; run 'tapml-expand-math' before 'tapml-compile-host'}}
      %e = math.exp %v : f32
      memref.store %e, %x[%begin] : memref<?xf32>
      return
    }
    func.func @remainder(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      %v = memref.load %x[%begin] : memref<?xf32>
      // expected-error @+1 {{'arith.remf' op in a host kernel would call libm}}
      %e = arith.remf %v, %v : f32
      memref.store %e, %x[%begin] : memref<?xf32>
      return
    }
    func.func @malloc(%begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = []} {
      // expected-error @+1 {{'memref.alloc' op in a host kernel would call malloc; use 'memref.alloca'}}
      %m = memref.alloc(%end) : memref<?xf32>
      return
    }
    // expected-error @+1 {{'func.func' op is marked 'tapml.host_kernel' but has no body}}
    func.func private @external(%begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = []}
    func.func @calls(%begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = []} {
      // expected-error @+1 {{'func.call' op in a host kernel: a kernel cannot call functions; inline them first}}
      func.call @body() : () -> ()
      return
    }
    func.func @extent(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      // expected-error @+1 {{'memref.dim' op of a host kernel's buffer: kernels get sizes as arguments, buffers carry none}}
      %n = memref.dim %x, %begin : memref<?xf32>
      return
    }
    func.func @masked(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      %zero = arith.constant 0.0 : f32
      // expected-error @+1 {{'vector.transfer_read' op of a host kernel's buffer must be in bounds: buffers carry no sizes to compare with}}
      %v = vector.transfer_read %x[%begin], %zero : memref<?xf32>, vector<8xf32>
      vector.transfer_write %v, %x[%end] {in_bounds = [true]} : vector<8xf32>, memref<?xf32>
      return
    }
    // expected-error @+1 {{'func.func' op is a host kernel and must not return values}}
    func.func @returns(%begin: index, %end: index) -> index attributes {tapml.host_kernel, tapml.access = []} {
      return %begin : index
    }
    // expected-error @+1 {{argument 0 of a host kernel has type 'memref<?x?xf32>'; buffers are one-dimensional memrefs of numbers (i1 values are held as i8)}}
    func.func @rank(%x: memref<?x?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      return
    }
    // expected-error @+1 {{argument 0 of a host kernel has type 'memref<?xi1>'}}
    func.func @booleans(%x: memref<?xi1>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      return
    }
    // expected-error @+1 {{argument 1 of a host kernel has type 'i32'; after the buffers come sizes of type 'index'}}
    func.func @sizes(%x: memref<?xf32>, %n: i32, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      return
    }
    // expected-error @+1 {{is a host kernel: its last two arguments must be the first workgroup and the end}}
    func.func @no_range(%x: memref<?xf32>, %n: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      return
    }
    // expected-error @+1 {{has 1 buffers; 'tapml.access' must say for each whether it is "read", "write" or "readwrite"}}
    func.func @no_access(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel} {
      return
    }
    // expected-error @+1 {{access of entry point 'wrong_access' must be "read", "write", "readwrite" or "texels " and a format (f16, f16x4, f32, f32x4, u32, u32x4, u8, u8x4), got "rw"}}
    func.func @wrong_access(%x: memref<?xf32>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["rw"]} {
      return
    }
  }
}

// -----

#host = #tapml.profile<host, "host", {}, []>

tapml.executable @e {
  tapml.variant @host target(#host) {
    func.func @body(%x: tensor<8xf32>) -> tensor<8xf32> {
      %c1 = arith.constant 1 : index
      %init = tensor.empty() : tensor<8xf32>
      // expected-error @+1 {{'tapml.launch' op names @k, which is not a host kernel of this variant}}
      %y = tapml.launch [@k] grids(%c1, %c1, %c1) ins(%x : tensor<8xf32>) outs(%init : tensor<8xf32>) -> tensor<8xf32>
      return %y : tensor<8xf32>
    }
  }
}

// -----

#host = #tapml.profile<host, "host", {}, []>

// A double has no wider type to be exact in.
// expected-error @+1 {{kernel 'fma.kernel' uses a fused multiply-add on double, which CPU 'x86-64' has no instruction for; name a CPU that has one in host-cpus}}
module {
tapml.executable @e {
  tapml.variant @host target(#host) {
    func.func private @body()
    func.func @fma(%x: memref<?xf64>, %begin: index, %end: index) attributes {tapml.host_kernel, tapml.access = ["readwrite"]} {
      %v = memref.load %x[%begin] : memref<?xf64>
      %f = math.fma %v, %v, %v : f64
      memref.store %f, %x[%end] : memref<?xf64>
      return
    }
  }
}
}
