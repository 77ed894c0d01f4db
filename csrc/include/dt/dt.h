/* DiffusionTalker C ABI: speech in, face animation out.
 *
 * Usage, in six steps:
 *   1. dt_model_options_default(&mo);  dt_model_open("base.bundle", &mo, &model);
 *   2. dt_stream_options_default(&so); so.identity = "...";  dt_stream_create(model, &so, &stream);
 *   3. dt_stream_push(stream, samples, n_frames, n_channels, rate)    any chunk size, any rate
 *   4. dt_stream_pull(stream, weights, capacity, &first, &n)           until n == 0
 *   5. dt_stream_flush(stream), then pull until n == 0
 *   6. dt_stream_release(stream);  dt_model_release(model);
 *
 * Rules that hold for every function:
 *   - A function that can fail returns dt_status; DT_OK is 0, errors are negative. The message of the calling
 *     thread's last error is dt_last_error(). No exception, print, exit or C++ type ever crosses this border.
 *   - Option and info structs start with struct_size. Fill them with their *_default() function (options) or
 *     set struct_size = sizeof(struct) (infos); a size that the library does not know is DT_INVALID_ARGUMENT.
 *   - Strings are UTF-8. Returned strings are owned by the object they come from and live as long as it does.
 *   - A dt_model is immutable and may be shared by threads. A dt_stream is used by one thread at a time.
 *   - *_release accepts NULL.
 */
#ifndef DT_DT_H
#define DT_DT_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(DT_BUILDING_LIBRARY)
#define DT_API __declspec(dllexport)
#else
#define DT_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define DT_API __attribute__((visibility("default")))
#else
#define DT_API
#endif

#define DT_VERSION_MAJOR 0
#define DT_VERSION_MINOR 1
#define DT_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t dt_status;
#define DT_OK 0
#define DT_INVALID_ARGUMENT (-1) /* NULL, a wrong size, NaN audio, an unknown name: see the message */
#define DT_FILE_ERROR (-2)       /* a file is there but cannot be read */
#define DT_BAD_BUNDLE (-3)       /* the bundle is missing, damaged or of a newer format */
#define DT_NO_BACKEND (-4)       /* the asked backend is not installed or cannot run here */
#define DT_BUFFER_FULL (-5)      /* pushed faster than pulled: pull, then push the same samples again */
#define DT_CLOSED (-6)           /* the stream was flushed: only pull, reset and release are left */
#define DT_OUT_OF_MEMORY (-7)
#define DT_INTERNAL_ERROR (-8) /* a fault of the library or of a backend */

typedef struct dt_model dt_model;
typedef struct dt_stream dt_stream;

/* ---- Library ----------------------------------------------------------------------------------- */

/* Version of the library that is loaded, "major.minor.patch". Any thread. */
DT_API const char* dt_version(void);

/* Short English name of a status ("bad bundle"); never NULL. Any thread. */
DT_API const char* dt_status_string(dt_status status);

/* Message of the calling thread's last failed call: what is wrong and what to do. Never NULL; "" before the
 * first failure. Valid until the thread's next failing call. */
DT_API const char* dt_last_error(void);

/* Tells whether a backend ("reference", "openvino", "tensorrt") can run on this machine.
 * Returns DT_OK, or DT_NO_BACKEND with the reason in dt_last_error(). Any thread. */
DT_API dt_status dt_backend_probe(const char* backend);

/* ---- Model ------------------------------------------------------------------------------------- */

#define DT_LOG_INFO 1
#define DT_LOG_WARNING 2
/* Receives one line without a newline. Called on the thread that calls the library. */
typedef void (*dt_log_callback)(void* user, int32_t level, const char* message);

typedef struct dt_model_options {
  size_t struct_size;
  const char* backend; /* "auto" (default: openvino, else reference, announced in the log), or a name */
  const char*
      precision;       /* "f32" (default) or "bf16" (openvino on processors that have it; error about 2e-2) */
  int32_t n_threads;   /* compute threads of the backend, 1..256; default 2, capped at the machine's cores */
  dt_log_callback log; /* NULL (default): silent */
  void* log_user;
} dt_model_options;
DT_API void dt_model_options_default(dt_model_options* options);

/* Opens and checks a bundle folder, compiles its networks.
 * path [in] folder with bundle.json.  options [in] NULL means defaults.  model [out] to dt_model_release.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_FILE_ERROR, DT_BAD_BUNDLE, DT_NO_BACKEND, DT_OUT_OF_MEMORY.
 * Any thread. */
DT_API dt_status dt_model_open(const char* path, const dt_model_options* options, dt_model** model);

/* Streams keep their model alive: a model may be released before its streams. Any thread. */
DT_API void dt_model_release(dt_model* model);

typedef struct dt_model_info {
  size_t struct_size;
  int32_t n_channels;      /* numbers per frame, 52 for ARKit bundles */
  int32_t n_channel_names; /* n_channels, or 0: the channels of vertices have no names */
  int32_t fps_num;         /* animation frames per second = fps_num / fps_den */
  int32_t fps_den;
  int32_t sample_rate_hz; /* internal audio rate, 16000 */
  int32_t n_identities;
  int32_t n_emotions; /* 0: the model does not know emotions */
  int32_t d_identity; /* length of one embedding of an identity, or of an identity with an emotion */
  int32_t n_profiles;
  int32_t n_steps; /* sampler steps of the student */
  int32_t n_mels;
} dt_model_info;
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
/* Name of the backend in use ("openvino"), and the bundle.json text. Any thread. */
DT_API const char* dt_model_backend_name(const dt_model* model);
DT_API const char* dt_model_metadata_json(const dt_model* model);

