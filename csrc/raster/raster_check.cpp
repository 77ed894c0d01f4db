#include <cmath>
#include <string>

#include "common/error.h"
#include "raster/raster.h"

namespace dt {
namespace {

constexpr int32_t kMaxSide = 8192;
// Four floats of each fit a 32-bit size.
constexpr size_t kMaxParts = size_t{1} << 26;

[[noreturn]] void reject(const std::string& message) { throw Error(DT_INVALID_ARGUMENT, message); }

void check_finite(const float* values, size_t n, size_t per_item, const char* name) {
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(values[i])) {
      reject(std::string(name) + " of vertex " + std::to_string(i / per_item) + " is not a finite number");
    }
  }
}

void check_indices(const int32_t* indices, size_t n, size_t limit, const char* name) {
  for (size_t i = 0; i < n; ++i) {
    if (indices[i] < 0 || static_cast<size_t>(indices[i]) >= limit) {
      reject(std::string(name) + " holds " + std::to_string(indices[i]) + " at position " +
             std::to_string(i) + ", expected 0.." + std::to_string(static_cast<long long>(limit) - 1) +
             ", a vertex of the mesh");
    }
  }
}

void check_range(float value, float low, float high, const char* name) {
  if (!(value >= low && value <= high)) {
    reject(std::string(name) + " is " + std::to_string(value) + ", expected " + std::to_string(low) + " to " +
           std::to_string(high));
  }
}

void check_vector(const float* v, float low, float high, const char* name) {
  for (int i = 0; i < 3; ++i) check_range(v[i], low, high, name);
}

void check_camera(const dt_raster_view& view) {
  constexpr float kFar = 1e6f;
  check_vector(view.eye, -kFar, kFar, "the view's eye");
  check_vector(view.target, -kFar, kFar, "the view's target");
  check_vector(view.up, -kFar, kFar, "the view's up");
  const Vec3 back = load_vec3(view.eye) - load_vec3(view.target);
  const Vec3 side = cross(normalized(load_vec3(view.up)), normalized(back));
  if (!(dot(side, side) > 1e-8f))
    reject("the view's eye is at its target, or its up points along the view: move one");
}

}  // namespace

void check_raster_arguments(const dt_raster_mesh& mesh, const dt_raster_view& view, const uint8_t* pixels,
                            size_t capacity_bytes) {
  if (!pixels) reject("pixels is NULL");
  if ((mesh.n_vertices && (!mesh.positions || !mesh.colors)) || (mesh.n_triangles && !mesh.triangles)) {
    reject("mesh.positions, colors or triangles is NULL: give all three");
  }
  if (mesh.n_vertices > kMaxParts || mesh.n_triangles > kMaxParts)
    reject("the mesh has more than 2^26 vertices or triangles");
  if (view.width < 1 || view.height < 1 || view.width > kMaxSide || view.height > kMaxSide) {
    reject("the picture is " + std::to_string(view.width) + " x " + std::to_string(view.height) +
           ", expected 1..8192 pixels on each side");
  }
  if (view.samples_per_axis < 1 || view.samples_per_axis > 4) {
    reject("samples_per_axis is " + std::to_string(view.samples_per_axis) + ", expected 1..4");
  }
  const size_t need = static_cast<size_t>(view.width) * view.height * 3;
  if (capacity_bytes < need) {
    reject("pixels holds " + std::to_string(capacity_bytes) + " bytes, the picture needs " +
           std::to_string(need));
  }
  check_camera(view);
  check_range(view.fov_y_deg, 1, 120, "fov_y_deg");
  check_vector(view.background_top, 0, 1, "background_top");
  check_vector(view.background_bottom, 0, 1, "background_bottom");
  check_vector(view.key_light, -1e6f, 1e6f, "key_light");
  check_vector(view.fill_light, -1e6f, 1e6f, "fill_light");
  check_range(view.key_intensity, 0, 10, "key_intensity");
  check_range(view.fill_intensity, 0, 10, "fill_intensity");
  check_range(view.ambient_intensity, 0, 10, "ambient_intensity");
  check_finite(mesh.positions, mesh.n_vertices * 3, 3, "the position");
  check_finite(mesh.colors, mesh.n_vertices * 4, 4, "the colour");
  check_indices(mesh.triangles, mesh.n_triangles * 3, mesh.n_vertices, "triangles");
  if (mesh.smooth_group) check_indices(mesh.smooth_group, mesh.n_vertices, mesh.n_vertices, "smooth_group");
}

}  // namespace dt
