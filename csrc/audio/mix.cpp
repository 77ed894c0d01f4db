#include "audio/mix.h"

#include <cmath>
#include <string>

#include "common/checked_size.h"
#include "common/error.h"

namespace dt {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

int64_t scale_up(int64_t n, int64_t num, int64_t den) { return n / den * num + ceil_div(n % den * num, den); }

int64_t scale_down(int64_t n, int64_t num, int64_t den) { return n / den * num + n % den * num / den; }

void check_audio_format(int n_channels, int sample_rate_hz) {
  if (!(n_channels >= 1 && n_channels <= 64)) {
    throw Error(DT_INVALID_ARGUMENT,
                "the audio has " + std::to_string(n_channels) + " channels, expected 1 to 64");
  }
  if (!(sample_rate_hz >= 1000 && sample_rate_hz <= 768000)) {
    throw Error(DT_INVALID_ARGUMENT,
                "the sample rate is " + std::to_string(sample_rate_hz) + " Hz, expected 1000 to 768000");
  }
}

void check_audio_finite(const float* samples, size_t n_frames, int n_channels) {
  const size_t n = checked_count({n_frames, static_cast<uint64_t>(n_channels)}, sizeof(float),
                                 DT_INVALID_ARGUMENT, "the audio");
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(samples[i])) {
      throw Error(DT_INVALID_ARGUMENT, "audio sample " + std::to_string(i / static_cast<size_t>(n_channels)) +
                                           " is not finite: NaN and infinite samples cannot be animated");
    }
  }
}

}  // namespace dt
