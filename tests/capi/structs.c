/* Structs of older and newer programs: the library must neither read nor write behind the caller's
 * struct_size. C99. Usage: structs BUNDLE */
#include <dt/dt.h>
#include <dt/raster.h>
#include <stddef.h>

#include "expect.h"

enum { CANARY = 0xA5, ROOM = 2048, MORE = 64 };

/* A struct with canary bytes behind it. */
typedef union space {
  double aligned;
  void* pointer;
  size_t struct_size;
  unsigned char bytes[ROOM];
} space;

static dt_model* model;
static dt_stream* stream;
static dt_scheduler* scheduler;
static dt_device_array* array;

/* How the library is asked to fill a struct of n bytes. */
typedef dt_status (*fill)(space* s, size_t n);
#define INIT(name, function) \
  static dt_status name(space* s, size_t n) { return function((void*)s, n); }
#define GET(name, call)                       \
  static dt_status name(space* s, size_t n) { \
    s->struct_size = n;                       \
    return call;                              \
  }
INIT(init_model, dt_model_options_init)
INIT(init_stream, dt_stream_options_init)
INIT(init_dials, dt_dials_init)
INIT(init_scheduler, dt_scheduler_options_init)
INIT(init_view, dt_raster_view_init)
GET(get_backend, dt_backend_get_info(0, (dt_backend_info*)s))
GET(get_model, dt_model_get_info(model, (dt_model_info*)s))
GET(get_profile, dt_model_get_profile(model, NULL, (dt_profile_info*)s))
GET(get_stream, dt_stream_get_info(stream, (dt_stream_info*)s))
GET(get_stream_stats, dt_stream_get_stats(stream, (dt_stream_stats*)s))
GET(get_array, dt_device_array_get_info(array, (dt_device_array_info*)s))
GET(get_step, dt_scheduler_step(scheduler, 0, 0, (dt_step_info*)s))
GET(get_scheduler_stats, dt_scheduler_get_stats(scheduler, (dt_scheduler_stats*)s))

static int is_all(const space* s, size_t from, size_t to, unsigned char value) {
  for (; from < to; ++from) {
    if (s->bytes[from] != value) return 0;
  }
  return 1;
}

/* What a library answers to structs of n_first bytes (the first version), of n_now and of later versions.
 * field, n_field: one that all versions have. */
static void check_fill(fill function, size_t n_first, size_t n_now, size_t field, size_t n_field) {
  const size_t good[] = {n_first, n_now, n_now + 8, n_now + MORE};
  const size_t bad[] = {0,           1,         n_first - 8,           n_first - 1,
                        n_first + 4, n_now + 1, ((size_t)1 << 16) + 8, (size_t)-8};
  space now, s;
  size_t i;
  memset(&now, CANARY, sizeof(now));
  EXPECT(function(&now, n_now) == DT_OK);
  for (i = 0; i < sizeof(good) / sizeof(good[0]); ++i) {
    memset(&s, CANARY, sizeof(s));
    EXPECT(function(&s, good[i]) == DT_OK);
    EXPECT(s.struct_size == good[i] && is_all(&s, good[i], ROOM, CANARY));
    EXPECT(good[i] <= n_now || is_all(&s, n_now, good[i], 0));
    EXPECT(memcmp(s.bytes + field, now.bytes + field, n_field) == 0);
    EXPECT(!is_all(&s, field, field + n_field, CANARY));
  }
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i) {
    if (bad[i] % sizeof(size_t) == 0 && bad[i] >= n_first && bad[i] <= (size_t)1 << 16)
      continue; /* 4 more may be a version */
    memset(&s, CANARY, sizeof(s));
    BAD(function(&s, bad[i]));
    EXPECT(is_all(&s, sizeof(size_t), ROOM, CANARY));
  }
}
#define CHECK_FILL(function, type, n_first, field) \
  check_fill(function, n_first, sizeof(type), offsetof(type, field), sizeof(((type*)0)->field))

static void check_filled(void) {
  CHECK_FILL(init_model, dt_model_options, offsetof(dt_model_options, pin_threads), n_threads);
  CHECK_FILL(init_stream, dt_stream_options, offsetof(dt_stream_options, sample_rate_hz), ease_out_frames);
  CHECK_FILL(init_dials, dt_dials, sizeof(dt_dials), channel_max);
  CHECK_FILL(init_scheduler, dt_scheduler_options, sizeof(dt_scheduler_options), max_wait_us);
  CHECK_FILL(init_view, dt_raster_view, sizeof(dt_raster_view), ambient_intensity);
  CHECK_FILL(get_backend, dt_backend_info, sizeof(dt_backend_info), reserved);
  CHECK_FILL(get_model, dt_model_info, offsetof(dt_model_info, has_enrollment), n_mels);
  CHECK_FILL(get_profile, dt_profile_info, offsetof(dt_profile_info, hop_samples), hop_frames);
  CHECK_FILL(get_stream, dt_stream_info, offsetof(dt_stream_info, utterance), is_failed);
  CHECK_FILL(get_stream_stats, dt_stream_stats, offsetof(dt_stream_stats, n_overruns), post_ns);
  CHECK_FILL(get_array, dt_device_array_info, sizeof(dt_device_array_info), device_type);
  CHECK_FILL(get_step, dt_step_info, sizeof(dt_step_info), next_deadline_ns);
  CHECK_FILL(get_scheduler_stats, dt_scheduler_stats, sizeof(dt_scheduler_stats), memory_bytes);
}

