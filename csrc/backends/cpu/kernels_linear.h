// Products with packed weights: a block of up to DT_CPU_ROW_BLOCK rows times a panel of one or two vectors of
// columns stays in registers while the sum runs; what follows the sum is applied before it is stored.
#pragma once

#include "backends/cpu/kernels.h"
#include "backends/cpu/vec.h"

namespace dt::cpu {
namespace {

constexpr int kRowBlock = DT_CPU_ROW_BLOCK;
constexpr int kPanel = 2 * kLanes;

#if defined(__clang__)
#define DT_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define DT_UNROLL _Pragma("GCC unroll 32")
#else
#define DT_UNROLL
#endif

// sums[r][c] = sum over p of a[r][p] b[p][c], in the order of p.
template <int R, int C>
DT_INLINE void multiply(const float* a, ptrdiff_t row, const float* b, int64_t k, Vec (&sums)[R][C]) {
  // One base for three rows: x86 addresses base, base + row and base + 2 row.
  const float* bases[(R + 2) / 3];
  DT_UNROLL
  for (int i = 0; i < (R + 2) / 3; ++i) bases[i] = a + 3 * i * row;
  DT_UNROLL
  for (int r = 0; r < R; ++r) {
    DT_UNROLL
    for (int c = 0; c < C; ++c) sums[r][c] = broadcast(0.0f);
  }
  for (int64_t p = 0; p < k; ++p, b += C * kLanes) {
    Vec columns[C];
    DT_UNROLL
    for (int c = 0; c < C; ++c) columns[c] = load(b + c * kLanes);
    DT_UNROLL
    for (int r = 0; r < R; ++r) {
      const Vec x = broadcast(bases[r / 3][(r % 3) * row + p]);
      DT_UNROLL
      for (int c = 0; c < C; ++c) sums[r][c] = sums[r][c] + x * columns[c];
    }
  }
}

// What follows a product, for one panel of columns of one stream's rows.
struct Finish {
  const LinearArgs& args;
  int64_t stream, column, n;  // n: columns of the panel that exist

  // lanes c of the row t.
  DT_INLINE Vec operator()(Vec sum, int64_t t, int c) const {
    const int64_t at = column + c * kLanes, left = n - c * kLanes;
    if (args.bias != nullptr) sum = sum + load_part(args.bias + at, left);
    if (args.has_silu) sum = silu_of(sum);
    if (args.gate.data != nullptr) {
      const int64_t of = args.period == 0 ? stream : t / args.period;
      sum = sum * load_part(args.gate.data + of * args.gate.batch + at, left);
    }
    if (args.residual.data == nullptr) return sum;
    const float* residual = args.residual.data + stream * args.residual.batch + t * args.residual.row;
    return load_part(residual + at, left) + sum;
  }
};

template <int R>
void linear_block(const LinearArgs& args, int64_t stream, int64_t t, int64_t panel) {
  const int64_t column = panel * kPanel;
  const int64_t n = args.n - column < kPanel ? args.n - column : kPanel;
  const float* a = args.a.data + stream * args.a.batch + t * args.a.row;
  Vec sums[R][2];
  multiply<R, 2>(a, args.a.row, args.weights + column * args.k, args.k, sums);
  const Finish finish{args, stream, column, n};
  float* out = args.out.data + stream * args.out.batch + t * args.out.row + column;
  for (int r = 0; r < R; ++r, out += args.out.row) {
    for (int c = 0; c < 2 && c * kLanes < n; ++c) {
      store_part(out + c * kLanes, finish(sums[r][c], t + r, c), n - c * kLanes);
    }
  }
}

// Blocks as equal as can be: with blocks of 6, 27 rows are three of 5 and two of 6, and no block of 3 is left.
struct Blocks {
  int64_t count, base, longer;  // `longer` of them have one row more
  explicit Blocks(int64_t rows)
      : count((rows + kRowBlock - 1) / kRowBlock),
        base(count > 0 ? rows / count : 0),
        longer(rows - base * count) {}
  int64_t rows(int64_t i) const { return base + (i < longer ? 1 : 0); }
};

template <int R>
void linear_block_of(int64_t rows, const LinearArgs& args, int64_t stream, int64_t t, int64_t panel) {
  if constexpr (R > 0) {
    if (rows == R) return linear_block<R>(args, stream, t, panel);
    linear_block_of<R - 1>(rows, args, stream, t, panel);
  }
}

// One panel at a time stays in the nearest cache while all rows pass.
void linear(const LinearArgs& args, Span span) {
  const Blocks blocks(span.last - span.first);
  const int64_t n_panels = (args.n + kPanel - 1) / kPanel;
  for (int64_t panel = 0; panel < n_panels; ++panel) {
    int64_t t = span.first;
    for (int64_t i = 0; i < blocks.count; t += blocks.rows(i), ++i) {
      linear_block_of<kRowBlock>(blocks.rows(i), args, span.stream, t, panel);
    }
  }
}

}  // namespace
}  // namespace dt::cpu
