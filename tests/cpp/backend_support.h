// Tiny networks, streams over them, and the backends that run them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/backend.h"
#include "onnx_builder.h"
#include "tiny_bundle.h"

namespace dt::test {

constexpr size_t kWindow = 30, kPast = 18, kHop = 6, kMels = 80, kChannels = 2, kSteps = 2, kCondition = 3;
constexpr size_t kMelFrames = kWindow / 3 * 10;
constexpr WindowShape kShape{kWindow, kPast, kHop};

// Of the conditioner, [2, 3].
inline const std::vector<float> kWeight{1, 2, 3, 4, 5, 6};

std::vector<float> random_values(size_t n, uint32_t seed);
reference::Tensor random_tensor(reference::Shape shape, uint32_t seed, float scale);

// condition = style @ weight + 0.01 t
std::string conditioner_onnx(const reference::Tensor& weight);
// Whose styles are the means over time of the first two mel bands.
Bundle bundle_of_networks(bool with_style_encoder = true);

// Inputs and results of some streams. What a run does not write stays as it is.
struct Crowd {
  explicit Crowd(size_t n, Backend* backend) {
    for (size_t i = 0; i < n; ++i) {
      const auto seed = static_cast<uint32_t>(100 * i);
      mel.push_back(random_values(kMelFrames * kMels, seed + 1));
      past.push_back(random_values(kPast * kChannels, seed + 2));
      weights.emplace_back(kHop * kChannels, -1.0f);
      condition.emplace_back(backend->condition_size());
      backend->condition(random_values(2, seed + 3).data(), condition.back().data());
    }
  }

  PhaseTimes run(Session* session, size_t first, size_t n) {
    std::vector<Window> windows;
    for (size_t i = first; i < first + n; ++i) {
      windows.push_back({mel[i].data(), condition[i].data(), 40 + i, static_cast<int64_t>(1000 * i),
                         past[i].data(), weights[i].data()});
    }
    PhaseTimes times;
    session->run({n, kShape, windows.data()}, &times);
    return times;
  }
  // Weights, and the past that goes to the next window.
  std::vector<float> result(size_t i) const {
    std::vector<float> all = weights[i];
    all.insert(all.end(), past[i].begin(), past[i].end());
    return all;
  }
  std::vector<std::vector<float>> results() const {
    std::vector<std::vector<float>> all;
    for (size_t i = 0; i < mel.size(); ++i) all.push_back(result(i));
    return all;
  }

  std::vector<std::vector<float>> mel, past, weights, condition;
};

// "reference", or "cpu" and "openvino" where the test links them.
const BackendFactory& backend_factory(const std::string& name);

}  // namespace dt::test
