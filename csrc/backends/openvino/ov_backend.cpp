#include "backends/openvino/ov_backend.h"

#include <algorithm>

#include "backends/openvino/ov_session.h"
#include "common/error.h"

namespace dt {

OvBackend::OvBackend(const Bundle& bundle, const BackendOptions& options)
    : LoopBackend(bundle),
      config_(ov_config(options, options.precision)),
      exact_config_(ov_config(options, "f32")),
      style_encoder_onnx_(bundle.style_encoder),
      style_encoder_file_(bundle.manifest.style_encoder_file) {
  use_ov_cache(core_, bundle, options);
  const Manifest& m = bundle.manifest;
  audio_encoder_ = read_network(core_, bundle.audio_encoder, m.audio_encoder_file, {"mel"}, "audio");
  denoiser_ =
      read_network(core_, bundle.denoiser, m.denoiser_file, {"x_t", "known", "audio", "condition"}, "x0");
  compile_conditioner(bundle);
}

void OvBackend::compile_conditioner(const Bundle& bundle) {
  const auto network =
      read_network(core_, bundle.conditioner, bundle.manifest.conditioner_file, {"style", "t"}, "condition");
  ConditionBuffers& c = condition_buffers();
  const ov::Shape style{c.t.size(), model().d_identity}, t{c.t.size()};
  const ov::Shape condition{c.t.size(), model().n_condition};
  const auto fixed = with_shapes(*network, {{"style", style}, {"t", t}}, condition);
  conditioner_ = core_.compile_model(fixed, "CPU", exact_config_).create_infer_request();
  conditioner_.set_tensor("style", ov::Tensor(ov::element::f32, style, c.style.data()));
  conditioner_.set_tensor("t", ov::Tensor(ov::element::f32, t, c.t.data()));
  conditioner_.set_tensor("condition", ov::Tensor(ov::element::f32, condition, c.condition.data()));
}

void OvBackend::compile_style_encoder() {
  const auto network = read_network(core_, style_encoder_onnx_, style_encoder_file_, {"mel"}, "styles");
  network->reshape(ov::PartialShape{1, -1, static_cast<int64_t>(model().n_mels)});
  style_encoder_ = core_.compile_model(network, "CPU", exact_config_).create_infer_request();
}

void OvBackend::run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) {
  if (!style_encoder_) compile_style_encoder();
  const ov::Shape shape{1, n_mel_frames, model().n_mels};
  // The tensor type knows no const; inputs are only read.
  style_encoder_.set_tensor("mel", ov::Tensor(ov::element::f32, shape, const_cast<float*>(mel)));
  style_encoder_.infer();
  const ov::Tensor result = style_encoder_.get_tensor("styles");
  if (result.get_size() != n_styles() * model().d_identity) {
    throw Error(DT_BAD_BUNDLE, style_encoder_file_ + " gives " + std::to_string(result.get_size()) +
                                   " values, bundle.json asks for " + std::to_string(n_styles()) +
                                   " styles of " + std::to_string(model().d_identity));
  }
  std::copy_n(result.data<const float>(), result.get_size(), styles);
}

std::shared_ptr<const OvNetworks> OvBackend::compiled(size_t batch, size_t window) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const OvNetworks>& entry = compiled_[{batch, window}];
  if (entry == nullptr) {
    const LoopModel& m = model();
    const ov::Shape mel{batch, m.mel_frames(window), m.n_mels};
    const ov::Shape motion{batch, window, m.n_channels}, audio{batch, window, m.n_features};
    const auto encoder = with_shapes(*audio_encoder_, {{"mel", mel}}, audio);
    const auto denoiser = with_shapes(*denoiser_,
                                      {{"x_t", motion},
                                       {"known", ov::Shape{batch, window, 1}},
                                       {"audio", audio},
                                       {"condition", ov::Shape{batch, m.n_condition}}},
                                      motion);
    entry = std::make_shared<OvNetworks>(OvNetworks{core_.compile_model(encoder, "CPU", config_),
                                                    core_.compile_model(denoiser, "CPU", config_)});
  }
  return entry;
}

std::unique_ptr<Session> OvBackend::make_session(size_t batch, const WindowShape& shape) {
  return std::make_unique<OvSession>(model(), compiled(batch, shape.frames), batch, shape);
}

}  // namespace dt
