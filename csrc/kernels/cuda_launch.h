// What the .cu files share: launch shapes, checks, alignment. Only for nvcc.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/error.h"

namespace dt {

constexpr unsigned kThreads = 256;

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
