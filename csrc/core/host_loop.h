// The sampler loop on the host: encode once, then denoise and update for every step of the bundle's table.
#pragma once

#include <cstddef>
#include <vector>

#include "core/backend.h"
#include "kernels/denormalise.h"
#include "kernels/noise.h"
#include "kernels/past_carry.h"
#include "kernels/sampler_update.h"

namespace dt {

// What the loop needs to know of a bundle; shared by the sessions of a backend.
struct HostLoopModel {
  explicit HostLoopModel(const Bundle& bundle);

  struct Step {
    float t;
    SamplerCoefficients coefficients;
  };
  size_t n_channels, n_mels, n_features, n_condition, d_identity;
  size_t mel_frames_per_group, anim_frames_per_group;
  std::vector<float> lo, hi;               // [n_channels] limits of x0, normalised
  std::vector<float> mean, std, min, max;  // [n_channels] of the weights
  std::vector<float> noise_scale;          // [n_channels]
  std::vector<Step> steps;

  size_t mel_frames(size_t anim_frames) const {
    return anim_frames / anim_frames_per_group * mel_frames_per_group;
  }
};

// Throws Error(DT_INTERNAL_ERROR) unless the windows are of that shape, and `batch` of them at most.
void check_window_shape(const WindowBatch& windows, size_t batch, const WindowShape& shape);

// What of the kernels' arguments is the same on every device: sizes, for a dense batch. The tables of the
// model are on the host; a device replaces them by its own.
PastCarryArgs past_args(const HostLoopModel& model, size_t batch, const WindowShape& shape);
NoiseFillArgs noise_args(const HostLoopModel& model, size_t batch, const WindowShape& shape);
DenormaliseArgs weight_args(const HostLoopModel& model, size_t batch, const WindowShape& shape);

// Buffers of one window batch; addresses stay the same for the life of the session, so networks can be bound
// once.
struct HostLoopBuffers {
  std::vector<float> mel;            // [batch, mel frames, n_mels]
  std::vector<uint64_t> seed;        // [batch]
  std::vector<int64_t> first_frame;  // [batch]
  std::vector<float> past;           // [batch, past, n_channels]
  std::vector<float> x_t;            // [batch, window, n_channels]
  std::vector<float> known;          // [batch, window, 1]: 1 on past frames, else 0
  std::vector<float> audio;          // [batch, window, n_features]
  std::vector<float> condition;      // [batch, n_condition] of the step at work
  std::vector<float> x0;             // [batch, window, n_channels]
  std::vector<float> weights;        // [batch, hop, n_channels]
};

// Subclasses run the two networks on buffers(). The model must outlive the session.
class HostLoopSession : public Session {
 public:
  HostLoopSession(const HostLoopModel& model, size_t batch, const WindowShape& shape);
  void run(const WindowBatch& windows, PhaseTimes* times) final;

 protected:
  virtual void encode() = 0;   // buffers().mel -> buffers().audio
  virtual void denoise() = 0;  // x_t, known, audio, condition -> x0
  HostLoopBuffers& buffers() { return buffers_; }
  size_t batch() const { return batch_; }
  const WindowShape& shape() const { return shape_; }
  const HostLoopModel& model() const { return model_; }

 private:
  void stage(const WindowBatch& windows);
  void stage_condition(const WindowBatch& windows, size_t step);
  void hand_out(const WindowBatch& windows);

  const HostLoopModel& model_;
  const size_t batch_;
  const WindowShape shape_;
  HostLoopBuffers buffers_;
};

}  // namespace dt
