// RUN: tapml-opt %s --tapml-compile-host=host-triple=x86_64-unknown-linux-gnu | %python %s.py | FileCheck %s.py

// Kernels in the forms that are emitted for the host, run and compared with
// Python by run.mlir.py.

#host = #tapml.profile<host, "host", {}, []>

tapml.executable @kernels {
  tapml.variant @host target(#host) {
    func.func private @body()

    // C = A B, one workgroup for two rows and sixteen columns; contraction is
    // allowed, so that a CPU with FMA uses it.
    func.func @matmul(%a: memref<?xf32>, %b: memref<?xf32>, %c: memref<?xf32>, %rows: index, %cols: index, %depth: index, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "read", "write"]} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c2 = arith.constant 2 : index
      %c16 = arith.constant 16 : index
      %zero = arith.constant dense<0.0> : vector<16xf32>
      %tiles = arith.ceildivsi %cols, %c16 : index
      scf.for %g = %begin to %end step %c1 {
        %tr = arith.floordivsi %g, %tiles : index
        %tc = arith.remsi %g, %tiles : index
        %r0 = arith.muli %tr, %c2 : index
        %r1 = arith.addi %r0, %c1 : index
        %col = arith.muli %tc, %c16 : index
        %acc:2 = scf.for %k = %c0 to %depth step %c1 iter_args(%x0 = %zero, %x1 = %zero) -> (vector<16xf32>, vector<16xf32>) {
          %bo = arith.muli %k, %cols : index
          %bi = arith.addi %bo, %col : index
          %bv = vector.load %b[%bi] : memref<?xf32>, vector<16xf32>
          %ao0 = arith.muli %r0, %depth : index
          %ai0 = arith.addi %ao0, %k : index
          %a0 = memref.load %a[%ai0] : memref<?xf32>
          %av0 = vector.broadcast %a0 : f32 to vector<16xf32>
          %p0 = arith.mulf %av0, %bv fastmath<contract> : vector<16xf32>
          %s0 = arith.addf %x0, %p0 fastmath<contract> : vector<16xf32>
          %ao1 = arith.muli %r1, %depth : index
          %ai1 = arith.addi %ao1, %k : index
          %a1 = memref.load %a[%ai1] : memref<?xf32>
          %av1 = vector.broadcast %a1 : f32 to vector<16xf32>
          %p1 = arith.mulf %av1, %bv fastmath<contract> : vector<16xf32>
          %s1 = arith.addf %x1, %p1 fastmath<contract> : vector<16xf32>
          scf.yield %s0, %s1 : vector<16xf32>, vector<16xf32>
        }
        %co0 = arith.muli %r0, %cols : index
        %ci0 = arith.addi %co0, %col : index
        vector.store %acc#0, %c[%ci0] : memref<?xf32>, vector<16xf32>
        %co1 = arith.muli %r1, %cols : index
        %ci1 = arith.addi %co1, %col : index
        vector.store %acc#1, %c[%ci1] : memref<?xf32>, vector<16xf32>
      }
      return
    }

    // One row per workgroup: the sum of its elements, eight at a time, and of
    // what is left over.
    func.func @row_sum(%x: memref<?xf32>, %y: memref<?xf32>, %cols: index, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %zero = arith.constant 0.0 : f32
      %zeros = arith.constant dense<0.0> : vector<8xf32>
      %chunks = arith.divui %cols, %c8 : index
      %whole = arith.muli %chunks, %c8 : index
      scf.for %row = %begin to %end step %c1 {
        %base = arith.muli %row, %cols : index
        %acc = scf.for %i = %c0 to %whole step %c8 iter_args(%a = %zeros) -> vector<8xf32> {
          %at = arith.addi %base, %i : index
          %v = vector.load %x[%at] : memref<?xf32>, vector<8xf32>
          %s = arith.addf %a, %v : vector<8xf32>
          scf.yield %s : vector<8xf32>
        }
        %head = vector.reduction <add>, %acc : vector<8xf32> into f32
        %sum = scf.for %i = %whole to %cols step %c1 iter_args(%a = %head) -> f32 {
          %at = arith.addi %base, %i : index
          %v = memref.load %x[%at] : memref<?xf32>
          %s = arith.addf %a, %v : f32
          scf.yield %s : f32
        }
        memref.store %sum, %y[%row] : memref<?xf32>
      }
      return
    }

    // Functions that are instructions on some CPUs only.
    func.func @rounding(%x: memref<?xf32>, %floor: memref<?xf32>, %ceil: memref<?xf32>, %trunc: memref<?xf32>, %even: memref<?xf32>, %sqrt: memref<?xf32>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write", "write", "write", "write", "write"]} {
      %c1 = arith.constant 1 : index
      %c4 = arith.constant 4 : index
      scf.for %g = %begin to %end step %c1 {
        %i = arith.muli %g, %c4 : index
        %v = vector.load %x[%i] : memref<?xf32>, vector<4xf32>
        %0 = math.floor %v : vector<4xf32>
        vector.store %0, %floor[%i] : memref<?xf32>, vector<4xf32>
        %1 = math.ceil %v : vector<4xf32>
        vector.store %1, %ceil[%i] : memref<?xf32>, vector<4xf32>
        %2 = math.trunc %v : vector<4xf32>
        vector.store %2, %trunc[%i] : memref<?xf32>, vector<4xf32>
        %3 = math.roundeven %v : vector<4xf32>
        vector.store %3, %even[%i] : memref<?xf32>, vector<4xf32>
        %a = math.absf %v : vector<4xf32>
        %4 = math.sqrt %a : vector<4xf32>
        vector.store %4, %sqrt[%i] : memref<?xf32>, vector<4xf32>
      }
      return
    }

    func.func @fma(%a: memref<?xf32>, %b: memref<?xf32>, %c: memref<?xf32>, %y: memref<?xf32>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "read", "read", "write"]} {
      %c1 = arith.constant 1 : index
      scf.for %i = %begin to %end step %c1 {
        %0 = memref.load %a[%i] : memref<?xf32>
        %1 = memref.load %b[%i] : memref<?xf32>
        %2 = memref.load %c[%i] : memref<?xf32>
        %3 = math.fma %0, %1, %2 : f32
        memref.store %3, %y[%i] : memref<?xf32>
      }
      return
    }

    // Sixteen-bit floats: in vectors, and one by one.
    func.func @widen(%x: memref<?xf16>, %y: memref<?xf32>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      scf.for %g = %begin to %end step %c1 {
        %i = arith.muli %g, %c8 : index
        %v = vector.load %x[%i] : memref<?xf16>, vector<8xf16>
        %w = arith.extf %v : vector<8xf16> to vector<8xf32>
        vector.store %w, %y[%i] : memref<?xf32>, vector<8xf32>
      }
      return
    }

    func.func @round_to_half(%x: memref<?xf32>, %y: memref<?xf16>, %z: memref<?xf16>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write", "write"]} {
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      scf.for %g = %begin to %end step %c1 {
        %i = arith.muli %g, %c8 : index
        %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
        %h = arith.truncf %v : vector<8xf32> to vector<8xf16>
        vector.store %h, %y[%i] : memref<?xf16>, vector<8xf16>
        %s = memref.load %x[%i] : memref<?xf32>
        %t = arith.truncf %s : f32 to f16
        memref.store %t, %z[%g] : memref<?xf16>
      }
      return
    }

    func.func @round_half(%x: memref<?xf16>, %floor: memref<?xf16>, %even: memref<?xf16>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write", "write"]} {
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      scf.for %g = %begin to %end step %c1 {
        %i = arith.muli %g, %c8 : index
        %v = vector.load %x[%i] : memref<?xf16>, vector<8xf16>
        %0 = math.floor %v : vector<8xf16>
        vector.store %0, %floor[%i] : memref<?xf16>, vector<8xf16>
        %1 = math.roundeven %v : vector<8xf16>
        vector.store %1, %even[%i] : memref<?xf16>, vector<8xf16>
      }
      return
    }

    // What an emitter says of alignment does not hold on the host, where weights
    // are used where a file has them.
    func.func @copy(%x: memref<?xf32>, %y: memref<?xf32>, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "write"]} {
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      scf.for %g = %begin to %end step %c1 {
        %i = arith.muli %g, %c8 : index
        %v = vector.load %x[%i] {alignment = 32 : i64} : memref<?xf32>, vector<8xf32>
        vector.store %v, %y[%i] {alignment = 32 : i64} : memref<?xf32>, vector<8xf32>
      }
      return
    }

    // Token ids that look up rows, with a mask of bytes.
    func.func @lookup(%table: memref<?xf32>, %ids: memref<?xi64>, %mask: memref<?xi8>, %y: memref<?xf32>, %cols: index, %begin: index, %end: index)
        attributes {tapml.host_kernel, tapml.access = ["read", "read", "read", "write"]} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %false = arith.constant 0 : i8
      %zero = arith.constant 0.0 : f32
      scf.for %row = %begin to %end step %c1 {
        %id = memref.load %ids[%row] : memref<?xi64>
        %from = arith.index_cast %id : i64 to index
        %m = memref.load %mask[%row] : memref<?xi8>
        %keep = arith.cmpi ne, %m, %false : i8
        %in = arith.muli %from, %cols : index
        %out = arith.muli %row, %cols : index
        scf.for %i = %c0 to %cols step %c1 {
          %ii = arith.addi %in, %i : index
          %v = memref.load %table[%ii] : memref<?xf32>
          %s = arith.select %keep, %v, %zero : f32
          %oi = arith.addi %out, %i : index
          memref.store %s, %y[%oi] : memref<?xf32>
        }
      }
      return
    }
  }
}
