// Kernels for AMX: products in tiles of bfloat16, 16 rows times 16 columns at a time, and all else by
// AVX-512.
#include <immintrin.h>

#define DT_CPU_LANES 16
#define DT_CPU_ROW_BLOCK 14
#include "backends/cpu/kernels_linear_bf16.h"

namespace dt::cpu {
namespace {

// Layout of LDTILECFG: eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// 16 or 32 rows times a panel of 32 columns. a: tiles of k / 32 side by side, the second 16 rows behind them.
// sums: [32][32]. next: what is fetched meanwhile, as long as the panel; null: nothing.
DT_INLINE void multiply_tiles(const Bfloat* a, int64_t n_steps, const Bfloat* panel, bool has_second,
                              const Bfloat* next, float* sums) {
  const Bfloat* second = a + n_steps * kTileSize;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < n_steps; ++i, a += kTileSize, second += kTileSize, panel += 2 * kTileSize) {
    if (next != nullptr) {
      for (int64_t line = 0; line < 2 * kTileSize; line += kTileDepth) DT_PREFETCH(next + line);
      next += 2 * kTileSize;
    }
    _tile_loadd(4, a, 64);
    _tile_loadd(6, panel, 64);
    _tile_loadd(7, panel + kTileSize, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (!has_second) continue;
    _tile_loadd(5, second, 64);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  constexpr int64_t kRowBytes = kPanel * sizeof(float);
  _tile_stored(0, sums, kRowBytes);
  _tile_stored(1, sums + kLanes, kRowBytes);
  if (!has_second) return;
  _tile_stored(2, sums + kTileRows * kPanel, kRowBytes);
  _tile_stored(3, sums + kTileRows * kPanel + kLanes, kRowBytes);
}

void linear_of_tiles(const LinearArgs& args, Span span, float* scratch) {
  static const TileShapes kShapes{};
  alignas(64) float sums[2 * kTileRows * kPanel];
  auto* const rows = reinterpret_cast<Bfloat*>(scratch);
  const int64_t n_rows = round_rows(args, span, rows), n_steps = tile_steps(args.k);
  const int64_t n_panels = (args.n + kPanel - 1) / kPanel;
  const auto* panel = reinterpret_cast<const Bfloat*>(args.weights);
  // Loads of tiles tell some compilers nothing of the memory that they read.
  __asm__ volatile("" ::: "memory");
  _tile_loadconfig(&kShapes);
  for (int64_t p = 0; p < n_panels; ++p, panel += 2 * kTileSize * n_steps) {
    const Bfloat* next = panel + 2 * kTileSize * n_steps;
    for (int64_t first = 0; first < n_rows; first += 2 * kTileRows, next = nullptr) {
      multiply_tiles(rows + first * n_steps * kTileDepth, n_steps, panel, n_rows - first > kTileRows, next,
                     sums);
      finish_rows(args, span, first, n_rows, p * kPanel, sums);
    }
  }
  _tile_release();
}

}  // namespace

const Kernels& amx_kernels() {
  static const Kernels table = with_bf16_products("amx", &linear_of_tiles);
  return table;
}

}  // namespace dt::cpu
