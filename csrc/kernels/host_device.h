// DT_HD marks a function that host code and CUDA kernels share: one formula, the same bits on both.
#pragma once

#if defined(__CUDACC__)
#define DT_HD __host__ __device__
#else
#define DT_HD
#endif
