#include "core/loop_backend.h"

#include <algorithm>
#include <cmath>

#include "common/error.h"

namespace dt {
namespace {

void check_finite(const float* values, size_t n, const char* network) {
  if (std::all_of(values, values + n, [](float v) { return std::isfinite(v); })) return;
  throw Error(DT_INTERNAL_ERROR,
              std::string("the ") + network +
                  " gave a value that is not finite: check the bundle with another backend");
}

}  // namespace

LoopBackend::LoopBackend(const Bundle& bundle)
    : model_(bundle), n_styles_(1 + bundle.manifest.emotions.size()) {
  if (!bundle.style_encoder.empty()) {
    min_mel_frames_ = static_cast<size_t>(bundle.manifest.min_enroll_mel_frames);
    max_mel_frames_ = static_cast<size_t>(bundle.manifest.max_enroll_mel_frames);
  }
  const size_t n_steps = model_.steps.size();
  condition_.style.resize(n_steps * model_.d_identity);
  condition_.condition.resize(n_steps * model_.n_condition);
  for (const LoopModel::Step& step : model_.steps) condition_.t.push_back(step.t);
}

void LoopBackend::condition(const float* style, float* out) {
  const std::lock_guard<std::mutex> lock(condition_mutex_);
  const size_t d = model_.d_identity;
  for (size_t i = 0; i < model_.steps.size(); ++i) std::copy_n(style, d, condition_.style.data() + i * d);
  run_conditioner();
  check_finite(condition_.condition.data(), condition_.condition.size(), "conditioner");
  std::copy(condition_.condition.begin(), condition_.condition.end(), out);
}

void LoopBackend::enroll(const float* mel, size_t n_mel_frames, float* styles) {
  if (max_mel_frames_ == 0) {
    throw Error(DT_INVALID_ARGUMENT,
                "the bundle has no style encoder, so nobody can be enrolled: use a style that it names");
  }
  if (n_mel_frames < min_mel_frames_ || n_mel_frames > max_mel_frames_) {
    throw Error(DT_INVALID_ARGUMENT, "the reference speech has " + std::to_string(n_mel_frames) +
                                         " mel frames, the style encoder takes " +
                                         std::to_string(min_mel_frames_) + " to " +
                                         std::to_string(max_mel_frames_));
  }
  const std::lock_guard<std::mutex> lock(enroll_mutex_);
  run_style_encoder(mel, n_mel_frames, styles);
  check_finite(styles, n_styles_ * model_.d_identity, "style encoder");
}

}  // namespace dt
