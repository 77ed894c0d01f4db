/* Models of the DiffusionTalker C ABI: opening bundles, their names and sizes, latency profiles, styles.
 * See dt.h. */
#ifndef DT_MODEL_H
#define DT_MODEL_H

#include "dt/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Opening ------------------------------------------------------------------------------------ */

typedef struct dt_model_options {
  size_t struct_size;
  const char* backend; /* "cpu", "openvino", "reference", "tensorrt", or "auto" (default): tensorrt where its
                        * module is installed and can run, else cpu, which is built in. A fallback is a
                        * warning in the log and in dt_model_opening_warnings(); dt_model_backend_name() is
                        * the one that runs */
  const char* precision; /* "auto" (default: f16 for tensorrt, f32 for the others), "f32", "f16" (tensorrt),
                          * or "bf16" (cpu and openvino, on processors that have it) */
  int32_t n_threads;     /* threads that compute, the callers among them, 1..256; default 2, capped at the
                          * machine's cores; 1 runs on the caller alone */
  dt_log_callback log;   /* NULL (default): dt_set_log's hook. Called by dt_model_open* only; a backend's
                          * later messages go to the hook */
  void* log_user;
  /* From ABI 1.0 on: */
  int32_t pin_threads;      /* 1: bind the backend's threads to cores; default 0, right for most hosts */
  int32_t n_workers;        /* 1..256, capped at n_threads: dt_scheduler_step() calls that run side by side,
                             * with n_threads / n_workers threads each. 1 (default) is right for a few
                             * streams, one worker per core for a crowd on a processor. Compare with
                             * `diffusiontalker bench --workers` */
  const char* cache_folder; /* where compiled networks are kept for faster opening; NULL (default): nowhere */
  /* tensorrt: the one folder of engines to use (docs/tensorrt-engines.md); NULL (default): those that
   * `diffusiontalker engine build` left in the user's cache */
  const char* engine_folder;
  int32_t device; /* tensorrt: number of the GPU, 0 (default) .. 1023, as the driver counts */
  /* tensorrt: 1 accepts version-compatible engines, which carry native code that opening runs: only for
   * files trusted like a program; default 0 */
  int32_t allow_host_code;
  /* From ABI 1.3 on: */
  /* [n_profiles] names of latency profiles. Opening prepares their networks, for n_workers windows side by
   * side, so that no first frame waits for that. NULL with n_profiles 0 (default): the bundle's default
   * profile, for one window */
  const char* const* profiles;
  int32_t n_profiles; /* 0..64 */
  int32_t reserved;   /* 0 */
} dt_model_options;
/* Fills options with the defaults.
 * struct_size [in] sizeof of the program's own struct; nothing is written behind it.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_model_options_init(dt_model_options* options, size_t struct_size);
static inline dt_status dt_model_options_default(dt_model_options* options) {
  return dt_model_options_init(options, sizeof(*options));
}

/* Opens and checks a bundle, compiles its networks for one stream of the default profile, or for the profiles
 * of the options. A set of engines may lack the default profile: then the first that it has is compiled, with
 * a warning. Backend "auto" goes on to the next backend, with a warning, when one cannot start or cannot
 * compile the networks.
 * path [in] a folder with bundle.json, or a packed bundle: one file, an uncompressed ZIP of such a folder
 *   ("diffusiontalker pack").  options [in] NULL means defaults.  model [out] to dt_model_release.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_FILE_ERROR, DT_BAD_BUNDLE, DT_NO_BACKEND, DT_UNSUPPORTED (engines
 * without any window of the bundle), DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. Any thread. */
DT_API dt_status dt_model_open(const char* path, const dt_model_options* options, dt_model** model);

/* The same from a packed bundle in memory. data [in] size bytes, read during the call only. */
DT_API dt_status dt_model_open_memory(const void* data, size_t size, const dt_model_options* options,
                                      dt_model** model);

/* Reads the files of a bundle from wherever the host keeps them (a pak file). Called during
 * dt_model_open_reader on its thread; must not throw. name: plain file name of a bundle folder, "bundle.json"
 * first. */
typedef struct dt_reader {
  size_t struct_size;
  void* user;
  /* Size of a file in bytes, or a negative number when there is none. */
  int64_t (*size)(void* user, const char* name);
  /* Writes n_bytes from `offset` on to `buffer` (offset + n_bytes <= size) and returns how many it wrote;
   * fewer than n_bytes is a failure, DT_FILE_ERROR. */
  int64_t (*read)(void* user, const char* name, int64_t offset, void* buffer, size_t n_bytes);
} dt_reader;
DT_API dt_status dt_model_open_reader(const dt_reader* reader, const dt_model_options* options,
                                      dt_model** model);

