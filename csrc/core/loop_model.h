// What the sampler loop needs to know of a bundle, on the host and on a GPU alike.
#pragma once

#include <cstddef>
#include <vector>

#include "core/backend.h"
#include "kernels/denormalise.h"
#include "kernels/noise.h"
#include "kernels/past_carry.h"
#include "kernels/sampler_update.h"

namespace dt {

// Shared by the sessions of a backend.
struct LoopModel {
  explicit LoopModel(const Bundle& bundle);

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
PastCarryArgs past_args(const LoopModel& model, size_t batch, const WindowShape& shape);
NoiseFillArgs noise_args(const LoopModel& model, size_t batch, const WindowShape& shape);
DenormaliseArgs weight_args(const LoopModel& model, size_t batch, const WindowShape& shape);

}  // namespace dt
