// A vector of DT_CPU_LANES floats, for the kernels of one instruction set: compiler vectors where the
// compiler has them (GCC, Clang), else an array, which every compiler takes. The only file that knows the
// difference.
//
// Included by the files kernels_*.cpp, which are compiled with the flags of their instruction set: nothing
// here may have a name that the linker could share with code for another processor, hence the unnamed
// namespace and no header of the C++ library with templates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dt::cpu {
namespace {

constexpr int kLanes = DT_CPU_LANES;

#if defined(__GNUC__) && !defined(DT_CPU_ARRAYS)

#define DT_INLINE inline __attribute__((always_inline))
#define DT_PREFETCH(address) __builtin_prefetch(address, 0, 2)  // to the second cache

typedef float Vec __attribute__((vector_size(DT_CPU_LANES * sizeof(float))));
typedef int32_t IntVec __attribute__((vector_size(DT_CPU_LANES * sizeof(float))));
typedef float LooseVec __attribute__((vector_size(DT_CPU_LANES * sizeof(float)), aligned(4), may_alias));

DT_INLINE Vec load(const float* from) { return *reinterpret_cast<const LooseVec*>(from); }
DT_INLINE void store(float* to, Vec v) { *reinterpret_cast<LooseVec*>(to) = v; }
DT_INLINE Vec broadcast(float x) { return x - Vec{}; }
// a where the comparison is true; false for values that are not numbers, so that b is what they stay in.
DT_INLINE Vec if_less(Vec x, Vec y, Vec a, Vec b) {
  const IntVec mask = x < y;
  return (Vec)((mask & (IntVec)a) | (~mask & (IntVec)b));
}
// 2^n for a float whose lowest bits hold the integer n (see exp_of).
DT_INLINE Vec power_of_two(Vec x) { return (Vec)(((IntVec)x << 23) + (127 << 23)); }
DT_INLINE float lane(const Vec& v, int i) { return v[i]; }

#else

#define DT_INLINE inline
#define DT_PREFETCH(address) ((void)(address))

struct Vec {
  float lanes[DT_CPU_LANES];
};

template <class F>
DT_INLINE Vec each(F f) {
  Vec v;
  for (int i = 0; i < kLanes; ++i) v.lanes[i] = f(i);
  return v;
}
DT_INLINE Vec load(const float* from) {
  return each([=](int i) { return from[i]; });
}
DT_INLINE void store(float* to, const Vec& v) {
  for (int i = 0; i < kLanes; ++i) to[i] = v.lanes[i];
}
DT_INLINE Vec broadcast(float x) {
  return each([=](int) { return x; });
}
DT_INLINE Vec operator+(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lanes[i] + b.lanes[i]; });
}
DT_INLINE Vec operator-(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lanes[i] - b.lanes[i]; });
}
DT_INLINE Vec operator*(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lanes[i] * b.lanes[i]; });
}
DT_INLINE Vec operator/(const Vec& a, const Vec& b) {
  return each([&](int i) { return a.lanes[i] / b.lanes[i]; });
}
DT_INLINE Vec if_less(const Vec& x, const Vec& y, const Vec& a, const Vec& b) {
  return each([&](int i) { return x.lanes[i] < y.lanes[i] ? a.lanes[i] : b.lanes[i]; });
}
DT_INLINE Vec power_of_two(const Vec& x) {
  return each([&](int i) {
    uint32_t bits;
    std::memcpy(&bits, &x.lanes[i], sizeof bits);
    bits = (bits << 23) + (127u << 23);
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return power;
  });
}
DT_INLINE float lane(const Vec& v, int i) { return v.lanes[i]; }

#endif

// The smaller and the larger of two; where x is not a number, x.
DT_INLINE Vec at_most(Vec x, float limit) { return if_less(broadcast(limit), x, broadcast(limit), x); }
DT_INLINE Vec at_least(Vec x, float limit) { return if_less(x, broadcast(limit), broadcast(limit), x); }
DT_INLINE Vec larger(Vec a, Vec b) { return if_less(a, b, b, a); }

// The first n lanes from memory, 0 beyond.
DT_INLINE Vec load_part(const float* from, int64_t n) {
  if (n >= kLanes) return load(from);
  float lanes[kLanes] = {};
  for (int64_t i = 0; i < n; ++i) lanes[i] = from[i];
  return load(lanes);
}
DT_INLINE void store_part(float* to, Vec v, int64_t n) {
  if (n >= kLanes) return store(to, v);
  float lanes[kLanes];
  store(lanes, v);
  for (int64_t i = 0; i < n; ++i) to[i] = lanes[i];
}

// Sums in a fixed order: the result depends on the number of lanes only.
DT_INLINE float sum_of(Vec v) {
  float lanes[kLanes];
  store(lanes, v);
  for (int width = kLanes / 2; width >= 1; width /= 2) {
    for (int i = 0; i < width; ++i) lanes[i] += lanes[i + width];
  }
  return lanes[0];
}

// e^x within 2 units in the last place, by Cody and Waite's reduction x = n ln 2 + r and the polynomial of
// Cephes' expf; x is limited to what float32 can hold. What is not a number stays so.
DT_INLINE Vec exp_of(Vec x) {
  x = at_least(at_most(x, 88.0f), -87.0f);
  // Adding 1.5 * 2^23 leaves x / ln 2, rounded, in the lowest bits.
  const Vec shifted = x * broadcast(1.44269504f) + broadcast(12582912.0f);
  const Vec n = shifted - broadcast(12582912.0f);
  Vec r = x - n * broadcast(0.693359375f);
  r = r - n * broadcast(-2.12194440e-4f);
  Vec p = broadcast(1.9875691500e-4f);
  p = p * r + broadcast(1.3981999507e-3f);
  p = p * r + broadcast(8.3334519073e-3f);
  p = p * r + broadcast(4.1665795894e-2f);
  p = p * r + broadcast(1.6666665459e-1f);
  p = p * r + broadcast(5.0000001201e-1f);
  p = p * (r * r) + r + broadcast(1.0f);
  return p * power_of_two(shifted);
}

DT_INLINE Vec sigmoid_of(Vec x) { return broadcast(1.0f) / (broadcast(1.0f) + exp_of(broadcast(0.0f) - x)); }
DT_INLINE Vec silu_of(Vec x) { return x / (broadcast(1.0f) + exp_of(broadcast(0.0f) - x)); }

}  // namespace
}  // namespace dt::cpu
