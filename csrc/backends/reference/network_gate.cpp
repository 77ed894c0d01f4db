#include "backends/reference/network_gate.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "backends/reference/network_graph.h"
#include "backends/reference/network_limits.h"
#include "common/error.h"

namespace dt {
namespace {

using reference::Shape;
using Inputs = std::map<std::string, Shape>;

int64_t size(size_t n) { return static_cast<int64_t>(n); }

// A network without the values of its weights.
struct Network {
  Network(const std::string& onnx, std::string file_name, const NetworkForm& form)
      : file(std::move(file_name)), graph(load_network(onnx, file, form, reference::Weights::kOutline)) {}

  // What it costs for these inputs. Throws when the result has another shape.
  reference::NetworkCost check(const Inputs& inputs, const Shape& expected) const {
    try {
      const OnnxGraph::Estimate estimate = graph.estimate(inputs);
      if (estimate.dtypes[0] != reference::DType::kFloat) {
        throw Error(DT_BAD_BUNDLE, "its output \"" + graph.outputs()[0].name + "\" is not float32");
      }
      if (estimate.outputs[0] != expected) {
        throw Error(DT_BAD_BUNDLE, "its output \"" + graph.outputs()[0].name + "\" has shape " +
                                       reference::to_string(estimate.outputs[0]) + ", bundle.json asks for " +
                                       reference::to_string(expected));
      }
      return estimate.cost;
    } catch (const Error& e) {
      throw Error(DT_BAD_BUNDLE, file + ": " + e.what());
    }
  }

  std::string file;
  OnnxGraph graph;
};

void check_windows(const Bundle& b, const Network& encoder, const Network& denoiser) {
  const Manifest& m = b.manifest;
  const int64_t channels = m.motion.n_channels();
  std::set<int64_t> seen;
  for (const Profile& p : m.profiles) {
    const int64_t w = p.window_frames();
    if (!seen.insert(w).second) continue;
    const Shape motion{1, w, channels}, audio{1, w, m.n_features};
    const uint64_t once = encoder.check({{"mel", {1, m.mel_frames(w), m.audio.n_mels}}}, audio).products;
    const Inputs inputs{
        {"x_t", motion}, {"known", {1, w, 1}}, {"audio", audio}, {"condition", {1, m.n_condition}}};
    const uint64_t step = denoiser.check(inputs, motion).products;
    if (once + step * m.steps.size() > reference::kMaxWindowProducts) {
      throw Error(DT_BAD_BUNDLE, "a window of profile \"" + p.name + "\" multiplies more than " +
                                     std::to_string(reference::kMaxWindowProducts) +
                                     " pairs of numbers in all steps of the sampler");
    }
  }
}

}  // namespace

void check_networks(const Bundle& b) {
  const Manifest& m = b.manifest;
  const int64_t d_identity = size(b.identities.cols), n_steps = size(m.steps.size());
  const Network encoder(b.audio_encoder, m.audio_encoder_file, audio_encoder_form());
  const Network conditioner(b.conditioner, m.conditioner_file, conditioner_form());
  const Network denoiser(b.denoiser, m.denoiser_file, denoiser_form());
  conditioner.check({{"style", {n_steps, d_identity}}, {"t", {n_steps}}}, {n_steps, m.n_condition});
  check_windows(b, encoder, denoiser);
  if (m.style_encoder_file.empty()) return;
  const Network style(b.style_encoder, m.style_encoder_file, style_encoder_form());
  for (const int64_t frames : {m.min_enroll_mel_frames, m.max_enroll_mel_frames}) {
    style.check({{"mel", {1, frames, m.audio.n_mels}}}, {1, 1 + size(m.emotions.size()), d_identity});
  }
}

}  // namespace dt
