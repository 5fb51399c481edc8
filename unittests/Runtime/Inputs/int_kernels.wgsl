// increment: out[i] = x[i] + 1               sizes n
// spin:      out[0] = a sum of n terms that depend on each other, to take long
struct Sizes { n: i32 }
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn increment(@builtin(global_invocation_id) id: vec3<u32>) {
  if (i32(id.x) < sizes.n) {
    out[id.x] = x[id.x] + 1u;
  }
}

@compute @workgroup_size(1)
fn spin() {
  var sum = x[0];
  for (var k = 0; k < sizes.n; k++) {
    sum = sum * 1664525u + u32(k);
  }
  out[0] = sum;
}