/* Streams and schedulers keep their model alive: it may be released before them. Strings of the model live
 * as long as the model itself. Any thread. */
DT_API void dt_model_release(dt_model* model);

/* ---- Names and sizes ---------------------------------------------------------------------------- */

typedef struct dt_model_info {
  size_t struct_size;
  int32_t n_channels;      /* weights per frame, 52 for ARKit bundles; a head pose is not among them */
  int32_t n_channel_names; /* n_channels, or 0: the channels of vertices have no names */
  int32_t fps_num;         /* animation frames per second = fps_num / fps_den */
  int32_t fps_den;
  int32_t sample_rate_hz; /* internal audio rate, 16000 */
  int32_t n_identities;
  int32_t n_emotions; /* 0: a model without emotions */
  int32_t d_identity; /* length of a style: of an identity, or of an identity with an emotion */
  int32_t n_profiles;
  int32_t n_steps; /* sampler steps of the student */
  int32_t n_mels;
  /* From ABI 1.0 on: */
  int32_t has_emotions;   /* 1 when n_emotions > 0 */
  int32_t has_enrollment; /* 1 when dt_model_enroll works */
  int32_t enroll_min_ms;  /* shortest and longest reference speech of dt_model_enroll; 0 without it */
  int32_t enroll_max_ms;
  int32_t n_threads;       /* in use */
  int32_t n_workers;       /* in use */
  int64_t condition_bytes; /* memory of one style in use, shared by the streams that use it */
  /* From ABI 1.1 on: */
  int32_t has_head_pose; /* 1 when the model moves the head: dt_stream_pull_with_pose */
  int32_t reserved;      /* 0 */
} dt_model_info;
/* Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_model_get_info(const dt_model* model, dt_model_info* info);

/* Names by index; NULL (and dt_last_error) when the index is out of range. Any thread. */
DT_API const char* dt_model_channel_name(const dt_model* model, int32_t index);
DT_API const char* dt_model_identity_name(const dt_model* model, int32_t index);
DT_API const char* dt_model_emotion_name(const dt_model* model, int32_t index);
DT_API const char* dt_model_profile_name(const dt_model* model, int32_t index);
/* Emotion of streams that name none; NULL (and dt_last_error) for a model without emotions. Any thread. */
DT_API const char* dt_model_default_emotion(const dt_model* model);
/* What the numbers of a frame are: "blendshapes", weights, nominal 0..1; "vertices", offsets from a template
 * as x, y, z of vertex 0, 1, ..; "coefficients" of a linear basis of such offsets. Template and basis lie in
 * the rig file of the bundle, which the caller reads (docs/bundle-format.md). Any thread. */
DT_API const char* dt_model_motion_space(const dt_model* model);
/* Name of the backend in use ("openvino"), the precision in use ("f32"), and the text of bundle.json. Any
 * thread. */
DT_API const char* dt_model_backend_name(const dt_model* model);
DT_API const char* dt_model_precision(const dt_model* model);
DT_API const char* dt_model_metadata_json(const dt_model* model);
/* What went less well than asked while the model was opened, a line for each warning of the log; "" where all
 * went well. Among them: another backend runs than the first that "auto" tries, and networks that the slow
 * interpreter computes. Needs no log. Since 1.3. Any thread. */
DT_API const char* dt_model_opening_warnings(const dt_model* model);

/* ---- Latency profiles --------------------------------------------------------------------------- */

/* The sizes of one window. A frame leaves when lookahead_samples of audio (at sample_rate_hz) after the end
 * of its hop have been pushed. Compute time comes on top. At other rates than sample_rate_hz the resampler
 * comes on top as well; dt_stream_get_info has it. */
