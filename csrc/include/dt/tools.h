/* Single parts of DiffusionTalker, for tools and tests. See dt.h. All functions: any thread. */
#ifndef DT_TOOLS_H
#define DT_TOOLS_H

#include "dt/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Initial noise of the sampler: standard normal, a function of (seed, absolute frame, channel) only
 * (Philox-4x32-10, Box-Muller; docs/bundle-format.md).  out [out] n_frames * n_channels floats.
 * Returns DT_OK or DT_INVALID_ARGUMENT (also for sizes whose product no memory could hold). */
DT_API dt_status dt_noise_fill(uint64_t seed, int64_t first_frame, size_t n_frames, int32_t n_channels,
                               float* out);

/* Resamples a whole mono signal with the streaming resampler.
 * out [out] capacity floats.  n_out [out] samples written: ceil(n * rate_out / rate_in).
 * Returns DT_INVALID_ARGUMENT when capacity is too small; n_out then holds the need. */
DT_API dt_status dt_resample(const float* samples, size_t n, int32_t rate_in_hz, int32_t rate_out_hz,
                             float* out, size_t capacity, size_t* n_out);

/* Log-mel of a whole mono signal at the model's rate, as the streams compute it.
 * out [out] capacity_frames * n_mels floats; mel frame m is centred on sample m * hop_length; ceil(n /
 * hop_length) frames. */
DT_API dt_status dt_model_log_mel(const dt_model* model, const float* samples, size_t n, float* out,
                                  size_t capacity_frames, size_t* n_mel_frames);

#ifdef __cplusplus
}
#endif
#endif /* DT_TOOLS_H */
