// A GPU that computes on the host: work is done at once, or recorded and replayed with the addresses it had,
// and every access to memory that is not there is a lost device. Its clock counts pieces of work. Faults can
// be asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backends/gpu/gpu_engine.h"
#include "backends/reference/onnx_graph.h"
#include "core/bundle.h"

namespace dt::test {

// What happened, and what shall; shared by a device, its streams and engines.
struct HostGpuState {
  size_t memory_bytes = size_t{1} << 30;  // more than that is out of memory
  bool fail_capture = false;              // end_capture gives no graph
  bool refuse_in_capture = false;         // engines refuse to be enqueued while recording
  int fail_launches = 0;                  // so many launches are refused
  const void* current = nullptr;          // what the thread works in: a device, or what a program chose
  bool is_lost = false;                   // every call fails
  int n_captures = 0, n_open_captures = 0, n_launches = 0, n_contexts = 0;
  size_t n_enqueued = 0;                         // pieces of work that came one by one, outside of recordings
  std::map<const void*, int64_t> events;         // that live: clock when they were recorded, -1 before
  std::vector<std::pair<void*, int64_t>> waits;  // streams that waited, and for which moment
  int64_t clock_ns = 0;                          // every piece of work that is done takes 1, whatever it is

  std::map<const void*, size_t> live;  // device memory
  size_t used_bytes = 0;
};

class HostStream : public GpuStream {
 public:
  explicit HostStream(HostGpuState* state) : state_(state) {}
  void upload(void* device, const void* pinned, size_t bytes) override { copy(device, pinned, bytes); }
  void download(void* pinned, const void* device, size_t bytes) override { copy(pinned, device, bytes); }
  void copy(void* to, const void* from, size_t bytes) override;
  void clear(void* device, size_t bytes) override;
  void put_past(const PastCarryArgs& args) override;
  void keep_past(const PastCarryArgs& args) override;
  void noise_fill(const NoiseFillArgs& args) override;
  void sampler_step(const SamplerStepArgs& args) override;
  void denormalise(const DenormaliseArgs& args) override;
  void rig(const RigArgs& args) override;
  void mark(GpuTimer& timer, size_t mark) override;
  void record(DeviceEvent event) override;
  void synchronize() override;
  void begin_capture() override;
  std::unique_ptr<GpuGraph> end_capture() noexcept override;
  void launch(GpuGraph& graph) override;

  // Does work now or records it.
  void submit(std::function<void()> work);
  bool is_recording() const { return is_recording_; }

 private:
  HostGpuState* state_;
  bool is_recording_ = false;
  std::vector<std::function<void()>> recorded_;
};

class HostDevice : public GpuDevice {
 public:
  explicit HostDevice(std::shared_ptr<HostGpuState> state) : state_(std::move(state)) {}
  ~HostDevice() override;
  void* enter() override;
  void leave(void* before) noexcept override;
  void* allocate(size_t bytes) override;
  void release(void* memory) noexcept override;
  void* allocate_pinned(size_t bytes) override;
  void release_pinned(void* memory) noexcept override;
  std::unique_ptr<GpuStream> make_stream() override;
  std::unique_ptr<GpuTimer> make_timer(size_t n_marks) override;
  DeviceType type() const override { return DeviceType::kHost; }
  int number() const override { return 3; }
  DeviceEvent make_event() override;
  void release_event(DeviceEvent event) noexcept override;
  void wait(DeviceEvent event, void* stream) override;

 private:
  std::shared_ptr<HostGpuState> state_;
};

// Engines that run the bundle's ONNX graphs with the reference operators.
class HostEngines : public EngineSource {
 public:
  // batches: by window. scratch: bytes per stream of a batch.
  HostEngines(const Bundle& bundle, std::shared_ptr<HostGpuState> state,
              std::map<size_t, std::vector<size_t>> batches, size_t scratch = 4096);
  std::vector<size_t> batches(size_t window) const override;
  std::vector<size_t> windows() const override;
  std::unique_ptr<GpuContext> make_context(Network network, size_t window, size_t batch) override;

 private:
  std::shared_ptr<HostGpuState> state_;
  std::map<size_t, std::vector<size_t>> batches_;
  size_t scratch_;
  std::map<Network, std::shared_ptr<OnnxGraph>> graphs_;
};

}  // namespace dt::test
