#include "core/host_loop.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/clock.h"
#include "common/error.h"

namespace dt {
namespace {

// A clamp would hide a network that gives NaN; better one clear failure than a frozen face.
void check_finite(const std::vector<float>& x0) {
  const bool finite = std::all_of(x0.begin(), x0.end(), [](float v) { return std::isfinite(v); });
  if (!finite) {
    throw Error(DT_INTERNAL_ERROR,
                "the denoiser gave a value that is not finite: check the bundle with another "
                "backend or precision \"f32\"");
  }
}

}  // namespace

HostLoopModel::HostLoopModel(const Bundle& bundle) {
  const Manifest& m = bundle.manifest;
  n_channels = static_cast<size_t>(m.motion.n_channels());
  n_mels = static_cast<size_t>(m.audio.n_mels);
  n_features = static_cast<size_t>(m.n_features);
  d_identity = bundle.identities.cols;
  mel_frames_per_group = static_cast<size_t>(m.audio.mel_frames_per_group);
  anim_frames_per_group = static_cast<size_t>(m.audio.anim_frames_per_group);
  for (size_t c = 0; c < n_channels; ++c) {
    lo.push_back((m.motion.min[c] - m.motion.mean[c]) / m.motion.std[c]);
    hi.push_back((m.motion.max[c] - m.motion.mean[c]) / m.motion.std[c]);
  }
  for (const SamplerStep& s : m.steps) {
    steps.push_back({static_cast<float>(s.t), sampler_coefficients(s.alpha_bar, s.alpha_bar_prev)});
  }
}

HostLoopSession::HostLoopSession(const HostLoopModel& model, size_t batch, size_t window, size_t past)
    : model_(model), batch_(batch), window_(window), past_(past) {
  const size_t frames = batch * window;
  buffers_.mel.resize(batch * model.mel_frames(window) * model.n_mels);
  buffers_.x_t.resize(frames * model.n_channels);
  buffers_.known.resize(frames);
  buffers_.audio.resize(frames * model.n_features);
  buffers_.style.resize(batch * model.d_identity);
  buffers_.t.resize(batch);
  buffers_.x0.resize(frames * model.n_channels);
  for (size_t i = 0; i < frames; ++i) buffers_.known[i] = i % window < past ? 1.0f : 0.0f;
}

void HostLoopSession::run(const WindowBatch& windows, PhaseTimes* times) {
  if (windows.batch != batch_ || windows.window != window_ || windows.past != past_) {
    throw Error(DT_INTERNAL_ERROR, "a window of " + std::to_string(windows.window) +
                                       " frames reached a session for " + std::to_string(window_));
  }
  std::copy_n(windows.mel, buffers_.mel.size(), buffers_.mel.begin());
  std::copy_n(windows.style, buffers_.style.size(), buffers_.style.begin());
  std::copy_n(windows.x_t, buffers_.x_t.size(), buffers_.x_t.begin());
  {
    ScopedTimer timer(&times->encoder_ns);
    encode();
  }
  for (const HostLoopModel::Step& step : model_.steps) {
    std::fill(buffers_.t.begin(), buffers_.t.end(), step.t);
    {
      ScopedTimer timer(&times->denoiser_ns);
      denoise();
    }
    ScopedTimer timer(&times->update_ns);
    check_finite(buffers_.x0);
    sampler_update_ref(buffers_.x_t.data(), buffers_.x0.data(), model_.lo.data(), model_.hi.data(), batch_,
                       window_, past_, model_.n_channels, step.coefficients);
  }
  std::copy(buffers_.x_t.begin(), buffers_.x_t.end(), windows.x_t);
}

}  // namespace dt
