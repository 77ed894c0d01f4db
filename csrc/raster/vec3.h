// Three floats with the arithmetic that the rasteriser needs.
#pragma once

#include <cmath>

namespace dt {

struct Vec3 {
  float x, y, z;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline float dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
// A zero vector stays zero, and what is not finite becomes zero.
inline Vec3 normalized(Vec3 a) {
  const float square = dot(a, a);
  // Beyond these, the square has lost digits or is infinite.
  constexpr float kLeast = 1e-30f, kMost = 1e30f;
  if (square >= kLeast && square <= kMost) return a * (1 / std::sqrt(square));
  const float largest = std::fmax(std::abs(a.x), std::fmax(std::abs(a.y), std::abs(a.z)));
  const bool is_usable = std::isfinite(a.x) && std::isfinite(a.y) && std::isfinite(a.z) && largest > 0;
  if (!is_usable) return {0, 0, 0};
  const Vec3 scaled = {a.x / largest, a.y / largest, a.z / largest};
  return scaled * (1 / std::sqrt(dot(scaled, scaled)));
}
inline Vec3 load_vec3(const float* p) { return {p[0], p[1], p[2]}; }

}  // namespace dt
