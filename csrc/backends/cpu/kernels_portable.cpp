// Kernels for any compiler: arrays of four floats in place of vectors.
#define DT_CPU_ARRAYS
#define DT_CPU_LANES 4
#define DT_CPU_ROW_BLOCK 4
#define DT_CPU_NAME "portable"
#define DT_CPU_TABLE portable_kernels
#include "backends/cpu/kernels_table.h"
