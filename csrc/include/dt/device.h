/* Frames and vertices that stay on the GPU, for programs that render or compute there. See dt.h.
 *
 *   dt_device_array_create(model, (int64_t[]){60, n_channels}, 2, &frames);
 *   dt_device_array_create(model, (int64_t[]){60, n_vertices, 3}, 3, &vertices);
 *   dt_rig_create(model, neutral, n_vertices, deltas, &rig);
 *   each hop:  dt_stream_pull_device(stream, frames, &first, &n);
 *              dt_rig_pose(rig, frames, n, vertices);
 *              dt_device_array_wait(vertices, my_cuda_stream);  and draw from its pointer
 *
 * What it saves: vertices never cross the bus, 60 kB a frame for 5000 of them. Weights are 208 bytes a frame
 * for ARKit; a program that only wants those on the host loses nothing with dt_stream_pull.
 *
 * It needs a model on a backend with a device. "tensorrt" has one. "reference" has host memory in its place
 * (device_type DT_DEVICE_HOST, no events), to try a program without a GPU. The others, "openvino" among them,
 * answer DT_UNSUPPORTED.
 *
 * Order: all work of a model on its device goes one after the other, through a CUDA stream of its own, which
 * is not the default stream and waits for no other. So a rig may be posed right after a pull. The program's
 * own work waits with dt_device_array_wait(), or with the event of dt_device_array_info. The other way round
 * the library does not wait: an array must not be written (pulled or posed into) while the program still
 * reads it; use two in turn.
 *
 * Threads: different arrays and rigs at any time; calls with the same array take turns by the program's care.
 */
#ifndef DT_DEVICE_H
#define DT_DEVICE_H

#include "dt/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dt_device_array dt_device_array;
typedef struct dt_rig dt_rig;

#define DT_DEVICE_HOST 1 /* the numbers of DLPack */
#define DT_DEVICE_CUDA 2

/* Makes an array of float32 on the device of the model, dense, with the last dimension innermost. What lies
 * in it is undefined until it is written.
 * model [in] stays alive as long as the array.
 * shape [in] n_dims sizes, each 1 or more, product up to 2^31.  n_dims [in] 1 to 3.
 * array [out] to dt_device_array_release.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_UNSUPPORTED (no device), DT_OUT_OF_MEMORY (of the device too),
 * DT_INTERNAL_ERROR (the device is lost). Any thread. */
DT_API dt_status dt_device_array_create(dt_model* model, const int64_t* shape, int32_t n_dims,
                                        dt_device_array** array);

/* Waits for the library's work on the device, not for the program's. Any thread. */
DT_API void dt_device_array_release(dt_device_array* array);

typedef struct dt_device_array_info {
  size_t struct_size;
  void* data;  /* of the first value, aligned to 64 bytes at least; stays the same until the release */
  void* event; /* cudaEvent_t where the last call that wrote the array ends; NULL for DT_DEVICE_HOST. Owned by
                * the array; every such call records it anew */
  int64_t shape[3]; /* 1 behind n_dims */
  int32_t n_dims;
  int32_t device_type; /* DT_DEVICE_HOST or DT_DEVICE_CUDA */
  int32_t device;      /* number of the GPU, as in dt_model_options; 0 for DT_DEVICE_HOST */
  int32_t reserved;    /* 0 */
} dt_device_array_info;
/* Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_device_array_get_info(const dt_device_array* array, dt_device_array_info* info);

/* Lets work wait until what was written last into the array is there.
 * stream [in] a cudaStream_t of the same GPU: what the program puts into it from now on waits, the call does
 * not. The legacy default stream is (void*)1, as CUDA defines it. NULL: the calling thread waits. For
 * DT_DEVICE_HOST it returns at once. Returns DT_OK, DT_INVALID_ARGUMENT, DT_INTERNAL_ERROR. Any thread. */
DT_API dt_status dt_device_array_wait(const dt_device_array* array, void* stream);

/* As dt_stream_pull, into the first rows of an array. All are the frames that dt_stream_pull would give, bit
 * by bit. Frames that post-processing leaves as the networks gave them are written by the device itself, if
 * the array has room for a whole hop of dt_profile_info. Frames that it changes (smoothing, silence gate,
 * dials, the ends of clips, interrupts, head pose) and frames of a scheduler are computed on the host and
 * uploaded. Waits for the networks, as dt_stream_pull does, and allocates a hop of frames meanwhile.
 * array [in] [capacity, n_channels], of the stream's model.
 * first_frame, n_frames [out] as in dt_stream_pull.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. Any thread, as dt_stream_pull. */
DT_API dt_status dt_stream_pull_device(dt_stream* stream, dt_device_array* array, int64_t* first_frame,
                                       size_t* n_frames);

/* The same, with the head poses on the host: they are for whoever places the head. Since 1.1.
 * head_pose [out] 3 floats for each row of the array, as in dt_stream_pull_with_pose; NULL: as
 * dt_stream_pull_device. Frames of a model with a head pose are computed on the host, since the eyes turn
 * against it. */
DT_API dt_status dt_stream_pull_device_with_pose(dt_stream* stream, dt_device_array* array, float* head_pose,
                                                 int64_t* first_frame, size_t* n_frames);

/* Puts a rig on the device: vertex = neutral + sum over channels of weight * delta, float32, summed in the
 * order of the channels. Deltas that are 0 cost nothing.
 * neutral [in] [n_vertices, 3], finite; copied.  n_vertices [in] 1 to 2^24.
 * deltas [in] [n_channels of the model, n_vertices, 3], finite; copied. For a linear basis of coefficients,
 *   that basis.
 * rig [out] to dt_rig_release; keeps the model alive.
 * Returns DT_OK, DT_INVALID_ARGUMENT, DT_UNSUPPORTED, DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR. Any thread. */
DT_API dt_status dt_rig_create(dt_model* model, const float* neutral, size_t n_vertices, const float* deltas,
                               dt_rig** rig);
/* Waits for the library's work on the device. Any thread. */
DT_API void dt_rig_release(dt_rig* rig);

/* Computes the vertices of the first n_frames of an array. Does not wait for the result: see
 * dt_device_array_wait.
 * frames [in] [.., n_channels]; any values, from dt_stream_pull_device or the program's own.
 * n_frames [in] 0 has no effect; at most what both arrays hold.  vertices [out] [.., n_vertices, 3].
 * Returns DT_OK, DT_INVALID_ARGUMENT (also: not all made with the same model), DT_INTERNAL_ERROR.
 * Any thread. */
DT_API dt_status dt_rig_pose(const dt_rig* rig, const dt_device_array* frames, size_t n_frames,
                             dt_device_array* vertices);

#ifdef __cplusplus
}
#endif
#endif /* DT_DEVICE_H */
