// One hop of up to `batch` streams as one launch: upload, past and noise, audio encoder, for every step of
// the sampler denoiser and update, next past and weights, download.
//
// Bytes of a hop and stream, `live` profile of the bundle `base` (24 past + new frames, 52 channels, 8
// steps):
//   up    mel 90 x 80 x 4 = 28,800; past 18 x 52 x 4 = 3,744; seed and frame 16
//   down  past 3,744; weights 6 x 52 x 4 = 1,248; fault 4
// and 8 x 1920 x 4 = 61,440 up for the condition, only when a place of the batch has another than before.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/gpu/loop_tensors.h"
#include "backends/gpu/scratch_arena.h"
#include "common/log.h"

namespace dt {

struct HopShape {
  size_t batch;
  WindowShape window;
  friend bool operator<(const HopShape& a, const HopShape& b) {
    const auto key = [](const HopShape& s) {
      return std::array<size_t, 4>{s.batch, s.window.frames, s.window.past, s.window.hop};
    };
    return key(a) < key(b);
  }
};

struct HopOptions {
  bool record = true;    // false: enqueue every hop piece by piece, for comparisons
  bool profile = false;  // tell the parts of a hop apart, which costs a little time
};

// Where the result of a stream goes; see Window.
struct HopResult {
  float *past, *weights;
};

// One thread at a time, and no other work on its stream
// or arena meanwhile. What it refers to must outlive it.
class HopGraph {
 public:
  // Makes contexts and buffers, which never move afterwards. Throws GpuError, Error.
  HopGraph(const LoopModel& model, GpuDevice& device, GpuStream& stream, EngineSource& engines,
           ScratchArena& arena, HopShape shape, const Log& log, HopOptions options);

  // Records the hop, where that is not done or the arena has moved. A recording that fails is announced, and
  // the hop is enqueued piece by piece from then on. Throws GpuError.
  void prepare();
  // windows: streams first .. first + n - 1 of it, n <= batch. out: [n]. times: added to, when profiling.
  // Throws GpuError; Error(DT_INTERNAL_ERROR) when a prediction of one of them is not finite. `out` is
  // untouched then.
  void run(const WindowBatch& windows, size_t first, size_t n, const HopResult* out, PhaseTimes* times);

  const HopShape& shape() const { return shape_; }

 private:
  using Phase = int64_t PhaseTimes::*;
  void make_buffers(GpuDevice& device);
  void enqueue();
  void enqueue_start();
  void enqueue_steps();
  void enqueue_end();
  void mark(Phase before);
  void record();
  void stage(const WindowBatch& windows, size_t first, size_t n);
  void add_times(PhaseTimes* times) const;

  const LoopModel& model_;
  GpuStream& stream_;
  ScratchArena& arena_;
  const HopShape shape_;
  const Log log_;
  std::unique_ptr<GpuContext> encoder_, denoiser_;
  const LoopTensors tensors_;
  const LoopTables tables_;

  // On the device. conditions_: [n_steps, batch, n_condition].
  GpuArray<float> conditions_, past_, weights_;
  GpuArray<uint64_t> seed_;
  GpuArray<int64_t> first_frame_;
  GpuArray<uint32_t> faults_;
  // On the host, pinned. The past comes back into another place than it went from, so that a failure leaves
  // nothing changed.
  GpuArray<float> h_mel_, h_conditions_, h_past_, h_next_past_, h_weights_;
  GpuArray<uint64_t> h_seed_;
  GpuArray<int64_t> h_first_frame_;
  GpuArray<uint32_t> h_faults_;

  std::unique_ptr<GpuTimer> timer_;  // when profiling
  std::vector<Phase> phases_;        // what lies before each mark but the first, in order
  size_t n_marks_ = 0;               // of the hop being enqueued
  std::unique_ptr<GpuGraph> graph_;
  uint64_t generation_ = 0;         // of the arena, when the contexts got it
  bool condition_changed_ = false;  // on the host, not yet on the device
  bool is_eager_;                   // recording failed once, or is not wanted
};

}  // namespace dt
