#include "backends/openvino/ov_backend.h"

#include "backends/openvino/ov_session.h"
#include "common/error.h"

namespace dt {
namespace {

// Fixes the shapes; the error says what in the bundle does not fit.
std::shared_ptr<ov::Model> with_shapes(const ov::Model& dynamic,
                                       const std::map<std::string, ov::PartialShape>& shapes,
                                       const ov::Shape& output) {
  const std::shared_ptr<ov::Model> network = dynamic.clone();
  try {
    network->reshape(shapes);
  } catch (const std::exception& e) {
    throw Error(DT_BAD_BUNDLE, std::string("a network does not take the shapes of bundle.json: ") + e.what());
  }
  const ov::PartialShape actual = network->output().get_partial_shape();
  if (actual.is_dynamic() || actual.to_shape() != output) {
    throw Error(DT_BAD_BUNDLE, "the network output \"" + network->output().get_any_name() + "\" has shape " +
                                   actual.to_string() + ", bundle.json asks for " +
                                   ov::PartialShape(output).to_string());
  }
  return network;
}

}  // namespace

OvBackend::OvBackend(const Bundle& bundle, const BackendOptions& options)
    : model_(bundle), config_(ov_config(options)) {
  const Manifest& m = bundle.manifest;
  audio_encoder_ = read_network(core_, bundle.audio_encoder, m.audio_encoder_file, {"mel"}, "audio");
  denoiser_ =
      read_network(core_, bundle.denoiser, m.denoiser_file, {"x_t", "known", "audio", "style", "t"}, "x0");
}

std::shared_ptr<const OvNetworks> OvBackend::compiled(size_t batch, size_t window) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<const OvNetworks>& entry = compiled_[{batch, window}];
  if (entry == nullptr) {
    const ov::Shape mel{batch, model_.mel_frames(window), model_.n_mels};
    const ov::Shape motion{batch, window, model_.n_channels}, audio{batch, window, model_.n_features};
    const auto encoder = with_shapes(*audio_encoder_, {{"mel", mel}}, audio);
    const auto denoiser = with_shapes(*denoiser_,
                                      {{"x_t", motion},
                                       {"known", ov::Shape{batch, window, 1}},
                                       {"audio", audio},
                                       {"style", ov::Shape{batch, model_.d_identity}},
                                       {"t", ov::Shape{batch}}},
                                      motion);
    entry = std::make_shared<OvNetworks>(OvNetworks{core_.compile_model(encoder, "CPU", config_),
                                                    core_.compile_model(denoiser, "CPU", config_)});
  }
  return entry;
}

std::unique_ptr<Session> OvBackend::make_session(size_t batch, size_t window, size_t past) {
  return std::make_unique<OvSession>(model_, compiled(batch, window), batch, window, past);
}

}  // namespace dt
