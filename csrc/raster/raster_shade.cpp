#include <algorithm>
#include <cmath>

#include "raster/raster.h"

namespace dt {
namespace {

// How far light reaches around the terminator, per colour: skin lets red light through most, which keeps
// shadows on a face from looking like plaster.
constexpr Vec3 kKeyWrap = {0.42f, 0.25f, 0.20f};
constexpr float kFillWrap = 0.5f;
constexpr Vec3 kKeyColor = {1.0f, 0.965f, 0.91f};     // slightly warm
constexpr Vec3 kFillColor = {0.86f, 0.93f, 1.0f};     // slightly cool
constexpr Vec3 kSkyColor = {0.95f, 0.98f, 1.0f};      // ambient from above
constexpr Vec3 kGroundColor = {0.62f, 0.54f, 0.50f};  // ambient from below
constexpr float kInsideShade = 0.35f;                 // brightness of the insides of surfaces

struct Lights {
  Vec3 key, fill, half;  // unit vectors in camera axes; half lies between the key light and the viewer
  float key_intensity, fill_intensity, ambient_intensity;
};

// Colours are lit as their square and shown as the root of the result: a gamma of 2 in place of sRGB's 2.2.
Vec3 light_point(Vec3 color, float gloss, Vec3 n, const Lights& lights) {
  const Vec3 albedo = color * color;
  const float k = dot(n, lights.key), f = dot(n, lights.fill);
  const auto wrap = [](float cosine, float w) { return std::max(0.0f, (cosine + w) / (1 + w)); };
  const Vec3 key = Vec3{wrap(k, kKeyWrap.x), wrap(k, kKeyWrap.y), wrap(k, kKeyWrap.z)} * kKeyColor;
  const float up = 0.5f + 0.5f * n.y;
  const Vec3 ambient = kSkyColor * up + kGroundColor * (1 - up);
  Vec3 light = key * lights.key_intensity + kFillColor * (wrap(f, kFillWrap) * lights.fill_intensity) +
               ambient * lights.ambient_intensity;
  light = light * albedo;
  const float s = std::max(0.0f, dot(n, lights.half));
  const float s2 = s * s, s4 = s2 * s2, s8 = s4 * s4, s32 = s8 * s8 * s8 * s8;
  // A broad sheen for matt surfaces, a small spot for wet ones.
  const float highlight = gloss * ((1 - gloss) * 0.35f * s8 * s4 + gloss * 1.5f * s32 * s32 * s32);
  return light + Vec3{1, 1, 1} * (highlight * lights.key_intensity);
}

struct Surface {
  const dt_raster_mesh& mesh;
  const RasterFrame& frame;
  Lights lights;
};

// Colour (squared scale) of triangle t at sample position
// (x, y), with attributes interpolated in perspective.
Vec3 shade_sample(const Surface& surface, int32_t t, float x, float y) {
  const ScreenTriangle& triangle = surface.frame.triangles[t];
  const int32_t* corner = surface.mesh.triangles + 3 * static_cast<size_t>(t);
  float w[3], sum = 0;
  triangle.weights(x, y, w);
  for (int i = 0; i < 3; ++i) {
    w[i] =
        std::max(0.0f, w[i]) * surface.frame.vertices[corner[i]].inv_depth;  // rounding may take it below 0
    sum += w[i];
  }
  Vec3 normal = {0, 0, 0}, color = {0, 0, 0};
  float gloss = 0;
  for (int i = 0; i < 3; ++i) {
    const float weight = w[i] / sum;
    const float* c = surface.mesh.colors + 4 * static_cast<size_t>(corner[i]);
    normal = normal + surface.frame.normals[corner[i]] * weight;
    color = color + load_vec3(c) * weight;
    gloss += c[3] * weight;
  }
  normal = normalized(normal);
  if (triangle.back_facing) return light_point(color, 0, normal * -1.0f, surface.lights) * kInsideShade;
  return light_point(color, gloss, normal, surface.lights);
}

// Triangles that share a vertex are one surface there: colour and normal run on from one to the other.
bool same_surface(const Surface& surface, int32_t a, int32_t b) {
  if (a == b) return true;
  if (a < 0 || b < 0 || surface.frame.triangles[a].back_facing != surface.frame.triangles[b].back_facing)
    return false;
  const int32_t* p = surface.mesh.triangles + 3 * static_cast<size_t>(a);
  const int32_t* q = surface.mesh.triangles + 3 * static_cast<size_t>(b);
  for (int i = 0; i < 3; ++i) {
    if (p[i] == q[0] || p[i] == q[1] || p[i] == q[2]) return true;
  }
  return false;
}

// The samples of one pixel, from its first: place in the band's arrays, and x and y in samples.
struct SampleGrid {
  int n, offset[16];
  float x[16], y[16];

