// One DDIM step with eta = 0: x_t_prev = c_x * x_t + c_x0 * x0 (Song, Meng, Ermon, arXiv 2010.02502, eq. 12).
// The only copy of the formula; the CPU reference, OpenVINO and CUDA paths all call it.
#pragma once

#include <cmath>

#include "kernels/host_device.h"

namespace dt {

struct SamplerCoefficients {
  float c_x;   // weight of the noised sample
  float c_x0;  // weight of the predicted clean sample
};

// alpha_bar: of the current timestep, in [0, 1).  alpha_bar_prev: of the next one, in [0, 1]; 1 in the last
// step, which then gives exactly c_x = 0, c_x0 = 1. Computed in double, rounded once.
inline SamplerCoefficients sampler_coefficients(double alpha_bar, double alpha_bar_prev) {
  const double c_x = std::sqrt((1.0 - alpha_bar_prev) / (1.0 - alpha_bar));
  const double c_x0 = std::sqrt(alpha_bar_prev) - std::sqrt(alpha_bar) * c_x;
  return {static_cast<float>(c_x), static_cast<float>(c_x0)};
}

// The update of one element; x0 is already clamped.
DT_HD inline float sampler_update(float x_t, float x0, SamplerCoefficients c) {
  return c.c_x * x_t + c.c_x0 * x0;
}

// Limits x0 to [lo, hi]; a NaN becomes lo, so that no NaN ever reaches a weight.
DT_HD inline float clamp_x0(float x0, float lo, float hi) {
  const float raised = x0 > lo ? x0 : lo;
  return raised < hi ? raised : hi;
}

}  // namespace dt
