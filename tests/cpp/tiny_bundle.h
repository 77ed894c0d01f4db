// A bundle in memory with two channels, for tests of the manifest and of the engine.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/sha256.h"
#include "core/bundle.h"

namespace dt::test {

// bundle.json without `files`.
inline nlohmann::json tiny_manifest() {
  return nlohmann::json::parse(R"({
    "format": "diffusiontalker-bundle", "format_version": 2,
    "name": "tiny", "version": "1", "license": "Apache-2.0", "provenance": {}, "remark": "unknown keys are fine here",
    "motion": {"space": "blendshapes", "channels": ["jawOpen", "mouthClose"], "fps_num": 30, "fps_den": 1,
               "mean": [0.25, 0], "std": [0.5, 1], "min": [0, 0], "max": [1, 1], "rest": [0, 0]},
    "audio": {"sample_rate_hz": 16000, "n_mels": 80, "window_length": 400, "hop_length": 160, "n_fft": 512,
              "f_min_hz": 20, "f_max_hz": 8000, "log_floor": 1e-5,
              "mel_frames_per_group": 10, "anim_frames_per_group": 3},
    "networks": {"audio_encoder": {"file": "e.onnx", "n_features": 4},
                 "conditioner": {"file": "c.onnx", "n_condition": 3}, "denoiser": {"file": "d.onnx"}},
    "sampler": {"prediction": "x0", "steps": [
      {"t": 256, "t_prev": 128, "alpha_bar": 0, "alpha_bar_prev": 0.5},
      {"t": 128, "t_prev": 0, "alpha_bar": 0.5, "alpha_bar_prev": 1}]},
    "profiles": {"live": {"past_frames": 18, "hop_frames": 6, "lookahead_frames": 6},
                 "bare": {"past_frames": 0, "hop_frames": 3, "lookahead_frames": 0}},
    "default_profile": "live",
    "identities": {"file": "i.safetensors", "tensor": "identities", "names": ["ada", "ben"], "default": "ben"}
  })");
}

// A safetensors file with one float32 tensor `identities` of 2 rows and 2 columns: 1 2 / 3 4.
inline std::string tiny_identities(
    const std::string& header = R"({"identities":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}})") {
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  const float values[4] = {1, 2, 3, 4};
  return bytes + header + std::string(reinterpret_cast<const char*>(values), sizeof(values));
}

class MemorySource : public ByteSource {
 public:
  std::map<std::string, std::string> files;

  std::string read(const std::string& name, size_t limit_bytes) const override {
    const auto it = files.find(name);
    if (it == files.end()) throw Error(DT_BAD_BUNDLE, "no " + name);
    return it->second.substr(0, limit_bytes);
  }
  std::string describe(const std::string& name) const override { return "memory/" + name; }
};

// The same with these values of any shape.
inline std::string tensor_file(const std::string& name, const std::string& shape,
                               const std::vector<float>& values) {
  const std::string n_bytes = std::to_string(4 * values.size());
  const std::string header =
      "{\"" + name + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[0,)" + n_bytes + "]}}";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size());
}

// The whole bundle: hashes are right, the networks are no ONNX.
inline MemorySource tiny_source(nlohmann::json manifest = tiny_manifest(),
                                const std::string& identities = tiny_identities(),
                                const std::map<std::string, std::string>& more = {}) {
  MemorySource source;
  source.files = {{"e.onnx", "encoder"},
                  {"c.onnx", "conditioner"},
                  {"d.onnx", "denoiser"},
                  {"i.safetensors", identities}};
  source.files.insert(more.begin(), more.end());
  for (const auto& [name, bytes] : source.files) {
    manifest["files"][name] = {
        {"sha256", sha256_hex(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size())},
        {"size_bytes", bytes.size()}};
  }
  source.files["bundle.json"] = manifest.dump();
  return source;
}

// The message of the Error that body throws; "" when it throws none.
template <typename Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace dt::test
