// Whole bundles with right hashes: some values of bundle.json are edited and some files damaged, then a
// stream is run.
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "input.h"
#include "tiny_model.h"

namespace {

using nlohmann::json;

void collect(json& value, std::vector<json*>* all) {
  all->push_back(&value);
  if (!value.is_structured()) return;
  for (json& inner : value) collect(inner, all);
}

json any_value(dt::fuzz::Input& in) {
  static const std::vector<json> kOdd = {0,
                                         1,
                                         -1,
                                         2,
                                         3,
                                         10,
                                         300,
                                         1000,
                                         4096,
                                         10000,
                                         65536,
                                         1000000,
                                         2147483647,
                                         std::numeric_limits<int64_t>::min(),
                                         std::numeric_limits<int64_t>::max(),
                                         std::numeric_limits<uint64_t>::max(),
                                         0.5,
                                         1e-30,
                                         1e30,
                                         1e300,
                                         -0.0,
                                         1e-320,
                                         nullptr,
                                         true,
                                         "",
                                         "vertices",
                                         "coefficients",
                                         "blendshapes",
                                         "d.onnx",
                                         "ada",
                                         "../d.onnx",
                                         json::array(),
                                         json::object(),
                                         16000,
                                         160};
  const uint8_t kind = in.u8();
  if (kind < 160) return kOdd[kind % kOdd.size()];
  if (kind < 200) return in.u16();
  if (kind < 220) return in.u32();
  if (kind < 240) return in.u8() / 255.0;
  return in.u8();
}

void edit(dt::fuzz::Input& in, json* manifest) {
  std::vector<json*> all;
  collect(*manifest, &all);
  json& at = *all[in.u16() % all.size()];
  const uint8_t how = in.u8();
  if (how < 200 || at.empty()) {
    at = any_value(in);
  } else if (at.is_structured() && how % 2 == 0) {
    at.erase(at.begin());
  } else if (at.is_array()) {
    at.push_back(at[0]);
  } else if (at.is_object()) {
    at["k" + std::to_string(how)] = any_value(in);
  } else if (at.is_number()) {
    at = at.get<double>() * 2;
  }
}

void damage(dt::fuzz::Input& in, std::string* file) {
  if (file->empty()) return;
  const size_t at = in.u32() % file->size();
  switch (in.u8() % 4) {
    case 0:
      (*file)[at] = static_cast<char>(in.u8());
      break;
    case 1:
      file->erase(at, 1 + in.u8() % 16);
      break;
    case 2:
      file->insert(at, std::string(1 + in.u8() % 8, static_cast<char>(in.u8())));
      break;
    default:
      file->resize(at);
  }
}

void run(dt_model* model) {
  dt_model_info info = {};
  info.struct_size = sizeof(info);
  dt_model_get_info(model, &info);
  dt_stream* stream = nullptr;
  const auto n_channels = static_cast<size_t>(info.n_channels);
  // What a window costs is within the budget; a fuzzer still has no time for the largest ones.
  if (n_channels > 4096 || dt_stream_create(model, nullptr, &stream) != DT_OK) return;
  const std::vector<float> audio(4000, 0.1f);
  std::vector<float> weights(n_channels * 40);
  int64_t first = 0;
  size_t n = 0;
  for (int i = 0; i < 4; ++i) {
    dt_stream_push(stream, audio.data(), audio.size(), 1, 16000);
    if (dt_stream_pull(stream, weights.data(), 40, &first, &n) != DT_OK) break;
    dt::fuzz::expect_finite(weights.data(), n * n_channels, "a frame that is not finite");
  }
  dt_stream_release(stream);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const dt::fuzz::Files tiny = dt::fuzz::tiny_files();
  dt::fuzz::Input in(data, size);
  dt::fuzz::Files files = tiny;
  json manifest = json::parse(files.content["bundle.json"]);
  for (int n = in.u8() % 8; n > 0; --n) edit(in, &manifest);
  files.content["bundle.json"] = manifest.dump(-1, ' ', false, json::error_handler_t::replace);
  static const char* const kFiles[] = {"e.onnx", "c.onnx", "d.onnx", "s.onnx", "i.safetensors"};
  for (int n = in.u8() % 6; n > 0; --n) damage(in, &files.content[kFiles[in.u8() % 5]]);
  dt::fuzz::seal(&files);
  dt_model* const model = dt::fuzz::open_files(&files, in.u8() % 2 == 0 ? "cpu" : "reference");
  if (model != nullptr) run(model);
  dt_model_release(model);
  return 0;
}