/* Latency profile: the sizes of one window. A frame leaves when lookahead_samples of audio (at
 * sample_rate_hz) after the end of its hop have been pushed; compute time comes on top. */
typedef struct dt_profile_info {
  size_t struct_size;
  int32_t past_frames;      /* frames already emitted that condition the window */
  int32_t hop_frames;       /* frames emitted per window */
  int32_t lookahead_frames; /* frames of future audio in the window, generated and thrown away */
  int32_t lookahead_samples;
} dt_profile_info;
/* name [in] NULL means the bundle's default profile. Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_model_get_profile(const dt_model* model, const char* name, dt_profile_info* info);

/* ---- Stream ------------------------------------------------------------------------------------ */

typedef struct dt_stream_options {
  size_t struct_size;
  const char* identity; /* name of a talking identity; NULL (default): the bundle's default */
  const char* emotion;  /* name of an emotion; NULL (default): the bundle's default, if it has emotions */
  const float* style;  /* NULL (default), or d_identity floats used instead of identity and emotion; copied */
  uint64_t seed;       /* default 0; same audio, bundle, backend and seed give the same frames */
  const char* profile; /* NULL (default): the bundle's default profile */
  int32_t max_buffered_ms; /* audio that may wait beyond the next window, 1000..3600000; default 30000 */
  int32_t ease_out_frames; /* frames at the end that ease to rest, 0..300, at most lookahead_frames of them
                            * take effect (earlier ones may be gone when the audio ends); default 5 */
} dt_stream_options;
DT_API void dt_stream_options_default(dt_stream_options* options);

/* options [in] NULL means defaults.  stream [out] release with dt_stream_release.
 * The first stream of a profile may take up to a second, because its networks are compiled then.
 * Returns DT_OK, DT_INVALID_ARGUMENT (an unknown identity, emotion or profile: the message lists those there
 * are; an emotion asked of a model without emotions, or together with a style), DT_BAD_BUNDLE (networks that
 * do not take the profile's shapes), DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. */
DT_API dt_status dt_stream_create(dt_model* model, const dt_stream_options* options, dt_stream** stream);
DT_API void dt_stream_release(dt_stream* stream);

/* Appends audio; cheap (resampling and log-mel only), no network runs here. All or nothing.
 * samples [in] n_frames * n_channels interleaved float32, nominal -1..1; copied before return; NULL only if
 *   n_frames is 0.
 * n_channels [in] 1..64, averaged to mono.
 * sample_rate_hz [in] 1000..768000; fixed by the first push that has samples.
 * Returns DT_OK, DT_INVALID_ARGUMENT (also for NaN or infinite samples, with the index), DT_BUFFER_FULL,
 * DT_CLOSED. */
DT_API dt_status dt_stream_push(dt_stream* stream, const float* samples, size_t n_frames, int32_t n_channels,
                                int32_t sample_rate_hz);

/* Takes finished frames, running the networks as needed.
 * weights [out] capacity_frames * n_channels floats, frame-major; dt_model_motion_space() tells what they
 * are. capacity_frames [in] 0 is allowed. first_frame [out] absolute index of the first frame written; frame
 * k is at k * fps_den / fps_num seconds. n_frames [out] frames written; 0 means more audio (or, after flush,
 * nothing more) is needed. Returns DT_OK, DT_INVALID_ARGUMENT, DT_INTERNAL_ERROR. */
DT_API dt_status dt_stream_pull(dt_stream* stream, float* weights, size_t capacity_frames,
                                int64_t* first_frame, size_t* n_frames);

/* Frames that dt_stream_pull would give now without more audio. Returns DT_OK or DT_INVALID_ARGUMENT. */
DT_API dt_status dt_stream_ready_frames(const dt_stream* stream, int64_t* n_frames);

/* Ends the audio: the remaining frames become ready, the last ease_out_frames ease to the rest pose. In all
 * ceil(duration * fps) frames are given. Returns DT_OK, DT_INVALID_ARGUMENT or DT_CLOSED. */
DT_API dt_status dt_stream_flush(dt_stream* stream);

/* Back to the state after creation (frame 0, rest pose, rate not fixed); no memory is freed. */
DT_API dt_status dt_stream_reset(dt_stream* stream);

/* Time spent since creation or reset, in nanoseconds of wall time. */
typedef struct dt_stream_stats {
  size_t struct_size;
  int64_t n_hops;
  int64_t n_frames;
  int64_t front_end_ns; /* resampling and log-mel */
  int64_t encoder_ns;
  int64_t denoiser_ns;
  int64_t update_ns; /* noise and sampler updates */
  int64_t post_ns;
} dt_stream_stats;
DT_API dt_status dt_stream_get_stats(const dt_stream* stream, dt_stream_stats* stats);

/* ---- Parts, for tools and tests ---------------------------------------------------------------- */

/* Initial noise of the sampler: standard normal, a function of (seed, absolute frame, channel) only
 * (Philox-4x32-10, Box-Muller; docs/bundle-format.md).  out [out] n_frames * n_channels floats. */
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
#endif /* DT_DT_H */
