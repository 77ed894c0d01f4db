/* Animates a synthetic tone through the C ABI, and checks what every call answers to bad arguments. C99.
 * Usage: animate BUNDLE */
#include <dt/dt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

enum { RATE = 22050, N_SAMPLES = 2 * RATE + 11, N_MAX_CHANNELS = 256 };

static int64_t n_frames = 0; /* ceil(duration * fps), once the model is known */

static void log_line(void* user, int32_t level, const char* message) {
  (void)level;
  (void)message;
  ++*(int*)user;
}

/* One clip in chunks; returns the sum of all weights. */
static double animate(dt_stream* stream, const float* tone, size_t chunk, int32_t n_channels) {
  float weights[16 * N_MAX_CHANNELS];
  int64_t first = 0, next = 0, ready = 0;
  size_t n = 0, i, done = 0;
  double sum = 0;
  int flushed = 0;
  for (;;) {
    if (done < N_SAMPLES) {
      const size_t n_push = N_SAMPLES - done < chunk ? N_SAMPLES - done : chunk;
      const dt_status pushed = dt_stream_push(stream, tone + done, n_push, 1, RATE);
      EXPECT(pushed == DT_OK);
      if (pushed != DT_OK) break;
      done += n_push;
    } else if (!flushed) {
      EXPECT(dt_stream_flush(stream) == DT_OK);
      flushed = 1;
    }
    do {
      EXPECT(dt_stream_ready_frames(stream, &ready) == DT_OK);
      EXPECT(dt_stream_pull(stream, weights, 16, &first, &n) == DT_OK);
      EXPECT(first == next);
      EXPECT((int64_t)n == (ready < 16 ? ready : 16));
      next += (int64_t)n;
      for (i = 0; i < n * (size_t)n_channels; ++i) sum += weights[i];
    } while (n > 0);
    if (flushed) break;
  }
  EXPECT(next == n_frames);
  return sum;
}

static void check_model_arguments(const char* path, dt_model* model) {
  static const char* const no_such_profile[] = {"no such profile"};
  dt_model_options options;
  dt_model_info info;
  dt_profile_info profile;
  dt_model* other = model;
  EXPECT(dt_model_open(NULL, NULL, &other) == DT_INVALID_ARGUMENT && other == NULL);
  EXPECT(dt_model_open(path, NULL, NULL) == DT_INVALID_ARGUMENT);
  EXPECT(dt_model_open("no such folder", NULL, &other) == DT_BAD_BUNDLE);
  EXPECT(strstr(dt_last_error(), "no such folder") != NULL);
  dt_model_options_default(&options);
  options.struct_size = 3;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  dt_model_options_default(&options);
  options.backend = "abacus";
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  options.backend = NULL;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  options.backend = "tensorrt";
  EXPECT(dt_model_open(path, &options, &other) == DT_NO_BACKEND);
  dt_model_options_default(&options);
  options.precision = "f8";
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  dt_model_options_default(&options);
  options.n_profiles = 1;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  options.profiles = no_such_profile;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  EXPECT(strstr(dt_last_error(), "no such profile") != NULL);
  options.n_profiles = -1;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  dt_model_options_default(&options);
  options.n_threads = 0;
  EXPECT(dt_model_open(path, &options, &other) == DT_INVALID_ARGUMENT);
  dt_model_options_default(NULL);
  dt_model_release(NULL);
  info.struct_size = 0;
  EXPECT(dt_model_get_info(model, &info) == DT_INVALID_ARGUMENT);
  EXPECT(dt_model_get_info(model, NULL) == DT_INVALID_ARGUMENT);
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(NULL, &info) == DT_INVALID_ARGUMENT);
  EXPECT(dt_model_channel_name(model, -1) == NULL && dt_model_channel_name(NULL, 0) == NULL);
  EXPECT(dt_model_identity_name(model, 1000000) == NULL && dt_model_profile_name(model, 1000000) == NULL);
  EXPECT(dt_model_backend_name(NULL) == NULL && dt_model_metadata_json(NULL) == NULL);
  EXPECT(dt_model_motion_space(NULL) == NULL && dt_model_opening_warnings(NULL) == NULL);
  profile.struct_size = sizeof(profile);
  EXPECT(dt_model_get_profile(model, "no such profile", &profile) == DT_INVALID_ARGUMENT);
  EXPECT(dt_model_get_profile(model, NULL, NULL) == DT_INVALID_ARGUMENT);
  EXPECT(dt_backend_probe(NULL) == DT_INVALID_ARGUMENT && dt_backend_probe("abacus") == DT_INVALID_ARGUMENT);
  EXPECT(dt_backend_probe("reference") == DT_OK);
}

