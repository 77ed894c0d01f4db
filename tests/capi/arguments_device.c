/* As arguments.c for arrays and rigs on a device, here the host memory of the reference backend. C99.
 * Usage: arguments_device BUNDLE */
#include "arguments.h"

enum { VERTICES = 5 };
static dt_model* dead_model;

static void check_create(dt_model* model, int32_t n_channels) {
  dt_model* const dead = dead_model;
  const int64_t shape[4] = {2, 3, 4, 5}, zero[2] = {2, 0}, huge[2] = {INT64_MAX, INT64_MAX};
  dt_device_array* array = (dt_device_array*)audio;
  dt_rig* rig = (dt_rig*)audio;
  BAD(dt_device_array_create(NULL, shape, 1, &array));
  EXPECT(array == NULL);
  BAD(dt_device_array_create(dead, shape, 1, &array));
  BAD(dt_device_array_create(model, NULL, 1, &array));
  BAD(dt_device_array_create(model, shape, 0, &array));
  BAD(dt_device_array_create(model, shape, 4, &array));
  BAD(dt_device_array_create(model, zero, 2, &array));
  BAD(dt_device_array_create(model, huge, 2, &array));
  BAD(dt_device_array_create(model, shape, 1, NULL));
  BAD(dt_rig_create(NULL, audio, VERTICES, audio, &rig));
  EXPECT(rig == NULL);
  BAD(dt_rig_create(dead, audio, VERTICES, audio, &rig));
  BAD(dt_rig_create(model, NULL, VERTICES, audio, &rig));
  BAD(dt_rig_create(model, not_finite, VERTICES, audio, &rig));
  BAD(dt_rig_create(model, audio, 0, audio, &rig));
  BAD(dt_rig_create(model, audio, (size_t)-1, audio, &rig));
  BAD(dt_rig_create(model, audio, VERTICES, NULL, &rig));
  BAD(dt_rig_create(model, audio, VERTICES, not_finite, &rig));
  BAD(dt_rig_create(model, audio, VERTICES, audio, NULL));
  EXPECT(VERTICES * 3 * n_channels <= BIG); /* what dt_rig_create reads of audio */
}

static void check_use(dt_stream* stream, dt_rig* rig, dt_device_array* frames, dt_device_array* vertices) {
  dt_device_array_info info = {.struct_size = sizeof(info)};
  int64_t first = 0;
  size_t n = 0;
  EXPECT(dt_device_array_get_info(frames, &info) == DT_OK && info.data != NULL && info.event == NULL);
  EXPECT(info.device_type == DT_DEVICE_HOST && info.n_dims == 2 && info.shape[0] == 8 && info.shape[2] == 1);
  BAD(dt_device_array_get_info(NULL, &info));
  BAD(dt_device_array_get_info(frames, NULL));
  info.struct_size = 8;
  BAD(dt_device_array_get_info(frames, &info));
  BAD(dt_device_array_wait(NULL, NULL));
  EXPECT(dt_device_array_wait(frames, NULL) == DT_OK);
  EXPECT(dt_stream_pull_device(stream, frames, &first, &n) == DT_OK && n == 0);
  BAD(dt_stream_pull_device(stream, vertices, &first, &n)); /* rows of another size */
  BAD(dt_stream_pull_device(NULL, frames, &first, &n));
  BAD(dt_stream_pull_device(stream, NULL, &first, &n));
  BAD(dt_stream_pull_device(stream, frames, NULL, &n));
  BAD(dt_stream_pull_device(stream, frames, &first, NULL));
  EXPECT(dt_stream_pull_device_with_pose(stream, frames, NULL, &first, &n) == DT_OK && n == 0);
  BAD(dt_stream_pull_device_with_pose(stream, vertices, out, &first, &n));
  BAD(dt_stream_pull_device_with_pose(NULL, frames, out, &first, &n));
  BAD(dt_stream_pull_device_with_pose(stream, NULL, out, &first, &n));
  BAD(dt_stream_pull_device_with_pose(stream, frames, out, NULL, &n));
  BAD(dt_stream_pull_device_with_pose(stream, frames, out, &first, NULL));
  EXPECT(dt_rig_pose(rig, frames, 0, vertices) == DT_OK);
  BAD(dt_rig_pose(NULL, frames, 1, vertices));
  BAD(dt_rig_pose(rig, NULL, 1, vertices));
  BAD(dt_rig_pose(rig, frames, 1, NULL));
  BAD(dt_rig_pose(rig, frames, 9, vertices));
  BAD(dt_rig_pose(rig, frames, (size_t)-1, vertices));
  BAD(dt_rig_pose(rig, vertices, 1, frames));
}

