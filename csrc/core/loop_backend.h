// What the backends share, whose loop runs on the host or on a GPU: the loop's model, and checks and buffers
// around the two networks that run outside of the loop.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "core/backend.h"
#include "core/loop_model.h"

namespace dt {

// Of the conditioner, whose batch is the sampler's steps;
// addresses stay the same for the life of the backend.
struct ConditionBuffers {
  std::vector<float> style;      // [n_steps, d_identity], the same in every row
  std::vector<float> t;          // [n_steps]
  std::vector<float> condition;  // [n_steps, n_condition]
};

class LoopBackend : public Backend {
 public:
  explicit LoopBackend(const Bundle& bundle);
  size_t condition_size() const final { return condition_.condition.size(); }
  void condition(const float* style, float* out) final;
  void enroll(const float* mel, size_t n_mel_frames, float* styles) final;

 protected:
  // One call of either at a time.
  virtual void run_conditioner() = 0;  // condition_buffers(): style, t -> condition
  // The bundle has a style encoder, and the length fits. mel: [n_mel_frames, n_mels];
  // styles: [n_styles(), d_identity].
  virtual void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) = 0;

  const LoopModel& model() const { return model_; }
  ConditionBuffers& condition_buffers() { return condition_; }
  // Rows that enrolment gives: the mood of the speech, and every emotion.
  size_t n_styles() const { return n_styles_; }

 private:
  LoopModel model_;
  size_t n_styles_, min_mel_frames_ = 0, max_mel_frames_ = 0;  // 0: no style encoder
  std::mutex condition_mutex_, enroll_mutex_;
  ConditionBuffers condition_;
};

}  // namespace dt
