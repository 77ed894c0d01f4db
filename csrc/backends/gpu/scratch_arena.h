// The one piece of device memory in which all contexts of
// a backend keep their activations, one after another.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backends/gpu/gpu_device.h"

namespace dt {

class ScratchArena {
 public:
  explicit ScratchArena(GpuDevice& device) : device_(device) {}
  // Makes it at least so large; it may move then. Throws GpuError, and stays as it was.
  void reserve(size_t bytes) {
    if (memory_.size() >= bytes && generation_ > 0) return;
    memory_ = GpuArray<uint8_t>(device_, GpuArray<uint8_t>::kDevice, bytes);
    ++generation_;
  }
  void* data() const { return memory_.data(); }
  size_t bytes() const { return memory_.size(); }
  // Changes whenever it moved.
  uint64_t generation() const { return generation_; }

 private:
  GpuDevice& device_;
  GpuArray<uint8_t> memory_;
  uint64_t generation_ = 0;
};

}  // namespace dt
