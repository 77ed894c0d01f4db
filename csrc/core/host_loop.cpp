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

void check_window_shape(const WindowBatch& windows, size_t batch, size_t window, size_t past) {
  const bool fits =
      windows.batch >= 1 && windows.batch <= batch && windows.window == window && windows.past == past;
  if (fits) return;
  const auto describe = [](size_t n, size_t frames, size_t given) {
    return std::to_string(n) + " windows of " + std::to_string(frames) + " frames, " + std::to_string(given) +
           " of them given";
  };
  throw Error(DT_INTERNAL_ERROR, describe(windows.batch, windows.window, windows.past) +
                                     ", reached a session for " + describe(batch, window, past));
}

HostLoopModel::HostLoopModel(const Bundle& bundle) {
  const Manifest& m = bundle.manifest;
  n_channels = static_cast<size_t>(m.motion.n_channels());
  n_mels = static_cast<size_t>(m.audio.n_mels);
  n_features = static_cast<size_t>(m.n_features);
  n_condition = static_cast<size_t>(m.n_condition);
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
  buffers_.condition.resize(batch * model.n_condition);
  buffers_.x0.resize(frames * model.n_channels);
  for (size_t i = 0; i < frames; ++i) buffers_.known[i] = i % window < past ? 1.0f : 0.0f;
}

// The same part of every stream's array, one after the other; places without a stream repeat the first, so
// that the networks never meet values that are not finite.
void HostLoopSession::gather(const float* const* streams, size_t n_streams, size_t offset,
                             std::vector<float>* out) const {
  const size_t n = out->size() / batch_;
  for (size_t b = 0; b < batch_; ++b) {
    std::copy_n(streams[b < n_streams ? b : 0] + offset, n, out->data() + b * n);
  }
}

void HostLoopSession::run(const WindowBatch& windows, PhaseTimes* times) {
  check_window_shape(windows, batch_, window_, past_);
  gather(windows.mel, windows.batch, 0, &buffers_.mel);
  gather(windows.x_t, windows.batch, 0, &buffers_.x_t);
  {
    ScopedTimer timer(&times->encoder_ns);
    encode();
  }
  for (size_t i = 0; i < model_.steps.size(); ++i) {
    gather(windows.condition, windows.batch, i * model_.n_condition, &buffers_.condition);
    {
      ScopedTimer timer(&times->denoiser_ns);
      denoise();
    }
    ScopedTimer timer(&times->update_ns);
    check_finite(buffers_.x0);
    sampler_update_ref(buffers_.x_t.data(), buffers_.x0.data(), model_.lo.data(), model_.hi.data(), batch_,
                       window_, past_, model_.n_channels, model_.steps[i].coefficients);
  }
  const size_t n = window_ * model_.n_channels;
  for (size_t b = 0; b < windows.batch; ++b) std::copy_n(buffers_.x_t.data() + b * n, n, windows.x_t[b]);
}

}  // namespace dt
