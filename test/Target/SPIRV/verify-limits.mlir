// RUN: tapml-opt %s --tapml-verify-limits=profile=vulkan --split-input-file --verify-diagnostics

gpu.module @kernels {
  // expected-error @+1 {{kernel 'large' of encoder.0.query and 1 more: needs 256 invocations per workgroup, but limit 'max_workgroup_invocations' of profile 'vulkan' is 128; choose a smaller workgroup}}
  gpu.func @large(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 4, 1>, tapml.instances = ["encoder.0.query", "encoder.0.key"]} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'deep': needs 128 invocations in dimension 2, but limit 'max_workgroup_size' of profile 'vulkan' is 64}}
  gpu.func @deep(%x: memref<?xf32>) kernel attributes {known_block_size = array<i32: 1, 1, 128>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'unsized': has no 'known_block_size' of three numbers}}
  gpu.func @unsized(%x: memref<?xf32>) kernel {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'buffers': needs 9 storage buffers, but limit 'max_storage_buffers' of profile 'vulkan' is 8; form smaller kernels}}
  gpu.func @buffers(%0: memref<?xf32>, %1: memref<?xf32>, %2: memref<?xf32>, %3: memref<?xf32>, %4: memref<?xf32>, %5: memref<?xf32>, %6: memref<?xf32>, %7: memref<?xf32>, %8: memref<?xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

// More sizes than push constants hold go through a uniform buffer, as long as
// that holds them.
tapml.executable @e {
  tapml.variant @gpu target(<vulkan, "tiny", {max_push_constant_bytes = 4 : i64, max_uniform_buffer_bytes = 8 : i64}, []>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @fits(%0: index, %1: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        gpu.return
      }
      // expected-error @+1 {{kernel 'sizes': needs 12 bytes of sizes (4 for each), but limit 'max_uniform_buffer_bytes' of profile 'tiny' is 8; form smaller kernels}}
      gpu.func @sizes(%0: index, %1: index, %2: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        gpu.return
      }
    }
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'binding': needs 134217732 bytes in buffer 0, but limit 'max_storage_buffer_bytes' of profile 'vulkan' is 134217728; split the tensor}}
  gpu.func @binding(%x: memref<33554433xf32>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'memory': needs 16388 bytes of workgroup memory, but limit 'max_workgroup_memory' of profile 'vulkan' is 16384; choose smaller tiles}}
  gpu.func @memory() kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    %0 = memref.alloc() : memref<4097xf32, #gpu.address_space<workgroup>>
    gpu.return
  }
}

// -----

gpu.module @kernels {
  // expected-error @+1 {{kernel 'texels': buffer 0 may have more texels than limit 'max_texel_buffer_elements' of profile 'vulkan' allows, 65536; read it as a storage buffer}}
  gpu.func @texels(%x: memref<?xf32, #spirv.storage_class<Image>>, %y: memref<65536xf32, #spirv.storage_class<Image>>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}

// -----

!image = memref<1xf32, #spirv.storage_class<Image>>
gpu.module @kernels {
  // expected-error @below {{kernel 'views': needs 17 texel buffers, but limit 'max_texel_buffers' of profile 'vulkan' is 16; read some as storage buffers}}
  // expected-error @below {{kernel 'views': needs 17 storage buffers, but limit 'max_storage_buffers' of profile 'vulkan' is 8}}
  gpu.func @views(%0: !image, %1: !image, %2: !image, %3: !image, %4: !image, %5: !image, %6: !image, %7: !image, %8: !image, %9: !image, %10: !image, %11: !image, %12: !image, %13: !image, %14: !image, %15: !image, %16: !image) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
    gpu.return
  }
}
