// One hop of up to `batch` streams as one launch: upload, audio encoder, for every step of the sampler
// denoiser and update, download.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/gpu/gpu_engine.h"
#include "backends/gpu/scratch_arena.h"
#include "common/log.h"
#include "core/host_loop.h"

namespace dt {

struct HopShape {
  size_t batch, window, past;
  friend bool operator<(const HopShape& a, const HopShape& b) {
    if (a.batch != b.batch) return a.batch < b.batch;
    return a.window != b.window ? a.window < b.window : a.past < b.past;
  }
};

// One thread at a time, and no other work on its stream or arena meanwhile. What it refers to must outlive
// it.
class HopGraph {
 public:
  // Makes contexts and buffers, which never move afterwards. record: false enqueues every hop piece by piece.
  // Throws GpuError, Error.
  HopGraph(const HostLoopModel& model, GpuDevice& device, GpuStream& stream, EngineSource& engines,
           ScratchArena& arena, HopShape shape, const Log& log, bool record);

  // Records the hop, where that is not done or the arena has moved. A recording that fails is announced, and
  // the hop is enqueued piece by piece from then on. Throws GpuError.
  void prepare();
  // windows: streams first .. first + n - 1 of it, n <= batch. out: where each result goes, [window,
  // channels]. Throws GpuError; Error(DT_INTERNAL_ERROR) when a prediction of one of them is not finite.
  // `out` is untouched then.
  void run(const WindowBatch& windows, size_t first, size_t n, float* const* out);

  const HopShape& shape() const { return shape_; }
  bool is_recorded() const { return graph_ != nullptr; }

 private:
  void make_buffers(GpuDevice& device);
  void bind();
  void upload_constants();
  void enqueue();
  void record();
  void stage(const WindowBatch& windows, size_t first, size_t n);

  const HostLoopModel& model_;
  GpuStream& stream_;
  ScratchArena& arena_;
  const HopShape shape_;
  const Log log_;
  std::unique_ptr<GpuContext> encoder_, denoiser_;

  // On the device. conditions_: [n_steps, batch, n_condition]; condition_: of the step at work.
  GpuArray<float> mel_, x_t_, known_, audio_, conditions_, condition_, x0_, lo_, hi_;
  GpuArray<SamplerCoefficients> coefficients_;
  GpuArray<uint32_t> faults_;
  // On the host, pinned.
  GpuArray<float> h_mel_, h_x_t_, h_conditions_, h_result_;
  GpuArray<uint32_t> h_faults_;

  std::unique_ptr<GpuGraph> graph_;
  uint64_t generation_ = 0;  // of the arena, when the contexts got it
  bool is_eager_;            // recording failed once, or is not wanted
};

}  // namespace dt
