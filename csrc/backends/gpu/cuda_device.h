// The GPU behind gpu_device.h, through the CUDA runtime.
#pragma once

#include <memory>
#include <string>

#include "backends/gpu/gpu_device.h"

struct CUstream_st;  // cudaStream_t

namespace dt {

struct CudaInfo {
  std::string name;                // "NVIDIA H200"
  std::string compute_capability;  // "9.0"
};

// Throws Error(DT_NO_BACKEND) in one sentence when there is no GPU of that number. Counts and asks only: no
// context is made on any GPU, and the calling thread keeps its own.
CudaInfo cuda_info(int device);

// The calling thread keeps its context. Throws Error(DT_NO_BACKEND) in one sentence when the GPU cannot be
// used.
std::unique_ptr<GpuDevice> make_cuda_device(int device);

// Of a stream that a device of make_cuda_device() made.
CUstream_st* cuda_stream(GpuStream& stream);

}  // namespace dt
