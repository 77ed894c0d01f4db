#include "raster/raster.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace dt {
namespace {

constexpr float kPi = 3.14159265358979f;
// Nearer than this fraction of the camera's distance to its target counts as behind the camera.
constexpr float kNear = 1e-3f;
// Weights this far outside still belong to a triangle, so that rounding leaves no crack between neighbours.
constexpr float kEdgeTolerance = 1e-5f;
// A vertex further from the picture's corner than this many samples is not drawn: the products of such
// numbers overflow. The largest picture has 32768 samples on a side.
constexpr float kFarthestSample = 1e7f;

// A vertex that has no usable place on the screen counts as one behind the camera.
bool is_on_screen(const ScreenVertex& v) {
  const auto is_near = [](float x) { return std::abs(x) <= kFarthestSample; };  // false for NaN
  return is_near(v.x) && is_near(v.y) && std::isfinite(v.inv_depth) && std::isfinite(v.camera.z);
}

void project(const dt_raster_mesh& mesh, const dt_raster_view& view, RasterFrame* frame) {
  const Vec3 eye = load_vec3(view.eye);
  const Vec3 offset = eye - load_vec3(view.target);
  const Vec3 back = normalized(offset);
  const Vec3 right = normalized(cross(load_vec3(view.up), back));
  const Vec3 up = cross(back, right);
  const float near = kNear * std::sqrt(dot(offset, offset));
  const float scale = 0.5f * frame->height / std::tan(view.fov_y_deg * kPi / 360);
  frame->vertices.resize(mesh.n_vertices);
  for (size_t i = 0; i < mesh.n_vertices; ++i) {
    const Vec3 p = load_vec3(mesh.positions + 3 * i) - eye;
    ScreenVertex& v = frame->vertices[i];
    v.camera = {dot(p, right), dot(p, up), dot(p, back)};
    const float depth = -v.camera.z;
    v.inv_depth = depth > near ? 1 / depth : 0;
    v.x = 0.5f * frame->width + scale * v.camera.x * v.inv_depth;
    v.y = 0.5f * frame->height - scale * v.camera.y * v.inv_depth;
    if (!is_on_screen(v)) v.inv_depth = 0;
  }
}

// Area-weighted mean of the faces around each vertex, shared within a smooth group.
void compute_normals(const dt_raster_mesh& mesh, RasterFrame* frame) {
  const auto group = [&mesh](int32_t vertex) {
    return mesh.smooth_group ? mesh.smooth_group[vertex] : vertex;
  };
  std::vector<Vec3> sum(mesh.n_vertices, Vec3{0, 0, 0});
  for (size_t t = 0; t < mesh.n_triangles; ++t) {
    const int32_t* corner = mesh.triangles + 3 * t;
    const Vec3 a = frame->vertices[corner[0]].camera;
    const Vec3 n = cross(frame->vertices[corner[1]].camera - a, frame->vertices[corner[2]].camera - a);
    for (int i = 0; i < 3; ++i) {
      Vec3& s = sum[group(corner[i])];
      s = s + n;
    }
  }
  frame->normals.resize(mesh.n_vertices);
  for (size_t i = 0; i < mesh.n_vertices; ++i)
    frame->normals[i] = normalized(sum[group(static_cast<int32_t>(i))]);
}

// False when the triangle is not to be drawn: it covers nothing or reaches behind the camera.
bool set_up(const ScreenVertex* const v[3], ScreenTriangle* out) {
  if (!(v[0]->inv_depth > 0 && v[1]->inv_depth > 0 && v[2]->inv_depth > 0)) return false;
  // y points down on the screen, so that a counter-clockwise triangle has a negative area.
  const float area = (v[1]->x - v[0]->x) * (v[2]->y - v[0]->y) - (v[2]->x - v[0]->x) * (v[1]->y - v[0]->y);
  if (!(std::abs(area) > 1e-8f)) return false;  // NaN too
  out->back_facing = area > 0;
  std::tie(out->left, out->right) = std::minmax({v[0]->x, v[1]->x, v[2]->x});
  std::tie(out->top, out->bottom) = std::minmax({v[0]->y, v[1]->y, v[2]->y});
  out->x0 = v[0]->x;
  out->y0 = v[0]->y;
  out->edge1[0] = (v[2]->y - v[0]->y) / area;
  out->edge1[1] = -(v[2]->x - v[0]->x) / area;
  out->edge2[0] = -(v[1]->y - v[0]->y) / area;
  out->edge2[1] = (v[1]->x - v[0]->x) / area;
  return true;
}

// A whole number inside low .. high. NaN becomes low.
int clamped_int(float x, int low, int high) {
  if (!(x > static_cast<float>(low))) return low;
  return x < static_cast<float>(high) ? static_cast<int>(x) : high;
}

// First and last sample whose centre lies at or beyond a coordinate, kept inside 0 .. n - 1 (empty: first >
// last).
int first_sample(float x, int n) { return clamped_int(std::ceil(x - 0.5f), 0, n); }
int last_sample(float x, int n) { return clamped_int(std::floor(x - 0.5f), -1, n - 1); }

// Cuts [low, high] to where slope * x + start >= -kEdgeTolerance.
void cut_span(float slope, float start, float* low, float* high) {
  const float value = start + kEdgeTolerance;
  if (slope > 0) {
    *low = std::max(*low, -value / slope);
  } else if (slope < 0) {
    *high = std::min(*high, -value / slope);
  } else if (value < 0) {
    *high = *low - 1;
  }
}

void fill(const ScreenVertex* const v[3], const ScreenTriangle& t, int32_t index, int width,
          RasterBand* band) {
  const int y0 = std::max(first_sample(t.top, 1 << 20), band->first_row) - band->first_row;
  const int y1 =
      std::min(last_sample(t.bottom, 1 << 20), band->first_row + band->n_rows - 1) - band->first_row;
  const float z0 = v[0]->inv_depth, dz1 = v[1]->inv_depth - z0, dz2 = v[2]->inv_depth - z0;
  const float dz = t.edge1[0] * dz1 + t.edge2[0] * dz2;  // per sample to the right
  for (int y = y0; y <= y1; ++y) {
    const float dy = y + band->first_row + 0.5f - t.y0;
    const float w1 = t.edge1[1] * dy, w2 = t.edge2[1] * dy;  // weights at x = x0
    float low = t.left - t.x0, high = t.right - t.x0;
    cut_span(t.edge1[0], w1, &low, &high);
    cut_span(t.edge2[0], w2, &low, &high);
    cut_span(-t.edge1[0] - t.edge2[0], 1 - w1 - w2, &low, &high);
    const int x0 = first_sample(low + t.x0, width), x1 = last_sample(high + t.x0, width);
    const float start = z0 + w1 * dz1 + w2 * dz2 + dz * (0.5f - t.x0);
    float* const depth = band->inv_depth.data() + static_cast<size_t>(y) * width;
    int32_t* const owner = band->triangle_of.data() + static_cast<size_t>(y) * width;
    for (int x = x0; x <= x1; ++x) {
      const float inv_depth = start + dz * x;
      const bool nearer = inv_depth > depth[x];
      depth[x] = nearer ? inv_depth : depth[x];
      owner[x] = nearer ? index : owner[x];
    }
  }
}

}  // namespace

