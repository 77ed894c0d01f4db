// w[b, f, c] = clamp(x_t[b, past + f, c] * std[c] + mean[c], lo[c], hi[c]), float32, without contraction so
// that the bits are the reference's. One value per thread: a hop is a few kilobytes.
#include "kernels/cuda_launch.h"
#include "kernels/denormalise.h"
#include "kernels/fast_divide.h"

namespace dt {
namespace {

__global__ void denormalise_kernel(DenormaliseArgs a, FastDivide by_channels) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  const size_t n = a.hop * a.channels;
  if (i >= n) return;
  const uint32_t c = by_channels.remainder(i);
  const float z = a.x_t[(blockIdx.y * a.window + a.past) * a.channels + i];
  a.w[blockIdx.y * n + i] = denormalise(z, a.std[c], a.mean[c], a.lo[c], a.hi[c]);
}

}  // namespace

void denormalise_cuda(const DenormaliseArgs& a, CUstream_st* stream) {
  const size_t n = a.hop * a.channels;
  if (n == 0 || a.batch == 0) return;
  const dim3 grid(blocks_for(n), static_cast<unsigned>(a.batch));
  DT_LAUNCH(denormalise_kernel, grid, stream, a, FastDivide(static_cast<uint32_t>(a.channels)));
  check_launch("denormalise");
}

}  // namespace dt
