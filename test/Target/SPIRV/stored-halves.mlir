// RUN: tapml-opt %s --tapml-legalize-spirv --canonicalize | FileCheck %s
// RUN: tapml-opt %s --tapml-gpu-to-spirv | tapml-translate --tapml-binary-to-spirv -o %t.spv
// RUN: spirv-val --target-env vulkan1.1 %t.spv
// RUN: spirv-dis %t.spv | FileCheck %s --check-prefix=DIS

// A device that stores 16-bit floats and has no arithmetic on them loads, stores
// and converts them; nothing is packed.

// CHECK-LABEL: gpu.func @choose
// CHECK-SAME: (%[[X:.*]]: memref<?xvector<4xf16>>, %[[Y:.*]]: memref<?xvector<4xf16>>,
// CHECK: %[[V:.*]] = memref.load %[[X]]
// CHECK: %[[A:.*]] = arith.extf %[[V]]
// CHECK: arith.addf {{.*}} : vector<4xf32>
// CHECK: arith.select {{.*}} : vector<4xf32>
// CHECK-NEXT: %[[T:.*]] = arith.truncf
// CHECK-NEXT: memref.store %[[T]], %[[Y]]
// DIS-DAG: OpCapability StorageBuffer16BitAccess
// DIS-NOT: OpCapability Float16
// DIS: OpFConvert %v4float
// DIS: OpFConvert %v4half
// DIS: OpFConvert %v4half

// CHECK-LABEL: gpu.func @fill
// CHECK: memref.store %{{.*}} : memref<?xvector<4xf16>>
tapml.executable @halves {
  tapml.variant @vulkan target(<vulkan, "stores", {}, ["storage16"]>) {
    func.func @body() {
      return
    }
    gpu.module @kernels {
      gpu.func @choose(%x: memref<?xf16>, %y: memref<?xf16>, %n: index) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        %c4 = arith.constant 4 : index
        %t = gpu.thread_id x
        %i = arith.muli %t, %c4 : index
        %v = vector.load %x[%i] : memref<?xf16>, vector<4xf16>
        %a = arith.extf %v : vector<4xf16> to vector<4xf32>
        %s = arith.addf %a, %a : vector<4xf32>
        %r = arith.truncf %s : vector<4xf32> to vector<4xf16>
        %c = arith.cmpi ult, %i, %n : index
        %z = arith.select %c, %v, %r : vector<4xf16>
        vector.store %z, %y[%i] : memref<?xf16>, vector<4xf16>
        gpu.return
      }
      gpu.func @fill(%y: memref<?xf16>) kernel attributes {known_block_size = array<i32: 64, 1, 1>} {
        %c4 = arith.constant 4 : index
        %t = gpu.thread_id x
        %i = arith.muli %t, %c4 : index
        %z = arith.constant dense<[1.0, 2.0, 0.1, -4.0]> : vector<4xf16>
        vector.store %z, %y[%i] : memref<?xf16>, vector<4xf16>
        gpu.return
      }
    }
  }
}