typedef struct dt_profile_info {
  size_t struct_size;
  int32_t past_frames;       /* frames already emitted that condition the window */
  int32_t hop_frames;        /* frames emitted per window */
  int32_t lookahead_frames;  /* frames of future audio in the window, generated and thrown away */
  int32_t lookahead_samples; /* future audio that a hop waits for, front_end_samples included */
  /* From ABI 1.0 on: */
  int32_t hop_samples;       /* audio of one hop */
  int32_t front_end_samples; /* the log-mel window's share of lookahead_samples: reach beyond the lookahead */
  double latency_ms;     /* what the first frame of a hop waits after its own time: hop + lookahead_samples */
  double min_latency_ms; /* what the last frame of a hop waits */
  int64_t stream_bytes;  /* memory of a stream of this profile with default options, at sample_rate_hz */
} dt_profile_info;
/* name [in] NULL means the bundle's default profile. Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_model_get_profile(const dt_model* model, const char* name, dt_profile_info* info);

/* ---- Styles ------------------------------------------------------------------------------------- */
/* A style is d_identity floats that stand for an identity and a mood. It goes to dt_stream_options.style or
 * dt_stream_set_style. All functions here: any thread. */

/* The style of an identity with an emotion.
 * identity, emotion [in] NULL: the bundle's defaults.  style [out] capacity >= d_identity floats.
 * Returns DT_OK, DT_INVALID_ARGUMENT (unknown names: the message lists those there are). */
DT_API dt_status dt_model_get_style(const dt_model* model, const char* identity, const char* emotion,
                                    float* style, size_t capacity);

/* One part of a blend. Fixed in size for all of ABI 1. */
typedef struct dt_style_part {
  const float* style; /* d_identity finite floats */
  float weight;       /* finite, 0 or more; only the ratio of the weights counts */
} dt_style_part;
/* Weighted mean of styles.
 * parts [in] n_parts >= 1, at most 1024, weights not all 0.
 * style [out] capacity >= d_identity floats; may be one of the inputs.
 * Returns DT_OK, DT_INVALID_ARGUMENT. */
DT_API dt_status dt_model_blend_styles(const dt_model* model, const dt_style_part* parts, size_t n_parts,
                                       float* style, size_t capacity);

/* One emotion of a mixture. Fixed in size for all of ABI 1. */
typedef struct dt_emotion_part {
  const char* emotion; /* one of the model's */
  float weight;        /* 0..2: 1 is the emotion as it was learned */
} dt_emotion_part;
/* The style of an identity in several moods at once, at any strength:
 *
 *   neutral + strength * sum of weight * (emotion - neutral)
 *
 * Each word of the formula is the identity's style with that emotion. neutral is the emotion of that name,
 * or the bundle's default where there is none. Weights are no shares: happy 0.5 and sad 0.5 are half of each,
 * happy 0.5 alone is half happy. One emotion of weight 1 at strength 1 is dt_model_get_style's, bit by bit.
 * Since 1.1.
 * identity [in] NULL: the bundle's default.
 * parts [in] 0 to 1024, weights 2 in all at most; none: the bundle's default emotion.
 * strength [in] 0..2.  style [out] capacity >= d_identity floats.
 * Returns DT_OK, DT_INVALID_ARGUMENT (also: a model without emotions). */
DT_API dt_status dt_model_mix_emotions(const dt_model* model, const char* identity,
                                       const dt_emotion_part* parts, size_t n_parts, float strength,
                                       float* style, size_t capacity);

/* The style of a speaker from reference speech, with the mood of that speech or with a named emotion.
 * samples [in] n_frames * n_channels interleaved float32, nominal -1..1; enroll_min_ms .. enroll_max_ms long.
 * n_channels [in] 1..64, mixed to mono as by dt_stream_push.  sample_rate_hz [in] 1000..768000.
 * emotion [in] NULL: the mood of the reference speech; a name: that emotion instead.
 * Takes up to a second. Returns DT_OK, DT_UNSUPPORTED (the bundle has no style encoder), DT_INVALID_ARGUMENT
 * (also for NaN and for a length out of range), DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_model_enroll(const dt_model* model, const float* samples, size_t n_frames,
                                 int32_t n_channels, int32_t sample_rate_hz, const char* emotion,
                                 float* style, size_t capacity);

/* The same in several moods at any strength, by the formula of dt_model_mix_emotions. Every emotion, neutral
 * too, is the style encoder's for this speaker. Since 1.1.
 * parts [in] none: the mood of the reference speech.
 * Returns what both return. */
DT_API dt_status dt_model_enroll_emotions(const dt_model* model, const float* samples, size_t n_frames,
                                          int32_t n_channels, int32_t sample_rate_hz,
                                          const dt_emotion_part* parts, size_t n_parts, float strength,
                                          float* style, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif /* DT_MODEL_H */
