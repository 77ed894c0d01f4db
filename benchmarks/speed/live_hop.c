/* What one live stream costs a C program: opening, the first hop, further hops, resident memory. Linux.
 * Usage: live_hop BUNDLE BACKEND PRECISION [PROFILE]
 * Times are CPU time of the process on one thread, in ms: those of other programs do not count. */
#define _POSIX_C_SOURCE 199309L
#include <dt/dt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOPS = 60, PUSH = 3200 };

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static double resident_mb(void) {
  char line[256];
  double kb = 0;
  FILE* file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, "VmRSS:", 6) == 0) kb = atof(line + 6);
  fclose(file);
  return kb / 1024;
}

static int by_size(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static void needed(dt_status status) {
  if (status == DT_OK) return;
  fprintf(stderr, "%s\n", dt_last_error());
  exit(1);
}

/* Pushes a sound of 200 ms again and again, and pulls its hops. Returns how many were timed. */
static size_t hops_of(dt_stream* stream, double ms[HOPS]) {
  float sound[PUSH], weights[6 * 64]; /* six frames of a hop, of up to 64 channels */
  size_t n = 0, n_frames = 0, i;
  int64_t first = 0;
  for (i = 0; i < PUSH; i++) sound[i] = 0.2f * sinf((float)i * 0.05f) * sinf((float)i * 0.001f);
  while (n < HOPS) {
    needed(dt_stream_push(stream, sound, PUSH, 1, 16000));
    do {
      const double begun = cpu_ms();
      needed(dt_stream_pull(stream, weights, 6, &first, &n_frames));
      if (n_frames > 0) ms[n++] = cpu_ms() - begun;
    } while (n_frames > 0 && n < HOPS);
  }
  return n;
}

int main(int argc, char** argv) {
  const char* profile = argc > 4 ? argv[4] : "live";
  dt_model_options options;
  dt_stream_options stream_options;
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  double ms[HOPS], begun, opened, first;
  size_t n;
  if (argc < 4) {
    fprintf(stderr, "usage: live_hop BUNDLE BACKEND PRECISION [PROFILE]\n");
    return 2;
  }
  dt_model_options_default(&options);
  options.backend = argv[2];
  options.precision = argv[3];
  options.n_threads = 1;
  options.profiles = &profile;
  options.n_profiles = 1;
  begun = cpu_ms();
  needed(dt_model_open(argv[1], &options, &model));
  opened = cpu_ms() - begun;
  dt_stream_options_default(&stream_options);
  stream_options.profile = profile;
  stream_options.max_buffered_ms = 3000;
  needed(dt_stream_create(model, &stream_options, &stream));
  n = hops_of(stream, ms);
  first = ms[0];
  qsort(ms + 1, n - 1, sizeof *ms, by_size);
  printf(
      "%s %s %s: open %.0f ms, first hop %.1f ms, further hops %.1f ms (p10) %.1f ms (p50), resident %.0f "
      "MB\n",
      dt_model_backend_name(model), argv[3], profile, opened, first, ms[1 + (n - 1) / 10],
      ms[1 + (n - 1) / 2], resident_mb());
  dt_stream_release(stream);
  dt_model_release(model);
  return 0;
}
