// A GPU as the sampler's loop needs it: memory, one stream of work, graphs of recorded work. The CUDA runtime
// is behind it in the product, the host in tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/device.h"
#include "kernels/denormalise.h"
#include "kernels/noise.h"
#include "kernels/past_carry.h"
#include "kernels/sampler_step.h"

namespace dt {

enum class GpuFault {
  kOutOfMemory,
  kLost,   // nothing on this device works any more in this process
  kOther,  // a refused call, a capture that failed
};

class GpuError : public std::runtime_error {
 public:
  GpuError(GpuFault fault, const std::string& message) : std::runtime_error(message), fault_(fault) {}
  GpuFault fault() const { return fault_; }

 private:
  GpuFault fault_;
};

// Work that was recorded once, with all its addresses, to be launched as a whole.
class GpuGraph {
 public:
  virtual ~GpuGraph() = default;
};

// Moments in a stream's work. A mark that is recorded into a graph is set anew by every launch.
class GpuTimer {
 public:
  virtual ~GpuTimer() = default;
  // From one mark to a later one, both of which the stream has passed. Throws GpuError.
  virtual int64_t between_ns(size_t from, size_t to) const = 0;
};

// Work in order, apart from the host; only synchronize() waits. One thread at a time. All but end_capture()
// and the destructor throw GpuError.
class GpuStream {
 public:
  virtual ~GpuStream() = default;
  virtual void upload(void* device, const void* pinned, size_t bytes) = 0;
  virtual void download(void* pinned, const void* device, size_t bytes) = 0;
  virtual void copy(void* device_to, const void* device_from, size_t bytes) = 0;
  virtual void clear(void* device, size_t bytes) = 0;
  virtual void put_past(const PastCarryArgs& args) = 0;
  virtual void keep_past(const PastCarryArgs& args) = 0;
  virtual void noise_fill(const NoiseFillArgs& args) = 0;
  virtual void sampler_step(const SamplerStepArgs& args) = 0;
  virtual void denormalise(const DenormaliseArgs& args) = 0;
  virtual void rig(const RigArgs& args) = 0;
  virtual void mark(GpuTimer& timer, size_t mark) = 0;
  virtual void record(DeviceEvent event) = 0;
  virtual void synchronize() = 0;

  // Between the two, work is recorded instead of done. end_capture gives null when the recording failed,
  // which every refused call in between makes it; the stream can be used again in any case.
  virtual void begin_capture() = 0;
  virtual std::unique_ptr<GpuGraph> end_capture() noexcept = 0;
  virtual void launch(GpuGraph& graph) = 0;
};

// Any thread, one at a time.
class GpuDevice {
 public:
  virtual ~GpuDevice() = default;
  // The calls of this thread go to this device from now on. Returns what leave() needs to give the thread
  // back what it had before. Throws GpuError, and then nothing is changed.
  virtual void* enter() = 0;
  virtual void leave(void* before) noexcept = 0;
  // Aligned for every purpose. bytes > 0. Throws GpuError.
  virtual void* allocate(size_t bytes) = 0;
  virtual void release(void* memory) noexcept = 0;
  // Host memory that the device reaches; filled with zeros.
  virtual void* allocate_pinned(size_t bytes) = 0;
  virtual void release_pinned(void* memory) noexcept = 0;
  virtual std::unique_ptr<GpuStream> make_stream() = 0;
  virtual std::unique_ptr<GpuTimer> make_timer(size_t n_marks) = 0;

  // See Device.
  virtual DeviceType type() const = 0;
  virtual int number() const = 0;
  virtual DeviceEvent make_event() = 0;
  virtual void release_event(DeviceEvent event) noexcept = 0;
  virtual void wait(DeviceEvent event, void* stream) = 0;
};

// The calls of a thread go to a device while this lives, and then to where they went before: a program's own
// calls must not end up on our device. Throws GpuError.
class OnDevice {
 public:
  explicit OnDevice(GpuDevice& device) : device_(device), before_(device.enter()) {}
  ~OnDevice() { device_.leave(before_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  GpuDevice& device_;
  void* const before_;
};

// An array of T on the device or in pinned memory; its address stays the same for its life.
template <typename T>
class GpuArray {
 public:
  enum Kind { kDevice, kPinned };
  GpuArray() = default;
  GpuArray(GpuDevice& device, Kind kind, size_t n) : device_(&device), kind_(kind), size_(n) {
    const size_t bytes = (n > 0 ? n : 1) * sizeof(T);
    data_ = static_cast<T*>(kind == kDevice ? device.allocate(bytes) : device.allocate_pinned(bytes));
  }
  ~GpuArray() { reset(); }
  GpuArray(GpuArray&& other) noexcept { *this = std::move(other); }
  GpuArray& operator=(GpuArray&& other) noexcept {
    std::swap(device_, other.device_);
    std::swap(kind_, other.kind_);
    std::swap(size_, other.size_);
    std::swap(data_, other.data_);
    return *this;
  }
  void reset() {
    if (data_ != nullptr) kind_ == kDevice ? device_->release(data_) : device_->release_pinned(data_);
    data_ = nullptr;
    size_ = 0;
  }

  T* data() const { return data_; }
  size_t size() const { return size_; }
  size_t bytes() const { return size_ * sizeof(T); }

 private:
  GpuDevice* device_ = nullptr;
  Kind kind_ = kDevice;
  size_t size_ = 0;
  T* data_ = nullptr;
};

}  // namespace dt
