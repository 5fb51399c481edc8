module @test {
  tapml.executable @mul_nx10 {
    tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, []>) {
      func.func @body(%arg0: tensor<?x10xf32>) -> tensor<?x10xf32> {
        %c65535 = arith.constant 65535 : index
        %c256 = arith.constant 256 : index
        %c10 = arith.constant 10 : index
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %dim = tensor.dim %arg0, %c0 : tensor<?x10xf32>
        %0 = arith.muli %dim, %c10 : index
        %1 = arith.ceildivsi %0, %c256 : index
        %2 = arith.minsi %1, %c65535 : index
        %3 = arith.maxsi %2, %c1 : index
        %4 = arith.ceildivsi %1, %3 : index
        %5 = tensor.empty(%dim) : tensor<?x10xf32>
        %6 = tapml.launch [@kernels::@mul_10] grids(%2, %4, %c1) sizes(%dim) ins(%arg0 : tensor<?x10xf32>) outs(%5 : tensor<?x10xf32>) {instances = ["mul"]} -> tensor<?x10xf32>
        return %6 : tensor<?x10xf32>
      }
      gpu.module @kernels {
        gpu.func @mul_10(%arg0: memref<?xf32>, %arg1: memref<?xf32>, %arg2: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"], tapml.instances = ["mul"]} {
          %cst = arith.constant dense<2.000000e+00> : vector<4xf32>
          %cst_0 = arith.constant 2.000000e+00 : f32
          %c64 = arith.constant 64 : index
          %c3 = arith.constant 3 : index
          %c4 = arith.constant 4 : index
          %c1 = arith.constant 1 : index
          %c10 = arith.constant 10 : index
          %0 = arith.muli %arg2, %c10 : index
          %block_id_x = gpu.block_id  x
          %block_id_y = gpu.block_id  y
          %grid_dim_x = gpu.grid_dim  x
          %1 = arith.muli %block_id_y, %grid_dim_x : index
          %2 = arith.addi %1, %block_id_x : index
          %thread_id_x = gpu.thread_id  x
          %3 = arith.muli %2, %c64 : index
          %4 = arith.addi %3, %thread_id_x : index
          %5 = arith.muli %4, %c4 : index
          %6 = arith.addi %5, %c3 : index
          %7 = arith.cmpi ult, %6, %0 : index
          scf.if %7 {
            %8 = vector.load %arg0[%5] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
            %9 = arith.mulf %8, %cst : vector<4xf32>
            vector.store %9, %arg1[%5] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
          } else {
            scf.for %arg3 = %5 to %0 step %c1 {
              %8 = memref.load %arg0[%arg3] : memref<?xf32>
              %9 = arith.mulf %8, %cst_0 : f32
              memref.store %9, %arg1[%arg3] : memref<?xf32>
            }
          }
          gpu.return
        }
      }
    }
  }
  tapml.executable @gelu_nx10 {
    tapml.variant @vulkan target(<vulkan, "vulkan", {max_storage_buffers = 8 : i64}, []>) {
      func.func @body(%arg0: tensor<?x10xf32>) -> tensor<?x10xf32> {
        %c65535 = arith.constant 65535 : index
        %c256 = arith.constant 256 : index
        %c10 = arith.constant 10 : index
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %dim = tensor.dim %arg0, %c0 : tensor<?x10xf32>
        %0 = arith.muli %dim, %c10 : index
        %1 = arith.ceildivsi %0, %c256 : index
        %2 = arith.minsi %1, %c65535 : index
        %3 = arith.maxsi %2, %c1 : index
        %4 = arith.ceildivsi %1, %3 : index
        %5 = tensor.empty(%dim) : tensor<?x10xf32>
        %6 = tapml.launch [@kernels::@gelu_10] grids(%2, %4, %c1) sizes(%dim) ins(%arg0 : tensor<?x10xf32>) outs(%5 : tensor<?x10xf32>) {instances = ["second"]} -> tensor<?x10xf32>
        return %6 : tensor<?x10xf32>
      }
      gpu.module @kernels {
        gpu.func @gelu_10(%arg0: memref<?xf32>, %arg1: memref<?xf32>, %arg2: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>, tapml.access = ["read", "write"], tapml.instances = ["second"]} {
          %cst = arith.constant dense<1.000000e+00> : vector<4xf32>
          %cst_0 = arith.constant dense<0.797884583> : vector<4xf32>
          %cst_1 = arith.constant dense<4.471500e-02> : vector<4xf32>
          %cst_2 = arith.constant dense<5.000000e-01> : vector<4xf32>
          %cst_3 = arith.constant 1.000000e+00 : f32
          %cst_4 = arith.constant 0.797884583 : f32
          %cst_5 = arith.constant 4.471500e-02 : f32
          %cst_6 = arith.constant 5.000000e-01 : f32
          %c64 = arith.constant 64 : index
          %c3 = arith.constant 3 : index
          %c4 = arith.constant 4 : index
          %c1 = arith.constant 1 : index
          %c10 = arith.constant 10 : index
          %0 = arith.muli %arg2, %c10 : index
          %block_id_x = gpu.block_id  x
          %block_id_y = gpu.block_id  y
          %grid_dim_x = gpu.grid_dim  x
          %1 = arith.muli %block_id_y, %grid_dim_x : index
          %2 = arith.addi %1, %block_id_x : index
          %thread_id_x = gpu.thread_id  x
          %3 = arith.muli %2, %c64 : index
          %4 = arith.addi %3, %thread_id_x : index
          %5 = arith.muli %4, %c4 : index
          %6 = arith.addi %5, %c3 : index
          %7 = arith.cmpi ult, %6, %0 : index
          scf.if %7 {
            %8 = vector.load %arg0[%5] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
            %9 = arith.mulf %8, %cst_2 : vector<4xf32>
            %10 = arith.mulf %8, %8 : vector<4xf32>
            %11 = arith.mulf %10, %8 : vector<4xf32>
            %12 = arith.mulf %11, %cst_1 : vector<4xf32>
            %13 = arith.addf %8, %12 : vector<4xf32>
            %14 = arith.mulf %13, %cst_0 : vector<4xf32>
            %15 = math.tanh %14 : vector<4xf32>
            %16 = arith.addf %15, %cst : vector<4xf32>
            %17 = arith.mulf %9, %16 : vector<4xf32>
            vector.store %17, %arg1[%5] {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
          } else {
            scf.for %arg3 = %5 to %0 step %c1 {
              %8 = memref.load %arg0[%arg3] : memref<?xf32>
              %9 = arith.mulf %8, %cst_6 : f32
              %10 = arith.mulf %8, %8 : f32
              %11 = arith.mulf %10, %8 : f32
              %12 = arith.mulf %11, %cst_5 : f32
              %13 = arith.addf %8, %12 : f32
              %14 = arith.mulf %13, %cst_4 : f32
              %15 = math.tanh %14 : f32
              %16 = arith.addf %15, %cst_3 : f32
              %17 = arith.mulf %9, %16 : f32
              memref.store %17, %arg1[%arg3] : memref<?xf32>
            }
          }
          gpu.return
        }
      }
    }
  }
  func.func @forward(%arg0: tensor<?x10xf32> {tapml.dims = ["d0_0", ""]}) -> tensor<?x10xf32> {
    %c0 = arith.constant 0 : index
    %dim = tensor.dim %arg0, %c0 : tensor<?x10xf32>
    %0 = tapml.transfer %arg0 to @vulkan : tensor<?x10xf32> -> tensor<?x10xf32>
    %1 = tensor.empty(%dim) : tensor<?x10xf32>
    %2 = tapml.dispatch @mul_nx10 on @vulkan ins(%0 : tensor<?x10xf32>) outs(%1 : tensor<?x10xf32>) {instances = ["mul"]} -> tensor<?x10xf32>
    %3 = tensor.empty(%dim) : tensor<?x10xf32>
    %4 = tapml.dispatch @mul_nx10 on @vulkan ins(%2 : tensor<?x10xf32>) outs(%3 : tensor<?x10xf32>) {instances = ["second"]} -> tensor<?x10xf32>
    %5 = tapml.transfer %4 to @host : tensor<?x10xf32> -> tensor<?x10xf32>
    return %5 : tensor<?x10xf32>
  }
}
