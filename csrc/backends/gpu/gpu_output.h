// The GPU of a backend as a Device: arrays and rigs of the runtime lie on it, worked on by the stream that
// runs the hops.
#pragma once

#include "backends/gpu/gpu_device.h"
#include "core/device.h"

namespace dt {

class GpuBackend;

class GpuOutput : public Device {
 public:
  explicit GpuOutput(GpuBackend& backend) : backend_(backend) {}
  DeviceType type() const override;
  int number() const override;
  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void upload(void* to, const void* from, size_t bytes) override;
  void rig(const RigArgs& args) override;
  DeviceEvent make_event() override;
  void release_event(DeviceEvent event) noexcept override;
  void record(DeviceEvent event) override;
  void wait(DeviceEvent event, void* stream) override;

 private:
  GpuBackend& backend_;
};

}  // namespace dt
