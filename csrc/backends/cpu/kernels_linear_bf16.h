// What products in bfloat16 share: rows rounded to it, laid out in tiles, and what is done to the sums.
#pragma once

#include "backends/cpu/kernels_linear.h"
#include "backends/cpu/tables.h"

namespace dt::cpu {
namespace {

using Bfloat = uint16_t;  // the upper half of a float
constexpr int64_t kTileRows = Kernels::kTileRows, kTileDepth = Kernels::kTileDepth;
constexpr int64_t kTileSize = kTileRows * kTileDepth;

inline int64_t tile_steps(int64_t k) { return (k + kTileDepth - 1) / kTileDepth; }

// The rows of all streams one after the other, [rows / 16][k / 32][16][32]; zeros beyond k. Returns how many.
inline int64_t round_rows(const LinearArgs& args, Span span, Bfloat* to) {
  const int64_t n_steps = tile_steps(args.k);
  int64_t i = 0;
  for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream) {
    const float* from = args.a.data + stream * args.a.batch + span.first * args.a.row;
    for (int64_t t = span.first; t < span.last; ++t, ++i, from += args.a.row) {
      Bfloat* row = to + i / kTileRows * n_steps * kTileSize + i % kTileRows * kTileDepth;
      for (int64_t p = 0; p < args.k; p += kTileDepth, row += kTileSize) {
        const Vec low = load_part(from + p, args.k - p);
        const Vec high =
            args.k - p > kLanes ? load_part(from + p + kLanes, args.k - p - kLanes) : broadcast(0.0f);
        const __m512bh both = _mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
        __builtin_memcpy(row, &both, sizeof both);
      }
    }
  }
  return i;
}

// From sums [..][kPanel] of the rows first .. to where they go; at most as many as two tiles hold.
inline void finish_rows(const LinearArgs& args, Span span, int64_t first, int64_t n_rows, int64_t column,
                        const float* sums) {
  const int64_t count = span.last - span.first, left = args.n - column;
  const int64_t last = n_rows - first > 2 * kTileRows ? first + 2 * kTileRows : n_rows;
  for (int64_t i = first; i < last; ++i, sums += kPanel) {
    const Tile tile(args, span.first_stream + i / count, span.first + i % count, column);
    for (int64_t c = 0; c < kPanel && c < left; c += kLanes) {
      Vec v = load(sums + c);
      if (tile.bias != nullptr) v = v + load_part(tile.bias + c, left - c);
      tile.finish(v, tile.out + c, tile.gate == nullptr ? nullptr : tile.gate + c,
                  tile.residual == nullptr ? nullptr : tile.residual + c, left - c);
    }
  }
}

// All but the products is that of AVX-512.
inline Kernels with_bf16_products(const char* name, void (*linear)(const LinearArgs&, Span, float*)) {
  Kernels table = avx512_kernels();
  table.name = name, table.is_bf16 = true, table.linear = linear;
  return table;
}

}  // namespace
}  // namespace dt::cpu