/* Names of emotions and channels, and streams that ask for an emotion. */
static void check_names(dt_model* model, const dt_model_info* info) {
  static const float style[4096];
  dt_stream_options options;
  dt_stream* stream = NULL;
  int32_t i, n_default = 0;
  const char* space = dt_model_motion_space(model);
  EXPECT(space != NULL);
  EXPECT(strcmp(dt_model_opening_warnings(model), "") == 0);
  EXPECT(info->n_channel_names == (strcmp(space, "vertices") == 0 ? 0 : info->n_channels));
  EXPECT(dt_model_channel_name(model, info->n_channel_names) == NULL);
  if (info->n_channel_names > 0) EXPECT(dt_model_channel_name(model, info->n_channel_names - 1) != NULL);
  EXPECT(dt_model_emotion_name(model, -1) == NULL && dt_model_emotion_name(NULL, 0) == NULL);
  EXPECT(dt_model_emotion_name(model, info->n_emotions) == NULL && dt_model_default_emotion(NULL) == NULL);
  EXPECT((dt_model_default_emotion(model) == NULL) == (info->n_emotions == 0));
  dt_stream_options_default(&options);
  for (i = 0; i < info->n_emotions; ++i) {
    options.emotion = dt_model_emotion_name(model, i);
    EXPECT(options.emotion != NULL && dt_stream_create(model, &options, &stream) == DT_OK);
    n_default += strcmp(options.emotion, dt_model_default_emotion(model)) == 0;
    dt_stream_release(stream);
  }
  EXPECT(n_default == (info->n_emotions > 0));
  options.emotion = "no such emotion";
  EXPECT(dt_stream_create(model, &options, &stream) == DT_INVALID_ARGUMENT && stream == NULL);
  EXPECT(strstr(dt_last_error(), info->n_emotions > 0 ? "the bundle has" : "has no emotions") != NULL);
  options.style = style;
  EXPECT(info->d_identity <= 4096 && dt_stream_create(model, &options, &stream) == DT_INVALID_ARGUMENT);
  options.emotion = NULL;
  EXPECT(dt_stream_create(model, &options, &stream) == DT_OK);
  dt_stream_release(stream);
}

static void check_stream_arguments(dt_model* model, dt_stream* stream) {
  dt_stream_options options;
  dt_stream_stats stats;
  dt_stream* other = stream;
  float sample = 0, frame[N_MAX_CHANNELS];
  int64_t first = 0;
  size_t n = 1;
  EXPECT(dt_stream_create(NULL, NULL, &other) == DT_INVALID_ARGUMENT && other == NULL);
  EXPECT(dt_stream_create(model, NULL, NULL) == DT_INVALID_ARGUMENT);
  dt_stream_options_default(&options);
  options.identity = "nobody";
  EXPECT(dt_stream_create(model, &options, &other) == DT_INVALID_ARGUMENT);
  EXPECT(strstr(dt_last_error(), "the bundle has") != NULL);
  dt_stream_options_default(&options);
  options.max_buffered_ms = 1;
  EXPECT(dt_stream_create(model, &options, &other) == DT_INVALID_ARGUMENT);
  dt_stream_options_default(&options);
  options.ease_out_frames = -1;
  EXPECT(dt_stream_create(model, &options, &other) == DT_INVALID_ARGUMENT);
  dt_stream_options_default(NULL);
  dt_stream_release(NULL);
  EXPECT(dt_stream_push(NULL, &sample, 1, 1, RATE) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_push(stream, NULL, 1, 1, RATE) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_push(stream, NULL, 0, 1, RATE) == DT_OK);
  EXPECT(dt_stream_push(stream, &sample, 1, 0, RATE) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_push(stream, &sample, (size_t)-1, 1, RATE) == DT_BUFFER_FULL);
  EXPECT(dt_stream_pull(stream, NULL, 1, &first, &n) == DT_INVALID_ARGUMENT && n == 0);
  EXPECT(dt_stream_pull(stream, NULL, 0, &first, &n) == DT_OK && n == 0);
  EXPECT(dt_stream_pull(stream, frame, 1, NULL, &n) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_pull(NULL, frame, 1, &first, &n) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_ready_frames(stream, NULL) == DT_INVALID_ARGUMENT);
  EXPECT(dt_stream_flush(NULL) == DT_INVALID_ARGUMENT && dt_stream_reset(NULL) == DT_INVALID_ARGUMENT);
  stats.struct_size = 1;
  EXPECT(dt_stream_get_stats(stream, &stats) == DT_INVALID_ARGUMENT);
}

