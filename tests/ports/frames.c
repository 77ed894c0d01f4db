/* Writes all frames of a recording as float32, so that systems can be compared. C99.
 * Usage: frames BUNDLE WAV OUT BACKEND PROFILE SECONDS
 * WAV: 16 bits, one channel, behind a header of 44 bytes, as examples/speech.wav. SECONDS of it at most. */
#include <dt/dt.h>
#include <stdlib.h>

#include "expect.h"

enum { MAX_SAMPLES = 48000 * 30, MAX_VALUES = 300 * 256, CHUNK = 1600 };

static short pcm[MAX_SAMPLES];
static float samples[MAX_SAMPLES], frames[MAX_VALUES];

static void print_warning(void* user, int32_t level, const char* message) {
  (void)user;
  (void)level;
  fprintf(stderr, "warning: %s\n", message);
}

/* The samples as float32; returns how many, and the rate. */
static size_t read_wav(const char* path, double seconds, int32_t* rate) {
  unsigned char header[44];
  size_t n = 0, i;
  FILE* const f = fopen(path, "rb");
  if (f == NULL || fread(header, 1, sizeof(header), f) != sizeof(header)) return 0;
  *rate = header[24] | header[25] << 8 | header[26] << 16;
  if (seconds * *rate <= MAX_SAMPLES) n = fread(pcm, sizeof(pcm[0]), (size_t)(seconds * *rate), f);
  fclose(f);
  for (i = 0; i < n; ++i) samples[i] = (float)pcm[i] / 32768.0f;
  return n;
}

/* What is ready, appended to the file; returns the number of frames. */
static size_t write_frames(dt_stream* stream, size_t n_channels, FILE* out) {
  size_t total = 0, n = 0;
  int64_t first;
  do {
    EXPECT(dt_stream_pull(stream, frames, MAX_VALUES / n_channels, &first, &n) == DT_OK);
    EXPECT(fwrite(frames, sizeof(float) * n_channels, n, out) == n);
    total += n;
  } while (n > 0);
  return total;
}

static size_t animate(dt_stream* stream, const float* from, size_t n, int32_t rate, size_t n_channels,
                      FILE* out) {
  size_t total = 0, at;
  for (at = 0; at < n; at += CHUNK) {
    EXPECT(dt_stream_push(stream, from + at, n - at < CHUNK ? n - at : CHUNK, 1, rate) == DT_OK);
    if (at + CHUNK >= n) EXPECT(dt_stream_flush(stream) == DT_OK);
    total += write_frames(stream, n_channels, out);
  }
  return total;
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_model_options model_options;
  dt_stream_options stream_options;
  dt_model_info info = {.struct_size = sizeof(info)};
  int32_t rate = 0;
  size_t n;
  FILE* out;
  if (argc != 7) return 2;
  n = read_wav(argv[2], atof(argv[6]), &rate);
  out = fopen(argv[3], "wb");
  EXPECT(n > 0 && out != NULL);
  dt_set_log(print_warning, NULL, DT_LOG_WARNING);
  EXPECT(dt_model_options_default(&model_options) == DT_OK);
  model_options.backend = argv[4];
  model_options.n_threads = 1;
  EXPECT(dt_stream_options_default(&stream_options) == DT_OK);
  stream_options.profile = argv[5];
  EXPECT(dt_model_open(argv[1], &model_options, &model) == DT_OK);
  EXPECT(dt_model_get_info(model, &info) == DT_OK && info.n_channels <= 256);
  EXPECT(dt_stream_create(model, &stream_options, &stream) == DT_OK);
  if (n_failures == 0)
    printf("%d frames\n", (int)animate(stream, samples, n, rate, (size_t)info.n_channels, out));
  if (n_failures > 0) fprintf(stderr, "%s\n", dt_last_error());
  dt_stream_release(stream);
  dt_model_release(model);
  if (out != NULL) fclose(out);
  return n_failures == 0 ? 0 : 1;
}
