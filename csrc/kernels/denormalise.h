// From the networks' units to weights: w = clamp(z * std + mean, min, max).
#pragma once

#include <cstddef>

#include "kernels/host_device.h"
#include "kernels/sampler_update.h"

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// A NaN becomes lo.
DT_HD inline float denormalise(float z, float std, float mean, float lo, float hi) {
  return clamp_x0(z * std + mean, lo, hi);
}

// The frames that leave a window: w[b, f, c] of x_t[b, past + f, c], f = 0 .. hop - 1. For the device all
// pointers are to its memory.
struct DenormaliseArgs {
  const float* x_t = nullptr;                                                 // [batch, window, channels]
  const float *std = nullptr, *mean = nullptr, *lo = nullptr, *hi = nullptr;  // [channels]
  float* w = nullptr;                                                         // [batch, hop, channels]
  size_t batch = 0, window = 0, past = 0, hop = 0, channels = 0;
};

void denormalise_ref(const DenormaliseArgs& args);
// The same bits on the device. Throws Error(DT_INTERNAL_ERROR) when the launch fails; does not wait.
void denormalise_cuda(const DenormaliseArgs& args, CUstream_st* stream);

}  // namespace dt
