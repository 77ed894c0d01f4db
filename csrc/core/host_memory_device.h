// Host memory in a device's place, so that a program that
// takes frames from a device can be tried without one.
#pragma once

#include <cstring>
#include <new>

#include "core/device.h"

namespace dt {

class HostMemoryDevice : public Device {
 public:
  DeviceType type() const override { return DeviceType::kHost; }
  int number() const override { return 0; }
  void* allocate(size_t bytes) override { return ::operator new(bytes, kAlignment); }
  void release(void* memory) noexcept override { ::operator delete(memory, kAlignment); }
  void upload(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }
  void rig(const RigArgs& args) override { rig_ref(args); }
  DeviceEvent make_event() override { return nullptr; }
  void release_event(DeviceEvent) noexcept override {}
  void record(DeviceEvent) override {}
  void wait(DeviceEvent, void*) override {}

 private:
  static constexpr std::align_val_t kAlignment{64};
};

}  // namespace dt