  SampleGrid(int per_axis, int width) : n(per_axis * per_axis) {
    for (int k = 0; k < n; ++k) {
      offset[k] = k / per_axis * width + k % per_axis;
      x[k] = static_cast<float>(k % per_axis);
      y[k] = static_cast<float>(k / per_axis);
    }
  }
};

// Mean colour of one pixel: each surface in it is shaded once, at the mean of its samples.
// owner: the triangle of its first sample, which is at (x, y).
Vec3 shade_pixel(const Surface& surface, const int32_t* owner, const SampleGrid& grid, int x, int y,
                 Vec3 background) {
  Vec3 total = {0, 0, 0};
  unsigned done = 0;
  for (int first = 0; first < grid.n; ++first) {
    if (done >> first & 1) continue;
    const int32_t triangle = owner[grid.offset[first]];
    float sx = 0, sy = 0;
    int count = 0;
    for (int k = first; k < grid.n; ++k) {
      if (done >> k & 1 || !same_surface(surface, triangle, owner[grid.offset[k]])) continue;
      done |= 1u << k;
      sx += grid.x[k];
      sy += grid.y[k];
      ++count;
    }
    Vec3 color = background;
    if (triangle >= 0) color = shade_sample(surface, triangle, x + sx / count + 0.5f, y + sy / count + 0.5f);
    // Clamped before averaging: a bright highlight must not widen the edges of what it lies on.
    total = total +
            Vec3{std::min(color.x, 1.0f), std::min(color.y, 1.0f), std::min(color.z, 1.0f)} * (1.0f * count);
  }
  return total * (1.0f / grid.n);
}

// NaN, which overflowing colours give, becomes black.
uint8_t to_byte(float square) {
  if (!(square > 0)) return 0;
  return static_cast<uint8_t>(std::sqrt(std::min(square, 1.0f)) * 255 + 0.5f);
}

}  // namespace

void shade_band(const dt_raster_mesh& mesh, const dt_raster_view& view, const RasterFrame& frame,
                const RasterBand& band, uint8_t* pixels) {
  const Vec3 key = normalized(load_vec3(view.key_light));
  const Lights lights = {key,
                         normalized(load_vec3(view.fill_light)),
                         normalized(key + Vec3{0, 0, 1}),
                         view.key_intensity,
                         view.fill_intensity,
                         view.ambient_intensity};
  const Surface surface = {mesh, frame, lights};
  const int n = view.samples_per_axis;
  const SampleGrid grid(n, frame.width);
  const Vec3 top = load_vec3(view.background_top), bottom = load_vec3(view.background_bottom);
  for (int row = 0; row < band.n_rows; row += n) {
    const int y = (band.first_row + row) / n;
    const float u = (y + 0.5f) / view.height;
    const Vec3 mixed = top * (1 - u) + bottom * u;
    const Vec3 background = mixed * mixed;
    const uint8_t empty[3] = {to_byte(background.x), to_byte(background.y), to_byte(background.z)};
    const int32_t* owner = band.triangle_of.data() + static_cast<size_t>(row) * frame.width;
    uint8_t* out = pixels + static_cast<size_t>(y) * view.width * 3;
    for (int x = 0; x < view.width; ++x, out += 3, owner += n) {
      bool hit = false;
      for (int k = 0; k < grid.n; ++k) hit = hit || owner[grid.offset[k]] >= 0;
      if (!hit) {
        std::copy_n(empty, 3, out);
        continue;
      }
      const Vec3 c = shade_pixel(surface, owner, grid, x * n, band.first_row + row, background);
      out[0] = to_byte(c.x);
      out[1] = to_byte(c.y);
      out[2] = to_byte(c.z);
    }
  }
}

}  // namespace dt
