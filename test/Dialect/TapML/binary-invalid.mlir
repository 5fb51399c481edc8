// RUN: tapml-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'tapml.binary' op has format "coff"; known are "spirv", "wgsl", "msl" and "elf"}}
tapml.binary @b "coff" [1]

// -----

// expected-error @+1 {{'tapml.binary' op holds 3 bytes; SPIR-V consists of words of four bytes}}
tapml.binary @b "spirv" [1, 2, 3]

// -----

// expected-error @+1 {{'tapml.binary' op needs the triple that its host code is for}}
tapml.binary @b "elf" [1]

// -----

// expected-error @+1 {{'tapml.binary' op has two entry points called "k"}}
tapml.binary @b "spirv" entries [#tapml.entry_point<"k", access = [], sizes = 0>, #tapml.entry_point<"k", access = ["read"], sizes = 0>] [3, 2, 35, 7]

// -----

// expected-error @+1 {{an entry point needs a name}}
tapml.binary @b "spirv" entries [#tapml.entry_point<"", access = [], sizes = 0>] []

// -----

// expected-error @+1 {{access of entry point 'k' must be "read", "write", "readwrite" or "texels " and a format (f16, f16x4, f32, f32x4, u32, u32x4, u8, u8x4), got 1 : i64}}
tapml.binary @b "spirv" entries [#tapml.entry_point<"k", access = [1], sizes = 0>] []

// -----

// expected-error @+1 {{entry point 'k' has -1 sizes; the number must not be negative}}
tapml.binary @b "spirv" entries [#tapml.entry_point<"k", access = [], sizes = -1>] []

// -----

// expected-error @+1 {{workgroup of entry point 'k' must be three positive sizes}}
tapml.binary @b "spirv" entries [#tapml.entry_point<"k", access = [], sizes = 0, workgroup = [64, 0, 1]>] []
