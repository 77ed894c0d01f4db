// What the .cu files share: launch shapes, checks, 16-byte accesses. Only for nvcc.
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

// N values of T as one 16-byte access.
template <typename T>
struct alignas(16) Chunk {
  static constexpr int kSize = 16 / sizeof(T);
  T v[kSize];
};

template <typename T>
__device__ inline Chunk<T> load_chunk(const T* p) {
  const uint4 raw = *reinterpret_cast<const uint4*>(p);
  Chunk<T> chunk;
  memcpy(&chunk, &raw, sizeof raw);
  return chunk;
}

template <typename T>
__device__ inline void store_chunk(const Chunk<T>& chunk, T* p) {
  uint4 raw;
  memcpy(&raw, &chunk, sizeof raw);
  *reinterpret_cast<uint4*>(p) = raw;
}

inline bool is_aligned(const void* p) { return reinterpret_cast<uintptr_t>(p) % 16 == 0; }

}  // namespace dt