/* How the library is given a struct. */
static dt_status use_model(const char* path, const void* options) {
  dt_model* made = NULL;
  const dt_status status = dt_model_open(path, (const dt_model_options*)options, &made);
  dt_model_release(made);
  return status;
}
static dt_status use_stream(const char* path, const void* options) {
  dt_stream* made = NULL;
  const dt_status status = dt_stream_create(model, (const dt_stream_options*)options, &made);
  (void)path;
  dt_stream_release(made);
  return status;
}
static dt_status use_dials(const char* path, const void* dials) {
  (void)path;
  return dt_stream_set_dials(stream, (const dt_dials*)dials, -1, 0);
}
static dt_status use_scheduler(const char* path, const void* options) {
  dt_scheduler* made = NULL;
  const dt_status status = dt_scheduler_create(model, (const dt_scheduler_options*)options, &made);
  (void)path;
  dt_scheduler_release(made);
  return status;
}
static dt_status use_view(const char* path, const void* options) {
  static const float vertex[12] = {0};
  static unsigned char pixels[12];
  space mesh; /* a larger one too */
  dt_raster_mesh* const m = (dt_raster_mesh*)(void*)&mesh;
  (void)path;
  memset(&mesh, 0, sizeof(mesh));
  m->struct_size = sizeof(*m) + MORE;
  m->positions = m->colors = vertex;
  m->n_vertices = 1;
  return dt_raster_draw(m, (const dt_raster_view*)options, pixels, sizeof(pixels));
}

/* Options of an old program, whose unknown fields lie in memory that is not theirs (garbage that would be
 * refused), and of a new one, which may set only what this library knows. */
static void check_used(const char* path, fill init, dt_status (*use)(const char*, const void*),
                       size_t n_first, size_t n_now) {
  space s;
  memset(&s, CANARY, sizeof(s));
  EXPECT(init(&s, n_first) == DT_OK);
  if (init == init_view) ((dt_raster_view*)(void*)&s)->width = ((dt_raster_view*)(void*)&s)->height = 2;
  if (init == init_view) ((dt_raster_view*)(void*)&s)->eye[2] = 1;
  EXPECT(use(path, &s) == DT_OK);
  if (n_first < n_now) {
    s.struct_size = n_now;
    /* A pointer to nowhere is not refused, it is followed. */
    if (init == init_stream) ((dt_stream_options*)(void*)&s)->dials = NULL;
    BAD(use(path, &s)); /* the same bytes as fields: out of range */
    return;
  }
  memset(s.bytes + n_now, 0, MORE);
  s.struct_size = n_now + MORE;
  EXPECT(use(path, &s) == DT_OK);
  s.bytes[n_now + MORE - 1] = 1;
  BAD(use(path, &s));
  EXPECT(strstr(dt_last_error(), "does not know") != NULL);
}

int main(int argc, char** argv) {
  const int64_t one = 1;
  dt_model_options options;
  if (argc != 2) return 2;
  EXPECT(dt_model_options_default(&options) == DT_OK && options.struct_size == sizeof(options));
  options.backend = "reference";
  EXPECT(dt_model_open(argv[1], &options, &model) == DT_OK);
  if (model == NULL) return 1;
  EXPECT(dt_stream_create(model, NULL, &stream) == DT_OK);
  EXPECT(dt_scheduler_create(model, NULL, &scheduler) == DT_OK);
  EXPECT(dt_device_array_create(model, &one, 1, &array) == DT_OK);
  check_filled();
  check_used(argv[1], init_model, use_model, offsetof(dt_model_options, pin_threads),
             sizeof(dt_model_options));
  check_used(argv[1], init_model, use_model, sizeof(dt_model_options), sizeof(dt_model_options));
  check_used(argv[1], init_stream, use_stream, offsetof(dt_stream_options, sample_rate_hz),
             sizeof(dt_stream_options));
  check_used(argv[1], init_stream, use_stream, sizeof(dt_stream_options), sizeof(dt_stream_options));
  check_used(argv[1], init_dials, use_dials, sizeof(dt_dials), sizeof(dt_dials));
  check_used(argv[1], init_scheduler, use_scheduler, sizeof(dt_scheduler_options),
             sizeof(dt_scheduler_options));
  check_used(argv[1], init_view, use_view, sizeof(dt_raster_view), sizeof(dt_raster_view));
  dt_device_array_release(array);
  dt_scheduler_release(scheduler);
  dt_stream_release(stream);
  dt_model_release(model);
  printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
