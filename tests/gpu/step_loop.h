// The loop as others run it, for the benchmark: the same engines, but the host steps them, and every step
// waits for tensors to come and go.
#pragma once

#include <memory>

#include "backends/gpu/loop_tensors.h"
#include "core/host_loop.h"

namespace dt::test {

class StepLoop : public HostLoopSession {
 public:
  StepLoop(const LoopModel& m, GpuDevice& device, EngineSource& engines, size_t batch,
           const WindowShape& shape)
      : HostLoopSession(m, batch, shape),
        stream_(device.make_stream()),
        encoder_(engines.make_context(Network::kAudioEncoder, shape.frames, batch)),
        denoiser_(engines.make_context(Network::kDenoiser, shape.frames, batch)),
        scratch_(device, GpuArray<uint8_t>::kDevice,
                 std::max(encoder_->scratch_bytes(), denoiser_->scratch_bytes())),
        tensors_(m, device, batch, shape.frames) {
    encoder_->set_scratch(scratch_.data(), scratch_.bytes());
    denoiser_->set_scratch(scratch_.data(), scratch_.bytes());
    tensors_.bind(encoder_.get(), denoiser_.get());
    tensors_.upload_known(stream_.get(), shape.frames, shape.past);
  }

 protected:
  void encode() override {
    stream_->upload(tensors_.mel.data(), buffers().mel.data(), tensors_.mel.bytes());
    encoder_->enqueue(*stream_);
    stream_->synchronize();
  }
  void denoise() override {
    stream_->upload(tensors_.x_t.data(), buffers().x_t.data(), tensors_.x_t.bytes());
    stream_->upload(tensors_.condition.data(), buffers().condition.data(), tensors_.condition.bytes());
    denoiser_->enqueue(*stream_);
    stream_->download(buffers().x0.data(), tensors_.x0.data(), tensors_.x0.bytes());
    stream_->synchronize();
  }

 private:
  std::unique_ptr<GpuStream> stream_;
  std::unique_ptr<GpuContext> encoder_, denoiser_;
  const GpuArray<uint8_t> scratch_;
  const LoopTensors tensors_;
};

}  // namespace dt::test
