module @test {
  tapml.executable @linear_gelu {
    tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, []>) {
      func.func @body(%arg0: tensor<?x18xf32>, %arg1: tensor<30x18xf32>, %arg2: tensor<30xf32>) -> tensor<?x30xf32> {
        %c65535 = arith.constant 65535 : index
        %c32 = arith.constant 32 : index
        %c8 = arith.constant 8 : index
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %dim = tensor.dim %arg0, %c0 : tensor<?x18xf32>
        %0 = arith.ceildivsi %dim, %c8 : index
        %1 = arith.muli %0, %c8 : index
        %2 = arith.ceildivsi %1, %c32 : index
        %3 = arith.minsi %2, %c65535 : index
        %4 = arith.maxsi %3, %c1 : index
        %5 = arith.ceildivsi %2, %4 : index
        %6 = arith.cmpi sge, %dim, %c8 : index
        %7 = arith.index_castui %6 : i1 to index
        %8 = arith.muli %dim, %c8 : index
        %9 = arith.ceildivsi %8, %c8 : index
        %10 = arith.minsi %9, %c65535 : index
        %11 = arith.maxsi %10, %c1 : index
        %12 = arith.ceildivsi %9, %11 : index
        %13 = tensor.empty(%dim) : tensor<?x30xf32>
        %14 = tapml.launch [@kernels::@linear_18x30_gelu_8x4, @kernels::@linear_18x30_gelu_1x4] guards(%7) grids(%3, %5, %c1, %10, %12, %c1) sizes(%dim) ins(%arg1, %arg0, %arg2 : tensor<30x18xf32>, tensor<?x18xf32>, tensor<30xf32>) outs(%13 : tensor<?x30xf32>) {instances = ["layers.0.dense", "layers.0.act"]} -> tensor<?x30xf32>
        return %14 : tensor<?x30xf32>
      }
      gpu.module @kernels {
        gpu.func @linear_18x30_gelu_8x4(%arg0: memref<?xf32>, %arg1: memref<?xf32>, %arg2: memref<?xf32>, %arg3: memref<?xf32>, %arg4: index) kernel attributes {known_block_size = array<i32: 32, 1, 1>, tapml.access = ["read", "read", "read", "write"], tapml.instances = ["layers.0.dense", "layers.0.act"]} {
          %c240 = arith.constant 240 : index
          %c144 = arith.constant 144 : index
          %cst = arith.constant dense<0.000000e+00> : vector<4xf32>
          %c16 = arith.constant 16 : index
          %c29 = arith.constant 29 : index
          %c6 = arith.constant 6 : index
          %c5 = arith.constant 5 : index
          %c3 = arith.constant 3 : index
          %c2 = arith.constant 2 : index
          %c0 = arith.constant 0 : index
          %c18 = arith.constant 18 : index
          %c32 = arith.constant 32 : index
          %c4 = arith.constant 4 : index
          %c7 = arith.constant 7 : index
          %c8 = arith.constant 8 : index
          %c30 = arith.constant 30 : index
          %c1 = arith.constant 1 : index
          %0 = arith.addi %arg4, %c7 : index
          %1 = arith.divui %0, %c8 : index
          %block_id_x = gpu.block_id  x
          %block_id_y = gpu.block_id  y
          %grid_dim_x = gpu.grid_dim  x
          %2 = arith.muli %block_id_y, %grid_dim_x : index
          %3 = arith.addi %2, %block_id_x : index
          %thread_id_x = gpu.thread_id  x
          %4 = arith.muli %3, %c32 : index
          %5 = arith.addi %4, %thread_id_x : index
          %6 = arith.remui %5, %c8 : index
          %7 = arith.divui %5, %c8 : index
          %8 = arith.cmpi ult, %7, %1 : index
          scf.if %8 {
            %9 = arith.muli %7, %c8 : index
            %10 = arith.muli %6, %c4 : index
            %11 = arith.subi %arg4, %c1 : index
            %12 = arith.addi %9, %c1 : index
            %13 = arith.minui %12, %11 : index
            %14 = arith.addi %9, %c2 : index
            %15 = arith.minui %14, %11 : index
            %16 = arith.addi %9, %c3 : index
            %17 = arith.minui %16, %11 : index
            %18 = arith.addi %9, %c4 : index
            %19 = arith.minui %18, %11 : index
            %20 = arith.addi %9, %c5 : index
            %21 = arith.minui %20, %11 : index
            %22 = arith.addi %9, %c6 : index
            %23 = arith.minui %22, %11 : index
            %24 = arith.addi %9, %c7 : index
            %25 = arith.minui %24, %11 : index
            %26 = arith.minui %10, %c29 : index
            %27 = arith.addi %10, %c1 : index
            %28 = arith.minui %27, %c29 : index
            %29 = arith.addi %10, %c2 : index
            %30 = arith.minui %29, %c29 : index
            %31 = arith.addi %10, %c3 : index
            %32 = arith.minui %31, %c29 : index
            %33 = arith.muli %26, %c18 : index
            %34 = arith.muli %28, %c18 : index
            %35 = arith.muli %30, %c18 : index
            %36 = arith.muli %32, %c18 : index
            %37 = arith.muli %7, %c144 : index
            %38 = arith.muli %13, %c18 : index
            %39 = arith.muli %15, %c18 : index
            %40 = arith.muli %17, %c18 : index
            %41 = arith.muli %19, %c18 : index
            %42 = arith.muli %21, %c18 : index
            %43 = arith.muli %23, %c18 : index
            %44 = arith.muli %25, %c18 : index
            %45:8 = scf.for %arg5 = %c0 to %c16 step %c4 iter_args(%arg6 = %cst, %arg7 = %cst, %arg8 = %cst, %arg9 = %cst, %arg10 = %cst, %arg11 = %cst, %arg12 = %cst, %arg13 = %cst) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
              %64 = arith.addi %33, %arg5 : index
              %65 = arith.addi %34, %arg5 : index
              %66 = arith.addi %35, %arg5 : index
              %67 = arith.addi %36, %arg5 : index
              %68 = memref.load %arg0[%64] : memref<?xf32>
              %69 = memref.load %arg0[%65] : memref<?xf32>
              %70 = memref.load %arg0[%66] : memref<?xf32>
              %71 = memref.load %arg0[%67] : memref<?xf32>
              %72 = vector.from_elements %68, %69, %70, %71 : vector<4xf32>
              %73 = arith.addi %arg5, %c1 : index
              %74 = arith.addi %33, %73 : index
              %75 = arith.addi %34, %73 : index
              %76 = arith.addi %35, %73 : index
              %77 = arith.addi %36, %73 : index
              %78 = memref.load %arg0[%74] : memref<?xf32>
              %79 = memref.load %arg0[%75] : memref<?xf32>
              %80 = memref.load %arg0[%76] : memref<?xf32>
              %81 = memref.load %arg0[%77] : memref<?xf32>
              %82 = vector.from_elements %78, %79, %80, %81 : vector<4xf32>
              %83 = arith.addi %arg5, %c2 : index
              %84 = arith.addi %33, %83 : index
              %85 = arith.addi %34, %83 : index
              %86 = arith.addi %35, %83 : index
              %87 = arith.addi %36, %83 : index
              %88 = memref.load %arg0[%84] : memref<?xf32>
              %89 = memref.load %arg0[%85] : memref<?xf32>
              %90 = memref.load %arg0[%86] : memref<?xf32>
              %91 = memref.load %arg0[%87] : memref<?xf32>
              %92 = vector.from_elements %88, %89, %90, %91 : vector<4xf32>
              %93 = arith.addi %arg5, %c3 : index
              %94 = arith.addi %33, %93 : index
              %95 = arith.addi %34, %93 : index
              %96 = arith.addi %35, %93 : index
              %97 = arith.addi %36, %93 : index
              %98 = memref.load %arg0[%94] : memref<?xf32>
              %99 = memref.load %arg0[%95] : memref<?xf32>
              %100 = memref.load %arg0[%96] : memref<?xf32>
              %101 = memref.load %arg0[%97] : memref<?xf32>
              %102 = vector.from_elements %98, %99, %100, %101 : vector<4xf32>
              %103 = arith.addi %37, %arg5 : index
              %104 = vector.load %arg1[%103] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
              %105 = vector.extract %104[0] : f32 from vector<4xf32>
              %106 = vector.broadcast %105 : f32 to vector<4xf32>
              %107 = arith.mulf %106, %72 : vector<4xf32>
              %108 = arith.addf %arg6, %107 : vector<4xf32>
              %109 = vector.extract %104[1] : f32 from vector<4xf32>
              %110 = vector.broadcast %109 : f32 to vector<4xf32>
              %111 = arith.mulf %110, %82 : vector<4xf32>
              %112 = arith.addf %108, %111 : vector<4xf32>
              %113 = vector.extract %104[2] : f32 from vector<4xf32>
              %114 = vector.broadcast %113 : f32 to vector<4xf32>
              %115 = arith.mulf %114, %92 : vector<4xf32>
              %116 = arith.addf %112, %115 : vector<4xf32>
              %117 = vector.extract %104[3] : f32 from vector<4xf32>
              %118 = vector.broadcast %117 : f32 to vector<4xf32>
              %119 = arith.mulf %118, %102 : vector<4xf32>
              %120 = arith.addf %116, %119 : vector<4xf32>
              %121 = arith.addi %38, %arg5 : index
              %122 = memref.load %arg1[%121] : memref<?xf32>
              %123 = arith.addi %121, %c1 : index
              %124 = memref.load %arg1[%123] : memref<?xf32>
              %125 = arith.addi %121, %c2 : index
              %126 = memref.load %arg1[%125] : memref<?xf32>
              %127 = arith.addi %121, %c3 : index
              %128 = memref.load %arg1[%127] : memref<?xf32>
              %129 = vector.broadcast %122 : f32 to vector<4xf32>
              %130 = arith.mulf %129, %72 : vector<4xf32>
              %131 = arith.addf %arg7, %130 : vector<4xf32>
              %132 = vector.broadcast %124 : f32 to vector<4xf32>
              %133 = arith.mulf %132, %82 : vector<4xf32>
              %134 = arith.addf %131, %133 : vector<4xf32>
              %135 = vector.broadcast %126 : f32 to vector<4xf32>
              %136 = arith.mulf %135, %92 : vector<4xf32>
              %137 = arith.addf %134, %136 : vector<4xf32>
              %138 = vector.broadcast %128 : f32 to vector<4xf32>
              %139 = arith.mulf %138, %102 : vector<4xf32>
              %140 = arith.addf %137, %139 : vector<4xf32>
              %141 = arith.addi %39, %arg5 : index
              %142 = memref.load %arg1[%141] : memref<?xf32>
              %143 = arith.addi %141, %c1 : index
              %144 = memref.load %arg1[%143] : memref<?xf32>
              %145 = arith.addi %141, %c2 : index
              %146 = memref.load %arg1[%145] : memref<?xf32>
              %147 = arith.addi %141, %c3 : index
              %148 = memref.load %arg1[%147] : memref<?xf32>
              %149 = vector.broadcast %142 : f32 to vector<4xf32>
              %150 = arith.mulf %149, %72 : vector<4xf32>
              %151 = arith.addf %arg8, %150 : vector<4xf32>
              %152 = vector.broadcast %144 : f32 to vector<4xf32>
              %153 = arith.mulf %152, %82 : vector<4xf32>
              %154 = arith.addf %151, %153 : vector<4xf32>
              %155 = vector.broadcast %146 : f32 to vector<4xf32>
              %156 = arith.mulf %155, %92 : vector<4xf32>
              %157 = arith.addf %154, %156 : vector<4xf32>
              %158 = vector.broadcast %148 : f32 to vector<4xf32>
              %159 = arith.mulf %158, %102 : vector<4xf32>
              %160 = arith.addf %157, %159 : vector<4xf32>
              %161 = arith.addi %40, %arg5 : index
              %162 = memref.load %arg1[%161] : memref<?xf32>
              %163 = arith.addi %161, %c1 : index
              %164 = memref.load %arg1[%163] : memref<?xf32>
              %165 = arith.addi %161, %c2 : index
              %166 = memref.load %arg1[%165] : memref<?xf32>
              %167 = arith.addi %161, %c3 : index
              %168 = memref.load %arg1[%167] : memref<?xf32>
              %169 = vector.broadcast %162 : f32 to vector<4xf32>
              %170 = arith.mulf %169, %72 : vector<4xf32>
              %171 = arith.addf %arg9, %170 : vector<4xf32>
              %172 = vector.broadcast %164 : f32 to vector<4xf32>
              %173 = arith.mulf %172, %82 : vector<4xf32>
              %174 = arith.addf %171, %173 : vector<4xf32>
              %175 = vector.broadcast %166 : f32 to vector<4xf32>
              %176 = arith.mulf %175, %92 : vector<4xf32>
              %177 = arith.addf %174, %176 : vector<4xf32>
              %178 = vector.broadcast %168 : f32 to vector<4xf32>
              %179 = arith.mulf %178, %102 : vector<4xf32>
              %180 = arith.addf %177, %179 : vector<4xf32>
              %181 = arith.addi %41, %arg5 : index
              %182 = memref.load %arg1[%181] : memref<?xf32>
              %183 = arith.addi %181, %c1 : index
              %184 = memref.load %arg1[%183] : memref<?xf32>
              %185 = arith.addi %181, %c2 : index
              %186 = memref.load %arg1[%185] : memref<?xf32>
              %187 = arith.addi %181, %c3 : index
              %188 = memref.load %arg1[%187] : memref<?xf32>
              %189 = vector.broadcast %182 : f32 to vector<4xf32>
              %190 = arith.mulf %189, %72 : vector<4xf32>
              %191 = arith.addf %arg10, %190 : vector<4xf32>
              %192 = vector.broadcast %184 : f32 to vector<4xf32>
              %193 = arith.mulf %192, %82 : vector<4xf32>
              %194 = arith.addf %191, %193 : vector<4xf32>
              %195 = vector.broadcast %186 : f32 to vector<4xf32>
              %196 = arith.mulf %195, %92 : vector<4xf32>
              %197 = arith.addf %194, %196 : vector<4xf32>
              %198 = vector.broadcast %188 : f32 to vector<4xf32>
              %199 = arith.mulf %198, %102 : vector<4xf32>
              %200 = arith.addf %197, %199 : vector<4xf32>
              %201 = arith.addi %42, %arg5 : index
              %202 = memref.load %arg1[%201] : memref<?xf32>
              %203 = arith.addi %201, %c1 : index
              %204 = memref.load %arg1[%203] : memref<?xf32>
              %205 = arith.addi %201, %c2 : index
              %206 = memref.load %arg1[%205] : memref<?xf32>
              %207 = arith.addi %201, %c3 : index
              %208 = memref.load %arg1[%207] : memref<?xf32>
              %209 = vector.broadcast %202 : f32 to vector<4xf32>
              %210 = arith.mulf %209, %72 : vector<4xf32>
              %211 = arith.addf %arg11, %210 : vector<4xf32>
              %212 = vector.broadcast %204 : f32 to vector<4xf32>
              %213 = arith.mulf %212, %82 : vector<4xf32>
              %214 = arith.addf %211, %213 : vector<4xf32>
              %215 = vector.broadcast %206 : f32 to vector<4xf32>
              %216 = arith.mulf %215, %92 : vector<4xf32>
              %217 = arith.addf %214, %216 : vector<4xf32>
              %218 = vector.broadcast %208 : f32 to vector<4xf32>
              %219 = arith.mulf %218, %102 : vector<4xf32>
              %220 = arith.addf %217, %219 : vector<4xf32>
              %221 = arith.addi %43, %arg5 : index
              %222 = memref.load %arg1[%221] : memref<?xf32>
              %223 = arith.addi %221, %c1 : index
              %224 = memref.load %arg1[%223] : memref<?xf32>
              %225 = arith.addi %221, %c2 : index
              %226 = memref.load %arg1[%225] : memref<?xf32>
              %227 = arith.addi %221, %c3 : index
              %228 = memref.load %arg1[%227] : memref<?xf32>
              %229 = vector.broadcast %222 : f32 to vector<4xf32>
              %230 = arith.mulf %229, %72 : vector<4xf32>
              %231 = arith.addf %arg12, %230 : vector<4xf32>
              %232 = vector.broadcast %224 : f32 to vector<4xf32>
              %233 = arith.mulf %232, %82 : vector<4xf32>
              %234 = arith.addf %231, %233 : vector<4xf32>
              %235 = vector.broadcast %226 : f32 to vector<4xf32>
              %236 = arith.mulf %235, %92 : vector<4xf32>
              %237 = arith.addf %234, %236 : vector<4xf32>
              %238 = vector.broadcast %228 : f32 to vector<4xf32>
              %239 = arith.mulf %238, %102 : vector<4xf32>
              %240 = arith.addf %237, %239 : vector<4xf32>
              %241 = arith.addi %44, %arg5 : index
              %242 = memref.load %arg1[%241] : memref<?xf32>
              %243 = arith.addi %241, %c1 : index
              %244 = memref.load %arg1[%243] : memref<?xf32>
              %245 = arith.addi %241, %c2 : index
              %246 = memref.load %arg1[%245] : memref<?xf32>
              %247 = arith.addi %241, %c3 : index
              %248 = memref.load %arg1[%247] : memref<?xf32>
              %249 = vector.broadcast %242 : f32 to vector<4xf32>
              %250 = arith.mulf %249, %72 : vector<4xf32>
              %251 = arith.addf %arg13, %250 : vector<4xf32>
              %252 = vector.broadcast %244 : f32 to vector<4xf32>
              %253 = arith.mulf %252, %82 : vector<4xf32>
              %254 = arith.addf %251, %253 : vector<4xf32>
              %255 = vector.broadcast %246 : f32 to vector<4xf32>
              %256 = arith.mulf %255, %92 : vector<4xf32>
              %257 = arith.addf %254, %256 : vector<4xf32>
              %258 = vector.broadcast %248 : f32 to vector<4xf32>
              %259 = arith.mulf %258, %102 : vector<4xf32>
              %260 = arith.addf %257, %259 : vector<4xf32>
              scf.yield %120, %140, %160, %180, %200, %220, %240, %260 : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
            }
            %46:8 = scf.for %arg5 = %c16 to %c18 step %c1 iter_args(%arg6 = %45#0, %arg7 = %45#1, %arg8 = %45#2, %arg9 = %45#3, %arg10 = %45#4, %arg11 = %45#5, %arg12 = %45#6, %arg13 = %45#7) -> (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) {
              %64 = arith.addi %33, %arg5 : index
              %65 = arith.addi %34, %arg5 : index
              %66 = arith.addi %35, %arg5 : index
              %67 = arith.addi %36, %arg5 : index
              %68 = memref.load %arg0[%64] : memref<?xf32>
              %69 = memref.load %arg0[%65] : memref<?xf32>
              %70 = memref.load %arg0[%66] : memref<?xf32>
              %71 = memref.load %arg0[%67] : memref<?xf32>
              %72 = vector.from_elements %68, %69, %70, %71 : vector<4xf32>
              %73 = arith.addi %37, %arg5 : index
              %74 = memref.load %arg1[%73] : memref<?xf32>
              %75 = vector.broadcast %74 : f32 to vector<4xf32>
              %76 = arith.mulf %75, %72 : vector<4xf32>
              %77 = arith.addf %arg6, %76 : vector<4xf32>
              %78 = arith.addi %38, %arg5 : index
              %79 = memref.load %arg1[%78] : memref<?xf32>
              %80 = vector.broadcast %79 : f32 to vector<4xf32>
              %81 = arith.mulf %80, %72 : vector<4xf32>
              %82 = arith.addf %arg7, %81 : vector<4xf32>
              %83 = arith.addi %39, %arg5 : index
              %84 = memref.load %arg1[%83] : memref<?xf32>
              %85 = vector.broadcast %84 : f32 to vector<4xf32>
              %86 = arith.mulf %85, %72 : vector<4xf32>
              %87 = arith.addf %arg8, %86 : vector<4xf32>
              %88 = arith.addi %40, %arg5 : index
              %89 = memref.load %arg1[%88] : memref<?xf32>
              %90 = vector.broadcast %89 : f32 to vector<4xf32>
              %91 = arith.mulf %90, %72 : vector<4xf32>
              %92 = arith.addf %arg9, %91 : vector<4xf32>
              %93 = arith.addi %41, %arg5 : index
              %94 = memref.load %arg1[%93] : memref<?xf32>
              %95 = vector.broadcast %94 : f32 to vector<4xf32>
              %96 = arith.mulf %95, %72 : vector<4xf32>
              %97 = arith.addf %arg10, %96 : vector<4xf32>
              %98 = arith.addi %42, %arg5 : index
              %99 = memref.load %arg1[%98] : memref<?xf32>
              %100 = vector.broadcast %99 : f32 to vector<4xf32>
              %101 = arith.mulf %100, %72 : vector<4xf32>
              %102 = arith.addf %arg11, %101 : vector<4xf32>
              %103 = arith.addi %43, %arg5 : index
              %104 = memref.load %arg1[%103] : memref<?xf32>
              %105 = vector.broadcast %104 : f32 to vector<4xf32>
              %106 = arith.mulf %105, %72 : vector<4xf32>
              %107 = arith.addf %arg12, %106 : vector<4xf32>
              %108 = arith.addi %44, %arg5 : index
              %109 = memref.load %arg1[%108] : memref<?xf32>
              %110 = vector.broadcast %109 : f32 to vector<4xf32>
              %111 = arith.mulf %110, %72 : vector<4xf32>
              %112 = arith.addf %arg13, %111 : vector<4xf32>
              scf.yield %77, %82, %87, %92, %97, %102, %107, %112 : vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>
            }
            %47 = memref.load %arg2[%26] : memref<?xf32>
            %48 = memref.load %arg2[%28] : memref<?xf32>
            %49 = memref.load %arg2[%30] : memref<?xf32>
            %50 = memref.load %arg2[%32] : memref<?xf32>
            %51 = vector.from_elements %47, %48, %49, %50 : vector<4xf32>
            %52 = arith.addf %46#0, %51 : vector<4xf32>
            %53 = arith.addf %46#1, %51 : vector<4xf32>
            %54 = arith.addf %46#2, %51 : vector<4xf32>
            %55 = arith.addf %46#3, %51 : vector<4xf32>
            %56 = arith.addf %46#4, %51 : vector<4xf32>
            %57 = arith.addf %46#5, %51 : vector<4xf32>
            %58 = arith.addf %46#6, %51 : vector<4xf32>
            %59 = arith.addf %46#7, %51 : vector<4xf32>
            %60 = arith.cmpi ult, %10, %c30 : index
            scf.if %60 {
              %64 = vector.extract %52[0] : f32 from vector<4xf32>
              %65 = arith.muli %7, %c240 : index
              %66 = arith.addi %65, %10 : index
              memref.store %64, %arg3[%66] : memref<?xf32>
              %67 = vector.extract %53[0] : f32 from vector<4xf32>
              %68 = arith.muli %13, %c30 : index
              %69 = arith.addi %68, %10 : index
              memref.store %67, %arg3[%69] : memref<?xf32>
              %70 = vector.extract %54[0] : f32 from vector<4xf32>
              %71 = arith.muli %15, %c30 : index
              %72 = arith.addi %71, %10 : index
              memref.store %70, %arg3[%72] : memref<?xf32>
              %73 = vector.extract %55[0] : f32 from vector<4xf32>
              %74 = arith.muli %17, %c30 : index
              %75 = arith.addi %74, %10 : index
              memref.store %73, %arg3[%75] : memref<?xf32>
              %76 = vector.extract %56[0] : f32 from vector<4xf32>
              %77 = arith.muli %19, %c30 : index
              %78 = arith.addi %77, %10 : index
              memref.store %76, %arg3[%78] : memref<?xf32>
              %79 = vector.extract %57[0] : f32 from vector<4xf32>
              %80 = arith.muli %21, %c30 : index
              %81 = arith.addi %80, %10 : index
              memref.store %79, %arg3[%81] : memref<?xf32>
              %82 = vector.extract %58[0] : f32 from vector<4xf32>
              %83 = arith.muli %23, %c30 : index
              %84 = arith.addi %83, %10 : index
              memref.store %82, %arg3[%84] : memref<?xf32>
              %85 = vector.extract %59[0] : f32 from vector<4xf32>
              %86 = arith.muli %25, %c30 : index
              %87 = arith.addi %86, %10 : index
              memref.store %85, %arg3[%87] : memref<?xf32>
            }
            %61 = arith.cmpi ult, %27, %c30 : index
            scf.if %61 {
              %64 = vector.extract %52[1] : f32 from vector<4xf32>
              %65 = arith.muli %7, %c240 : index
              %66 = arith.addi %65, %27 : index
              memref.store %64, %arg3[%66] : memref<?xf32>
              %67 = vector.extract %53[1] : f32 from vector<4xf32>
              %68 = arith.muli %13, %c30 : index
              %69 = arith.addi %68, %27 : index
              memref.store %67, %arg3[%69] : memref<?xf32>
              %70 = vector.extract %54[1] : f32 from vector<4xf32>
              %71 = arith.muli %15, %c30 : index
              %72 = arith.addi %71, %27 : index
              memref.store %70, %arg3[%72] : memref<?xf32>
              %73 = vector.extract %55[1] : f32 from vector<4xf32>
              %74 = arith.muli %17, %c30 : index
              %75 = arith.addi %74, %27 : index
              memref.store %73, %arg3[%75] : memref<?xf32>
              %76 = vector.extract %56[1] : f32 from vector<4xf32>
              %77 = arith.muli %19, %c30 : index
              %78 = arith.addi %77, %27 : index
              memref.store %76, %arg3[%78] : memref<?xf32>
              %79 = vector.extract %57[1] : f32 from vector<4xf32>
              %80 = arith.muli %21, %c30 : index
              %81 = arith.addi %80, %27 : index
              memref.store %79, %arg3[%81] : memref<?xf32>
              %82 = vector.extract %58[1] : f32 from vector<4xf32>
              %83 = arith.muli %23, %c30 : index
              %84 = arith.addi %83, %27 : index
              memref.store %82, %arg3[%84] : memref<?xf32>
              %85 = vector.extract %59[1] : f32 from vector<4xf32>
              %86 = arith.muli %25, %c30 : index
              %87 = arith.addi %86, %27 : index
              memref.store %85, %arg3[%87] : memref<?xf32>
            }
            %62 = arith.cmpi ult, %29, %c30 : index
            scf.if %62 {
              %64 = vector.extract %52[2] : f32 from vector<4xf32>
              %65 = arith.muli %7, %c240 : index
              %66 = arith.addi %65, %29 : index
              memref.store %64, %arg3[%66] : memref<?xf32>
              %67 = vector.extract %53[2] : f32 from vector<4xf32>
              %68 = arith.muli %13, %c30 : index
              %69 = arith.addi %68, %29 : index
              memref.store %67, %arg3[%69] : memref<?xf32>
              %70 = vector.extract %54[2] : f32 from vector<4xf32>
              %71 = arith.muli %15, %c30 : index
              %72 = arith.addi %71, %29 : index
              memref.store %70, %arg3[%72] : memref<?xf32>
              %73 = vector.extract %55[2] : f32 from vector<4xf32>
              %74 = arith.muli %17, %c30 : index
              %75 = arith.addi %74, %29 : index
              memref.store %73, %arg3[%75] : memref<?xf32>
              %76 = vector.extract %56[2] : f32 from vector<4xf32>
              %77 = arith.muli %19, %c30 : index
              %78 = arith.addi %77, %29 : index
              memref.store %76, %arg3[%78] : memref<?xf32>
              %79 = vector.extract %57[2] : f32 from vector<4xf32>
              %80 = arith.muli %21, %c30 : index
              %81 = arith.addi %80, %29 : index
              memref.store %79, %arg3[%81] : memref<?xf32>
              %82 = vector.extract %58[2] : f32 from vector<4xf32>
              %83 = arith.muli %23, %c30 : index
              %84 = arith.addi %83, %29 : index
              memref.store %82, %arg3[%84] : memref<?xf32>
              %85 = vector.extract %59[2] : f32 from vector<4xf32>
              %86 = arith.muli %25, %c30 : index
              %87 = arith.addi %86, %29 : index
              memref.store %85, %arg3[%87] : memref<?xf32>
            }
            %63 = arith.cmpi ult, %31, %c30 : index
            scf.if %63 {
              %64 = vector.extract %52[3] : f32 from vector<4xf32>
              %65 = arith.muli %7, %c240 : index
              %66 = arith.addi %65, %31 : index
              memref.store %64, %arg3[%66] : memref<?xf32>
              %67 = vector.extract %53[3] : f32 from vector<4xf32>
              %68 = arith.muli %13, %c30 : index
              %69 = arith.addi %68, %31 : index
              memref.store %67, %arg3[%69] : memref<?xf32>
              %70 = vector.extract %54[3] : f32 from vector<4xf32>
              %71 = arith.muli %15, %c30 : index
              %72 = arith.addi %71, %31 : index
              memref.store %70, %arg3[%72] : memref<?xf32>
              %73 = vector.extract %55[3] : f32 from vector<4xf32>
              %74 = arith.muli %17, %c30 : index
              %75 = arith.addi %74, %31 : index
              memref.store %73, %arg3[%75] : memref<?xf32>
              %76 = vector.extract %56[3] : f32 from vector<4xf32>
              %77 = arith.muli %19, %c30 : index
              %78 = arith.addi %77, %31 : index
              memref.store %76, %arg3[%78] : memref<?xf32>
              %79 = vector.extract %57[3] : f32 from vector<4xf32>
              %80 = arith.muli %21, %c30 : index
              %81 = arith.addi %80, %31 : index
              memref.store %79, %arg3[%81] : memref<?xf32>
              %82 = vector.extract %58[3] : f32 from vector<4xf32>
              %83 = arith.muli %23, %c30 : index
              %84 = arith.addi %83, %31 : index
              memref.store %82, %arg3[%84] : memref<?xf32>
              %85 = vector.extract %59[3] : f32 from vector<4xf32>
              %86 = arith.muli %25, %c30 : index
              %87 = arith.addi %86, %31 : index
              memref.store %85, %arg3[%87] : memref<?xf32>
            }
          }
          gpu.return
        }
        gpu.func @linear_18x30_gelu_1x4(%arg0: memref<?xf32>, %arg1: memref<?xf32>, %arg2: memref<?xf32>, %arg3: memref<?xf32>, %arg4: index) kernel attributes {known_block_size = array<i32: 8, 1, 1>, tapml.access = ["read", "read", "read", "write"], tapml.instances = ["layers.0.dense", "layers.0.act"]} {
          %cst = arith.constant dense<0.000000e+00> : vector<4xf32>
          %c16 = arith.constant 16 : index
          %c3 = arith.constant 3 : index
          %c2 = arith.constant 2 : index
          %c29 = arith.constant 29 : index
          %c0 = arith.constant 0 : index
          %c18 = arith.constant 18 : index
          %c8 = arith.constant 8 : index
          %c4 = arith.constant 4 : index
          %c30 = arith.constant 30 : index
          %c1 = arith.constant 1 : index
          %block_id_x = gpu.block_id  x
          %block_id_y = gpu.block_id  y
          %grid_dim_x = gpu.grid_dim  x
          %0 = arith.muli %block_id_y, %grid_dim_x : index
          %1 = arith.addi %0, %block_id_x : index
          %thread_id_x = gpu.thread_id  x
          %2 = arith.muli %1, %c8 : index
          %3 = arith.addi %2, %thread_id_x : index
          %4 = arith.remui %3, %c8 : index
          %5 = arith.divui %3, %c8 : index
          %6 = arith.cmpi ult, %5, %arg4 : index
          scf.if %6 {
            %7 = arith.muli %4, %c4 : index
            %8 = arith.minui %7, %c29 : index
            %9 = arith.addi %7, %c1 : index
            %10 = arith.minui %9, %c29 : index
            %11 = arith.addi %7, %c2 : index
            %12 = arith.minui %11, %c29 : index
            %13 = arith.addi %7, %c3 : index
            %14 = arith.minui %13, %c29 : index
            %15 = arith.muli %8, %c18 : index
            %16 = arith.muli %10, %c18 : index
            %17 = arith.muli %12, %c18 : index
            %18 = arith.muli %14, %c18 : index
            %19 = arith.muli %5, %c18 : index
            %20 = scf.for %arg5 = %c0 to %c16 step %c4 iter_args(%arg6 = %cst) -> (vector<4xf32>) {
              %32 = arith.addi %15, %arg5 : index
              %33 = arith.addi %16, %arg5 : index
              %34 = arith.addi %17, %arg5 : index
              %35 = arith.addi %18, %arg5 : index
              %36 = memref.load %arg0[%32] : memref<?xf32>
              %37 = memref.load %arg0[%33] : memref<?xf32>
              %38 = memref.load %arg0[%34] : memref<?xf32>
              %39 = memref.load %arg0[%35] : memref<?xf32>
              %40 = vector.from_elements %36, %37, %38, %39 : vector<4xf32>
              %41 = arith.addi %arg5, %c1 : index
              %42 = arith.addi %15, %41 : index
              %43 = arith.addi %16, %41 : index
              %44 = arith.addi %17, %41 : index
              %45 = arith.addi %18, %41 : index
              %46 = memref.load %arg0[%42] : memref<?xf32>
              %47 = memref.load %arg0[%43] : memref<?xf32>
              %48 = memref.load %arg0[%44] : memref<?xf32>
              %49 = memref.load %arg0[%45] : memref<?xf32>
              %50 = vector.from_elements %46, %47, %48, %49 : vector<4xf32>
              %51 = arith.addi %arg5, %c2 : index
              %52 = arith.addi %15, %51 : index
              %53 = arith.addi %16, %51 : index
              %54 = arith.addi %17, %51 : index
              %55 = arith.addi %18, %51 : index
              %56 = memref.load %arg0[%52] : memref<?xf32>
              %57 = memref.load %arg0[%53] : memref<?xf32>
              %58 = memref.load %arg0[%54] : memref<?xf32>
              %59 = memref.load %arg0[%55] : memref<?xf32>
              %60 = vector.from_elements %56, %57, %58, %59 : vector<4xf32>
              %61 = arith.addi %arg5, %c3 : index
              %62 = arith.addi %15, %61 : index
              %63 = arith.addi %16, %61 : index
              %64 = arith.addi %17, %61 : index
              %65 = arith.addi %18, %61 : index
              %66 = memref.load %arg0[%62] : memref<?xf32>
              %67 = memref.load %arg0[%63] : memref<?xf32>
              %68 = memref.load %arg0[%64] : memref<?xf32>
              %69 = memref.load %arg0[%65] : memref<?xf32>
              %70 = vector.from_elements %66, %67, %68, %69 : vector<4xf32>
              %71 = arith.addi %19, %arg5 : index
              %72 = memref.load %arg1[%71] : memref<?xf32>
              %73 = arith.addi %71, %c1 : index
              %74 = memref.load %arg1[%73] : memref<?xf32>
              %75 = arith.addi %71, %c2 : index
              %76 = memref.load %arg1[%75] : memref<?xf32>
              %77 = arith.addi %71, %c3 : index
              %78 = memref.load %arg1[%77] : memref<?xf32>
              %79 = vector.broadcast %72 : f32 to vector<4xf32>
              %80 = arith.mulf %79, %40 : vector<4xf32>
              %81 = arith.addf %arg6, %80 : vector<4xf32>
              %82 = vector.broadcast %74 : f32 to vector<4xf32>
              %83 = arith.mulf %82, %50 : vector<4xf32>
              %84 = arith.addf %81, %83 : vector<4xf32>
              %85 = vector.broadcast %76 : f32 to vector<4xf32>
              %86 = arith.mulf %85, %60 : vector<4xf32>
              %87 = arith.addf %84, %86 : vector<4xf32>
              %88 = vector.broadcast %78 : f32 to vector<4xf32>
              %89 = arith.mulf %88, %70 : vector<4xf32>
              %90 = arith.addf %87, %89 : vector<4xf32>
              scf.yield %90 : vector<4xf32>
            }
            %21 = scf.for %arg5 = %c16 to %c18 step %c1 iter_args(%arg6 = %20) -> (vector<4xf32>) {
              %32 = arith.addi %15, %arg5 : index
              %33 = arith.addi %16, %arg5 : index
              %34 = arith.addi %17, %arg5 : index
              %35 = arith.addi %18, %arg5 : index
              %36 = memref.load %arg0[%32] : memref<?xf32>
              %37 = memref.load %arg0[%33] : memref<?xf32>
              %38 = memref.load %arg0[%34] : memref<?xf32>
              %39 = memref.load %arg0[%35] : memref<?xf32>
              %40 = vector.from_elements %36, %37, %38, %39 : vector<4xf32>
              %41 = arith.addi %19, %arg5 : index
              %42 = memref.load %arg1[%41] : memref<?xf32>
              %43 = vector.broadcast %42 : f32 to vector<4xf32>
              %44 = arith.mulf %43, %40 : vector<4xf32>
              %45 = arith.addf %arg6, %44 : vector<4xf32>
              scf.yield %45 : vector<4xf32>
            }
            %22 = memref.load %arg2[%8] : memref<?xf32>
            %23 = memref.load %arg2[%10] : memref<?xf32>
            %24 = memref.load %arg2[%12] : memref<?xf32>
            %25 = memref.load %arg2[%14] : memref<?xf32>
            %26 = vector.from_elements %22, %23, %24, %25 : vector<4xf32>
            %27 = arith.addf %21, %26 : vector<4xf32>
            %28 = arith.cmpi ult, %7, %c30 : index
            scf.if %28 {
              %32 = vector.extract %27[0] : f32 from vector<4xf32>
              %33 = arith.muli %5, %c30 : index
              %34 = arith.addi %33, %7 : index
              memref.store %32, %arg3[%34] : memref<?xf32>
            }
            %29 = arith.cmpi ult, %9, %c30 : index
            scf.if %29 {
              %32 = vector.extract %27[1] : f32 from vector<4xf32>
              %33 = arith.muli %5, %c30 : index
              %34 = arith.addi %33, %9 : index
              memref.store %32, %arg3[%34] : memref<?xf32>
            }
            %30 = arith.cmpi ult, %11, %c30 : index
            scf.if %30 {
              %32 = vector.extract %27[2] : f32 from vector<4xf32>
              %33 = arith.muli %5, %c30 : index
              %34 = arith.addi %33, %11 : index
              memref.store %32, %arg3[%34] : memref<?xf32>
            }
            %31 = arith.cmpi ult, %13, %c30 : index
            scf.if %31 {
              %32 = vector.extract %27[3] : f32 from vector<4xf32>
              %33 = arith.muli %5, %c30 : index
              %34 = arith.addi %33, %13 : index
              memref.store %32, %arg3[%34] : memref<?xf32>
            }
          }
          gpu.return
        }
      }
    }
  }
  func.func @forward(%arg0: tensor<?x18xf32> {tapml.dims = ["d0_0", ""]}, %arg1: tensor<30x18xf32>, %arg2: tensor<30xf32>) -> tensor<?x30xf32> {
    %c0 = arith.constant 0 : index
    %dim = tensor.dim %arg0, %c0 : tensor<?x18xf32>
    %0 = tapml.transfer %arg0 to @vulkan : tensor<?x18xf32> -> tensor<?x18xf32>
    %1 = tapml.transfer %arg1 to @vulkan : tensor<30x18xf32> -> tensor<30x18xf32>
    %2 = tapml.transfer %arg2 to @vulkan : tensor<30xf32> -> tensor<30xf32>
    %3 = tensor.empty(%dim) : tensor<?x30xf32>
    %4 = tapml.dispatch @linear_gelu on @vulkan ins(%0, %1, %2 : tensor<?x18xf32>, tensor<30x18xf32>, tensor<30xf32>) outs(%3 : tensor<?x30xf32>) {instances = ["layers.0.dense", "layers.0.act"]} -> tensor<?x30xf32>
    %5 = tapml.transfer %4 to @host : tensor<?x30xf32> -> tensor<?x30xf32>
    return %5 : tensor<?x30xf32>
  }
}
