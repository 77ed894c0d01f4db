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

// Throws Error(DT_NO_BACKEND) in one sentence when there is no usable GPU of that number. Touches nothing
// else of CUDA, whose libraries may crash without a driver.
CudaInfo cuda_info(int device);

std::unique_ptr<GpuDevice> make_cuda_device(int device);

// Of a stream that a device of make_cuda_device() made.
CUstream_st* cuda_stream(GpuStream& stream);

}  // namespace dt