static void check_dead(dt_stream* stream, dt_rig* rig, dt_device_array* frames) {
  dt_device_array_info info = {.struct_size = sizeof(info)};
  dt_device_array* dead = frames;
  int64_t first = 0;
  size_t n = 0;
  BAD(dt_device_array_get_info(dead, &info));
  BAD(dt_device_array_wait(dead, NULL));
  BAD(dt_stream_pull_device(stream, dead, &first, &n));
  BAD(dt_stream_pull_device_with_pose(stream, dead, out, &first, &n));
  BAD(dt_rig_pose(rig, dead, 1, frames));
  BAD(dt_rig_pose(rig, frames, 1, dead));
  dt_device_array_release(dead);
  dt_device_array_release(NULL);
}

static void check_released(dt_stream* stream, dt_rig* rig, dt_device_array* frames,
                           dt_device_array* vertices) {
  int64_t first = 0;
  size_t n = 0;
  {
    dt_stream* dead = stream;
    dt_stream_release(stream);
    BAD(dt_stream_pull_device(dead, frames, &first, &n));
    BAD(dt_stream_pull_device_with_pose(dead, frames, out, &first, &n));
  }
  {
    dt_rig* dead = rig;
    dt_rig_release(rig);
    BAD(dt_rig_pose(dead, frames, 1, vertices));
    dt_rig_release(dead);
    dt_rig_release(NULL);
  }
}

int main(int argc, char** argv) {
  dt_model_options options;
  dt_model_info info = {.struct_size = sizeof(info)};
  dt_model* model = NULL;
  dt_stream* stream = NULL;
  dt_rig* rig = NULL;
  dt_device_array *frames = NULL, *vertices = NULL, *gone = NULL;
  int64_t shape[3] = {8, 0, 3};
  if (argc != 2) return 2;
  fill_not_finite();
  dt_model_options_default(&options);
  options.backend = "reference";
  EXPECT(dt_model_open(argv[1], &options, &dead_model) == DT_OK);
  dt_model_release(dead_model);
  EXPECT(dt_model_open(argv[1], &options, &model) == DT_OK);
  if (model == NULL) return 1;
  EXPECT(dt_model_get_info(model, &info) == DT_OK && dt_stream_create(model, NULL, &stream) == DT_OK);
  check_create(model, info.n_channels);
  shape[1] = info.n_channels;
  EXPECT(dt_device_array_create(model, shape, 2, &frames) == DT_OK);
  EXPECT(dt_device_array_create(model, shape, 2, &gone) == DT_OK);
  shape[1] = VERTICES;
  EXPECT(dt_device_array_create(model, shape, 3, &vertices) == DT_OK);
  EXPECT(dt_rig_create(model, audio, VERTICES, out, &rig) == DT_OK);
  check_use(stream, rig, frames, vertices);
  dt_device_array_release(gone);
  check_dead(stream, rig, gone);
  dt_model_release(model); /* the others keep it */
  check_released(stream, rig, frames, vertices);
  dt_device_array_release(frames);
  dt_device_array_release(vertices);
  EXPECT(dt_allocated_bytes() == 0);
  printf("%d failures\n", n_failures);
  return n_failures == 0 ? 0 : 1;
}
