#include "kernels/sampler_update.h"

namespace dt {

void sampler_update_ref(float* x_t, const float* x0, const float* lo, const float* hi, size_t batch,
                        size_t window, size_t past, size_t channels, SamplerCoefficients c) {
  for (size_t b = 0; b < batch; ++b) {
    for (size_t frame = past; frame < window; ++frame) {
      const size_t row = (b * window + frame) * channels;
      for (size_t j = 0; j < channels; ++j) {
        x_t[row + j] = sampler_update(x_t[row + j], clamp_x0(x0[row + j], lo[j], hi[j]), c);
      }
    }
  }
}

}  // namespace dt
