// What the backends that run the loop on the host share: checks and buffers around the two networks that run
// outside of the loop.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "core/host_loop.h"

namespace dt {

// Of the conditioner, whose batch is the sampler's steps; addresses stay the same for the life of the
// backend.
struct ConditionBuffers {
  std::vector<float> style;      // [n_steps, d_identity], the same in every row
  std::vector<float> t;          // [n_steps]
  std::vector<float> condition;  // [n_steps, n_condition]
};

class HostLoopBackend : public Backend {
 public:
  explicit HostLoopBackend(const Bundle& bundle);
  size_t condition_size() const final { return condition_.condition.size(); }
  void condition(const float* style, float* out) final;
  void enroll(const float* mel, size_t n_mel_frames, float* styles) final;

 protected:
  // One call of either at a time.
  virtual void run_conditioner() = 0;  // condition_buffers(): style, t -> condition
  // The bundle has a style encoder, and the length fits. mel: [n_mel_frames, n_mels];
  // styles: [n_styles(), d_identity].
  virtual void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) = 0;

  const HostLoopModel& model() const { return model_; }
  ConditionBuffers& condition_buffers() { return condition_; }
  // Rows that enrolment gives: the mood of the speech, and every emotion.
  size_t n_styles() const { return n_styles_; }

 private:
  HostLoopModel model_;
  size_t n_styles_, min_mel_frames_ = 0, max_mel_frames_ = 0;  // 0: no style encoder
  std::mutex condition_mutex_, enroll_mutex_;
  ConditionBuffers condition_;
};

}  // namespace dt
