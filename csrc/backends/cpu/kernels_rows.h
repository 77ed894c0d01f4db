// Normalisation, depth-wise convolution, and functions of single elements.
#pragma once

#include "backends/cpu/kernels.h"
#include "backends/cpu/vec.h"

namespace dt::cpu {
namespace {

float inverse_root(float x) {
#if defined(__GNUC__)
  return 1.0f / __builtin_sqrtf(x);
#else
  return 1.0f / sqrtf(x);
#endif
}

void norm_stream(const NormArgs& args, int64_t stream, Span span) {
  const float inverse_n = 1.0f / static_cast<float>(args.n);
  for (int64_t t = span.first; t < span.last; ++t) {
    const float* x = args.a.data + stream * args.a.batch + t * args.a.row;
    float* y = args.out.data + stream * args.out.batch + t * args.out.row;
    Vec sum = broadcast(0.0f), squares = broadcast(0.0f);
    for (int64_t i = 0; i < args.n; i += kLanes) sum = sum + load_part(x + i, args.n - i);
    const Vec mean = broadcast(sum_of(sum) * inverse_n);
    int64_t whole = 0;
    for (; whole + kLanes <= args.n; whole += kLanes) {
      const Vec from_mean = load(x + whole) - mean;
      squares = squares + from_mean * from_mean;
    }
    float total = sum_of(squares);
    for (; whole < args.n; ++whole) total += (x[whole] - lane(mean, 0)) * (x[whole] - lane(mean, 0));
    const Vec inverse = broadcast(inverse_root(total * inverse_n + args.epsilon));
    const float* mod_scale =
        args.mod_scale.data + (args.mod_scale.data == nullptr ? 0 : stream * args.mod_scale.batch);
    const float* mod_shift =
        args.mod_shift.data + (args.mod_shift.data == nullptr ? 0 : stream * args.mod_shift.batch);
    for (int64_t i = 0; i < args.n; i += kLanes) {
      const int64_t left = args.n - i;
      Vec v = (load_part(x + i, left) - mean) * inverse;
      if (args.scale != nullptr) v = v * load_part(args.scale + i, left);
      if (args.bias != nullptr) v = v + load_part(args.bias + i, left);
      if (mod_scale != nullptr) v = v * load_part(mod_scale + i, left);
      if (mod_shift != nullptr) v = v + load_part(mod_shift + i, left);
      store_part(y + i, v, left);
    }
  }
}

// One vector of channels, n of which exist, of one row: taps outside of the input are left out.
DT_INLINE void depthwise_at(const DepthwiseArgs& args, const float* a, float* y, int64_t t, int64_t i,
                            int64_t n) {
  Vec sum = args.bias == nullptr ? broadcast(0.0f) : load_part(args.bias + i, n);
  for (int64_t j = 0; j < args.taps; ++j) {
    const int64_t from = t * args.stride + j * args.dilation - args.pad;
    if (from < 0 || from >= args.n_in) continue;
    sum = sum + load_part(args.weights + j * args.n + i, n) * load_part(a + from * args.a.row + i, n);
  }
  if (args.has_silu) sum = silu_of(sum);
  store_part(y + t * args.out.row + i, sum, n);
}

// The rows t .. last - 1, all of whose TAPS taps lie inside, with the weights of one vector of channels at
// hand.
template <int TAPS>
DT_INLINE void depthwise_column(const DepthwiseArgs& args, const float* a, float* y, int64_t t, int64_t last,
                                int64_t i) {
  Vec weights[TAPS];
  for (int j = 0; j < TAPS; ++j) weights[j] = load(args.weights + j * args.n + i);
  const Vec bias = args.bias == nullptr ? broadcast(0.0f) : load(args.bias + i);
  const ptrdiff_t step = args.dilation * args.a.row;
  const float* x = a + (t * args.stride - args.pad) * args.a.row + i;
  for (; t < last; ++t, x += args.stride * args.a.row) {
    Vec sum = bias;
    for (int j = 0; j < TAPS; ++j) sum = sum + weights[j] * load(x + j * step);
    if (args.has_silu) sum = silu_of(sum);
    store(y + t * args.out.row + i, sum);
  }
}

void depthwise_stream(const DepthwiseArgs& args, int64_t stream, Span span) {
  const float* a = args.a.data + stream * args.a.batch;
  float* y = args.out.data + stream * args.out.batch;
  // Rows whose taps all lie inside.
  int64_t first = span.first, last = span.last;
  while (first < last && first * args.stride < args.pad) ++first;
  while (last > first && (last - 1) * args.stride + (args.taps - 1) * args.dilation - args.pad >= args.n_in)
    --last;
  const bool has_column = args.taps == 5 || args.taps == 7;
  for (int64_t i = 0; i < args.n; i += kLanes) {
    const int64_t n = args.n - i;
    const bool is_column = has_column && n >= kLanes;
    for (int64_t t = span.first; t < span.last; ++t) {
      if (!is_column || t < first || t >= last) depthwise_at(args, a, y, t, i, n);
    }
    if (is_column && args.taps == 5) depthwise_column<5>(args, a, y, first, last, i);
    if (is_column && args.taps == 7) depthwise_column<7>(args, a, y, first, last, i);
  }
}

void norm(const NormArgs& args, Span span) {
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream)
    norm_stream(args, stream, span);
}

void depthwise(const DepthwiseArgs& args, Span span) {
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream)
    depthwise_stream(args, stream, span);
}

template <class F>
DT_INLINE void map(const float* a, float* out, int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes) store_part(out + i, f(load_part(a + i, n - i)), n - i);
}

void unary(Unary f, const float* a, float* out, int64_t n) {
  switch (f) {
    case Unary::kCopy:
      return map(a, out, n, [](Vec x) { return x; });
    case Unary::kNegate:
      return map(a, out, n, [](Vec x) { return broadcast(-0.0f) - x; });
    case Unary::kSigmoid:
      return map(a, out, n, [](Vec x) { return sigmoid_of(x); });
    case Unary::kSilu:
      return map(a, out, n, [](Vec x) { return silu_of(x); });
  }
}

template <class F>
DT_INLINE void combine(const float* a, ptrdiff_t step_a, const float* b, ptrdiff_t step_b, float* out,
                       int64_t n, F f) {
  for (int64_t i = 0; i < n; i += kLanes) {
    const Vec x = step_a == 0 ? broadcast(*a) : load_part(a + i, n - i);
    const Vec y = step_b == 0 ? broadcast(*b) : load_part(b + i, n - i);
    store_part(out + i, f(x, y), n - i);
  }
}

void binary(Binary f, const float* a, ptrdiff_t step_a, const float* b, ptrdiff_t step_b, float* out,
            int64_t n) {
  switch (f) {
    case Binary::kAdd:
      return combine(a, step_a, b, step_b, out, n, [](Vec x, Vec y) { return x + y; });
    case Binary::kSub:
      return combine(a, step_a, b, step_b, out, n, [](Vec x, Vec y) { return x - y; });
    case Binary::kMul:
      return combine(a, step_a, b, step_b, out, n, [](Vec x, Vec y) { return x * y; });
    case Binary::kDiv:
      return combine(a, step_a, b, step_b, out, n, [](Vec x, Vec y) { return x / y; });
    case Binary::kMulSigmoid:
      return combine(a, step_a, b, step_b, out, n, [](Vec x, Vec y) { return x * sigmoid_of(y); });
  }
}

}  // namespace
}  // namespace dt::cpu
