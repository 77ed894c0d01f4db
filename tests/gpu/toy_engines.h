// Engines for GpuBackend that run the toy kernels.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/gpu/gpu_engine.h"
#include "toy_kernels.h"

namespace dt::test {

class ToyEngines : public EngineSource {
 public:
  // device must outlive this. more_scratch: bytes per stream that contexts ask for beyond what they need.
  ToyEngines(GpuDevice& device, std::vector<size_t> windows, std::vector<size_t> batches,
             size_t more_scratch = 0);
  std::vector<size_t> batches(size_t window) const override;
  std::vector<size_t> windows() const override { return windows_; }
  std::unique_ptr<GpuContext> make_context(Network network, size_t window, size_t batch) override;

  // From the next enqueue on every denoiser crashes the device.
  void crash() { *crash_ = true; }

 private:
  std::vector<size_t> windows_, batches_;
  size_t more_scratch_;
  GpuArray<float> encoder_, denoiser_, denoiser_style_, conditioner_;
  ToyWeights weights_;
  std::shared_ptr<bool> crash_ = std::make_shared<bool>(false);
};

}  // namespace dt::test
