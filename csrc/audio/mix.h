// Checks and counts of audio from outside, for every path that takes some.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dt {

// Throws DT_INVALID_ARGUMENT: channel count or rate out of range.
void check_audio_format(int n_channels, int sample_rate_hz);
// Throws DT_INVALID_ARGUMENT that names the first sample that is NaN or infinite; also for more samples than
// memory can hold.
void check_audio_finite(const float* samples, size_t n_frames, int n_channels);
// ceil(n * num / den) without overflow of n * num for any n below 2^62 / den.
int64_t scale_up(int64_t n, int64_t num, int64_t den);
// floor(n * num / den), the same way.
int64_t scale_down(int64_t n, int64_t num, int64_t den);

}  // namespace dt
