// Drawing: numbers of every size.
#include <cmath>
#include <vector>

#include "dt/raster.h"
#include "input.h"

namespace {

float number(dt::fuzz::Input& in) {
  static const float kOdd[] = {0,      1,     -1,     0.5f, 1e-30f,   1e30f, -1e30f, 3e38f,
                               -3e38f, 1e19f, 1e-45f, NAN,  INFINITY, 8192,  1e6f,   -1e6f};
  const uint8_t kind = in.u8();
  if (kind < 128) return kOdd[kind % 16];
  if (kind < 200) return (static_cast<float>(kind) - 160) / 16;
  return in.real();
}

void fill(dt::fuzz::Input& in, float* values, size_t n) {
  for (size_t i = 0; i < n; ++i) values[i] = number(in);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dt::fuzz::Input in(data, size);
  dt_raster_view view;
  dt_raster_view_default(&view);
  view.width = 1 + in.u8() % 80, view.height = 1 + in.u8() % 80, view.samples_per_axis = 1 + in.u8() % 4;
  view.eye[2] = 3;
  const uint8_t odd = in.u8();
  if ((odd & 1) != 0) fill(in, view.eye, 3);
  if ((odd & 2) != 0) fill(in, view.target, 3);
  if ((odd & 4) != 0) fill(in, view.up, 3);
  if ((odd & 8) != 0) fill(in, &view.fov_y_deg, 1);
  if ((odd & 16) != 0) fill(in, view.key_light, 3), fill(in, view.fill_light, 3);
  if ((odd & 32) != 0) fill(in, &view.key_intensity, 1), fill(in, &view.ambient_intensity, 1);
  const size_t n_vertices = in.u8() % 24, n_triangles = in.u8() % 40;
  std::vector<float> positions(n_vertices * 3), colors(n_vertices * 4);
  std::vector<int32_t> triangles(n_triangles * 3), groups(n_vertices);
  for (int32_t& corner : triangles) corner = n_vertices != 0 ? static_cast<int32_t>(in.u8() % n_vertices) : 0;
  for (int32_t& group : groups) group = static_cast<int32_t>(in.u8() % n_vertices);
  fill(in, positions.data(), positions.size());
  fill(in, colors.data(), colors.size());
  dt_raster_mesh mesh = {};
  mesh.struct_size = sizeof(mesh);
  mesh.positions = positions.data(), mesh.colors = colors.data(), mesh.n_vertices = n_vertices;
  mesh.triangles = triangles.data(), mesh.n_triangles = n_triangles;
  if ((odd & 64) != 0) mesh.smooth_group = groups.data();
  std::vector<uint8_t> pixels(static_cast<size_t>(view.width) * static_cast<size_t>(view.height) * 3);
  dt_raster_draw(&mesh, &view, pixels.data(), pixels.size());
  return 0;
}
