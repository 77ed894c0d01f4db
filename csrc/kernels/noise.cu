// x_t[b, past + f, c] = scale[c] * normal(seed[b], first_frame[b] + f, c); float32 [batch, window, channels].
// One thread makes the four channels of one Philox counter, in double (noise_math.h). Channels past the last
// are cut; stores are single, since rows need not be aligned.
#include "kernels/cuda_launch.h"
#include "kernels/noise.h"

namespace dt {
namespace {

__global__ void noise_fill_kernel(NoiseFillArgs a, unsigned n_quads) {
  const size_t i = size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  const size_t frame = i / n_quads;
  if (frame >= a.window - a.past) return;
  const auto quad = static_cast<uint32_t>(i % n_quads);
  const size_t b = blockIdx.y;
  float normal[4];
  noise_quad(a.seed[b], a.first_frame[b] + static_cast<int64_t>(frame), quad, normal);
  float* row = a.x_t + (b * a.window + a.past + frame) * a.channels;
  for (unsigned j = 0; j < 4; ++j) {
    const size_t c = size_t{quad} * 4 + j;
    if (c < a.channels) row[c] = normal[j] * a.scale[c];
  }
}

}  // namespace

void noise_fill_cuda(const NoiseFillArgs& a, CUstream_st* stream) {
  const size_t n_quads = (a.channels + 3) / 4, n = (a.window - a.past) * n_quads;
  if (n == 0 || a.batch == 0) return;
  const dim3 grid(blocks_for(n), static_cast<unsigned>(a.batch));
  DT_LAUNCH(noise_fill_kernel, grid, stream, a, static_cast<unsigned>(n_quads));
  check_launch("noise_fill");
}

}  // namespace dt
