// The kernels' own source on the host (host_cuda/), threads forwards and backwards.
#include <cuda_runtime.h>

#include "place_memory.h"

namespace dt::test {
namespace {

class Kernels : public HostMemory {
 public:
  explicit Kernels(bool backwards) : backwards_(backwards) {}

  void sampler_step(const SamplerStepArgs& args) override { run(&sampler_step_cuda, args); }
  void noise_fill(const NoiseFillArgs& args) override { run(&noise_fill_cuda, args); }
  void put_past(const PastCarryArgs& args) override { run(&put_past_cuda, args); }
  void keep_past(const PastCarryArgs& args) override { run(&keep_past_cuda, args); }
  void denormalise(const DenormaliseArgs& args) override { run(&denormalise_cuda, args); }
  void rig(const RigArgs& args) override { run(&rig_cuda, args); }

 private:
  template <typename Args>
  void run(void (*launch)(const Args&, CUstream_st*), const Args& args) {
    host_cuda::set_backwards(backwards_);
    launch(args, nullptr);
  }
  const bool backwards_;
};

}  // namespace

std::vector<std::string> device_names() { return {"kernels", "kernels_backwards"}; }

std::unique_ptr<Place> make_device(const std::string& name, std::string*) {
  return std::make_unique<Kernels>(name == "kernels_backwards");
}

}  // namespace dt::test
