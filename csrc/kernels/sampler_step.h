// The whole of one sampler step after the denoiser, for every element of the new frames, in one read and one
// write: clamp and DDIM update. The formulas are those of sampler_update.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/sampler_update.h"

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// False for NaN and infinities.
DT_HD inline bool is_finite(float v) { return v - v == 0.0f; }

struct SamplerStepElement {
  float x_t;
  bool is_good;  // the prediction was finite
};

DT_HD inline SamplerStepElement sampler_step_element(float x_t, float x0, float lo, float hi,
                                                     SamplerCoefficients c) {
  return {sampler_update(x_t, clamp_x0(x0, lo, hi), c), is_finite(x0)};
}

// For the device all pointers are to its memory.
struct SamplerStepArgs {
  float* x_t = nullptr;       // [batch, window, channels], updated in place; past frames stay: they are given
  const float* x0 = nullptr;  // the same shape
  const float* lo = nullptr;  // [channels]
  const float* hi = nullptr;  // [channels]
  const SamplerCoefficients* coefficients = nullptr;  // of this step
  uint32_t* faults = nullptr;  // [batch]: becomes 1 where a prediction of a new frame is not finite
  size_t batch = 0, window = 0, past = 0, channels = 0;
};

void sampler_step_ref(const SamplerStepArgs& args);
// The same bits on the device. Throws Error(DT_INTERNAL_ERROR) when the launch fails; does not wait.
void sampler_step_cuda(const SamplerStepArgs& args, CUstream_st* stream);

}  // namespace dt
