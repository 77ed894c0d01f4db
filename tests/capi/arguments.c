/* Every function of the library, of models and of the tools gets NULL, wrong sizes, released handles, huge
 * counts and NaN, and must answer with a status and a message. C99. Usage: arguments BUNDLE */
#include "arguments.h"

#include <dt/raster.h>

static void check_library(void) {
  dt_allocator allocator;
  memset(&allocator, 0, sizeof(allocator));
  dt_model_options model_options;
  dt_stream_options stream_options;
  dt_scheduler_options scheduler_options;
  EXPECT(dt_abi_version() == DT_ABI_VERSION && dt_abi_check(DT_ABI_VERSION) == DT_OK);
  EXPECT(dt_abi_check(DT_ABI_VERSION + 1) == DT_UNSUPPORTED);
  EXPECT(dt_abi_check(DT_ABI_VERSION + 0x10000) == DT_UNSUPPORTED);
  EXPECT(strcmp(dt_status_string(DT_UNSUPPORTED), "unsupported") == 0);
  EXPECT(strcmp(dt_status_string(12345), "unknown status") == 0);
  BAD(dt_set_log(NULL, NULL, 0));
  BAD(dt_set_log(NULL, NULL, 3));
  EXPECT(dt_set_log(NULL, NULL, DT_LOG_INFO) == DT_OK);
  BAD(dt_set_allocator(&allocator));
  allocator.struct_size = (size_t)-1;
  BAD(dt_set_allocator(&allocator));
  allocator.struct_size = sizeof(allocator);
  BAD(dt_set_allocator(&allocator));
  EXPECT(dt_backend_count() >= 1);
  dt_backend_info backend_info;
  memset(&backend_info, 0, sizeof(backend_info));
  BAD(dt_backend_get_info(0, NULL));
  BAD(dt_backend_get_info(0, &backend_info));
  backend_info.struct_size = sizeof(backend_info);
  BAD(dt_backend_get_info(-1, &backend_info));
  BAD(dt_backend_get_info(dt_backend_count(), &backend_info));
  BAD(dt_backend_probe(NULL));
  BAD(dt_backend_probe(""));
  BAD(dt_model_options_init(NULL, sizeof(model_options)));
  BAD(dt_model_options_init(&model_options, 0));
  BAD(dt_model_options_init(&model_options, (size_t)-1));
  BAD(dt_stream_options_init(NULL, sizeof(stream_options)));
  BAD(dt_stream_options_init(&stream_options, 8));
  BAD(dt_stream_options_init(&stream_options, (size_t)-1));
  BAD(dt_scheduler_options_init(NULL, sizeof(scheduler_options)));
  BAD(dt_scheduler_options_init(&scheduler_options, 8));
  BAD(dt_scheduler_options_init(&scheduler_options, (size_t)-1));
}

static int64_t no_size(void* user, const char* name) {
  (void)user;
  (void)name;
  return -1;
}

static int64_t huge_size(void* user, const char* name) {
  (void)user;
  (void)name;
  return INT64_MAX;
}

static int64_t no_read(void* user, const char* name, int64_t offset, void* buffer, size_t n) {
  (void)user;
  (void)name;
  (void)offset;
  (void)buffer;
  (void)n;
  return 0;
}

static void check_open(const char* path) {
  dt_reader reader;
  dt_model* model = (dt_model*)audio;
  memset(&reader, 0, sizeof(reader));
  BAD(dt_model_open(NULL, NULL, &model));
  EXPECT(model == NULL);
  BAD(dt_model_open(path, NULL, NULL));
  BAD(dt_model_open_memory(NULL, 10, NULL, &model));
  BAD(dt_model_open_memory(audio, 10, NULL, NULL));
  BAD(dt_model_open_memory(audio, (size_t)-1, NULL, &model));
  REFUSES(dt_model_open_memory(audio, 0, NULL, &model), DT_BAD_BUNDLE);
  REFUSES(dt_model_open_memory(audio, 100, NULL, &model), DT_BAD_BUNDLE);
  BAD(dt_model_open_reader(NULL, NULL, &model));
  BAD(dt_model_open_reader(&reader, NULL, NULL));
  BAD(dt_model_open_reader(&reader, NULL, &model));
  reader.struct_size = sizeof(reader);
  BAD(dt_model_open_reader(&reader, NULL, &model));
  reader.size = no_size;
  reader.read = no_read;
  REFUSES(dt_model_open_reader(&reader, NULL, &model), DT_BAD_BUNDLE);
  reader.size = huge_size;
  REFUSES(dt_model_open_reader(&reader, NULL, &model), DT_FILE_ERROR);
}