static void check_tools(const dt_model* model) {
  float in[200] = {0}, out[400];
  size_t n = 0;
  EXPECT(dt_noise_fill(1, 0, 2, 3, out) == DT_OK);
  EXPECT(dt_noise_fill(1, -1, 2, 3, out) == DT_INVALID_ARGUMENT);
  EXPECT(dt_noise_fill(1, 0, 2, 0, out) == DT_INVALID_ARGUMENT);
  EXPECT(dt_noise_fill(1, 0, 2, 3, NULL) == DT_INVALID_ARGUMENT);
  EXPECT(dt_resample(in, 200, 16000, 32000, out, 399, &n) == DT_INVALID_ARGUMENT && n == 400);
  EXPECT(dt_resample(in, 200, 16000, 32000, out, 400, &n) == DT_OK && n == 400);
  EXPECT(dt_resample(in, 200, 16000, 1, out, 400, &n) == DT_INVALID_ARGUMENT);
  EXPECT(dt_resample(NULL, 0, 16000, 8000, NULL, 0, &n) == DT_OK && n == 0);
  EXPECT(dt_resample(NULL, 1, 16000, 8000, out, 400, &n) == DT_INVALID_ARGUMENT);
  /* What is needed, also where n times a rate is beyond 32 bits. */
  EXPECT(dt_resample(NULL, 95999, 96000, 48000, NULL, 0, &n) == DT_INVALID_ARGUMENT && n == 48000);
  EXPECT(dt_resample(NULL, (size_t)600 * 192000, 192000, 44100, NULL, 0, &n) == DT_INVALID_ARGUMENT &&
         n == (size_t)600 * 44100);
  EXPECT(dt_resample(NULL, (size_t)-1, 1000, 768000, NULL, 0, &n) == DT_INVALID_ARGUMENT && n == 0);
  EXPECT(dt_model_log_mel(model, in, 200, out, 1, &n) == DT_INVALID_ARGUMENT && n == 2);
  EXPECT(dt_model_log_mel(model, in, 200, out, 2, &n) == DT_OK && n == 2);
  EXPECT(dt_model_log_mel(NULL, in, 200, out, 2, &n) == DT_INVALID_ARGUMENT);
}

int main(int argc, char** argv) {
  static float tone[N_SAMPLES];
  dt_model_options options;
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_stream_options stream_options;
  dt_model_info info;
  int i, n_log_lines = 0;
  double whole, chunked;
  if (argc != 2) return 2;
  for (i = 0; i < N_SAMPLES; ++i) tone[i] = (float)(0.3 * sin(0.06 * i) * sin(0.0005 * i));
  EXPECT(strcmp(dt_last_error(), "") == 0);
  dt_model_options_default(&options);
  options.log = log_line;
  options.log_user = &n_log_lines;
  EXPECT(dt_model_open(argv[1], &options, &model) == DT_OK);
  if (model == NULL) return 1;
  EXPECT(n_log_lines > 0);
  info.struct_size = sizeof(info);
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  EXPECT(info.n_channels <= N_MAX_CHANNELS);
  n_frames = ((int64_t)N_SAMPLES * info.fps_num + RATE * info.fps_den - 1) / (RATE * info.fps_den);
  dt_stream_options_default(&stream_options);
  stream_options.max_buffered_ms = 5000;
  EXPECT(dt_stream_create(model, &stream_options, &stream) == DT_OK);
  check_model_arguments(argv[1], model);
  check_stream_arguments(model, stream);
  check_names(model, &info);
  check_tools(model);
  dt_model_release(model); /* the stream keeps it alive */
  whole = animate(stream, tone, N_SAMPLES, info.n_channels);
  EXPECT(dt_stream_push(stream, tone, 1, 1, RATE) == DT_CLOSED && dt_stream_flush(stream) == DT_CLOSED);
  EXPECT(dt_stream_reset(stream) == DT_OK);
  chunked = animate(stream, tone, 333, info.n_channels);
  EXPECT(whole == chunked);
  dt_stream_release(stream);
  printf("version %s, %d frames, sum of weights %.6f, %d failures\n", dt_version(), (int)n_frames, whole,
         n_failures);
  return n_failures == 0 ? 0 : 1;
}
