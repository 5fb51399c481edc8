// RUN: not tapml-opt %s --tapml-verify-limits 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not tapml-opt %s --tapml-verify-limits=profile=vulcan 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// NONE: error: 'gpu.module' op is in no 'tapml.variant': name what to compile for with the pass option 'profile'
// UNKNOWN: error: 'gpu.module' op cannot be compiled for 'vulcan': unknown profile, expected one of host, vulkan
gpu.module @kernels {
}
