// Kernels for what every processor of the architecture has, by vectors of four floats.
#define DT_CPU_LANES 4
#if defined(__aarch64__)
#define DT_CPU_ROW_BLOCK 10  // 32 registers: 20 sums, 2 columns
#define DT_CPU_NAME "neon"
#elif defined(__wasm_simd128__)
#define DT_CPU_ROW_BLOCK 5
#define DT_CPU_NAME "wasm-simd"
#elif defined(__x86_64__)
#define DT_CPU_ROW_BLOCK 6  // 16 registers: 12 sums, 2 columns
#define DT_CPU_NAME "sse2"
#else
#define DT_CPU_ROW_BLOCK 4
#define DT_CPU_NAME "baseline"
#endif
#define DT_CPU_TABLE baseline_kernels
#if defined(__GNUC__)
#include "backends/cpu/kernels_table.h"
#endif
