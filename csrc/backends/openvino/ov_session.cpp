#include "backends/openvino/ov_session.h"

#include <utility>
#include <vector>

namespace dt {
namespace {

// A tensor on memory that we own and that does not move.
ov::Tensor view(std::vector<float>& buffer, const ov::Shape& shape) {
  return ov::Tensor(ov::element::f32, shape, buffer.data());
}

}  // namespace

OvSession::OvSession(const LoopModel& model, std::shared_ptr<const OvNetworks> networks, size_t batch,
                     const WindowShape& shape)
    : HostLoopSession(model, batch, shape), networks_(std::move(networks)) {
  // create_infer_request is not const, a compiled model is a shared handle: copies refer to the same code.
  audio_encoder_ = ov::CompiledModel(networks_->audio_encoder).create_infer_request();
  denoiser_ = ov::CompiledModel(networks_->denoiser).create_infer_request();
  HostLoopBuffers& b = buffers();
  const ov::Shape motion{batch, shape.frames, model.n_channels};
  const ov::Tensor audio = view(b.audio, {batch, shape.frames, model.n_features});
  audio_encoder_.set_tensor("mel", view(b.mel, {batch, model.mel_frames(shape.frames), model.n_mels}));
  audio_encoder_.set_tensor("audio", audio);
  denoiser_.set_tensor("x_t", view(b.x_t, motion));
  denoiser_.set_tensor("known", view(b.known, {batch, shape.frames, 1}));
  denoiser_.set_tensor("audio", audio);
  denoiser_.set_tensor("condition", view(b.condition, {batch, model.n_condition}));
  denoiser_.set_tensor("x0", view(b.x0, motion));
}

}  // namespace dt
