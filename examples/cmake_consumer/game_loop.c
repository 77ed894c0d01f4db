/* The pattern for a game: a 60 Hz tick pushes the sound that was played since the last one, takes the frames
 * that are ready, and shows the face at (time of the sound - latency), between the two frames around that
 * moment.
 *   game_loop bundle-folder
 * Runs three seconds as fast as it can and fails when a frame comes later than the stated latency.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt/dt.h"

enum { TICKS = 180, TICK_HZ = 60, RATE_HZ = 48000, RING_FRAMES = 64, MAX_CHANNELS = 128 };

/* The newest frames, by absolute index: frame k is at k % RING_FRAMES. */
typedef struct {
  float weights[RING_FRAMES * MAX_CHANNELS];
  int64_t end; /* first frame that has not come yet */
  int32_t n_channels;
} FaceRing;

/* Warnings of the library. Without such a hook it falls back to a slow backend in silence. */
static void print_warning(void* user, int32_t level, const char* message) {
  (void)user;
  (void)level;
  fprintf(stderr, "warning: %s\n", message);
}

/* Takes what is ready, at most `most` frames, so that one tick never computes two hops. */
static dt_status take_frames(dt_stream* stream, FaceRing* ring, size_t most) {
  float block[8 * MAX_CHANNELS];
  int64_t first = 0;
  size_t n = 0, i;
  dt_status status = DT_OK;
  do {
    const size_t capacity = most < 8 ? most : 8;
    status = dt_stream_pull(stream, block, capacity, &first, &n);
    for (i = 0; status == DT_OK && i < n; ++i) {
      const size_t slot = (size_t)((first + (int64_t)i) % RING_FRAMES);
      memcpy(ring->weights + slot * (size_t)ring->n_channels, block + i * (size_t)ring->n_channels,
             (size_t)ring->n_channels * sizeof(float));
      ring->end = first + (int64_t)i + 1;
    }
    most -= n;
  } while (status == DT_OK && n > 0 && most > 0);
  return status;
}

/* The face at `frame`, which may lie between two; holds the last one when the next has not come. */
static void sample_face(const FaceRing* ring, double frame, float* face) {
  const int64_t last = ring->end - 1;
  const int64_t a = (int64_t)frame < last ? (int64_t)frame : last;
  const int64_t b = a + 1 < last ? a + 1 : last;
  const float mix = (float)(frame - (double)a < 1.0 ? frame - (double)a : 1.0);
  int32_t c;
  for (c = 0; c < ring->n_channels; ++c) {
    const float wa = ring->weights[(a % RING_FRAMES) * ring->n_channels + c];
    const float wb = ring->weights[(b % RING_FRAMES) * ring->n_channels + c];
    face[c] = wa + mix * (wb - wa);
  }
}

/* Stands for the voice that the game plays: a buzz that swells four times a second. */
static void fill_voice(float* samples, size_t n, int64_t at) {
  size_t i;
  for (i = 0; i < n; ++i) {
    const double t = (double)(at + (int64_t)i) / RATE_HZ;
    samples[i] = (float)(0.2 * (1 - cos(25.1 * t)) * fmod(t * 120, 1.0));
  }
}

static dt_status play(dt_stream* stream, const dt_model_info* info, const dt_profile_info* profile,
                      double latency_ms) {
  static FaceRing ring;
  float voice[RATE_HZ / TICK_HZ], face[MAX_CHANNELS];
  const double fps = (double)info->fps_num / info->fps_den;
  /* What the library states, and one tick more, because sound comes in whole ticks. */
  const double latency_s = latency_ms / 1000 + 1.0 / TICK_HZ;
  int64_t late = 0, shown = 0;
  int32_t tick;
  ring.n_channels = info->n_channels;
  for (tick = 0; tick < TICKS; ++tick) {
    const double heard_s =
        (double)(tick + 1) / TICK_HZ; /* sound that left the loudspeaker by the end of the tick */
    const double frame = (heard_s - latency_s) * fps;
    dt_status status;
    fill_voice(voice, RATE_HZ / TICK_HZ, (int64_t)tick * (RATE_HZ / TICK_HZ));
    status = dt_stream_push(stream, voice, RATE_HZ / TICK_HZ, 1, RATE_HZ);
    if (status == DT_OK) status = take_frames(stream, &ring, (size_t)profile->hop_frames);
    if (status != DT_OK) return status;
    if (frame < 0) continue; /* before the first frame: the rest pose */
    if ((int64_t)frame >= ring.end) ++late;
    if (ring.end > 0) {
      sample_face(&ring, frame, face); /* here the game sets its morph targets */
      ++shown;
    }
  }
  printf("%d ticks, latency %.0f ms, face shown on %d, late on %d, last weight 0 is %.4f\n", (int)TICKS,
         latency_s * 1000, (int)shown, (int)late, face[0]);
  return late == 0 && shown > 0 ? DT_OK : DT_INTERNAL_ERROR;
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_model_info info;
  dt_profile_info profile;
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
  memset(&profile, 0, sizeof(profile));
  info.struct_size = sizeof(info);
  profile.struct_size = sizeof(profile);
  memset(&stream_info, 0, sizeof(stream_info));
  stream_info.struct_size = sizeof(stream_info);
  status = dt_model_open(argv[1], NULL, &model);
  if (status == DT_OK) status = dt_model_get_info(model, &info);
  if (status == DT_OK) status = dt_model_get_profile(model, name, &profile);
  if (status == DT_OK) status = dt_stream_create(model, &options, &stream);
  if (status == DT_OK) status = dt_stream_get_info(stream, &stream_info);
  if (status == DT_OK && (info.n_channels > MAX_CHANNELS || profile.hop_frames + 8 > RING_FRAMES)) {
    fprintf(stderr, "this example is for blendshape models\n");
    status = DT_INVALID_ARGUMENT;
  }
  if (status == DT_OK) printf("%s: ", dt_model_backend_name(model));
  if (status == DT_OK) status = play(stream, &info, &profile, stream_info.latency_ms);
  if (status != DT_OK) fprintf(stderr, "error: %s\n", dt_last_error());
  dt_stream_release(stream);
  dt_model_release(model);
  return status == DT_OK ? 0 : 1;
}
