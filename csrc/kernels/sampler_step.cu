// x_t <- c_x * x_t + c_x0 * clamp(x0, lo, hi) on frames past .. window - 1, compiled without contraction so
// that the bits are the reference's. A thread takes four elements (16 bytes) at a time where every window's
// new frames begin at a multiple of that, single elements otherwise; the last elements of a window are single
// too.
#include "kernels/cuda_launch.h"
#include "kernels/fast_divide.h"
#include "kernels/sampler_step.h"

namespace dt {
namespace {

constexpr int kChunk = 4;

template <int kSize>
__device__ inline void load(const float* p, float* out) {
  if constexpr (kSize == 1) {
    out[0] = *p;
  } else {
    const float4 four = *reinterpret_cast<const float4*>(p);
    out[0] = four.x, out[1] = four.y, out[2] = four.z, out[3] = four.w;
  }
}

template <int kSize>
__device__ inline void store(const float* values, float* p) {
  if constexpr (kSize == 1) {
    *p = values[0];
  } else {
    *reinterpret_cast<float4*>(p) = make_float4(values[0], values[1], values[2], values[3]);
  }
}

// Limits of channels c, c + 1, .., which start again at 0 after the last.
template <int kSize>
__device__ inline void load_limits(const float* limits, uint32_t c, uint32_t channels, bool in_fours,
                                   float* out) {
  if (kSize > 1 && in_fours) {  // groups of four never cross the end of a frame
    load<kSize>(limits + c, out);
  } else {
    for (int j = 0; j < kSize; ++j) {
      out[j] = limits[c];
      c = c + 1 == channels ? 0 : c + 1;
    }
  }
}

// i: of the first element, within the new frames of window b.
template <int kSize>
__device__ inline void step_at(const SamplerStepArgs& a, FastDivide by_channels, bool in_fours, uint32_t i) {
  const size_t at = (blockIdx.y * a.window + a.past) * a.channels + i;
  float x_t[kSize], x0[kSize], lo[kSize], hi[kSize];
  load<kSize>(a.x_t + at, x_t);
  load<kSize>(a.x0 + at, x0);
  const auto channels = static_cast<uint32_t>(a.channels);
  const uint32_t c = by_channels.remainder(i);
  load_limits<kSize>(a.lo, c, channels, in_fours, lo);
  load_limits<kSize>(a.hi, c, channels, in_fours, hi);
  const SamplerCoefficients coefficients = *a.coefficients;
  bool is_good = true;
  for (int j = 0; j < kSize; ++j) {
    const SamplerStepElement next = sampler_step_element(x_t[j], x0[j], lo[j], hi[j], coefficients);
    x_t[j] = next.x_t;
    is_good = is_good && next.is_good;
  }
  store<kSize>(x_t, a.x_t + at);
  if (!is_good) a.faults[blockIdx.y] = 1;  // every writer writes the same
}

template <int kSize>
__global__ void sampler_step_kernel(SamplerStepArgs a, FastDivide by_channels, bool in_fours) {
  const auto n = static_cast<uint32_t>((a.window - a.past) * a.channels);
  const uint32_t i = (blockIdx.x * blockDim.x + threadIdx.x) * kSize;
  if (i + kSize <= n) {
    step_at<kSize>(a, by_channels, in_fours, i);
  } else {
    for (uint32_t j = i; j < n; ++j) step_at<1>(a, by_channels, false, j);
  }
}

template <int kSize>
void launch(const SamplerStepArgs& a, size_t n, CUstream_st* stream) {
  const dim3 grid(blocks_for((n + kSize - 1) / kSize), static_cast<unsigned>(a.batch));
  const bool in_fours = a.channels % kChunk == 0 && is_aligned(a.lo) && is_aligned(a.hi);
  DT_LAUNCH(sampler_step_kernel<kSize>, grid, stream, a, FastDivide(static_cast<uint32_t>(a.channels)),
            in_fours);
}

}  // namespace

void sampler_step_cuda(const SamplerStepArgs& a, CUstream_st* stream) {
  const size_t n = (a.window - a.past) * a.channels;
  if (n == 0 || a.batch == 0) return;
  const bool in_chunks = a.past * a.channels % kChunk == 0 && a.window * a.channels % kChunk == 0 &&
                         is_aligned(a.x_t) && is_aligned(a.x0);
  in_chunks ? launch<kChunk>(a, n, stream) : launch<1>(a, n, stream);
  check_launch("sampler_step");
}

}  // namespace dt
