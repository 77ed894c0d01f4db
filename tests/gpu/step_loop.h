// The loop as others run it, for the benchmark: the same engines, but the host steps them, and every step
// waits for tensors to come and go.
#pragma once

#include <memory>

#include "backends/gpu/gpu_engine.h"
#include "core/host_loop.h"

namespace dt::test {

class StepLoop : public HostLoopSession {
 public:
  StepLoop(const HostLoopModel& m, GpuDevice& device, EngineSource& engines, size_t batch, size_t window,
           size_t past)
      : HostLoopSession(m, batch, window, past), stream_(device.make_stream()) {
    encoder_ = engines.make_context(Network::kAudioEncoder, window, batch);
    denoiser_ = engines.make_context(Network::kDenoiser, window, batch);
    const size_t bytes = std::max(encoder_->scratch_bytes(), denoiser_->scratch_bytes());
    scratch_ = {device, GpuArray<uint8_t>::kDevice, bytes};
    encoder_->set_scratch(scratch_.data(), bytes);
    denoiser_->set_scratch(scratch_.data(), bytes);
    const auto make = [&](GpuArray<float>* memory, size_t n) {
      *memory = {device, GpuArray<float>::kDevice, n};
    };
    make(&mel_, buffers().mel.size());
    make(&audio_, buffers().audio.size());
    make(&x_t_, buffers().x_t.size());
    make(&known_, buffers().known.size());
    make(&condition_, buffers().condition.size());
    make(&x0_, buffers().x0.size());
    encoder_->bind("mel", mel_);
    encoder_->bind("audio", audio_);
    denoiser_->bind("x_t", x_t_);
    denoiser_->bind("known", known_);
    denoiser_->bind("audio", audio_);
    denoiser_->bind("condition", condition_);
    denoiser_->bind("x0", x0_);
    stream_->upload(known_.data(), buffers().known.data(), known_.bytes());
  }

 protected:
  void encode() override {
    stream_->upload(mel_.data(), buffers().mel.data(), mel_.bytes());
    encoder_->enqueue(*stream_);
    stream_->synchronize();
  }
  void denoise() override {
    stream_->upload(x_t_.data(), buffers().x_t.data(), x_t_.bytes());
    stream_->upload(condition_.data(), buffers().condition.data(), condition_.bytes());
    denoiser_->enqueue(*stream_);
    stream_->download(buffers().x0.data(), x0_.data(), x0_.bytes());
    stream_->synchronize();
  }

 private:
  std::unique_ptr<GpuStream> stream_;
  std::unique_ptr<GpuContext> encoder_, denoiser_;
  GpuArray<uint8_t> scratch_;
  GpuArray<float> mel_, audio_, x_t_, known_, condition_, x0_;
};

}  // namespace dt::test