/* Every function on a model that does not live. */
static void check_dead_model(const dt_model* dead) {
  dt_model_info info = {.struct_size = sizeof(info)};
  dt_profile_info profile = {.struct_size = sizeof(profile)};
  dt_style_part part;
  dt_stream* stream = NULL;
  dt_scheduler* scheduler = NULL;
  size_t n = 0;
  part.style = audio;
  part.weight = 1;
  BAD(dt_model_get_info(dead, &info));
  BAD(dt_model_get_profile(dead, NULL, &profile));
  BAD(dt_model_get_style(dead, NULL, NULL, out, BIG));
  BAD(dt_model_blend_styles(dead, &part, 1, out, BIG));
  BAD(dt_model_enroll(dead, audio, 100, 1, 16000, NULL, out, BIG));
  BAD(dt_model_enroll_emotions(dead, audio, 100, 1, 16000, NULL, 0, 1, out, BIG));
  BAD(dt_model_mix_emotions(dead, NULL, NULL, 0, 1, out, BIG));
  BAD(dt_model_log_mel(dead, audio, 100, out, 100, &n));
  BAD(dt_stream_create((dt_model*)dead, NULL, &stream));
  BAD(dt_scheduler_create((dt_model*)dead, NULL, &scheduler));
  EXPECT(stream == NULL && scheduler == NULL);
  EXPECT(dt_model_channel_name(dead, 0) == NULL && dt_model_identity_name(dead, 0) == NULL);
  EXPECT(dt_model_emotion_name(dead, 0) == NULL && dt_model_profile_name(dead, 0) == NULL);
  EXPECT(dt_model_default_emotion(dead) == NULL && dt_model_motion_space(dead) == NULL);
  EXPECT(dt_model_backend_name(dead) == NULL && dt_model_precision(dead) == NULL);
  EXPECT(dt_model_metadata_json(dead) == NULL && dt_model_opening_warnings(dead) == NULL);
  dt_model_release((dt_model*)dead);
}

static void check_model(const dt_model* model) {
  dt_model_info info;
  dt_profile_info profile;
  info.struct_size = 0;
  BAD(dt_model_get_info(model, &info));
  BAD(dt_model_get_info(model, NULL));
  profile.struct_size = (size_t)-1;
  BAD(dt_model_get_profile(model, NULL, &profile));
  BAD(dt_model_get_profile(model, NULL, NULL));
  profile.struct_size = sizeof(profile);
  BAD(dt_model_get_profile(model, "no such profile", &profile));
  EXPECT(dt_model_channel_name(model, -1) == NULL && dt_model_channel_name(model, INT32_MAX) == NULL);
  EXPECT(dt_model_identity_name(model, -1) == NULL && dt_model_identity_name(model, INT32_MAX) == NULL);
  EXPECT(dt_model_emotion_name(model, -1) == NULL && dt_model_emotion_name(model, INT32_MAX) == NULL);
  EXPECT(dt_model_profile_name(model, -1) == NULL && dt_model_profile_name(model, INT32_MIN) == NULL);
}

static void check_styles(const dt_model* model) {
  dt_style_part parts[2];
  dt_model_info info = {.struct_size = sizeof(info)};
  size_t d;
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  d = (size_t)info.d_identity;
  parts[0].style = parts[1].style = audio;
  parts[0].weight = parts[1].weight = 0;
  EXPECT(dt_model_get_style(model, NULL, NULL, out, d) == DT_OK);
  BAD(dt_model_get_style(model, NULL, NULL, out, d - 1));
  BAD(dt_model_get_style(model, NULL, NULL, NULL, d));
  BAD(dt_model_get_style(model, "nobody", NULL, out, d));
  BAD(dt_model_get_style(model, NULL, "no such emotion", out, d));
  BAD(dt_model_blend_styles(model, NULL, 1, out, d));
  BAD(dt_model_blend_styles(model, parts, 0, out, d));
  BAD(dt_model_blend_styles(model, parts, (size_t)-1, out, d));
  BAD(dt_model_blend_styles(model, parts, 2, out, d)); /* weights all 0 */
  parts[0].weight = -1;
  BAD(dt_model_blend_styles(model, parts, 2, out, d));
  parts[0].weight = NAN;
  BAD(dt_model_blend_styles(model, parts, 2, out, d));
  parts[0].weight = 1;
  EXPECT(dt_model_blend_styles(model, parts, 2, out, d) == DT_OK);
  parts[0].style = not_finite;
  BAD(dt_model_blend_styles(model, parts, 2, out, d));
  BAD(dt_model_blend_styles(model, parts, 2, NULL, d));
  BAD(dt_model_blend_styles(model, parts, 2, out, 0));
  parts[0].style = NULL;
  BAD(dt_model_blend_styles(model, parts, 2, out, d));
  if (!info.has_enrollment) {
    REFUSES(dt_model_enroll(model, audio, 16000, 1, 16000, NULL, out, d), DT_UNSUPPORTED);
    return;
  }
  BAD(dt_model_enroll(model, NULL, 16000, 1, 16000, NULL, out, d));
  BAD(dt_model_enroll(model, audio, 16000, 1, 16000, NULL, NULL, d));
  BAD(dt_model_enroll(model, audio, 16000, 1, 16000, NULL, out, 0));
  BAD(dt_model_enroll(model, not_finite, BIG, 1, 16000, NULL, out, d));
  BAD(dt_model_enroll(model, audio, 1, 1, 16000, NULL, out, d));
  BAD(dt_model_enroll(model, audio, (size_t)-1, 1, 16000, NULL, out, d));
  BAD(dt_model_enroll(model, audio, 16000, 0, 16000, NULL, out, d));
  BAD(dt_model_enroll(model, audio, 16000, 1, 1, NULL, out, d));
  BAD(dt_model_enroll(model, audio, 16000, 1, 16000, "no such emotion", out, d));
}

