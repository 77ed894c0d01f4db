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

void check_window_shape(const WindowBatch& windows, size_t batch, const WindowShape& shape) {
  if (windows.batch >= 1 && windows.batch <= batch && windows.shape == shape) return;
  const auto describe = [](size_t n, const WindowShape& s) {
    return std::to_string(n) + " windows of " + std::to_string(s.frames) + " frames, " +
           std::to_string(s.past) + " of them given, hop " + std::to_string(s.hop);
  };
  throw Error(DT_INTERNAL_ERROR,
              describe(windows.batch, windows.shape) + ", reached a session for " + describe(batch, shape));
}

PastCarryArgs past_args(const HostLoopModel& model, size_t batch, const WindowShape& shape) {
  PastCarryArgs a;
  a.batch = batch, a.window = shape.frames, a.past_frames = shape.past, a.hop = shape.hop;
  a.channels = model.n_channels;
  return a;
}

NoiseFillArgs noise_args(const HostLoopModel& model, size_t batch, const WindowShape& shape) {
  NoiseFillArgs a;
  a.scale = model.noise_scale.data();
  a.batch = batch, a.window = shape.frames, a.past = shape.past, a.channels = model.n_channels;
  return a;
}

DenormaliseArgs weight_args(const HostLoopModel& model, size_t batch, const WindowShape& shape) {
  DenormaliseArgs a;
  a.std = model.std.data(), a.mean = model.mean.data(), a.lo = model.min.data(), a.hi = model.max.data();
  a.batch = batch, a.window = shape.frames, a.past = shape.past, a.hop = shape.hop;
  a.channels = model.n_channels;
  return a;
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
  mean = m.motion.mean, std = m.motion.std, min = m.motion.min, max = m.motion.max;
  noise_scale = m.motion.noise_scale;
  for (size_t c = 0; c < n_channels; ++c) {
    lo.push_back((m.motion.min[c] - m.motion.mean[c]) / m.motion.std[c]);
    hi.push_back((m.motion.max[c] - m.motion.mean[c]) / m.motion.std[c]);
  }
  for (const SamplerStep& s : m.steps) {
    steps.push_back({static_cast<float>(s.t), sampler_coefficients(s.alpha_bar, s.alpha_bar_prev)});
  }
}

HostLoopSession::HostLoopSession(const HostLoopModel& model, size_t batch, const WindowShape& shape)
    : model_(model), batch_(batch), shape_(shape) {
  const size_t frames = batch * shape.frames, c = model.n_channels;
  buffers_.mel.resize(batch * model.mel_frames(shape.frames) * model.n_mels);
  buffers_.seed.resize(batch);
  buffers_.first_frame.resize(batch);
  buffers_.past.resize(batch * shape.past * c);
  buffers_.x_t.resize(frames * c);
  buffers_.known.resize(frames);
  buffers_.audio.resize(frames * model.n_features);
  buffers_.condition.resize(batch * model.n_condition);
  buffers_.x0.resize(frames * c);
  buffers_.weights.resize(batch * shape.hop * c);
  for (size_t i = 0; i < frames; ++i) buffers_.known[i] = i % shape.frames < shape.past ? 1.0f : 0.0f;
}

// Places without a stream repeat the first, so that the networks never meet values that are not finite.
void HostLoopSession::stage(const WindowBatch& windows) {
  const size_t mel = buffers_.mel.size() / batch_, past = buffers_.past.size() / batch_;
  for (size_t b = 0; b < batch_; ++b) {
    const Window& w = windows.streams[b < windows.batch ? b : 0];
    std::copy_n(w.mel, mel, buffers_.mel.data() + b * mel);
    std::copy_n(w.past, past, buffers_.past.data() + b * past);
    buffers_.seed[b] = w.seed;
    buffers_.first_frame[b] = w.first_frame;
  }
  PastCarryArgs carry = past_args(model_, batch_, shape_);
  carry.x_t = buffers_.x_t.data(), carry.past = buffers_.past.data();
  put_past_ref(carry);
  NoiseFillArgs noise = noise_args(model_, batch_, shape_);
  noise.seed = buffers_.seed.data(), noise.first_frame = buffers_.first_frame.data();
  noise.x_t = buffers_.x_t.data();
  noise_fill_ref(noise);
}

void HostLoopSession::stage_condition(const WindowBatch& windows, size_t step) {
  const size_t n = model_.n_condition;
  for (size_t b = 0; b < batch_; ++b) {
    const Window& w = windows.streams[b < windows.batch ? b : 0];
    std::copy_n(w.condition + step * n, n, buffers_.condition.data() + b * n);
  }
}

void HostLoopSession::hand_out(const WindowBatch& windows) {
  PastCarryArgs carry = past_args(model_, batch_, shape_);
  carry.x_t = buffers_.x_t.data(), carry.past = buffers_.past.data();
  keep_past_ref(carry);
  DenormaliseArgs weights = weight_args(model_, batch_, shape_);
  weights.x_t = buffers_.x_t.data(), weights.w = buffers_.weights.data();
  denormalise_ref(weights);
  const size_t past = buffers_.past.size() / batch_, hop = buffers_.weights.size() / batch_;
  for (size_t b = 0; b < windows.batch; ++b) {
    std::copy_n(buffers_.past.data() + b * past, past, windows.streams[b].past);
    std::copy_n(buffers_.weights.data() + b * hop, hop, windows.streams[b].weights);
    float* const device = windows.streams[b].device_weights;  // host memory in its place
    if (device != nullptr) std::copy_n(windows.streams[b].weights, hop, device);
  }
}

void HostLoopSession::run(const WindowBatch& windows, PhaseTimes* times) {
  check_window_shape(windows, batch_, shape_);
  {
    const ScopedTimer timer(&times->update_ns);
    stage(windows);
  }
  {
    const ScopedTimer timer(&times->encoder_ns);
    encode();
  }
  for (size_t i = 0; i < model_.steps.size(); ++i) {
    stage_condition(windows, i);
    {
      const ScopedTimer timer(&times->denoiser_ns);
      denoise();
    }
    const ScopedTimer timer(&times->update_ns);
    check_finite(buffers_.x0);
    sampler_update_ref(buffers_.x_t.data(), buffers_.x0.data(), model_.lo.data(), model_.hi.data(), batch_,
                       shape_.frames, shape_.past, model_.n_channels, model_.steps[i].coefficients);
  }
  const ScopedTimer timer(&times->post_ns);
  hand_out(windows);
}

}  // namespace dt
