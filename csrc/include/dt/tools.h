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

/* Checks a whole bundle and compiles nothing: everything that dt_model_open() refuses before a backend sees a
 * network. That is bundle.json, size and SHA-256 of every file, the tensors, the networks' graphs, and the
 * budget of docs/bundle-format.md, "Limits". For servers that take bundles from strangers. Since 1.2.
 * path [in] as for dt_model_open.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_FILE_ERROR, DT_BAD_BUNDLE (the message names the first fault),
 * DT_OUT_OF_MEMORY. */
DT_API dt_status dt_bundle_check(const char* path);

/* Reads one file of a bundle. bundle.json is checked first; any other file must be listed there, with its
 * size and its SHA-256. The other files and what is in them are not looked at. Since 1.2.
 * name [in] "bundle.json" or a name that it lists.
 * data [out] capacity bytes.  n_bytes [out] size of the file.
 * Returns DT_OK, DT_FILE_ERROR, DT_BAD_BUNDLE, DT_OUT_OF_MEMORY, or DT_INVALID_ARGUMENT: also for a capacity
 * that is too small, and n_bytes then holds the need. */
DT_API dt_status dt_bundle_read(const char* path, const char* name, void* data, size_t capacity,
                                size_t* n_bytes);

/* The same for a packed bundle in memory. bundle [in] size bytes. */
DT_API dt_status dt_bundle_read_memory(const void* bundle, size_t size, const char* name, void* data,
                                       size_t capacity, size_t* n_bytes);

#ifdef __cplusplus
}
#endif
#endif /* DT_TOOLS_H */