static void check_mixtures(const dt_model* model) {
  dt_emotion_part parts[2];
  dt_model_info info = {.struct_size = sizeof(info)};
  size_t d;
  EXPECT(dt_model_get_info(model, &info) == DT_OK);
  d = (size_t)info.d_identity;
  parts[0].emotion = parts[1].emotion = info.has_emotions ? dt_model_emotion_name(model, 1) : "happy";
  parts[0].weight = parts[1].weight = 1;
  if (info.has_emotions) {
    EXPECT(dt_model_mix_emotions(model, NULL, NULL, 0, 1, out, d) == DT_OK);
    EXPECT(dt_model_mix_emotions(model, NULL, parts, 2, 2, out, d) == DT_OK);
  } else {
    BAD(dt_model_mix_emotions(model, NULL, NULL, 0, 1, out, d));
    BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  }
  BAD(dt_model_mix_emotions(model, "nobody", NULL, 0, 1, out, d));
  BAD(dt_model_mix_emotions(model, NULL, NULL, 1, 1, out, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, (size_t)-1, 1, out, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, -1, out, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 2.1f, out, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, NAN, out, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, NULL, d));
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, 0));
  parts[0].weight = 1.5f; /* more than 2 together */
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  parts[0].weight = NAN;
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  parts[0].weight = -1;
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  parts[0].weight = 1;
  parts[1].emotion = NULL;
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  parts[1].emotion = "no such emotion";
  BAD(dt_model_mix_emotions(model, NULL, parts, 2, 1, out, d));
  if (!info.has_enrollment) {
    REFUSES(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, NULL, 0, 1, out, d), DT_UNSUPPORTED);
    return;
  }
  BAD(dt_model_enroll_emotions(model, NULL, 16000, 1, 16000, NULL, 0, 1, out, d));
  BAD(dt_model_enroll_emotions(model, not_finite, BIG, 1, 16000, NULL, 0, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, (size_t)-1, 1, 16000, NULL, 0, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 1, NULL, 0, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, NULL, 1, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, parts, (size_t)-1, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, parts, 2, 1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, NULL, 0, -1, out, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, NULL, 0, 1, NULL, d));
  BAD(dt_model_enroll_emotions(model, audio, 16000, 1, 16000, NULL, 0, 1, out, 0));
}

static void check_bundles(const char* path) {
  size_t n = 0, need = 0;
  char start[1];
  EXPECT(dt_bundle_check(path) == DT_OK);
  BAD(dt_bundle_check(NULL));
  REFUSES(dt_bundle_check("no such bundle"), DT_BAD_BUNDLE);
  BAD(dt_bundle_read(path, "bundle.json", start, 1, &need));
  EXPECT(need > 1000);
  EXPECT(dt_bundle_read(path, "README.md", out, sizeof(out), &n) == DT_OK && n > 0);
  REFUSES(dt_bundle_read(path, "../bundle.json", out, sizeof(out), &n), DT_BAD_BUNDLE);
  REFUSES(dt_bundle_read("no such bundle", "bundle.json", out, sizeof(out), &n), DT_BAD_BUNDLE);
  BAD(dt_bundle_read(NULL, "bundle.json", out, sizeof(out), &n));
  BAD(dt_bundle_read(path, NULL, out, sizeof(out), &n));
  BAD(dt_bundle_read(path, "README.md", NULL, sizeof(out), &n));
  BAD(dt_bundle_read(path, "README.md", out, sizeof(out), NULL));
  BAD(dt_bundle_read(path, "README.md", out, 0, &n));
  REFUSES(dt_bundle_read_memory(audio, 100, "bundle.json", out, sizeof(out), &n), DT_BAD_BUNDLE);
  BAD(dt_bundle_read_memory(NULL, 100, "bundle.json", out, sizeof(out), &n));
  BAD(dt_bundle_read_memory(audio, (size_t)-1, "bundle.json", out, sizeof(out), &n));
  BAD(dt_bundle_read_memory(audio, 100, NULL, out, sizeof(out), &n));
  BAD(dt_bundle_read_memory(audio, 100, "bundle.json", out, sizeof(out), NULL));
  REFUSES(dt_bundle_read_memory(audio, 100, "bundle.json", NULL, 0, &n), DT_BAD_BUNDLE);
}

