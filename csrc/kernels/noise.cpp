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

void noise_fill_ref(const NoiseFillArgs& a) {
  for (size_t b = 0; b < a.batch; ++b) {
    float* out = a.x_t + (b * a.window + a.past) * a.channels;
    const size_t n_frames = a.window - a.past;
    fill_noise(a.seed[b], a.first_frame[b], n_frames, static_cast<int>(a.channels), out);
    for (size_t i = 0; i < n_frames * a.channels; ++i) out[i] *= a.scale[i % a.channels];
  }
}

}  // namespace dt
