// The tiny networks of tests/cpp/backend_support.h as CUDA kernels, so that the loop can be tried on a GPU
// without TensorRT.
#pragma once

#include <cstddef>

struct CUstream_st;  // cudaStream_t

namespace dt::test {

// All pointers are to device memory.
struct ToyWeights {
  const float* encoder = nullptr;         // [800, 12]
  const float* denoiser = nullptr;        // [7, 2]
  const float* denoiser_style = nullptr;  // [3, 2]
  const float* conditioner = nullptr;     // [2, 3]
};

void toy_encode(const ToyWeights& w, const float* mel, float* audio, size_t n_groups, CUstream_st* stream);
// scratch: [frames, 2], so that the arena is used.
void toy_denoise(const ToyWeights& w, const float* x_t, const float* known, const float* audio,
                 const float* condition, float* x0, float* scratch, size_t batch, size_t window,
                 CUstream_st* stream);
void toy_condition(const ToyWeights& w, const float* style, const float* t, float* condition, size_t batch,
                   CUstream_st* stream);
void toy_style(const float* mel, float* styles, size_t n_frames, CUstream_st* stream);

// Reads an address that is not there: the device is lost to this process.
void toy_crash(CUstream_st* stream);

}  // namespace dt::test
