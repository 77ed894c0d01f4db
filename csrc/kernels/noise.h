// Initial noise of the sampler: a function of (seed, absolute animation frame, channel), never a state, so
// overlapping windows see the same noise and a stream can restart anywhere. docs/bundle-format.md, "Noise".
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/host_device.h"
#include "kernels/noise_math.h"
#include "kernels/philox.h"

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// Standard normals of channels 4 * quad .. 4 * quad + 3 of one frame: Philox bits through Box-Muller in
// double. out: 4 floats.
DT_HD inline void noise_quad(uint64_t seed, int64_t frame, uint32_t quad, float* out) {
  const uint64_t f = static_cast<uint64_t>(frame);
  const Philox4x32 bits =
      philox_4x32_10(Philox4x32{{static_cast<uint32_t>(f), static_cast<uint32_t>(f >> 32), quad, 0u}},
                     PhiloxKey{{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}});
  for (int pair = 0; pair < 2; ++pair) {
    // Half a step up keeps u inside (0, 1): the logarithm stays finite.
    const double u0 = (bits.v[2 * pair] + 0.5) * 0x1p-32, u1 = (bits.v[2 * pair + 1] + 0.5) * 0x1p-32;
    const double radius = sqrt(-2.0 * noise_log(u0));
    double sine, cosine;
    noise_sincos(u1, &sine, &cosine);
    out[2 * pair] = static_cast<float>(radius * cosine);
    out[2 * pair + 1] = static_cast<float>(radius * sine);
  }
}

// Fills out[n_frames * n_channels], frame-major, with the noise of frames first_frame .. first_frame +
// n_frames - 1. seed: any.  first_frame: >= 0.  n_channels: >= 1.
void fill_noise(uint64_t seed, int64_t first_frame, size_t n_frames, int n_channels, float* out);

// The noise of many windows at once. seed, first_frame: [batch], of the first new frame. scale: [channels],
// multiplies; x_t: [batch, window, channels], of which frames past .. window - 1 are written. For the device
// all pointers are to its memory.
struct NoiseFillArgs {
  const uint64_t* seed = nullptr;
  const int64_t* first_frame = nullptr;
  const float* scale = nullptr;
  float* x_t = nullptr;
  size_t batch = 0, window = 0, past = 0, channels = 0;
};

void noise_fill_ref(const NoiseFillArgs& args);
// The same bits on the device. Throws Error(DT_INTERNAL_ERROR) when the launch fails; does not wait.
void noise_fill_cuda(const NoiseFillArgs& args, CUstream_st* stream);

}  // namespace dt
