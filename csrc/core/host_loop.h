// The sampler loop on the host: encode once, then denoise and update for every step of the bundle's table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/backend.h"
#include "core/loop_model.h"

namespace dt {

// Buffers of one window batch; addresses stay the same for
// the life of the session, so networks can be bound once.
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
  std::vector<uint32_t> faults;      // [batch]: 1 where a prediction is not finite
  std::vector<float> weights;        // [batch, hop, n_channels]
};

// Subclasses run the two networks on buffers(). The model must outlive the session.
class HostLoopSession : public Session {
 public:
  HostLoopSession(const LoopModel& model, size_t batch, const WindowShape& shape);
  void run(const WindowBatch& windows, PhaseTimes* times) final;

 protected:
  virtual void encode() = 0;   // buffers().mel -> buffers().audio
  virtual void denoise() = 0;  // x_t, known, audio, condition -> x0
  HostLoopBuffers& buffers() { return buffers_; }
  size_t batch() const { return batch_; }
  const WindowShape& shape() const { return shape_; }
  const LoopModel& model() const { return model_; }

 private:
  void stage(const WindowBatch& windows);
  void stage_condition(const WindowBatch& windows, size_t step);
  void update(const SamplerCoefficients& coefficients);
  void hand_out(const WindowBatch& windows);

  const LoopModel& model_;
  const size_t batch_;
  const WindowShape shape_;
  HostLoopBuffers buffers_;
};

}  // namespace dt
