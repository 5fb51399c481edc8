// add_weight: out[i] = x[i] + w[i mod m]     sizes n, m
// twice:      out[i] = x[i] + x[i]           sizes n
struct AddWeightSizes { n: i32, m: i32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> sum: array<f32>;
@group(0) @binding(3) var<uniform> add_weight_sizes: AddWeightSizes;

@compute @workgroup_size(64)
fn add_weight(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  if (i < add_weight_sizes.n) {
    sum[i] = x[i] + w[i % add_weight_sizes.m];
  }
}

struct TwiceSizes { n: i32 }
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@group(0) @binding(2) var<uniform> twice_sizes: TwiceSizes;

@compute @workgroup_size(64)
fn twice(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = i32(id.x);
  if (i < twice_sizes.n) {
    out[i] = x[i] + x[i];
  }
}
