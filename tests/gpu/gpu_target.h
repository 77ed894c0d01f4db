// What the GPU's tests and benchmark run on: the toy networks, or a bundle with its TensorRT engines.
#pragma once

#include <memory>

#include "backends/gpu/gpu_backend.h"
#include "bench.h"

namespace dt::test {

// Made anew for every backend: a backend takes its engines.
class GpuTarget {
 public:
  explicit GpuTarget(const BenchTarget& target);
  const Bundle& bundle() const { return bundle_; }
  std::unique_ptr<EngineSource> engines() const;
  std::unique_ptr<GpuBackend> backend(bool record) const;
  GpuDevice& device() const { return *device_; }

 private:
  BenchTarget target_;
  Bundle bundle_;
  std::unique_ptr<GpuDevice> device_;
};

}  // namespace dt::test
