// What the GPU's tests and benchmark run on: the toy networks, or a bundle with its TensorRT engines.
#pragma once

#include <memory>

#include "backends/gpu/gpu_backend.h"
#include "bench.h"

namespace dt::test {

WindowShape shape_of(const Profile& profile);

// Streams of a crowd for any bundle: random mel and past, the style of the first identity. The runs of a
// crowd go on from each other, as its past does.
struct Streams {
  Streams(const Bundle& bundle, Backend* backend, size_t n, const WindowShape& shape);
  WindowBatch batch() const { return {windows.size(), shape, windows.data()}; }
  // Weights, and the past of the next window, of every stream.
  std::vector<std::vector<float>> results() const;

  const WindowShape shape;
  std::vector<std::vector<float>> mel, past, weights;
  std::vector<float> condition;
  std::vector<Window> windows;
};

// Made anew for every backend: a backend takes its engines.
class GpuTarget {
 public:
  explicit GpuTarget(const BenchTarget& target);
  const Bundle& bundle() const { return bundle_; }
  std::unique_ptr<EngineSource> engines() const;
  std::unique_ptr<GpuBackend> backend(HopOptions options = {}) const;
  GpuDevice& device() const { return *device_; }

 private:
  BenchTarget target_;
  Bundle bundle_;
  std::unique_ptr<GpuDevice> device_;
};

}  // namespace dt::test
