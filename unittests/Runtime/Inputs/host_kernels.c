/* The kernels of the tests, with the binary interface of host code. A work item
   is a block of 64 elements, as in the GPU versions. */
#include <stdint.h>

#define BLOCK 64

#define FOR_EACH(i, n)                                                         \
  for (int64_t i = begin * BLOCK; i < end * BLOCK && i < (n); ++i)

void add_weight(void *const *buffers, const int64_t *sizes, int64_t begin,
                int64_t end) {
  const float *x = buffers[0], *w = buffers[1];
  float *out = buffers[2];
  FOR_EACH(i, sizes[0]) out[i] = x[i] + w[i % sizes[1]];
}

void twice(void *const *buffers, const int64_t *sizes, int64_t begin,
           int64_t end) {
  const float *x = buffers[0];
  float *out = buffers[1];
  FOR_EACH(i, sizes[0]) out[i] = x[i] + x[i];
}

void increment(void *const *buffers, const int64_t *sizes, int64_t begin,
               int64_t end) {
  const int32_t *x = buffers[0];
  int32_t *out = buffers[1];
  FOR_EACH(i, sizes[0]) out[i] = x[i] + 1;
}
