#include "backends/reference/reference_backend.h"

#include <algorithm>
#include <map>
#include <utility>

#include "backends/reference/network_graph.h"
#include "backends/reference/reference_description.h"
#include "common/error.h"
#include "core/host_loop.h"
#include "core/host_memory_device.h"
#include "core/loop_backend.h"

namespace dt {
namespace {

using reference::Tensor;
using Inputs = std::map<std::string, Tensor>;

int64_t dim(size_t n) { return static_cast<int64_t>(n); }

// Runs a graph of one output of n values.
void run_graph(const OnnxGraph& graph, const Inputs& inputs, const char* output, float* out, size_t n) {
  const std::vector<Tensor> results = graph.run(inputs);
  if (results[0].floats.size() != n) {
    throw Error(DT_BAD_BUNDLE, std::string("the network output \"") + output + "\" has shape " +
                                   reference::to_string(results[0].shape) +
                                   ", which does not fit bundle.json");
  }
  std::copy(results[0].floats.begin(), results[0].floats.end(), out);
}

struct Networks {
  explicit Networks(const Bundle& b)
      : audio_encoder(load(b.audio_encoder, b.manifest.audio_encoder_file, audio_encoder_form())),
        conditioner(load(b.conditioner, b.manifest.conditioner_file, conditioner_form())),
        denoiser(load(b.denoiser, b.manifest.denoiser_file, denoiser_form())) {
    if (b.style_encoder.empty()) return;
    style_encoder.push_back(load(b.style_encoder, b.manifest.style_encoder_file, style_encoder_form()));
  }

  static OnnxGraph load(const std::string& onnx, const std::string& file, const NetworkForm& form) {
    return load_network(onnx, file, form, reference::Weights::kRead);
  }

  OnnxGraph audio_encoder, conditioner, denoiser;
  std::vector<OnnxGraph> style_encoder;  // one or none
};

class ReferenceSession : public HostLoopSession {
 public:
  ReferenceSession(const LoopModel& m, const Networks& networks, size_t batch, const WindowShape& shape)
      : HostLoopSession(m, batch, shape), networks_(networks) {
    const int64_t b = dim(batch), w = dim(shape.frames);
    encoder_inputs_["mel"] = zeros({b, dim(m.mel_frames(shape.frames)), dim(m.n_mels)});
    denoiser_inputs_["x_t"] = zeros({b, w, dim(m.n_channels)});
    denoiser_inputs_["known"] = Tensor::from({b, w, 1}, buffers().known);
    denoiser_inputs_["audio"] = zeros({b, w, dim(m.n_features)});
    denoiser_inputs_["condition"] = zeros({b, dim(m.n_condition)});
    // A network may cost more for a larger batch than the gate saw for one stream.
    networks.audio_encoder.estimate(shapes_of(encoder_inputs_), batch);
    networks.denoiser.estimate(shapes_of(denoiser_inputs_), batch);
  }

 protected:
  void encode() override {
    encoder_inputs_["mel"].floats = buffers().mel;
    run_graph(networks_.audio_encoder, encoder_inputs_, "audio", buffers().audio.data(),
              buffers().audio.size());
  }

  void denoise() override {
    denoiser_inputs_["x_t"].floats = buffers().x_t;
    denoiser_inputs_["audio"].floats = buffers().audio;
    denoiser_inputs_["condition"].floats = buffers().condition;
    run_graph(networks_.denoiser, denoiser_inputs_, "x0", buffers().x0.data(), buffers().x0.size());
  }

 private:
  static Tensor zeros(reference::Shape shape) {
    return Tensor::zeros(reference::DType::kFloat, std::move(shape));
  }

  static std::map<std::string, reference::Shape> shapes_of(const Inputs& inputs) {
    std::map<std::string, reference::Shape> shapes;
    for (const auto& [name, tensor] : inputs) shapes[name] = tensor.shape;
    return shapes;
  }

  const Networks& networks_;
  Inputs encoder_inputs_, denoiser_inputs_;
};

class ReferenceBackend : public LoopBackend {
 public:
  explicit ReferenceBackend(const Bundle& b) : LoopBackend(b), networks_(b) {
    run_conditioner();  // a faulty one shows here
  }

  const char* name() const override { return "reference"; }
  Device* device() override { return &device_; }
  std::unique_ptr<Session> make_session(size_t batch, const WindowShape& shape) override {
    return std::make_unique<ReferenceSession>(model(), networks_, batch, shape);
  }

 protected:
  void run_conditioner() override {
    ConditionBuffers& c = condition_buffers();
    const int64_t n_steps = dim(c.t.size());
    const Inputs inputs{{"style", Tensor::from({n_steps, dim(model().d_identity)}, c.style)},
                        {"t", Tensor::from({n_steps}, c.t)}};
    run_graph(networks_.conditioner, inputs, "condition", c.condition.data(), c.condition.size());
  }

  void run_style_encoder(const float* mel, size_t n_mel_frames, float* styles) override {
    const std::vector<float> values(mel, mel + n_mel_frames * model().n_mels);
    const Inputs inputs{{"mel", Tensor::from({1, dim(n_mel_frames), dim(model().n_mels)}, values)}};
    networks_.style_encoder[0].estimate({{"mel", inputs.at("mel").shape}});
    run_graph(networks_.style_encoder[0], inputs, "styles", styles, n_styles() * model().d_identity);
  }

 private:
  const Networks networks_;
  HostMemoryDevice device_;
};

class ReferenceFactory : public BackendFactory {
 public:
  const BackendDescription& description() const override { return description_; }
  void probe() const override {}
  bool has_precision(const std::string& precision) const override { return description_.has(precision); }
  std::unique_ptr<Backend> create(const Bundle& bundle, const BackendOptions& options) const override {
    require_precision(description_, options.precision);
    return std::make_unique<ReferenceBackend>(bundle);
  }

 private:
  const BackendDescription description_ = reference_description();
};

}  // namespace

const BackendFactory& reference_backend_factory() {
  static const ReferenceFactory factory;
  return factory;
}

}  // namespace dt