static void check_tools(const dt_model* model) {
  size_t n = 0;
  BAD(dt_noise_fill(1, 0, (size_t)-1, 52, out));
  BAD(dt_noise_fill(1, INT64_MAX, 2, 1, out));
  BAD(dt_noise_fill(1, -1, 2, 1, out));
  BAD(dt_noise_fill(1, 0, 1, 0, out));
  BAD(dt_noise_fill(1, 0, 1, 1, NULL));
  BAD(dt_resample(NULL, 3, 16000, 8000, out, 100, &n));
  BAD(dt_resample(not_finite, 3, 16000, 8000, out, 100, &n));
  BAD(dt_resample(audio, 3, 0, 8000, out, 100, &n));
  BAD(dt_resample(audio, 3, 16000, INT32_MAX, out, 100, &n));
  BAD(dt_resample(audio, 3, 16000, 8000, out, 100, NULL));
  BAD(dt_resample(audio, 3, 16000, 8000, NULL, 100, &n));
  BAD(dt_resample(audio, (size_t)-1, 16000, 8000, out, 100, &n));
  BAD(dt_resample(audio, 3, 16000, 8000, out, 0, &n));
  BAD(dt_model_log_mel(model, NULL, 3, out, 100, &n));
  BAD(dt_model_log_mel(model, not_finite, 3, out, 100, &n));
  BAD(dt_model_log_mel(model, audio, 3, NULL, 100, &n));
  BAD(dt_model_log_mel(model, audio, 3, out, 0, &n));
  BAD(dt_model_log_mel(model, audio, 3, out, 100, NULL));
  BAD(dt_model_log_mel(model, audio, (size_t)-1, out, 100, &n));
}

static void check_raster(void) {
  static const int32_t triangle[3] = {0, 1, 2}, wrong[3] = {0, 1, 3};
  static uint8_t pixels[12];
  dt_raster_mesh mesh;
  dt_raster_view view;
  BAD(dt_raster_view_init(NULL, sizeof(view)));
  BAD(dt_raster_view_init(&view, 0));
  BAD(dt_raster_view_init(&view, (size_t)-1));
  EXPECT(dt_raster_view_default(&view) == DT_OK);
  view.width = view.height = 2;
  view.eye[2] = 1;
  memset(&mesh, 0, sizeof(mesh));
  BAD(dt_raster_draw(&mesh, &view, pixels, 12)); /* no size */
  mesh.struct_size = sizeof(mesh);
  mesh.positions = mesh.colors = audio;
  mesh.n_vertices = 3;
  mesh.triangles = triangle;
  mesh.n_triangles = 1;
  EXPECT(dt_raster_draw(&mesh, &view, pixels, 12) == DT_OK);
  BAD(dt_raster_draw(NULL, &view, pixels, 12));
  BAD(dt_raster_draw(&mesh, NULL, pixels, 12));
  BAD(dt_raster_draw(&mesh, &view, NULL, 12));
  BAD(dt_raster_draw(&mesh, &view, pixels, 11));
  mesh.triangles = wrong;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
  mesh.triangles = NULL;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
  mesh.triangles = triangle;
  mesh.positions = not_finite;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
  mesh.positions = audio;
  mesh.n_vertices = mesh.n_triangles = (size_t)-1;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
  mesh.n_vertices = 3, mesh.n_triangles = 1;
  view.fov_y_deg = NAN;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
  view.struct_size = 3;
  BAD(dt_raster_draw(&mesh, &view, pixels, 12));
}

int main(int argc, char** argv) {
  dt_model* model = NULL;
  if (argc != 2) return 2;
  fill_not_finite();
  check_library();
  check_open(argv[1]);
  EXPECT(dt_allocated_bytes() == 0);
  EXPECT(dt_model_open(argv[1], NULL, &model) == DT_OK);
  if (model == NULL) return 1;
  REFUSES(dt_set_allocator(NULL), DT_BUSY);
  check_model(model);
  check_styles(model);
  check_mixtures(model);
  check_tools(model);
  check_bundles(argv[1]);
  check_raster();
  dt_model_release(model);
  check_dead_model(model);
  check_dead_model(NULL);
  check_dead_model((dt_model*)audio); /* a pointer that is no handle at all */
  EXPECT(dt_allocated_bytes() == 0);
  printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
