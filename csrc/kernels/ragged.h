// Windows of streams, each somewhere else in memory, to and from one dense batch of a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/philox.h"

struct CUstream_st;  // cudaStream_t, without CUDA's headers

namespace dt {

// Where row `place` of a batch of n_rows streams comes from: places without a stream repeat the first, so
// that the networks never meet what an earlier batch left.
DT_HD inline size_t ragged_source(size_t place, uint32_t n_rows) { return place < n_rows ? place : 0; }

// For the device all pointers, those in `rows` too, are to memory that it can reach (pinned host memory is).
// n_rows is read when the kernel runs, so that a captured launch serves every number of streams.
struct RaggedArgs {
  float* const* rows = nullptr;      // [places]: row_size values each; the first *n_rows are valid
  const uint32_t* n_rows = nullptr;  // 1 .. places, of which 0 does nothing
  float* dense = nullptr;            // [places, row_size]
  size_t places = 0, row_size = 0;
};

void gather_ref(const RaggedArgs& args);   // rows -> dense
void scatter_ref(const RaggedArgs& args);  // dense -> rows, those that are valid
// Throw Error(DT_INTERNAL_ERROR) when the launch fails; do not wait.
void gather_cuda(const RaggedArgs& args, CUstream_st* stream);
void scatter_cuda(const RaggedArgs& args, CUstream_st* stream);

}  // namespace dt
