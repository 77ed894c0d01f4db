/* The pattern for a game: a 60 Hz tick pushes the sound that was played since the last one, and shows the
 * face at (time of the sound - latency): dt_stream_frame_at mixes it from the two frames around that moment.
 *   game_loop bundle-folder
 * Runs three seconds as fast as it can and fails when a frame comes later than the stated latency.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt/dt.h"

enum { TICKS = 180, TICK_HZ = 60, RATE_HZ = 48000, MAX_CHANNELS = 128 };

/* Warnings of the library. Without such a hook it falls back to a slow backend in silence. */
static void print_warning(void* user, int32_t level, const char* message) {
  (void)user;
  (void)level;
  fprintf(stderr, "warning: %s\n", message);
}

/* Stands for the voice that the game plays: a buzz that swells four times a second. */
static void fill_voice(float* samples, size_t n, int64_t at) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const double t = (double)(at + (int64_t)i) / RATE_HZ;
    samples[i] = (float)(0.2 * (1 - cos(25.1 * t)) * fmod(t * 120, 1.0));
  }
}

static dt_status play(dt_stream* stream, const dt_model_info* info, double latency_ms) {
  float voice[RATE_HZ / TICK_HZ], face[MAX_CHANNELS] = {0};
  /* What the library states, one tick more, because sound comes in whole ticks, and one frame more, because a
   * moment lies between two frames. */
  const double latency_s = latency_ms / 1000 + 1.0 / TICK_HZ + (double)info->fps_den / info->fps_num;
  int32_t tick, late = 0, shown = 0;
  for (tick = 0; tick < TICKS; ++tick) {
    const double heard_s =
        (double)(tick + 1) / TICK_HZ; /* sound that left the loudspeaker by the end of the tick */
    const double moment_s = heard_s - latency_s;
    double face_s = 0;
    dt_status status;
    fill_voice(voice, RATE_HZ / TICK_HZ, (int64_t)tick * (RATE_HZ / TICK_HZ));
    status = dt_stream_push(stream, voice, RATE_HZ / TICK_HZ, 1, RATE_HZ);
    /* At most one hop is computed per tick. With a scheduler or a worker thread, give 0 here. */
    if (status == DT_OK) status = dt_stream_frame_at(stream, moment_s, 1, face, NULL, &face_s);
    if (status != DT_OK) return status;
    if (moment_s < 0) continue; /* before the first frame: the rest pose */
    if (face_s < moment_s) ++late;
    ++shown; /* here the game sets its morph targets from `face` */
  }
  printf("%d ticks, latency %.0f ms, face shown on %d, late on %d, last weight 0 is %.4f\n", (int)TICKS,
         latency_s * 1000, (int)shown, (int)late, face[0]);
  return late == 0 && shown > 0 ? DT_OK : DT_INTERNAL_ERROR;
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_model_info info;
  dt_stream_info stream_info;
  dt_status status;
  const char* name = argc > 2 ? argv[2] : "live";
  dt_stream_options options;
  if (argc < 2) {
    fprintf(stderr, "usage: game_loop bundle-folder [profile]\n");
    return 2;
  }
  dt_set_log(print_warning, NULL, DT_LOG_WARNING);
  dt_stream_options_default(&options);
  options.profile = name;
  options.sample_rate_hz = RATE_HZ; /* so that the latency includes the resampler's */
  memset(&info, 0, sizeof(info));
  info.struct_size = sizeof(info);
  memset(&stream_info, 0, sizeof(stream_info));
  stream_info.struct_size = sizeof(stream_info);
  status = dt_model_open(argv[1], NULL, &model);
  if (status == DT_OK) status = dt_model_get_info(model, &info);
  if (status == DT_OK) status = dt_stream_create(model, &options, &stream);
  if (status == DT_OK) status = dt_stream_get_info(stream, &stream_info);
  if (status == DT_OK && info.n_channels > MAX_CHANNELS) {
    fprintf(stderr, "this example is for blendshape models\n");
    status = DT_INVALID_ARGUMENT;
  }
  if (status == DT_OK) printf("%s: ", dt_model_backend_name(model));
  if (status == DT_OK) status = play(stream, &info, stream_info.latency_ms);
  if (status != DT_OK) fprintf(stderr, "error: %s\n", dt_last_error());
  dt_stream_release(stream);
  dt_model_release(model);
  return status == DT_OK ? 0 : 1;
}
