// Attention over a window: keys and values are laid out as weights once, then every block of queries computes
// its scores, their softmax and the sum of values with the products of kernels_linear.h.
#pragma once

#include "backends/cpu/kernels_linear.h"

namespace dt::cpu {
namespace {

// Element i of head h, rotated by the position of the row.
DT_INLINE float rotated(const RotaryArgs& args, const float* x, const float* cosines, const float* sines,
                        int64_t i) {
  if (cosines == nullptr) return x[i] * args.scale;
  const int64_t half = args.d / 2;
  const float other = i < half ? -x[i + half] : x[i - half];
  return x[i] * cosines[i] + other * sines[i];
}

void rotary_stream(const RotaryArgs& args, int64_t stream, Span span) {
  for (int64_t t = span.first; t < span.last; ++t) {
    const float* from = args.a.data + stream * args.a.batch + t * args.a.row;
    float* to = args.out.data + stream * args.out.batch + t * args.out.row;
    const float* cosines = args.cosines == nullptr ? nullptr : args.cosines + t * args.d;
    const float* sines = args.sines == nullptr ? nullptr : args.sines + t * args.d;
    const int64_t half = args.d / 2;
    for (int64_t h = 0; h < args.heads; ++h, from += args.d, to += args.d) {
      if (cosines == nullptr) {
        for (int64_t i = 0; i < args.d; ++i) to[i] = from[i] * args.scale;
        continue;
      }
      for (int64_t i = 0; i < half; ++i) {  // both halves at once: to may be from
        const float a = from[i], b = from[i + half];
        to[i] = a * cosines[i] + -b * sines[i];
        to[i + half] = b * cosines[i + half] + a * sines[i + half];
      }
    }
  }
}

void key_value_stream(const KeyValueArgs& args, int64_t stream, Span span) {
  const RotaryArgs& key = args.key;
  const int64_t d = key.d, columns = d % kPanel == 0 ? kPanel : kLanes;
  const int64_t key_floats = (args.n_keys + kPanel - 1) / kPanel * kPanel * d;
  const int64_t value_floats = (d + columns - 1) / columns * columns * args.n_keys;
  for (int64_t t = span.first; t < span.last; ++t) {
    const float* k = key.a.data + stream * key.a.batch + t * key.a.row;
    const float* v = args.value.data + stream * args.value.batch + t * args.value.row;
    const float* cosines = key.cosines == nullptr ? nullptr : key.cosines + t * d;
    const float* sines = key.sines == nullptr ? nullptr : key.sines + t * d;
    for (int64_t h = 0; h < key.heads; ++h, k += d, v += d) {
      const int64_t head = stream * key.heads + h;
      float* to = args.keys + head * key_floats + t / kPanel * kPanel * d + t % kPanel;
      for (int64_t i = 0; i < d; ++i) to[i * kPanel] = rotated(key, k, cosines, sines, i);
      float* values = args.values + head * value_floats + t * columns;
      for (int64_t i = 0; i < d; i += columns, values += args.n_keys * columns) {
        for (int64_t c = 0; c < columns; ++c) values[c] = i + c < d ? v[i + c] : 0.0f;
      }
    }
  }
}

// e^(x - max) of a row of n scores, whose rest up to a whole vector is left out of the sum; gives 1 / sum.
DT_INLINE float softmax_row(float* scores, int64_t n) {
  const int64_t padded = (n + kLanes - 1) / kLanes * kLanes;
  for (int64_t i = n; i < padded; ++i) scores[i] = -1e30f;
  Vec peaks = load(scores);
  for (int64_t i = kLanes; i < padded; i += kLanes) peaks = larger(peaks, load(scores + i));
  float peak = lane(peaks, 0);
  for (int i = 1; i < kLanes; ++i) peak = peak < lane(peaks, i) ? lane(peaks, i) : peak;
  Vec sum = broadcast(0.0f);
  for (int64_t i = 0; i < padded; i += kLanes) {
    const Vec e = exp_of(load(scores + i) - broadcast(peak));
    store(scores + i, e);
    if (i + kLanes <= n) sum = sum + e;
  }
  float total = sum_of(sum);
  for (int64_t i = n / kLanes * kLanes; i < n; ++i) total += scores[i];
  return 1.0f / total;
}

template <int R, int C>
DT_INLINE void weigh_values(const AttentionArgs& args, const float* scores, ptrdiff_t row,
                            const float* inverse, const float* values, float* out) {
  for (int64_t i = 0; i < args.d; i += C * kLanes, values += args.n_keys * C * kLanes) {
    Vec sums[R][C];
    multiply<R, C>(scores, row, values, args.n_keys, sums);
    for (int r = 0; r < R; ++r) {
      for (int c = 0; c < C && i + c * kLanes < args.d; ++c) {
        const int64_t at = i + c * kLanes;
        store_part(out + r * args.out.row + at, sums[r][c] * broadcast(inverse[r]), args.d - at);
      }
    }
  }
}

template <int R>
void attend_block(const AttentionArgs& args, const float* query, int64_t head, float* out, float* scores) {
  const int64_t n_panels = (args.n_keys + kPanel - 1) / kPanel,
                columns = args.d % kPanel == 0 ? kPanel : kLanes;
  const ptrdiff_t row = n_panels * kPanel;
  const float* keys = args.keys + head * row * args.d;
  const float* values = args.values + head * ((args.d + columns - 1) / columns * columns * args.n_keys);
  for (int64_t panel = 0; panel < n_panels; ++panel, keys += kPanel * args.d) {
    Vec sums[R][2];
    multiply<R, 2>(query, args.query.row, keys, args.d, sums);
    for (int r = 0; r < R; ++r) {
      for (int c = 0; c < 2; ++c) store(scores + r * row + panel * kPanel + c * kLanes, sums[r][c]);
    }
  }
  float inverse[R];
  for (int r = 0; r < R; ++r) inverse[r] = softmax_row(scores + r * row, args.n_keys);
  if (columns == kPanel) {
    weigh_values<R, 2>(args, scores, row, inverse, values, out);
  } else {
    weigh_values<R, 1>(args, scores, row, inverse, values, out);
  }
}

template <int R>
void attend_block_of(int64_t rows, const AttentionArgs& args, const float* query, int64_t head, float* out,
                     float* scores) {
  if constexpr (R > 0) {
    if (rows == R) return attend_block<R>(args, query, head, out, scores);
    attend_block_of<R - 1>(rows, args, query, head, out, scores);
  }
}

void attention_stream(const AttentionArgs& args, int64_t stream, Span span, float* scratch) {
  const Blocks blocks(span.last - span.first);
  for (int64_t h = 0; h < args.heads; ++h) {
    int64_t t = span.first;
    for (int64_t i = 0; i < blocks.count; t += blocks.rows(i), ++i) {
      const float* query = args.query.data + stream * args.query.batch + t * args.query.row + h * args.d;
      float* out = args.out.data + stream * args.out.batch + t * args.out.row + h * args.d;
      attend_block_of<kRowBlock>(blocks.rows(i), args, query, stream * args.heads + h, out, scratch);
    }
  }
}

void rotary(const RotaryArgs& args, Span span) {
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream)
    rotary_stream(args, stream, span);
}

void key_value(const KeyValueArgs& args, Span span) {
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream)
    key_value_stream(args, stream, span);
}

void attention(const AttentionArgs& args, Span span, float* scratch) {
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream) {
    attention_stream(args, stream, span, scratch);
  }
}

}  // namespace
}  // namespace dt::cpu
