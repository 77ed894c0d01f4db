#include "core/loop_model.h"

#include <string>

#include "common/error.h"

namespace dt {

void check_window_shape(const WindowBatch& windows, size_t batch, const WindowShape& shape) {
  if (windows.batch >= 1 && windows.batch <= batch && windows.shape == shape) return;
  const auto describe = [](size_t n, const WindowShape& s) {
    return std::to_string(n) + " windows of " + std::to_string(s.frames) + " frames, " +
           std::to_string(s.past) + " of them given, hop " + std::to_string(s.hop);
  };
  throw Error(DT_INTERNAL_ERROR,
              describe(windows.batch, windows.shape) + ", reached a session for " + describe(batch, shape));
}

PastCarryArgs past_args(const LoopModel& model, size_t batch, const WindowShape& shape) {
  PastCarryArgs a;
  a.batch = batch, a.window = shape.frames, a.past_frames = shape.past, a.hop = shape.hop;
  a.channels = model.n_channels;
  return a;
}

NoiseFillArgs noise_args(const LoopModel& model, size_t batch, const WindowShape& shape) {
  NoiseFillArgs a;
  a.scale = model.noise_scale.data();
  a.batch = batch, a.window = shape.frames, a.past = shape.past, a.channels = model.n_channels;
  return a;
}

DenormaliseArgs weight_args(const LoopModel& model, size_t batch, const WindowShape& shape) {
  DenormaliseArgs a;
  a.std = model.std.data(), a.mean = model.mean.data(), a.lo = model.min.data(), a.hi = model.max.data();
  a.batch = batch, a.window = shape.frames, a.past = shape.past, a.hop = shape.hop;
  a.channels = model.n_channels;
  return a;
}

LoopModel::LoopModel(const Bundle& bundle) {
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

}  // namespace dt
