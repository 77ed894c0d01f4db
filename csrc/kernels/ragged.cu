// dense[p] = rows[p < n_rows ? p : 0] and rows[p] = dense[p], float32 rows of row_size values. A block works
// on one row: in 16-byte accesses where both ends of it are aligned, in single values otherwise and at the
// end.
#include "kernels/cuda_launch.h"
#include "kernels/ragged.h"

namespace dt {
namespace {

__device__ void copy_row(const float* from, float* to, size_t n) {
  const size_t first = size_t{blockIdx.x} * blockDim.x + threadIdx.x, stride = size_t{gridDim.x} * blockDim.x;
  const bool aligned = ((reinterpret_cast<uintptr_t>(from) | reinterpret_cast<uintptr_t>(to)) & 15u) == 0;
  const size_t n_chunks = aligned ? n / 4 : 0;
  for (size_t i = first; i < n_chunks; i += stride) store_chunk(load_chunk(from + 4 * i), to + 4 * i);
  for (size_t i = 4 * n_chunks + first; i < n; i += stride) to[i] = from[i];
}

__global__ void gather_kernel(RaggedArgs a) {
  const uint32_t n_rows = *a.n_rows;
  if (n_rows == 0) return;
  copy_row(a.rows[ragged_source(blockIdx.y, n_rows)], a.dense + blockIdx.y * a.row_size, a.row_size);
}

__global__ void scatter_kernel(RaggedArgs a) {
  if (blockIdx.y >= *a.n_rows) return;
  copy_row(a.dense + blockIdx.y * a.row_size, a.rows[blockIdx.y], a.row_size);
}

dim3 grid_of(const RaggedArgs& a) {
  return dim3(blocks_for((a.row_size + 3) / 4), static_cast<unsigned>(a.places));
}

}  // namespace

void gather_cuda(const RaggedArgs& a, CUstream_st* stream) {
  if (a.places == 0 || a.row_size == 0) return;
  gather_kernel<<<grid_of(a), kThreads, 0, stream>>>(a);
  check_launch("gather");
}

void scatter_cuda(const RaggedArgs& a, CUstream_st* stream) {
  if (a.places == 0 || a.row_size == 0) return;
  scatter_kernel<<<grid_of(a), kThreads, 0, stream>>>(a);
  check_launch("scatter");
}

}  // namespace dt
