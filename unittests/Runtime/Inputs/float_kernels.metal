// add_weight: out[i] = x[i] + w[i mod m]     sizes n, m
// twice:      out[i] = x[i] + x[i]           sizes n
#include <metal_stdlib>
using namespace metal;

struct AddWeightSizes { int n; int m; };
kernel void add_weight(device const float *x [[buffer(0)]],
                       device const float *w [[buffer(1)]],
                       device float *out [[buffer(2)]],
                       constant AddWeightSizes &sizes [[buffer(3)]],
                       uint3 id [[thread_position_in_grid]]) {
  int i = int(id.x);
  if (i < sizes.n)
    out[i] = x[i] + w[i % sizes.m];
}

struct TwiceSizes { int n; };
kernel void twice(device const float *x [[buffer(0)]],
                  device float *out [[buffer(1)]],
                  constant TwiceSizes &sizes [[buffer(2)]],
                  uint3 id [[thread_position_in_grid]]) {
  int i = int(id.x);
  if (i < sizes.n)
    out[i] = x[i] + x[i];
}
