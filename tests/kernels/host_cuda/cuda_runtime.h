// As much of CUDA as the kernels use, on the host, so that their own source runs and is checked without a
// GPU. A launch is a loop over blocks and threads, one after the other, forwards or backwards: a kernel whose
// result depends on their order gives two. There are no warps, no shared memory and no barriers, and no
// kernel uses any; one that does will not compile here.
#pragma once

#include <cstddef>
#include <cstdint>

#define __global__
#define __device__
#define __host__

struct dim3 {
  unsigned x, y, z;
  dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}  // NOLINT: converts, as CUDA's
};

struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

extern thread_local dim3 blockIdx, threadIdx, blockDim, gridDim;

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidConfiguration = 9 };
cudaError_t cudaGetLastError();  // and forgets it
inline const char* cudaGetErrorName(cudaError_t) { return "cudaErrorInvalidConfiguration"; }
inline const char* cudaGetErrorString(cudaError_t) { return "invalid configuration argument"; }

namespace host_cuda {

void set_backwards(bool backwards);
bool is_backwards();
// Sets the last error for what a device refuses: sizes of 0, over 1024 threads, over 65535 blocks in y.
bool accepts(dim3 grid, unsigned threads);

template <typename Kernel, typename... Arguments>
void launch(Kernel kernel, dim3 grid, unsigned threads, Arguments... arguments) {
  if (!accepts(grid, threads)) return;
  gridDim = grid;
  blockDim = dim3(threads);
  const size_t n_blocks = size_t{grid.x} * grid.y, n = n_blocks * threads;
  for (size_t k = 0; k < n; ++k) {
    const size_t i = is_backwards() ? n - 1 - k : k, block = i / threads;
    blockIdx = dim3(static_cast<unsigned>(block % grid.x), static_cast<unsigned>(block / grid.x));
    threadIdx = dim3(static_cast<unsigned>(i % threads));
    kernel(arguments...);
  }
}

}  // namespace host_cuda
