/* DiffusionTalker for Godot 3 as a NativeScript class (GDNative), usable from GDScript:
 *   open(bundle, backend, profile) -> int status      error() -> String      n_channels() -> int
 *   channel(index) -> String
 *   push(samples: PoolRealArray, first, n, channels, rate) -> int status; n frames from samples[first] on
 *   pull(max_frames) -> PoolRealArray, frame by frame; first_frame() -> int, index of its first frame
 *   head_pose() -> PoolRealArray: yaw, pitch, roll of each frame of that pull in radians (dt/stream.h has the
 *     axes, which are Godot's for a character that looks along +z); zeros for a bundle without a head pose
 *   flush() -> int status        reset() -> int status
 * A status is 0 or what dt.h lists. One instance is one character with a model of its own; a game with
 * several shares the model (a second class, left out here to keep the example short).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dt/dt.h"
#include "gdnative_min.h"

static const godot_core* core;
static const godot_nativescript* nativescript;

enum { MAX_FRAMES = 300 }; /* of one pull */

typedef struct {
  dt_model* model;
  dt_stream* stream;
  int32_t n_channels;
  int64_t first_frame;
  float head_pose[MAX_FRAMES * 3];
  size_t n_pulled;
} Face;

static godot_variant from_int(int64_t value) {
  godot_variant v;
  GODOT(core, variant_new_int)(&v, value);
  return v;
}

static godot_variant from_text(const char* text) {
  godot_variant v;
  godot_string s = GODOT(core, string_chars_to_utf8)(text);
  GODOT(core, variant_new_string)(&v, &s);
  GODOT(core, string_destroy)(&s);
  return v;
}

/* malloc'ed UTF-8 of a String argument; NULL for an argument that is missing or "". */
static char* to_text(int n_args, godot_variant** args, int index) {
  godot_string s;
  godot_char_string utf8;
  const char* data;
  char* copy = NULL;
  if (index >= n_args) return NULL;
  s = GODOT(core, variant_as_string)(args[index]);
  utf8 = GODOT(core, string_utf8)(&s);
  data = GODOT(core, char_string_get_data)(&utf8);
  if (data && data[0] && (copy = malloc(strlen(data) + 1)) != NULL) strcpy(copy, data);
  GODOT(core, char_string_destroy)(&utf8);
  GODOT(core, string_destroy)(&s);
  return copy;
}

static int64_t to_int(int n_args, godot_variant** args, int index, int64_t otherwise) {
  return index < n_args ? GODOT(core, variant_as_int)(args[index]) : otherwise;
}

static void* face_create(godot_object* instance, void* data) {
  (void)instance, (void)data;
  return calloc(1, sizeof(Face));
}

static void face_close(Face* face) {
  dt_stream_release(face->stream);
  dt_model_release(face->model);
  memset(face, 0, sizeof(*face));
}

static void face_destroy(godot_object* instance, void* data, void* user) {
  (void)instance, (void)data;
  if (user) face_close(user);
  free(user);
}

/* Every method has this shape; the names are only those that are used. */
#define METHOD(name) \
  static godot_variant name(godot_object* instance, void* data, void* user, int n_args, godot_variant** args)
#define UNUSED (void)instance, (void)data, (void)n_args, (void)args

METHOD(face_open) {
  Face* face = user;
  dt_model_info info;
  dt_model_options model_options;
  dt_stream_options stream_options;
  dt_status status;
  char* path = to_text(n_args, args, 0);
  char* backend = to_text(n_args, args, 1);
  char* profile = to_text(n_args, args, 2);
  UNUSED;
  face_close(face);
  memset(&info, 0, sizeof(info));
  info.struct_size = sizeof(info);
  dt_model_options_default(&model_options);
  dt_stream_options_default(&stream_options);
  if (backend) model_options.backend = backend;
  stream_options.profile = profile;
  status = dt_model_open(path, &model_options, &face->model);
  if (status == DT_OK) status = dt_model_get_info(face->model, &info);
  if (status == DT_OK) status = dt_stream_create(face->model, &stream_options, &face->stream);
  face->n_channels = info.n_channels;
  free(path), free(backend), free(profile);
  return from_int(status);
}

METHOD(face_error) {
  UNUSED, (void)user;
  return from_text(dt_last_error());
}

METHOD(face_n_channels) {
  UNUSED;
  return from_int(((Face*)user)->n_channels);
}

METHOD(face_channel) {
  const char* name = dt_model_channel_name(((Face*)user)->model, (int32_t)to_int(n_args, args, 0, 0));
  UNUSED;
  return from_text(name ? name : "");
}

