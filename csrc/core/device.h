// The device of a backend, as the runtime sees it: memory, and work on it in the order of the calls.
#pragma once

#include <cstddef>

#include "kernels/rig.h"

namespace dt {

// The numbers of DLPack's DLDeviceType.
enum class DeviceType { kHost = 1, kCuda = 2 };

// A moment in a device's work; cudaEvent_t on CUDA, null on the host, whose work is done when a call returns.
using DeviceEvent = void*;

// Any thread; calls take turns with the sessions of the backend, which owns it. Throws Error as the backend
// does: DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR.
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceType type() const = 0;
  virtual int number() const = 0;  // as the driver counts; 0 for the host

  // Aligned to 64 bytes at least. bytes > 0.
  virtual void* allocate(size_t bytes) = 0;
  // When the work before is done.
  virtual void release(void* memory) noexcept = 0;
  // from: host memory, of which nothing is read after the return.
  virtual void upload(void* to, const void* from, size_t bytes) = 0;
  // Does not wait for the result.
  virtual void rig(const RigArgs& args) = 0;

  virtual DeviceEvent make_event() = 0;
  virtual void release_event(DeviceEvent event) noexcept = 0;
  // The event is where the device's work now ends.
  virtual void record(DeviceEvent event) = 0;
  // The caller's stream (cudaStream_t) goes on after the event only; null: the calling thread does.
  virtual void wait(DeviceEvent event, void* stream) = 0;
};

}  // namespace dt
