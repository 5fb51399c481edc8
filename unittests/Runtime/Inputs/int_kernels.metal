// increment: out[i] = x[i] + 1               sizes n
// spin:      out[0] = a sum of n terms that depend on each other, to take long
#include <metal_stdlib>
using namespace metal;

struct Sizes { int n; };
kernel void increment(device const uint *x [[buffer(0)]],
                      device uint *out [[buffer(1)]],
                      constant Sizes &sizes [[buffer(2)]],
                      uint3 id [[thread_position_in_grid]]) {
  if (int(id.x) < sizes.n)
    out[id.x] = x[id.x] + 1u;
}

kernel void spin(device const uint *x [[buffer(0)]],
                 device uint *out [[buffer(1)]],
                 constant Sizes &sizes [[buffer(2)]]) {
  uint sum = x[0];
  for (int k = 0; k < sizes.n; k++)
    sum = sum * 1664525u + uint(k);
  out[0] = sum;
}