METHOD(face_push) {
  const int64_t first = to_int(n_args, args, 1, 0);
  const int64_t n = to_int(n_args, args, 2, 0);
  const int64_t channels = to_int(n_args, args, 3, 1);
  const int64_t rate = to_int(n_args, args, 4, 16000);
  godot_pool_real_array array;
  godot_access* access;
  dt_status status = DT_INVALID_ARGUMENT;
  int64_t size;
  UNUSED;
  if (n_args < 1) return from_int(status);
  array = GODOT(core, variant_as_pool_real_array)(args[0]);
  size = GODOT(core, pool_real_array_size)(&array);
  access = GODOT(core, pool_real_array_read)(&array);
  if (first >= 0 && first <= size && n >= 0 && channels >= 1 && channels <= 64 &&
      n <= (size - first) / channels) {
    status =
        dt_stream_push(((Face*)user)->stream, GODOT(core, pool_real_array_read_access_ptr)(access) + first,
                       (size_t)n, (int32_t)channels, (int32_t)rate);
  }
  GODOT(core, pool_real_array_read_access_destroy)(access);
  GODOT(core, pool_real_array_destroy)(&array);
  return from_int(status);
}

METHOD(face_pull) {
  Face* face = user;
  const int64_t asked = to_int(n_args, args, 0, 30);
  const int64_t capacity = face->n_channels > 0 && asked > 0 ? (asked < MAX_FRAMES ? asked : MAX_FRAMES) : 0;
  godot_pool_real_array array;
  godot_variant result;
  size_t n = 0;
  UNUSED;
  GODOT(core, pool_real_array_new)(&array);
  if (capacity > 0) {
    godot_access* access;
    GODOT(core, pool_real_array_resize)(&array, (int)(capacity * face->n_channels));
    access = GODOT(core, pool_real_array_write)(&array);
    /* An error leaves n at 0; error() tells it. */
    dt_stream_pull_with_pose(face->stream, GODOT(core, pool_real_array_write_access_ptr)(access),
                             face->head_pose, (size_t)capacity, &face->first_frame, &n);
    GODOT(core, pool_real_array_write_access_destroy)(access);
    GODOT(core, pool_real_array_resize)(&array, (int)n * face->n_channels);
  }
  face->n_pulled = n;
  GODOT(core, variant_new_pool_real_array)(&result, &array);
  GODOT(core, pool_real_array_destroy)(&array);
  return result;
}

METHOD(face_head_pose) {
  const Face* face = user;
  godot_pool_real_array array;
  godot_variant result;
  UNUSED;
  GODOT(core, pool_real_array_new)(&array);
  if (face->n_pulled > 0) {
    godot_access* access;
    GODOT(core, pool_real_array_resize)(&array, (int)face->n_pulled * 3);
    access = GODOT(core, pool_real_array_write)(&array);
    memcpy(GODOT(core, pool_real_array_write_access_ptr)(access), face->head_pose,
           face->n_pulled * 3 * sizeof(float));
    GODOT(core, pool_real_array_write_access_destroy)(access);
  }
  GODOT(core, variant_new_pool_real_array)(&result, &array);
  GODOT(core, pool_real_array_destroy)(&array);
  return result;
}

METHOD(face_first_frame) {
  UNUSED;
  return from_int(((Face*)user)->first_frame);
}

METHOD(face_flush) {
  UNUSED;
  return from_int(dt_stream_flush(((Face*)user)->stream));
}

METHOD(face_reset) {
  UNUSED;
  return from_int(dt_stream_reset(((Face*)user)->stream));
}

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* Warnings of the library. Without such a hook it falls back to a slow backend in silence. */
static void print_warning(void* user, int32_t level, const char* message) {
  (void)user, (void)level;
  fprintf(stderr, "DiffusionTalker: %s\n", message);
}

EXPORT void dt_godot_gdnative_init(godot_init_options* options) {
  unsigned int i;
  dt_set_log(print_warning, NULL, DT_LOG_WARNING);
  core = options->core;
  for (i = 0; i < core->n_extensions; ++i) {
    if (core->extensions[i]->type == GODOT_EXTENSION_NATIVESCRIPT)
      nativescript = (const godot_nativescript*)core->extensions[i];
  }
  if (core->version.major != 1)
    options->report_loading_error(options->library, "not the interface of Godot 3");
}

EXPORT void dt_godot_gdnative_terminate(void* options) {
  (void)options;
  dt_set_log(NULL, NULL, DT_LOG_WARNING);
  core = NULL;
  nativescript = NULL;
}

EXPORT void dt_godot_nativescript_init(void* library) {
  static const struct {
    const char* name;
    godot_variant (*method)(godot_object*, void*, void*, int, godot_variant**);
  } methods[] = {
      {"open", face_open},
      {"error", face_error},
      {"n_channels", face_n_channels},
      {"channel", face_channel},
      {"push", face_push},
      {"pull", face_pull},
      {"first_frame", face_first_frame},
      {"head_pose", face_head_pose},
      {"flush", face_flush},
      {"reset", face_reset},
  };
  const godot_create_function create = {face_create, NULL, NULL};
  const godot_destroy_function destroy = {face_destroy, NULL, NULL};
  const godot_method_attributes attributes = {0};
  size_t i;
  if (!nativescript) return;
  nativescript->register_class(library, "DiffusionTalker", "Reference", create, destroy);
  for (i = 0; i < sizeof(methods) / sizeof(methods[0]); ++i) {
    const godot_method method = {methods[i].method, NULL, NULL};
    nativescript->register_method(library, "DiffusionTalker", methods[i].name, attributes, method);
  }
}
