#include "backends/gpu/gpu_output.h"

#include "backends/gpu/gpu_backend.h"
#include "common/error.h"

namespace dt {

DeviceType GpuOutput::type() const { return backend_.gpu().type(); }
int GpuOutput::number() const { return backend_.gpu().number(); }

void* GpuOutput::allocate(size_t bytes) {
  void* memory = nullptr;
  backend_.work([&](GpuDevice& gpu, GpuStream&) { memory = gpu.allocate(bytes); });
  return memory;
}

void GpuOutput::release(void* memory) noexcept {
  try {
    backend_.work([&](GpuDevice& gpu, GpuStream& stream) {
      stream.synchronize();
      gpu.release(memory);
    });
  } catch (const Error&) {  // a lost device has no memory
  }
}

void GpuOutput::upload(void* to, const void* from, size_t bytes) {
  backend_.work([&](GpuDevice&, GpuStream& stream) {
    stream.upload(to, from, bytes);
    stream.synchronize();
  });
}

void GpuOutput::rig(const RigArgs& args) {
  backend_.work([&](GpuDevice&, GpuStream& stream) { stream.rig(args); });
}

DeviceEvent GpuOutput::make_event() {
  DeviceEvent event = nullptr;
  backend_.work([&](GpuDevice& gpu, GpuStream&) { event = gpu.make_event(); });
  return event;
}

void GpuOutput::release_event(DeviceEvent event) noexcept { backend_.let_go(event); }

void GpuOutput::record(DeviceEvent event) {
  backend_.work([&](GpuDevice&, GpuStream& stream) { stream.record(event); });
}

void GpuOutput::wait(DeviceEvent event, void* stream) {
  backend_.work([&](GpuDevice& gpu, GpuStream&) { gpu.wait(event, stream); });
}

}  // namespace dt
