/* Streams a 16-bit PCM WAV file, 10 ms at a time as a microphone would, and prints each frame when it is
 * ready: its time and jawOpen. At the end it says on the error output how far the frames lagged behind the
 * sound.
 *   cmake -S examples -B build/example -Ddiffusiontalker_DIR="$(diffusiontalker --cmake-dir)"
 *   cmake --build build/example
 *   build/example/animate bundle-folder speech.wav [profile]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt/dt.h"

enum { MAX_CHANNELS = 256 };

typedef struct {
  int16_t* samples; /* interleaved */
  size_t n_frames;
  int32_t n_channels;
  int32_t rate_hz;
} Wav;

/* Reads up to `limit` bytes, as far as the file goes. The block grows with what was read, because a size in a
 * header may be anything. NULL: no memory. */
static void* read_up_to(FILE* f, size_t limit, size_t* n_bytes) {
  unsigned char* bytes = NULL;
  size_t capacity = 0, n = 0, got = 0, wanted = 0;
  while (got == wanted && n < limit) {
    unsigned char* larger = NULL;
    if (capacity <= SIZE_MAX / 2) larger = realloc(bytes, capacity = capacity ? 2 * capacity : 65536);
    if (!larger) {
      free(bytes);
      return NULL;
    }
    bytes = larger;
    wanted = capacity - n < limit - n ? capacity - n : limit - n;
    got = fread(bytes + n, 1, wanted, f);
    n += got;
  }
  *n_bytes = n;
  return bytes;
}

/* Passes over a chunk in steps that fit a long everywhere. Returns 0 when the file cannot. */
static int skip(FILE* f, uint32_t size) {
  for (; size > 0x40000000; size -= 0x40000000) {
    if (fseek(f, 0x40000000, SEEK_CUR) != 0) return 0;
  }
  return fseek(f, (long)size, SEEK_CUR) == 0;
}

