#include "core/host_loop.h"

#include <algorithm>

#include "common/checked_size.h"
#include "common/clock.h"
#include "common/error.h"
#include "kernels/sampler_step.h"

namespace dt {
namespace {

// A clamp would hide a network that gives NaN; better one clear failure than a frozen face.
void check_faults(const std::vector<uint32_t>& faults) {
  const bool is_good = std::all_of(faults.begin(), faults.end(), [](uint32_t f) { return f == 0; });
  if (!is_good) {
    throw Error(DT_INTERNAL_ERROR,
                "the denoiser gave a value that is not finite: check the bundle with another "
                "backend or precision \"f32\"");
  }
}

// Of a window and a batch, of which each by itself is within its limits.
size_t numbers(std::initializer_list<uint64_t> factors) {
  return checked_count(factors, sizeof(float), DT_OUT_OF_MEMORY, "a batch of windows");
}

}  // namespace

HostLoopSession::HostLoopSession(const LoopModel& model, size_t batch, const WindowShape& shape)
    : model_(model), batch_(batch), shape_(shape) {
  const size_t frames = numbers({batch, shape.frames}), c = model.n_channels;
  buffers_.mel.resize(numbers({batch, model.mel_frames(shape.frames), model.n_mels}));
  buffers_.seed.resize(batch);
  buffers_.first_frame.resize(batch);
  buffers_.past.resize(numbers({batch, shape.past, c}));
  buffers_.x_t.resize(numbers({frames, c}));
  buffers_.known.resize(frames);
  buffers_.audio.resize(numbers({frames, model.n_features}));
  buffers_.condition.resize(numbers({batch, model.n_condition}));
  buffers_.x0.resize(numbers({frames, c}));
  buffers_.faults.resize(batch);
  buffers_.weights.resize(numbers({batch, shape.hop, c}));
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

void HostLoopSession::update(const SamplerCoefficients& coefficients) {
  std::fill(buffers_.faults.begin(), buffers_.faults.end(), 0u);
  SamplerStepArgs step;
  step.x_t = buffers_.x_t.data(), step.x0 = buffers_.x0.data();
  step.lo = model_.lo.data(), step.hi = model_.hi.data();
  step.coefficients = &coefficients, step.faults = buffers_.faults.data();
  step.batch = batch_, step.window = shape_.frames, step.past = shape_.past,
  step.channels = model_.n_channels;
  sampler_step_ref(step);
  check_faults(buffers_.faults);
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
    update(model_.steps[i].coefficients);
  }
  const ScopedTimer timer(&times->post_ns);
  hand_out(windows);
}

}  // namespace dt
