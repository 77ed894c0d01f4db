/* Noise and clock after a day, and around the limits of 32 bits: streams that are put there by dt_stream_seek
 * have the right indices, the same frames however the audio is cut, and noise that is a function of the
 * frame. C99. Usage: clock BUNDLE */
#include <math.h>
#include <stdlib.h>

#include "expect.h"

enum { RATE = 44100, N_SAMPLES = 2 * RATE + 7, N_MAX = 100 * 256 };

static float tone[N_SAMPLES], whole[N_MAX], cut[N_MAX], noise[3][30 * 52];

/* Frames of the tone from `first` on; returns how many. */
static size_t animate(dt_stream* stream, int64_t first, size_t chunk, size_t n_channels, float* frames) {
  size_t done, n, total = 0;
  int64_t at = -1;
  EXPECT(dt_stream_seek(stream, first) == DT_OK);
  for (done = 0; done < N_SAMPLES;) {
    const size_t n_push = N_SAMPLES - done < chunk ? N_SAMPLES - done : chunk;
    EXPECT(dt_stream_push(stream, tone + done, n_push, 1, RATE) == DT_OK);
    done += n_push;
    if (done == N_SAMPLES) EXPECT(dt_stream_flush(stream) == DT_OK);
    do {
      EXPECT(dt_stream_pull(stream, frames + total * n_channels, N_MAX / n_channels - total, &at, &n) ==
             DT_OK);
      EXPECT(at == first + (int64_t)total);
      total += n;
    } while (n > 0 && total < N_MAX / n_channels);
  }
  return total;
}

static void check_noise(int64_t first) {
  int same = 0, i;
  EXPECT(dt_noise_fill(5, first, 30, 52, noise[0]) == DT_OK);
  EXPECT(dt_noise_fill(5, first, 7, 52, noise[1]) == DT_OK);
  EXPECT(dt_noise_fill(5, first + 7, 23, 52, noise[1] + 7 * 52) == DT_OK);
  EXPECT(memcmp(noise[0], noise[1], sizeof(noise[0])) == 0);
  EXPECT(dt_noise_fill(5, first + ((int64_t)1 << 32), 30, 52, noise[2]) == DT_OK);
  for (i = 0; i < 30 * 52; ++i) same += noise[0][i] == noise[2][i];
  EXPECT(same == 0);
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream *one = NULL, *other = NULL;
  dt_model_info info = {.struct_size = sizeof(info)};
  size_t n_frames, i;
  int64_t day, starts[5];
  if (argc != 2) return 2;
  for (i = 0; i < N_SAMPLES; ++i) tone[i] = (float)(0.3 * sin(0.03 * (double)i) * sin(0.0004 * (double)i));
  EXPECT(dt_model_open(argv[1], NULL, &model) == DT_OK);
  if (model == NULL) return 1;
  EXPECT(dt_model_get_info(model, &info) == DT_OK && info.n_channels <= 256);
  EXPECT(dt_stream_create(model, NULL, &one) == DT_OK && dt_stream_create(model, NULL, &other) == DT_OK);
  day = (int64_t)24 * 3600 * info.fps_num / info.fps_den;
  starts[0] = day;
  starts[1] = ((int64_t)1 << 31) - 20;
  starts[2] = ((int64_t)1 << 32) - 20;
  starts[3] = ((int64_t)1 << 53) - 100;
  starts[4] = 0;
  n_frames = ((size_t)N_SAMPLES * (size_t)info.fps_num + (size_t)RATE * (size_t)info.fps_den - 1) /
             ((size_t)RATE * (size_t)info.fps_den);
  for (i = 0; i < 5; ++i) {
    const size_t n_channels = (size_t)info.n_channels, n_bytes = n_frames * n_channels * sizeof(float);
    EXPECT(animate(one, starts[i], 22050, n_channels, whole) == n_frames);
    EXPECT(animate(other, starts[i], 999, n_channels, cut) == n_frames);
    EXPECT(memcmp(whole, cut, n_bytes) == 0);
    EXPECT(animate(one, starts[i] + 1, 22050, n_channels, cut) == n_frames);
    EXPECT(memcmp(whole, cut, n_bytes) != 0); /* other frames have other noise */
    check_noise(starts[i]);
  }
  dt_stream_release(one);
  dt_stream_release(other);
  dt_model_release(model);
  printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
