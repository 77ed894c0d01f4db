// A triangle and a camera before it, for programs that call the rasteriser.
#ifndef DT_TESTS_ONE_TRIANGLE_HPP
#define DT_TESTS_ONE_TRIANGLE_HPP

#include <dt/raster.h>

#include <cstdint>

constexpr int32_t kPictureSide = 16;  // pixels; a picture has three bytes of each

inline dt_raster_mesh one_triangle() {
  static const float positions[9] = {-1, -1, 0, 1, -1, 0, 0, 1, 0};
  static const float colors[12] = {1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0};
  static const int32_t triangle[3] = {0, 1, 2};
  return {sizeof(dt_raster_mesh), positions, colors, nullptr, 3, triangle, 1};
}

// view: with its defaults.
inline void place_before_triangle(dt_raster_view& view) {
  view.width = view.height = kPictureSide;
  view.eye[2] = 5;
}

#endif
