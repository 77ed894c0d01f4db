// dt/tools.h.
#include <algorithm>

#include "api/handles.h"
#include "audio/mix.h"
#include "audio/resampler.h"
#include "common/checked_size.h"
#include "dt/dt.h"
#include "kernels/noise.h"

extern "C" {

dt_status dt_noise_fill(uint64_t seed, int64_t first_frame, size_t n_frames, int32_t n_channels, float* out) {
  return dt::guard([&] {
    if (first_frame < 0) throw dt::Error(DT_INVALID_ARGUMENT, "first_frame is negative");
    if (n_channels < 1) throw dt::Error(DT_INVALID_ARGUMENT, "n_channels is below 1");
    if (n_frames == 0) return;
    dt::require(out, "out");
    dt::checked_count({n_frames, static_cast<uint64_t>(n_channels)}, sizeof(float), DT_INVALID_ARGUMENT,
                      "n_frames * n_channels");
    if (uint64_t{n_frames} > static_cast<uint64_t>(INT64_MAX - first_frame)) {
      throw dt::Error(DT_INVALID_ARGUMENT, "first_frame + n_frames is more than 2^63");
    }
    dt::fill_noise(seed, first_frame, n_frames, n_channels, out);
  });
}

dt_status dt_resample(const float* samples, size_t n, int32_t rate_in_hz, int32_t rate_out_hz, float* out,
                      size_t capacity, size_t* n_out) {
  return dt::guard([&] {
    dt::require(n_out, "n_out");
    *n_out = 0;
    dt::Resampler resampler(rate_in_hz, rate_out_hz);  // checks the rates
    // Whole periods and the rest apart, and in 64 bits, so that n * rate cannot overflow.
    const auto in = static_cast<uint64_t>(rate_in_hz), to = static_cast<uint64_t>(rate_out_hz);
    dt::checked_count({n / in + 1, to}, sizeof(float), DT_INVALID_ARGUMENT, "n * rate_out_hz / rate_in_hz");
    const auto need = static_cast<size_t>(n / in * to + (n % in * to + in - 1) / in);
    *n_out = need;
    if (need == 0) return;
    dt::require(samples, "samples");
    if (capacity < need) {
      throw dt::Error(DT_INVALID_ARGUMENT, "capacity is " + std::to_string(capacity) +
                                               " samples, the result has " + std::to_string(need));
    }
    dt::require(out, "out");
    dt::check_audio_finite(samples, n, 1);
    dt::Vector<float> resampled;
    resampled.reserve(need);
    resampler.push(samples, n, resampled);
    resampler.flush(resampled);
    *n_out = std::min(need, resampled.size());
    std::copy_n(resampled.begin(), *n_out, out);
  });
}

dt_status dt_model_log_mel(const dt_model* model, const float* samples, size_t n, float* out,
                           size_t capacity_frames, size_t* n_mel_frames) {
  return dt::guard([&] {
    const dt::UseModel use(model);
    dt::require(n_mel_frames, "n_mel_frames");
    const dt::MelSpec& spec = use->mel_spec();
    const auto hop = static_cast<size_t>(spec.hop_length);
    const size_t need = n / hop + (n % hop != 0 ? 1 : 0);
    *n_mel_frames = need;
    if (need == 0) return;
    dt::require(samples, "samples");
    if (capacity_frames < need) {
      throw dt::Error(DT_INVALID_ARGUMENT, "capacity_frames is " + std::to_string(capacity_frames) +
                                               ", the result has " + std::to_string(need));
    }
    dt::require(out, "out");
    dt::check_audio_finite(samples, n, 1);
    dt::LogMel log_mel(use->mel_table());
    dt::Vector<float> mel;
    log_mel.push(samples, n, mel);
    log_mel.flush(mel);
    std::copy(mel.begin(), mel.end(), out);
  });
}

}  // extern "C"
