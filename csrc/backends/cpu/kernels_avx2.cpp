// Kernels for AVX2 and FMA: 16 registers of eight floats.
#define DT_CPU_LANES 8
#define DT_CPU_ROW_BLOCK 6
#define DT_CPU_NAME "avx2"
#define DT_CPU_TABLE avx2_kernels
#include "backends/cpu/kernels_table.h"