RasterFrame set_up_frame(const dt_raster_mesh& mesh, const dt_raster_view& view) {
  RasterFrame frame;
  frame.width = view.width * view.samples_per_axis;
  frame.height = view.height * view.samples_per_axis;
  const int band_rows = kBandPixelRows * view.samples_per_axis;
  frame.bands.resize((frame.height + band_rows - 1) / band_rows);
  project(mesh, view, &frame);
  compute_normals(mesh, &frame);
  frame.triangles.resize(mesh.n_triangles);
  for (size_t t = 0; t < mesh.n_triangles; ++t) {
    const int32_t* corner = mesh.triangles + 3 * t;
    const ScreenVertex* v[3];
    for (int i = 0; i < 3; ++i) v[i] = &frame.vertices[corner[i]];
    ScreenTriangle& triangle = frame.triangles[t];
    if (!set_up(v, &triangle)) continue;
    const int first = first_sample(triangle.top, frame.height),
              last = last_sample(triangle.bottom, frame.height);
    if (first > last || first_sample(triangle.left, frame.width) > last_sample(triangle.right, frame.width))
      continue;
    for (int band = first / band_rows; band <= last / band_rows; ++band) {
      frame.bands[band].push_back(static_cast<int32_t>(t));
    }
  }
  return frame;
}

void fill_band(const dt_raster_mesh& mesh, const dt_raster_view& view, const RasterFrame& frame, int index,
               RasterBand* band) {
  const int band_rows = kBandPixelRows * view.samples_per_axis;
  band->first_row = index * band_rows;
  band->n_rows = std::min(band_rows, frame.height - band->first_row);
  const size_t n_samples = static_cast<size_t>(band->n_rows) * frame.width;
  band->inv_depth.assign(n_samples, 0.0f);
  band->triangle_of.assign(n_samples, -1);
  for (const int32_t t : frame.bands[index]) {
    const int32_t* corner = mesh.triangles + 3 * static_cast<size_t>(t);
    const ScreenVertex* v[3];
    for (int i = 0; i < 3; ++i) v[i] = &frame.vertices[corner[i]];
    fill(v, frame.triangles[t], t, frame.width, band);
  }
}

void draw(const dt_raster_mesh& mesh, const dt_raster_view& view, uint8_t* pixels) {
  const RasterFrame frame = set_up_frame(mesh, view);
  RasterBand band;
  for (int i = 0; i < static_cast<int>(frame.bands.size()); ++i) {
    fill_band(mesh, view, frame, i, &band);
    shade_band(mesh, view, frame, band, pixels);
  }
}

}  // namespace dt
