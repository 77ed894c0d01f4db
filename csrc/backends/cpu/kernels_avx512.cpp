// Kernels for AVX-512F: 32 registers of sixteen floats.
#define DT_CPU_LANES 16
#define DT_CPU_ROW_BLOCK 14
#define DT_CPU_NAME "avx512"
#define DT_CPU_TABLE avx512_kernels
#include "backends/cpu/kernels_table.h"
