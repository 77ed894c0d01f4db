#include "tiny_model.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "../cpp/backend_support.h"
#include "common/sha256.h"

namespace dt::fuzz {
namespace {

using nlohmann::json;

int64_t size_of(void* user, const char* name) {
  const auto& content = static_cast<Files*>(user)->content;
  const auto it = content.find(name);
  return it == content.end() ? -1 : static_cast<int64_t>(it->second.size());
}

int64_t read_of(void* user, const char* name, int64_t offset, void* buffer, size_t n) {
  const std::string& bytes = static_cast<Files*>(user)->content.at(name);
  if (offset < 0 || static_cast<uint64_t>(offset) > bytes.size() ||
      n > bytes.size() - static_cast<size_t>(offset)) {
    fault("the library reads outside of a file");
  }
  std::memcpy(buffer, bytes.data() + offset, n);
  return static_cast<int64_t>(n);
}

}  // namespace

dt_reader Files::reader() {
  dt_reader reader = {};
  reader.struct_size = sizeof(reader);
  reader.user = this;
  reader.size = &size_of;
  reader.read = &read_of;
  return reader;
}

Files tiny_files() {
  const Bundle networks = test::bundle_of_networks();
  json manifest = test::tiny_manifest();
  manifest["networks"]["style_encoder"] = {
      {"file", "s.onnx"}, {"min_mel_frames", 20}, {"max_mel_frames", 200}};
  manifest["identities"].update({{"emotions", {"calm", "glad", "sad"}}, {"default_emotion", "calm"}});
  Files files;
  // Styles [1, 1 + 3 emotions, 2]: the mean over time, four times.
  reference::OnnxBuilder style;
  std::vector<float> pick(160, 0.0f);
  pick[0] = pick[3] = 1.0f;
  style.input("mel", {-1, -1, 80}).initializer("axis", reference::i64({1}, {1}));
  style.initializer("w", reference::f32({80, 2}, pick)).initializer("shape", reference::i64({3}, {1, 4, 2}));
  style.node("ReduceMean", {"mel", "axis"}, {"mean"}, {{"keepdims", 1}})
      .node("MatMul", {"mean", "w"}, {"row"});
  style.node("Expand", {"row", "shape"}, {"styles"}).output("styles");
  std::vector<float> identities(12);
  for (size_t i = 0; i < identities.size(); ++i) identities[i] = static_cast<float>(i) / 8;
  files.content = {{"e.onnx", networks.audio_encoder},
                   {"c.onnx", networks.conditioner},
                   {"d.onnx", networks.denoiser},
                   {"s.onnx", style.model()},
                   {"i.safetensors", test::tensor_file("identities", "[2,3,2]", identities)}};
  for (const auto& [name, bytes] : files.content) manifest["files"][name] = json::object();
  files.content["bundle.json"] = manifest.dump();
  seal(&files);
  return files;
}

void seal(Files* files) {
  json manifest = json::parse(files->content["bundle.json"], nullptr, false);
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_object()) return;
  for (auto& [name, entry] : manifest["files"].items()) {
    const auto it = files->content.find(name);
    if (it == files->content.end() || !entry.is_object()) continue;
    const auto* const bytes = reinterpret_cast<const uint8_t*>(it->second.data());
    entry["size_bytes"] = it->second.size();
    entry["sha256"] = sha256_hex(bytes, it->second.size());
  }
  files->content["bundle.json"] = manifest.dump(-1, ' ', false, json::error_handler_t::replace);
}

dt_model* open_files(Files* files, const char* backend) {
  const dt_reader reader = files->reader();
  dt_model_options options;
  dt_model_options_default(&options);
  options.backend = backend;
  options.n_threads = 1;
  dt_model* model = nullptr;
  dt_model_open_reader(&reader, &options, &model);
  return model;
}

dt_model* open_tiny() {
  Files files = tiny_files();
  dt_model* const model = open_files(&files, "cpu");
  if (model == nullptr) fault(dt_last_error());
  return model;
}

void fault(const char* what) {
  std::fprintf(stderr, "FAULT: %s\n", what);
  std::abort();
}

void expect_finite(const float* values, size_t n, const char* what) {
  for (size_t i = 0; i < n; ++i) {
    if (!std::isfinite(values[i])) fault(what);
  }
}

}  // namespace dt::fuzz
