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

// Weights are read from far caches: while one panel is at work, each step of its sum fetches a piece of what
// is read next. Two pieces at a time, since a step reads two lines of memory.
struct Ahead {
  const float *first, *second;
  int64_t step;
};

// sums[r][c] = sum over p of a[r][p] b[p][c], in the order of p.
template <int R, int C>
DT_INLINE void multiply(const float* a, ptrdiff_t row, const float* b, int64_t k, Vec (&sums)[R][C],
                        Ahead ahead = {nullptr, nullptr, 0}) {
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
    if (ahead.step != 0) {
      DT_PREFETCH(ahead.first);
      DT_PREFETCH(ahead.second);
      ahead.first += ahead.step, ahead.second += ahead.step;
    }
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

// Where the tile of a product goes, and what is done to it there.
struct Tile {
  const float *bias, *gate, *residual;  // of its first column and row; null: none
  ptrdiff_t residual_row, out_row;
  float* out;
  bool has_silu;

  Tile(const LinearArgs& args, int64_t stream, int64_t t, int64_t column)
      : bias(args.bias == nullptr ? nullptr : args.bias + column),
        gate(args.gate.data == nullptr ? nullptr : args.gate.data + stream * args.gate.batch + column),
        residual(args.residual.data == nullptr
                     ? nullptr
                     : args.residual.data + stream * args.residual.batch + t * args.residual.row + column),
        residual_row(args.residual.row),
        out_row(args.out.row),
        out(args.out.data + stream * args.out.batch + t * args.out.row + column),
        has_silu(args.has_silu) {}

  // One vector of a row, of which n lanes exist; out, gate and residual are moved there.
  DT_INLINE void finish(Vec v, float* to, const float* factor, const float* add, int64_t n) const {
    if (has_silu) v = silu_of(v);
    if (factor != nullptr) v = v * load_part(factor, n);
    if (add != nullptr) v = load_part(add, n) + v;
    store_part(to, v, n);
  }
};

// A tile whose columns all exist. Which way it goes follows from the arguments alone, so that a row's result
// never depends on the rows beside it.
template <int R>
DT_INLINE void finish_full(const Tile& tile, Vec (&sums)[R][2]) {
  if (tile.bias != nullptr) {
    const Vec bias[2] = {load(tile.bias), load(tile.bias + kLanes)};
    DT_UNROLL
    for (int r = 0; r < R; ++r) sums[r][0] = sums[r][0] + bias[0], sums[r][1] = sums[r][1] + bias[1];
  }
  if (tile.has_silu) {
    DT_UNROLL
    for (int r = 0; r < R; ++r) {
      store(tile.out + r * tile.out_row, sums[r][0]);
      store(tile.out + r * tile.out_row + kLanes, sums[r][1]);
    }
    for (int64_t r = 0; r < R; ++r) {
      for (int64_t c = 0; c < kPanel; c += kLanes) {
        float* to = tile.out + r * tile.out_row + c;
        tile.finish(load(to), to, tile.gate == nullptr ? nullptr : tile.gate + c,
                    tile.residual == nullptr ? nullptr : tile.residual + r * tile.residual_row + c, kLanes);
      }
    }
    return;
  }
  if (tile.gate != nullptr) {
    const Vec gate[2] = {load(tile.gate), load(tile.gate + kLanes)};
    DT_UNROLL
    for (int r = 0; r < R; ++r) sums[r][0] = sums[r][0] * gate[0], sums[r][1] = sums[r][1] * gate[1];
  }
  if (tile.residual != nullptr) {
    DT_UNROLL
    for (int r = 0; r < R; ++r) {
      sums[r][0] = load(tile.residual + r * tile.residual_row) + sums[r][0];
      sums[r][1] = load(tile.residual + r * tile.residual_row + kLanes) + sums[r][1];
    }
  }
  DT_UNROLL
  for (int r = 0; r < R; ++r) {
    store(tile.out + r * tile.out_row, sums[r][0]);
    store(tile.out + r * tile.out_row + kLanes, sums[r][1]);
  }
}

// One with n columns, by way of memory.
template <int R>
DT_INLINE void finish_part(const Tile& tile, const Vec (&sums)[R][2], int64_t n) {
  float rows[R * kPanel];
  DT_UNROLL
  for (int r = 0; r < R; ++r) {
    store(rows + r * kPanel, sums[r][0]);
    store(rows + r * kPanel + kLanes, sums[r][1]);
  }
  for (int64_t r = 0; r < R; ++r) {
    for (int64_t c = 0; c < n; c += kLanes) {
      Vec v = load(rows + r * kPanel + c);
      if (tile.bias != nullptr) v = v + load_part(tile.bias + c, n - c);
      tile.finish(v, tile.out + r * tile.out_row + c, tile.gate == nullptr ? nullptr : tile.gate + c,
                  tile.residual == nullptr ? nullptr : tile.residual + r * tile.residual_row + c, n - c);
    }
  }
}

// part of n_parts: of the next panel, which this block fetches.
struct Block {
  int64_t stream, t, panel, part, n_parts;
};

template <int R>
void linear_block(const LinearArgs& args, const Block& block) {
  const int64_t column = block.panel * kPanel, stream = block.stream, t = block.t;
  const float* a = args.a.data + stream * args.a.batch + t * args.a.row;
  const float* weights = args.weights + column * args.k;
  const float* next = weights + kPanel * args.k + kPanel * args.k * block.part / block.n_parts;
  constexpr int64_t kLine = 16;
  const Ahead ahead{next, block.n_parts == 1 ? next + kLine : next,
                    kPanel / block.n_parts + (kPanel < block.n_parts)};
  Vec sums[R][2];
  multiply<R, 2>(a, args.a.row, weights, args.k, sums, ahead);
  const Tile tile(args, stream, t, column);
  if (args.n - column >= kPanel) {
    finish_full<R>(tile, sums);
  } else {
    finish_part<R>(tile, sums, args.n - column);
  }
}

// Blocks as equal as can be: with blocks of 6, 27 rows are three of 5 and two of 6, and no block of 3 is
// left.
struct Blocks {
  int64_t count, base, longer;  // `longer` of them have one row more
  explicit Blocks(int64_t rows)
      : count((rows + kRowBlock - 1) / kRowBlock),
        base(count > 0 ? rows / count : 0),
        longer(rows - base * count) {}
  int64_t rows(int64_t i) const { return base + (i < longer ? 1 : 0); }
};

template <int R>
void linear_block_of(int64_t rows, const LinearArgs& args, const Block& block) {
  if constexpr (R > 0) {
    if (rows == R) return linear_block<R>(args, block);
    linear_block_of<R - 1>(rows, args, block);
  }
}

// One panel at a time stays in the nearest cache while the rows of all streams pass.
inline void linear(const LinearArgs& args, Span span, float*) {
  const Blocks blocks(span.last - span.first);
  const int64_t n_panels = (args.n + kPanel - 1) / kPanel;
  Block block{0, 0, 0, 0, blocks.count * (span.last_stream - span.first_stream)};
  for (block.panel = 0; block.panel < n_panels; ++block.panel) {
    block.part = 0;
    for (block.stream = span.first_stream; block.stream < span.last_stream; ++block.stream) {
      block.t = span.first;
      for (int64_t i = 0; i < blocks.count; block.t += blocks.rows(i), ++block.part, ++i) {
        linear_block_of<kRowBlock>(blocks.rows(i), args, block);
      }
    }
  }
}

}  // namespace
}  // namespace dt::cpu
