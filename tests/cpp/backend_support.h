// Tiny networks, streams over them, and the backends that run them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/backend.h"
#include "onnx_builder.h"
#include "tiny_bundle.h"

namespace dt::test {

constexpr size_t kWindow = 30, kPast = 18, kMels = 80, kChannels = 2, kSteps = 2, kCondition = 3;
constexpr size_t kMelFrames = kWindow / 3 * 10;

// Of the conditioner, [2, 3].
inline const std::vector<float> kWeight{1, 2, 3, 4, 5, 6};

std::vector<float> random_values(size_t n, uint32_t seed);
reference::Tensor random_tensor(reference::Shape shape, uint32_t seed, float scale);

// condition = style @ weight + 0.01 t
std::string conditioner_onnx(const reference::Tensor& weight);
// Whose styles are the means over time of the first two mel bands.
Bundle bundle_of_networks(bool with_style_encoder = true);

// Inputs of some streams, and the pointers to them.
struct Crowd {
  explicit Crowd(size_t n, Backend* backend) {
    for (size_t i = 0; i < n; ++i) {
      const auto seed = static_cast<uint32_t>(100 * i);
      mel.push_back(random_values(kMelFrames * kMels, seed + 1));
      x_t.push_back(random_values(kWindow * kChannels, seed + 2));
      condition.emplace_back(backend->condition_size());
      backend->condition(random_values(2, seed + 3).data(), condition.back().data());
    }
  }

  void run(Session* session, size_t first, size_t n) {
    std::vector<const float*> mels, conditions;
    std::vector<float*> motions;
    for (size_t i = first; i < first + n; ++i) {
      mels.push_back(mel[i].data());
      conditions.push_back(condition[i].data());
      motions.push_back(x_t[i].data());
    }
    PhaseTimes times;
    session->run({n, kWindow, kPast, mels.data(), conditions.data(), motions.data()}, &times);
  }

  std::vector<std::vector<float>> mel, x_t, condition;
};

// "reference", or "openvino" where it is built.
const BackendFactory& backend_factory(const std::string& name);

}  // namespace dt::test
