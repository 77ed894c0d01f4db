#include <cuda_runtime_api.h>

#include <stdexcept>

#include "place.h"

namespace dt::test {
namespace {

void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(cudaGetErrorString(error));
}

class Device : public Place {
 public:
  Device() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  ~Device() override {
    cudaStreamDestroy(stream_);
    for (void* memory : memory_) cudaFree(memory);
  }
  void* allocate(size_t bytes) override {
    void* memory = nullptr;
    check(cudaMalloc(&memory, bytes > 0 ? bytes : 1));
    memory_.push_back(memory);
    return memory;
  }
  void write(void* to, const void* from, size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_));
    check(cudaStreamSynchronize(stream_));
  }
  void read(void* to, const void* from, size_t bytes) override {
    check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_));
    check(cudaStreamSynchronize(stream_));
  }

  void sampler_step(const SamplerStepArgs& args) override { sampler_step_cuda(args, stream_); }
  void noise_fill(const NoiseFillArgs& args) override { noise_fill_cuda(args, stream_); }
  void put_past(const PastCarryArgs& args) override { put_past_cuda(args, stream_); }
  void keep_past(const PastCarryArgs& args) override { keep_past_cuda(args, stream_); }
  void denormalise(const DenormaliseArgs& args) override { denormalise_cuda(args, stream_); }
  void rig(const RigArgs& args) override { rig_cuda(args, stream_); }

 private:
  cudaStream_t stream_ = nullptr;
  std::vector<void*> memory_;
};

}  // namespace

std::vector<std::string> device_names() { return {"cuda"}; }

std::unique_ptr<Place> make_device(const std::string&, std::string* reason) {
  int n = 0;
  const cudaError_t error = cudaGetDeviceCount(&n);
  if (error == cudaSuccess && n > 0) return std::make_unique<Device>();
  *reason = std::string("no NVIDIA GPU or driver (") + cudaGetErrorName(error) + ")";
  return nullptr;
}

}  // namespace dt::test
