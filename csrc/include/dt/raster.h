/* Draws a triangle mesh into an RGB picture on the CPU: previews without a GPU, a window system or OpenGL.
 * The rules of dt/dt.h hold here too (statuses, dt_last_error, struct_size). Every function: any thread, no
 * state. */
#ifndef DT_RASTER_H
#define DT_RASTER_H

#include "dt/dt.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All arrays belong to the caller and are only read during the call. */
typedef struct dt_raster_mesh {
  size_t struct_size;
  const float* positions; /* n_vertices * 3: x, y, z in any unit; finite */
  const float* colors;    /* n_vertices * 4: red, green, blue (sRGB 0..1), gloss (0 matt .. 1 wet); finite */
  /* NULL, or n_vertices: vertices with the same number (0..n_vertices-1) share a normal, so that a surface
   * split for its colours is shaded without a seam */
  const int32_t* smooth_group;
  size_t n_vertices; /* at most 2^26 */
  /* n_triangles * 3 vertex indices, counter-clockwise from outside; insides are darker */
  const int32_t* triangles;
  size_t n_triangles; /* at most 2^26 */
} dt_raster_mesh;

typedef struct dt_raster_view {
  size_t struct_size;
  int32_t width, height;    /* pixels, 1..8192 */
  int32_t samples_per_axis; /* 1..4; 2 (default) means 2x2 samples per pixel */
  float eye[3];             /* camera position, in the mesh's unit */
  float target[3];          /* point in the middle of the picture */
  float up[3];              /* default 0, 1, 0 */
  float fov_y_deg;          /* vertical opening angle, 1..120; default 30 */
  float background_top[3];  /* sRGB 0..1; the background runs from top to bottom */
  float background_bottom[3];
  float key_light[3]; /* direction to the light, in camera axes: x right, y up, z towards the viewer */
  float fill_light[3];
  float key_intensity;     /* 0..10; default 1.0 */
  float fill_intensity;    /* 0..10; default 0.35 */
  float ambient_intensity; /* 0..10; default 0.3 */
} dt_raster_view;

/* Fills a view with the defaults; width, height, eye and target get 0.
 * struct_size [in] sizeof of the program's own struct; nothing is written behind it.
 * Returns DT_OK or DT_INVALID_ARGUMENT. Any thread. */
DT_API dt_status dt_raster_view_init(dt_raster_view* view, size_t struct_size);
static inline dt_status dt_raster_view_default(dt_raster_view* view) {
  return dt_raster_view_init(view, sizeof(*view));
}

/* Draws with a depth buffer, smooth normals, soft shading and a highlight.
 * Triangles are left out that reach behind the camera, or further from the picture than 1e7 samples. Numbers
 * of any size are safe.
 * pixels [out] capacity_bytes >= width * height * 3 bytes: rows from the top, red, green, blue.
 * Returns DT_OK, DT_INVALID_ARGUMENT (NULL, a size, an index out of range, a number that is not finite: the
 * message says which), DT_OUT_OF_MEMORY. */
DT_API dt_status dt_raster_draw(const dt_raster_mesh* mesh, const dt_raster_view* view, uint8_t* pixels,
                                size_t capacity_bytes);

#ifdef __cplusplus
}
#endif
#endif /* DT_RASTER_H */
