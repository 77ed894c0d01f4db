// A backend on one GPU: chooses among compiled batches, keeps one stream, one arena and one recorded graph
// per shape, and answers for a device that fails.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/gpu/gpu_output.h"
#include "backends/gpu/hop_graph.h"
#include "core/loop_backend.h"

namespace dt {

// The smallest bucket that holds n streams, or the largest there is. buckets: ascending, not empty.
size_t choose_bucket(const std::vector<size_t>& buckets, size_t n);

// Sessions of several threads take turns: there is one device.
class GpuBackend : public LoopBackend {
 public:
  // Throws Error(DT_OUT_OF_MEMORY) when the device has no room for the conditioner, Error(DT_BAD_BUNDLE, ..).
  GpuBackend(const Bundle& bundle, const std::string& name, std::unique_ptr<GpuDevice> device,
             std::unique_ptr<EngineSource> engines, const Log& log, HopOptions options = {});
  ~GpuBackend() override;
  const char* name() const override { return name_.c_str(); }
  // Throws Error: DT_UNSUPPORTED (no engine for the window), DT_OUT_OF_MEMORY, DT_INTERNAL_ERROR.
  std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) override;

  Device* device() override { return &output_; }
  // For the output: its turn on the device and the stream. Throws Error as make_session() does.
  void work(const std::function<void(GpuDevice&, GpuStream&)>& body);
  // For the output, of a lost device too.
  void let_go(DeviceEvent event) noexcept;
  GpuDevice& gpu() { return *device_; }

  // Runs windows in as many hops as the buckets ask for. held: room for the results of all, or empty where
  // one hop is enough. For sessions.
  void run(const WindowBatch& windows, std::vector<float>* held, PhaseTimes* times);

 protected:
  void run_conditioner() override;
  void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) override;

 private:
  template <typename Work>
  void guarded(Work&& work);
  HopGraph& hop(size_t n, const WindowShape& window);
  void run_hops(const WindowBatch& windows, std::vector<float>* held, PhaseTimes* times);
  std::vector<size_t>& buckets(size_t window);
  void give_up_bucket(size_t window, size_t batch, const GpuError& cause);
  void make_conditioner();
  void drop() noexcept;

  const std::string name_;
  const Log log_;
  const HopOptions options_;
  std::mutex mutex_;  // of all below
  std::unique_ptr<GpuDevice> device_;
  std::unique_ptr<GpuStream> stream_;
  std::unique_ptr<EngineSource> engines_;
  std::unique_ptr<ScratchArena> arena_;
  std::map<size_t, std::vector<size_t>> buckets_;  // by window; those that fit into memory
  std::map<HopShape, std::unique_ptr<HopGraph>> hops_;
  std::unique_ptr<GpuContext> conditioner_, style_encoder_;
  GpuArray<float> style_, t_, condition_;  // of the conditioner
  std::string lost_;                       // why nothing works any more
  GpuOutput output_{*this};
};

}  // namespace dt
