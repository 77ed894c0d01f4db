#include "kernels/noise.h"

namespace dt {

void fill_noise(uint64_t seed, int64_t first_frame, size_t n_frames, int n_channels, float* out) {
  for (size_t i = 0; i < n_frames; ++i) {
    for (int channel = 0; channel < n_channels; channel += 4) {
      float quad[4];
      noise_quad(seed, first_frame + static_cast<int64_t>(i), static_cast<uint32_t>(channel / 4), quad);
      for (int j = 0; j < 4 && channel + j < n_channels; ++j) *out++ = quad[j];
    }
  }
}

}  // namespace dt
