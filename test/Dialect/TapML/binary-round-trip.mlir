// RUN: tapml-opt %s --verify-roundtrip | FileCheck %s

// CHECK: tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 2, workgroup = [64, 1, 1]>] [3, 2, 35, 7]
tapml.binary @code "spirv" entries [#tapml.entry_point<"k", access = ["read", "write"], sizes = 2, workgroup = [64, 1, 1]>] [3, 2, 35, 7]

// CHECK: tapml.binary @many "spirv" entries [#tapml.entry_point<"k", access = ["read"], sizes = 40 in uniform_buffer, workgroup = [64, 1, 1]>] []
tapml.binary @many "spirv" entries [#tapml.entry_point<"k", access = ["read"], sizes = 40 in uniform_buffer, workgroup = [64, 1, 1]>] []
// CHECK: tapml.binary @shader "spirv" entries [#tapml.entry_point<"k", access = ["texels f32x4", "texels u8", "write"], sizes = 1, workgroup = [8, 1, 1]>] [3, 2, 35, 7]
tapml.binary @shader "spirv" entries [#tapml.entry_point<"k", access = ["texels f32x4", "texels u8", "write"], sizes = 1, workgroup = [8, 1, 1]>] [3, 2, 35, 7]

// CHECK: tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3" features ["avx2"] entries [#tapml.entry_point<"k", access = ["readwrite"], sizes = 0>] [127, -128]
tapml.binary @host "elf" triple "x86_64-unknown-linux-gnu" cpu "x86-64-v3" features ["avx2"] entries [#tapml.entry_point<"k", access = ["readwrite"], sizes = 0>] [127, -128]
