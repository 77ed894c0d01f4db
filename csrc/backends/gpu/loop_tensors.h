// What a hop's networks and kernels work on, in device memory: the tensors of the loop, bound to both
// networks, and the tables of the model.
#pragma once

#include <algorithm>
#include <cstddef>

#include "backends/gpu/gpu_engine.h"
#include "core/loop_model.h"

namespace dt {

// Names and shapes are those of docs/bundle-format.md. Addresses stay the same for life.
struct LoopTensors {
  LoopTensors(const LoopModel& m, GpuDevice& device, size_t batch, size_t window)
      : mel(device, GpuArray<float>::kDevice, batch * m.mel_frames(window) * m.n_mels),
        audio(device, GpuArray<float>::kDevice, batch * window * m.n_features),
        x_t(device, GpuArray<float>::kDevice, batch * window * m.n_channels),
        known(device, GpuArray<float>::kDevice, batch * window),
        condition(device, GpuArray<float>::kDevice, batch * m.n_condition),
        x0(device, GpuArray<float>::kDevice, batch * window * m.n_channels) {}

  // Throws GpuError; Error where the engines do not fit the bundle.
  void bind(GpuContext* encoder, GpuContext* denoiser) const {
    encoder->bind("mel", mel);
    encoder->bind("audio", audio);
    denoiser->bind("x_t", x_t);
    denoiser->bind("known", known);
    denoiser->bind("audio", audio);
    denoiser->bind("condition", condition);
    denoiser->bind("x0", x0);
  }
  // Once, before the first run. Waits. Throws GpuError.
  void upload_known(GpuStream* stream, size_t window, size_t past) const {
    std::vector<float> values(known.size());
    for (size_t i = 0; i < values.size(); ++i) values[i] = i % window < past ? 1.0f : 0.0f;
    stream->upload(known.data(), values.data(), known.bytes());
    stream->synchronize();  // before the values go
  }

  const GpuArray<float> mel, audio, x_t, known, condition, x0;
};

// Of the model, on the device; see LoopModel.
struct LoopTables {
  // Waits. Throws GpuError.
  LoopTables(const LoopModel& m, GpuDevice& device, GpuStream* stream) {
    const auto put = [&](GpuArray<float>* to, const std::vector<float>& values) {
      *to = {device, GpuArray<float>::kDevice, values.size()};
      stream->upload(to->data(), values.data(), to->bytes());
    };
    put(&lo, m.lo), put(&hi, m.hi);
    put(&mean, m.mean), put(&std, m.std), put(&min, m.min), put(&max, m.max);
    put(&noise_scale, m.noise_scale);
    std::vector<SamplerCoefficients> values;
    values.reserve(m.steps.size());
    for (const LoopModel::Step& step : m.steps) values.push_back(step.coefficients);
    coefficients = {device, GpuArray<SamplerCoefficients>::kDevice, values.size()};
    stream->upload(coefficients.data(), values.data(), coefficients.bytes());
    stream->synchronize();  // before the values go
  }

  GpuArray<float> lo, hi, mean, std, min, max, noise_scale;
  GpuArray<SamplerCoefficients> coefficients;
};

}  // namespace dt
