#include <cuda_runtime.h>

#include <utility>

thread_local dim3 blockIdx, threadIdx, blockDim, gridDim;

namespace {

thread_local cudaError_t last_error = cudaSuccess;
thread_local bool runs_backwards = false;

}  // namespace

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }

namespace host_cuda {

void set_backwards(bool backwards) { runs_backwards = backwards; }
bool is_backwards() { return runs_backwards; }

bool accepts(dim3 grid, unsigned threads) {
  const bool is_good = grid.x > 0 && grid.y > 0 && grid.y <= 65535 && threads > 0 && threads <= 1024;
  if (!is_good) last_error = cudaErrorInvalidConfiguration;
  return is_good;
}

}  // namespace host_cuda