static uint32_t little_endian(const unsigned char* bytes) {
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Reads the samples behind the header. size: what it declares; 0 and nearly 2^31 or 2^32 are what programs
 * write that could not know it, and the file goes on to its end then. */
static int read_samples(FILE* f, uint32_t size, Wav* wav) {
  const size_t frame_bytes = 2 * (size_t)wav->n_channels;
  const int is_known = size != 0 && size < 0x7FFF0000;
  size_t n_bytes = 0;
  wav->samples = read_up_to(f, is_known ? size : (size_t)-1, &n_bytes);
  wav->n_frames = n_bytes / frame_bytes;
  return wav->samples != NULL;
}

/* Reads a little-endian PCM file; returns 0 when it is something else. */
static int read_wav(const char* path, Wav* wav) {
  unsigned char head[12], chunk[8], format[16];
  FILE* f = fopen(path, "rb");
  int found = 0;
  memset(wav, 0, sizeof(*wav));
  if (!f) return 0;
  if (fread(head, 1, 12, f) == 12 && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WAVE", 4)) {
    while (!found && fread(chunk, 1, 8, f) == 8) {
      const uint32_t size = little_endian(chunk + 4);
      uint32_t rest = size;
      if (!memcmp(chunk, "fmt ", 4) && size >= 16 && fread(format, 1, 16, f) == 16) {
        const uint32_t rate = little_endian(format + 4);
        const int channels = format[2] | format[3] << 8;
        if (format[0] != 1 || format[1] != 0 || format[14] != 16) break;          /* PCM, 16 bit */
        if (channels < 1 || channels > 64 || rate < 1000 || rate > 768000) break; /* dt_stream_push */
        wav->n_channels = channels;
        wav->rate_hz = (int32_t)rate;
        rest = size - 16;
      } else if (!memcmp(chunk, "data", 4) && wav->n_channels > 0) {
        found = read_samples(f, size, wav);
        break;
      }
      if (!skip(f, rest) || !skip(f, size % 2)) break;
    }
  }
  fclose(f);
  return found;
}

/* Warnings of the library. Without such a hook it falls back to a slow backend in silence. */
static void print_warning(void* user, int32_t level, const char* message) {
  (void)user;
  (void)level;
  fprintf(stderr, "warning: %s\n", message);
}

/* Prints all frames that are ready. heard_s: sound pushed so far; lag_s: the largest distance to it so far.
 */
static dt_status print_frames(dt_stream* stream, const dt_model_info* info, int32_t jaw, double heard_s,
                              double* lag_s) {
  float weights[30 * MAX_CHANNELS];
  int64_t first = 0;
  size_t n = 0, i;
  const size_t n_channels = (size_t)info->n_channels;
  const size_t capacity = sizeof(weights) / sizeof(float) / n_channels;
  do {
    const dt_status status = dt_stream_pull(stream, weights, capacity, &first, &n);
    if (status != DT_OK) return status;
    for (i = 0; i < n; ++i) {
      const double time_s = (double)(first + (int64_t)i) * info->fps_den / info->fps_num;
      if (heard_s - time_s > *lag_s) *lag_s = heard_s - time_s;
      printf("%.4f %.4f\n", time_s, weights[i * n_channels + (size_t)jaw]);
    }
  } while (n > 0);
  return DT_OK;
}

static dt_status animate(dt_stream* stream, const Wav* wav, const dt_model_info* info, int32_t jaw) {
  float block[4096];
  const size_t most = sizeof(block) / sizeof(float) / (size_t)wav->n_channels;
  const size_t ten_ms = (size_t)(wav->rate_hz < 100 ? 1 : wav->rate_hz / 100);
  const size_t block_frames = ten_ms < most ? ten_ms : most;
  double lag_s = 0;
  size_t at, i;
  dt_status status = DT_OK;
  for (at = 0; at < wav->n_frames && status == DT_OK; at += block_frames) {
    const size_t n = wav->n_frames - at < block_frames ? wav->n_frames - at : block_frames;
    for (i = 0; i < n * (size_t)wav->n_channels; ++i) {
      block[i] = wav->samples[at * (size_t)wav->n_channels + i] / 32768.0f;
    }
    status = dt_stream_push(stream, block, n, wav->n_channels, wav->rate_hz);
    if (status == DT_OK) status = print_frames(stream, info, jaw, (double)(at + n) / wav->rate_hz, &lag_s);
  }
  if (status == DT_OK) status = dt_stream_flush(stream);
  if (status == DT_OK) status = print_frames(stream, info, jaw, (double)wav->n_frames / wav->rate_hz, &lag_s);
  if (status == DT_OK) fprintf(stderr, "a frame came at most %.0f ms after its sound\n", lag_s * 1000);
  return status;
}

/* -1: the model has no such channel, or channels without names. */
static int32_t find_channel(const dt_model* model, const dt_model_info* info, const char* name) {
  int32_t i;
  for (i = 0; i < info->n_channel_names; ++i) {
    if (!strcmp(dt_model_channel_name(model, i), name)) return i;
  }
  return -1;
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_model_info info;
  dt_stream_options options;
  dt_status status;
  int32_t jaw = -1;
  Wav wav;
  if (argc < 3) {
    fprintf(stderr, "usage: animate bundle-folder speech.wav [profile]\n");
    return 2;
  }
  dt_set_log(print_warning, NULL, DT_LOG_WARNING);
  dt_stream_options_default(&options);
  if (argc > 3) options.profile = argv[3];
  if (!read_wav(argv[2], &wav)) {
    fprintf(stderr, "%s is not a 16-bit PCM WAV file\n", argv[2]);
    return 3;
  }
  memset(&info, 0, sizeof(info));
  info.struct_size = sizeof(info);
  status = dt_model_open(argv[1], NULL, &model);
  if (status == DT_OK) status = dt_model_get_info(model, &info);
  if (status == DT_OK) jaw = find_channel(model, &info, "jawOpen");
  if (status == DT_OK && (jaw < 0 || info.n_channels > MAX_CHANNELS)) {
    fprintf(stderr, "this example is for blendshape models\n");
    status = DT_INVALID_ARGUMENT;
  } else {
    if (status == DT_OK) status = dt_stream_create(model, &options, &stream);
    if (status == DT_OK) status = animate(stream, &wav, &info, jaw);
    if (status != DT_OK) fprintf(stderr, "error: %s\n", dt_last_error());
  }
  dt_stream_release(stream);
  dt_model_release(model);
  free(wav.samples);
  return status == DT_OK ? 0 : 1;
}
