#include "backend_support.h"

#include <random>
#include <stdexcept>

#if defined(DT_TESTS_CPU)
#include "backends/cpu/cpu_backend.h"
#endif
#include "backends/reference/reference_backend.h"

#if defined(DT_OPENVINO_MODULE)
#include <dlfcn.h>
#define DT_STRING(x) #x
#define DT_EXPAND_STRING(x) DT_STRING(x)
#endif

namespace dt::test {

using reference::f32;
using reference::i64;
using reference::OnnxBuilder;
using reference::Tensor;

std::vector<float> random_values(size_t n, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (float& v : values) v = normal(engine);
  return values;
}

Tensor random_tensor(reference::Shape shape, uint32_t seed, float scale) {
  std::vector<float> values = random_values(static_cast<size_t>(reference::n_elements(shape)), seed);
  for (float& v : values) v *= scale;
  return f32(std::move(shape), std::move(values));
}

namespace {

std::string encoder_onnx() {
  OnnxBuilder b;
  b.input("mel", {-1, -1, 80}).initializer("groups", i64({3}, {0, -1, 800}));
  b.initializer("w", random_tensor({800, 12}, 1, 0.03f)).initializer("frames", i64({3}, {0, -1, 4}));
  b.node("Reshape", {"mel", "groups"}, {"by_group"}).node("MatMul", {"by_group", "w"}, {"phases"});
  b.node("Reshape", {"phases", "frames"}, {"audio"});
  return b.output("audio").model();
}

std::string denoiser_onnx() {
  OnnxBuilder b;
  b.input("x_t", {-1, -1, 2}).input("known", {-1, -1, 1}).input("audio", {-1, -1, 4});
  b.input("condition", {-1, 3}).initializer("axis", i64({1}, {1}));
  b.initializer("w", random_tensor({7, 2}, 2, 0.4f)).initializer("w_c", random_tensor({3, 2}, 3, 0.4f));
  b.node("Concat", {"x_t", "known", "audio"}, {"joined"}, {{"axis", 2}});
  b.node("MatMul", {"joined", "w"}, {"mixed"}).node("MatMul", {"condition", "w_c"}, {"c"});
  b.node("Unsqueeze", {"c", "axis"}, {"row"}).node("Add", {"mixed", "row"}, {"sum"});
  b.node("Tanh", {"sum"}, {"x0"});
  return b.output("x0").model();
}

// The mean over time of the first two mel bands.
std::string style_onnx() {
  std::vector<float> pick(160, 0.0f);
  pick[0] = pick[3] = 1.0f;
  OnnxBuilder b;
  b.input("mel", {-1, -1, 80}).initializer("axis", i64({1}, {1})).initializer("w", f32({80, 2}, pick));
  b.node("ReduceMean", {"mel", "axis"}, {"mean"}, {{"keepdims", 1}})
      .node("MatMul", {"mean", "w"}, {"styles"});
  return b.output("styles").model();
}

}  // namespace

std::string conditioner_onnx(const Tensor& weight) {
  OnnxBuilder b;
  b.input("style", {-1, 2}).input("t", {-1}).initializer("w", weight);
  b.initializer("axis", i64({1}, {1})).initializer("scale", f32({}, {0.01f}));
  b.node("MatMul", {"style", "w"}, {"styled"}).node("Unsqueeze", {"t", "axis"}, {"column"});
  b.node("Mul", {"column", "scale"}, {"timed"}).node("Add", {"styled", "timed"}, {"condition"});
  return b.output("condition").model();
}

Bundle bundle_of_networks(bool with_style_encoder) {
  nlohmann::json manifest = tiny_manifest();
  if (with_style_encoder) {
    manifest["networks"]["style_encoder"] = {
        {"file", "e.onnx"}, {"min_mel_frames", 20}, {"max_mel_frames", 200}};
  }
  Bundle b = load_bundle(tiny_source(manifest));
  b.audio_encoder = encoder_onnx();
  b.conditioner = conditioner_onnx(f32({2, 3}, kWeight));
  b.denoiser = denoiser_onnx();
  b.style_encoder = with_style_encoder ? style_onnx() : "";
  return b;
}

const BackendFactory& backend_factory([[maybe_unused]] const std::string& name) {
#if defined(DT_OPENVINO_MODULE)
  if (name == "openvino") {
    void* module = dlopen(DT_EXPAND_STRING(DT_OPENVINO_MODULE), RTLD_NOW | RTLD_LOCAL);
    void* entry = module == nullptr ? nullptr : dlsym(module, DT_EXPAND_STRING(DT_BACKEND_MODULE_ENTRY));
    if (entry == nullptr) throw std::runtime_error(dlerror());
    return *reinterpret_cast<BackendModuleEntry>(entry)();
  }
#endif
#if defined(DT_TESTS_CPU)
  if (name == "cpu") return cpu_backend_factory();
#endif
  return reference_backend_factory();
}

}  // namespace dt::test
