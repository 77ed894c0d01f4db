// past[b] = x_t[b, hop .. hop + past_frames) and x_t[b, 0 .. past_frames) = past[b], float32. One value per
// thread: a window's past is a few kilobytes.
#include "kernels/cuda_launch.h"
#include "kernels/past_carry.h"

namespace dt {
namespace {

__global__ void past_carry_kernel(PastCarryArgs a, bool keep) {
  const size_t i = size_t{blockIdx.x} * blockDim.x + threadIdx.x, n = a.past_frames * a.channels;
  if (i >= n) return;
  float* past = a.past + blockIdx.y * n + i;
  float* frame = a.x_t + (blockIdx.y * a.window + (keep ? a.hop : 0)) * a.channels + i;
  if (keep) {
    *past = *frame;
  } else {
    *frame = *past;
  }
}

void launch(const PastCarryArgs& a, bool keep, CUstream_st* stream) {
  const size_t n = a.past_frames * a.channels;
  if (n == 0 || a.batch == 0) return;
  const dim3 grid(blocks_for(n), static_cast<unsigned>(a.batch));
  DT_LAUNCH(past_carry_kernel, grid, stream, a, keep);
  check_launch("past_carry");
}

}  // namespace

void put_past_cuda(const PastCarryArgs& a, CUstream_st* stream) { launch(a, false, stream); }
void keep_past_cuda(const PastCarryArgs& a, CUstream_st* stream) { launch(a, true, stream); }

}  // namespace dt
