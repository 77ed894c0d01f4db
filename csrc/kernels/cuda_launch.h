// What the .cu files share: launch shapes, checks, alignment. For nvcc, and for tests/kernels/host_cuda,
// which has the same names on the host.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/error.h"

namespace dt {

constexpr unsigned kThreads = 256;

// Launches a kernel with kThreads threads a block; CUDA's own brackets are no C++.
#if defined(__CUDACC__)
#define DT_LAUNCH(kernel, grid, stream, ...) kernel<<<grid, kThreads, 0, stream>>>(__VA_ARGS__)
#else
#define DT_LAUNCH(kernel, grid, stream, ...) \
  (static_cast<void>(stream), host_cuda::launch(kernel, grid, kThreads, __VA_ARGS__))
#endif

// Blocks of kThreads that cover n items, one each.
inline unsigned blocks_for(size_t n) { return static_cast<unsigned>((n + kThreads - 1) / kThreads); }

// A refused launch (a sticky fault of the device included) is an error of the kernel's caller.
inline void check_launch(const char* kernel) {
  const cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess) return;
  throw Error(DT_INTERNAL_ERROR, std::string("the CUDA kernel ") + kernel + " could not be launched: " +
                                     cudaGetErrorName(error) + ", " + cudaGetErrorString(error));
}

// For 16-byte accesses.
inline bool is_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

}  // namespace dt
