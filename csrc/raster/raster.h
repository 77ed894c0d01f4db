// Software rasteriser: band by band, a depth buffer that keeps the nearest triangle per sample, then shading
// once per pixel and surface. include/dt/raster.h is the contract.
#pragma once

#include <vector>

#include "dt/raster.h"
#include "raster/vec3.h"

namespace dt {

// Throws dt::Error(DT_INVALID_ARGUMENT) when a pointer, size, index or number is unusable.
void check_raster_arguments(const dt_raster_mesh& mesh, const dt_raster_view& view, const uint8_t* pixels,
                            size_t capacity_bytes);

// One vertex after projection.
struct ScreenVertex {
  Vec3 camera;      // camera axes: x right, y up, z towards the viewer
  float x, y;       // samples from the top left corner
  float inv_depth;  // 1 / distance along the view axis; 0 when not in front of the camera
};

// Screen-space triangle. Barycentric weights are linear in the offset from
// corner 0: measured from the picture's corner their terms would be large
// and nearly cancel, which shows as surfaces that fight for a pixel.
struct ScreenTriangle {
  float x0, y0;
  float edge1[2], edge2[2];
  float left, right, top, bottom;  // bounding box in samples
  bool back_facing;

  void weights(float x, float y, float (&w)[3]) const {
    x -= x0;
    y -= y0;
    w[1] = edge1[0] * x + edge1[1] * y;
    w[2] = edge2[0] * x + edge2[1] * y;
    w[0] = 1 - w[1] - w[2];
  }
};

// A projected mesh, ready to be drawn.
struct RasterFrame {
  int width, height;  // in samples
  std::vector<ScreenVertex> vertices;
  std::vector<Vec3> normals;  // camera axes, unit length, one per vertex
  std::vector<ScreenTriangle> triangles;
  std::vector<std::vector<int32_t>> bands;  // per band of rows: the triangles that touch it
};

// Rows of samples first_row .. first_row + n_rows - 1; small enough to stay in the cache while it is filled
// and shaded.
struct RasterBand {
  int first_row, n_rows;
  std::vector<float> inv_depth;      // n_rows * width; 0 is the background
  std::vector<int32_t> triangle_of;  // n_rows * width; -1 is the background
};

// Pixel rows per band; in samples it is this times samples_per_axis.
constexpr int kBandPixelRows = 32;

// Projects, computes normals and sorts the triangles into bands.
RasterFrame set_up_frame(const dt_raster_mesh& mesh, const dt_raster_view& view);

// Fills the depth buffer of band number `index`.
void fill_band(const dt_raster_mesh& mesh, const dt_raster_view& view, const RasterFrame& frame, int index,
               RasterBand* band);

// Shades the samples of a band and averages them to pixels; pixels is the whole picture.
void shade_band(const dt_raster_mesh& mesh, const dt_raster_view& view, const RasterFrame& frame,
                const RasterBand& band, uint8_t* pixels);

// The whole picture, from checked arguments.
void draw(const dt_raster_mesh& mesh, const dt_raster_view& view, uint8_t* pixels);

}  // namespace dt
