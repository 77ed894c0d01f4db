// Kernels for AVX512_BF16: products of pairs of bfloat16 in vectors, and all else by AVX-512.
#include <immintrin.h>

#define DT_CPU_LANES 16
#define DT_CPU_ROW_BLOCK 14
#include "backends/cpu/kernels_linear_bf16.h"

namespace dt::cpu {
namespace {

constexpr int kBlock = 8;  // rows: 16 sums, and half of a tile

// kBlock rows times a panel. a: the first of them in their first tile.  sums: [kBlock][kPanel].
DT_INLINE void multiply_pairs(const Bfloat* a, int64_t n_steps, const Bfloat* panel, const Bfloat* next,
                              float* sums) {
  Vec totals[kBlock][2];
  DT_UNROLL
  for (int r = 0; r < kBlock; ++r) totals[r][0] = totals[r][1] = broadcast(0.0f);
  for (int64_t i = 0; i < n_steps; ++i, a += kTileSize, panel += 2 * kTileSize) {
    for (int64_t p = 0; p < kTileDepth; p += 2) {
      const Bfloat* from = panel + p * kLanes;
      if (next != nullptr) {
        DT_PREFETCH(next);
        DT_PREFETCH(next + kTileDepth);
        next += 2 * kTileDepth;
      }
      const auto low = (__m512bh)load(reinterpret_cast<const float*>(from));
      const auto high = (__m512bh)load(reinterpret_cast<const float*>(from + kTileSize));
      DT_UNROLL
      for (int r = 0; r < kBlock; ++r) {
        float pair;
        __builtin_memcpy(&pair, a + r * kTileDepth + p, sizeof pair);
        const auto x = (__m512bh)_mm512_set1_ps(pair);
        totals[r][0] = (Vec)_mm512_dpbf16_ps((__m512)totals[r][0], x, low);
        totals[r][1] = (Vec)_mm512_dpbf16_ps((__m512)totals[r][1], x, high);
      }
    }
  }
  DT_UNROLL
  for (int r = 0; r < kBlock; ++r) {
    store(sums + r * kPanel, totals[r][0]);
    store(sums + r * kPanel + kLanes, totals[r][1]);
  }
}

void linear_of_pairs(const LinearArgs& args, Span span, float* scratch) {
  alignas(64) float sums[2 * kTileRows * kPanel];
  auto* const rows = reinterpret_cast<Bfloat*>(scratch);
  const int64_t n_rows = round_rows(args, span, rows), n_steps = tile_steps(args.k);
  const int64_t n_panels = (args.n + kPanel - 1) / kPanel;
  const auto* panel = reinterpret_cast<const Bfloat*>(args.weights);
  for (int64_t p = 0; p < n_panels; ++p, panel += 2 * kTileSize * n_steps) {
    const Bfloat* next = panel + 2 * kTileSize * n_steps;
    for (int64_t first = 0; first < n_rows; first += 2 * kTileRows) {
      for (int64_t r = 0; r < 2 * kTileRows && first + r < n_rows; r += kBlock, next = nullptr) {
        const int64_t i = first + r;
        const Bfloat* a = rows + i / kTileRows * n_steps * kTileSize + i % kTileRows * kTileDepth;
        multiply_pairs(a, n_steps, panel, next, sums + r * kPanel);
      }
      finish_rows(args, span, first, n_rows, p * kPanel, sums);
    }
  }
}

}  // namespace

const Kernels& avx512bf16_kernels() {
  static const Kernels table = with_bf16_products("avx512bf16", &linear_of_pairs);
  return table;
}

}  // namespace dt::cpu
