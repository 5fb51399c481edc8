// RUN: tapml-translate --tapml-to-manifest %s | %python %s.py | FileCheck %s.py

// Every operation that may compute a size, with the value that it must have in
// sizes.mlir.py: the sizes of the launch, evaluated as a runtime does.

#host = #tapml.profile<host, "host", {}, []>

tapml.executable @sizes {
  tapml.variant @host target(#host) {
    func.func @body(%x: tensor<?x6xf32>, %p: index, %q: index) -> tensor<?xf32> {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c3 = arith.constant 3 : index
      %true = arith.constant true
      %n = tensor.dim %x, %c0 : tensor<?x6xf32>
      %six = tensor.dim %x, %c1 : tensor<?x6xf32>
      %add = arith.addi %n, %p : index
      %sub = arith.subi %p, %n : index
      %mul = arith.muli %p, %q : index
      %divui = arith.divui %n, %c3 : index
      %ceildivui = arith.ceildivui %n, %c3 : index
      %remui = arith.remui %n, %c3 : index
      %divsi = arith.divsi %p, %q : index
      %remsi = arith.remsi %p, %q : index
      %floordivsi = arith.floordivsi %p, %q : index
      %ceildivsi = arith.ceildivsi %p, %q : index
      %minsi = arith.minsi %p, %q : index
      %maxsi = arith.maxsi %p, %q : index
      %minui = arith.minui %n, %c3 : index
      %maxui = arith.maxui %n, %c3 : index
      %lt = arith.cmpi slt, %p, %q : index
      %ne = arith.cmpi ne, %p, %q : index
      %ge = arith.cmpi sge, %p, %q : index
      %ugt = arith.cmpi ugt, %n, %c3 : index
      %select = arith.select %lt, %p, %q : index
      %and = arith.andi %lt, %ne : i1
      %or = arith.ori %ge, %ne : i1
      %xor = arith.xori %lt, %true : i1
      %and_i = arith.index_castui %and : i1 to index
      %or_i = arith.index_castui %or : i1 to index
      %xor_i = arith.index_castui %xor : i1 to index
      %ugt_e = arith.extui %ugt : i1 to i64
      %ugt_i = arith.index_cast %ugt_e : i64 to index
      %p64 = arith.index_cast %p : index to i64
      %big = arith.constant 10000000000 : i64
      %wide = arith.addi %p64, %big : i64
      %wide_i = arith.index_cast %wide : i64 to index
      %apply = affine.apply affine_map<(a, b)[s] -> (a * 2 + b mod 4 - s floordiv 2 + s ceildiv 2)>(%n, %n)[%n]
      %amin = affine.min affine_map<(a, b) -> (a, b + 1, 4)>(%n, %p)
      %amax = affine.max affine_map<(a, b) -> (a, b + 1, 4)>(%n, %p)
      %flat = tensor.collapse_shape %x [[0, 1]] : tensor<?x6xf32> into tensor<?xf32>
      %flat_n = tensor.dim %flat, %c0 : tensor<?xf32>
      %split = tensor.expand_shape %flat [[0, 1]] output_shape [%n, 6] : tensor<?xf32> into tensor<?x6xf32>
      %split_n = tensor.dim %split, %c0 : tensor<?x6xf32>
      %cast = tensor.cast %x : tensor<?x6xf32> to tensor<?x?xf32>
      %cast_n = tensor.dim %cast, %c1 : tensor<?x?xf32>
      %e = tensor.empty(%flat_n) : tensor<?xf32>
      %y = tapml.launch [@k] grids(%c1, %c1, %c1)
             sizes(%six, %add, %sub, %mul, %divui, %ceildivui, %remui, %divsi, %remsi, %floordivsi, %ceildivsi,
                   %minsi, %maxsi, %minui, %maxui, %select, %and_i, %or_i, %xor_i, %ugt_i, %wide_i, %apply, %amin, %amax,
                   %flat_n, %split_n, %cast_n)
             ins(%x : tensor<?x6xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
  }
}

func.func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 27>] [127]
