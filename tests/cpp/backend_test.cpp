// The interface of backends (core/backend.h): conditions, batches, enrolment, faults.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "backend_support.h"

namespace dt::test {
namespace {

using reference::f32;

class Backends : public testing::TestWithParam<const char*> {
 protected:
  std::unique_ptr<Backend> create(const Bundle& bundle, BackendOptions options = {}) const {
    return backend_factory(GetParam()).create(bundle, options);
  }
};

TEST_P(Backends, ConditionIsThatOfEveryStep) {
  const auto backend = create(bundle_of_networks());
  ASSERT_EQ(backend->condition_size(), kSteps * kCondition);
  const float style[2] = {0.5f, -2.0f}, t[kSteps] = {256, 128};
  std::vector<float> got(kSteps * kCondition);
  backend->condition(style, got.data());
  for (size_t i = 0; i < got.size(); ++i) {
    const size_t k = i % kCondition;
    const float expected =
        style[0] * kWeight[k] + style[1] * kWeight[kCondition + k] + 0.01f * t[i / kCondition];
    EXPECT_NEAR(got[i], expected, 1e-4f) << i;
  }
}

// 1e-4 is the stated limit between fp32 backends.
TEST_P(Backends, AgreesWithTheReference) {
  const Bundle bundle = bundle_of_networks();
  const auto backend = create(bundle), judge = backend_factory("reference").create(bundle, {});
  Crowd got(1, backend.get()), expected(1, judge.get());
  got.run(backend->make_session(1, kShape).get(), 0, 1);
  expected.run(judge->make_session(1, kShape).get(), 0, 1);
  const std::vector<float> a = got.result(0), b = expected.result(0);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4f) << i;
}

// Also with fewer streams than places, and after another crowd was in the session.
TEST_P(Backends, BatchingNeverMatters) {
  const auto backend = create(bundle_of_networks());
  const auto single = backend->make_session(1, kShape), four = backend->make_session(4, kShape);
  Crowd alone(3, backend.get()), together(3, backend.get()), others(4, backend.get());
  for (size_t i = 0; i < 3; ++i) alone.run(single.get(), i, 1);
  others.run(four.get(), 0, 4);
  together.run(four.get(), 0, 3);
  for (size_t s = 0; s < 3; ++s) {
    const std::vector<float> a = together.result(s), b = alone.result(s);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-5f) << s;
  }
}

// The past of the next window is this window a hop on: given frames first, then generated ones, of which the
// weights are those that leave, in the bundle's units.
TEST_P(Backends, CarriesThePastAndGivesWeights) {
  const Bundle bundle = bundle_of_networks();
  const MotionSpec& motion = bundle.manifest.motion;
  const auto backend = create(bundle);
  Crowd crowd(1, backend.get());
  const std::vector<float> before = crowd.past[0];
  crowd.run(backend->make_session(1, kShape).get(), 0, 1);
  const std::vector<float>&past = crowd.past[0], &weights = crowd.weights[0];
  constexpr size_t kShift = kHop * kChannels;
  EXPECT_TRUE(std::equal(before.begin() + kShift, before.end(), past.begin()));
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t c = i % kChannels;
    const double w = double{past[past.size() - kShift + i]} * motion.std[c] + motion.mean[c];
    EXPECT_NEAR(weights[i], std::clamp<double>(w, motion.min[c], motion.max[c]), 2e-7) << i;
  }
}

// The noise is a function of seed and frame: it moves with neither the session nor the batch.
TEST_P(Backends, NoiseFollowsSeedAndFrame) {
  Bundle bundle = bundle_of_networks();
  const auto weights = [&](uint64_t seed, int64_t frame) {
    const auto backend = create(bundle);
    const auto session = backend->make_session(1, kShape);
    Crowd crowd(1, backend.get());
    const Window window{crowd.mel[0].data(),  crowd.condition[0].data(), seed, frame,
                        crowd.past[0].data(), crowd.weights[0].data()};
    PhaseTimes times;
    session->run({1, kShape, &window}, &times);
    return crowd.weights[0];
  };
  const std::vector<float> first = weights(1, 5);
  EXPECT_EQ(weights(1, 5), first);
  EXPECT_NE(weights(2, 5), first);
  EXPECT_NE(weights(1, 6), first);
  EXPECT_NE(weights(1, (int64_t{1} << 32) + 5), first) << "the upper half of the frame's number counts";
  bundle.manifest.motion.noise_scale = {0, 0};
  EXPECT_EQ(weights(1, 5), weights(2, 6));
}

TEST_P(Backends, RefusesWindowsOfAnotherShape) {
  const auto backend = create(bundle_of_networks());
  const auto session = backend->make_session(2, kShape);
  Crowd crowd(3, backend.get());
  EXPECT_NE(message_of([&] { crowd.run(session.get(), 0, 3); }).find("3 windows of 30 frames"),
            std::string::npos);
  EXPECT_NE(message_of([&] { crowd.run(session.get(), 0, 0); }).find("0 windows of 30 frames"),
            std::string::npos);
}

TEST_P(Backends, EnrollsSpeechOfAnyAllowedLength) {
  const auto backend = create(bundle_of_networks());
  for (const size_t n : {20u, 33u, 200u, 20u}) {
    const std::vector<float> mel = random_values(n * kMels, static_cast<uint32_t>(n));
    double mean[2] = {0, 0};
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = 0; k < 2; ++k) mean[k] += mel[i * kMels + k] / static_cast<double>(n);
    }
    float style[2];
    backend->enroll(mel.data(), n, style);
    for (size_t k = 0; k < 2; ++k) EXPECT_NEAR(style[k], mean[k], 1e-4) << n;
  }
}

TEST_P(Backends, RefusesToEnrollWhatDoesNotFit) {
  const std::vector<float> mel(201 * kMels);
  float style[2];
  const auto message = [&](const Bundle& bundle, size_t n) {
    return message_of([&] { create(bundle)->enroll(mel.data(), n, style); });
  };
  EXPECT_NE(message(bundle_of_networks(), 19).find("has 19 mel frames, the style encoder takes 20 to 200"),
            std::string::npos);
  EXPECT_NE(message(bundle_of_networks(), 201).find("has 201 mel frames"), std::string::npos);
  EXPECT_NE(message(bundle_of_networks(false), 20).find("no style encoder"), std::string::npos);
  Bundle wrong = bundle_of_networks();
  wrong.style_encoder = wrong.audio_encoder;
  EXPECT_NE(message(wrong, 20).find("\"styles\""), std::string::npos);
}

TEST_P(Backends, RefusesAConditionerThatDoesNotFit) {
  Bundle bundle = bundle_of_networks();
  bundle.conditioner = conditioner_onnx(random_tensor({2, 4}, 1, 1));
  EXPECT_NE(message_of([&] { create(bundle); }).find("\"condition\" has shape"), std::string::npos);
  bundle.conditioner = bundle.denoiser;
  EXPECT_NE(message_of([&] { create(bundle); }).find("c.onnx"), std::string::npos);
  bundle.conditioner = conditioner_onnx(f32({2, 3}, {1, 2, 3, 4, 5, std::numeric_limits<float>::infinity()}));
  std::vector<float> out(kSteps * kCondition);
  const float style[2] = {1, 1};
  EXPECT_NE(message_of([&] { create(bundle)->condition(style, out.data()); }).find("not finite"),
            std::string::npos);
}

TEST_P(Backends, LeavesTheWindowWhenANetworkFails) {
  const auto backend = create(bundle_of_networks());
  Crowd crowd(1, backend.get());
  crowd.condition[0][kCondition] = std::nanf("");  // of the second step
  const std::vector<float> before = crowd.result(0);
  const auto session = backend->make_session(1, kShape);
  EXPECT_NE(message_of([&] { crowd.run(session.get(), 0, 1); }).find("not finite"), std::string::npos);
  EXPECT_EQ(crowd.result(0), before);
}

TEST(HostLoop, RefusesABatchWhoseNumbersNoMemoryHolds) {
  for (const char* name : {"reference", "cpu"}) {
    const auto backend = backend_factory(name).create(bundle_of_networks(), {});
    EXPECT_EQ(message_of([&] { backend->make_session(size_t{1} << (8 * sizeof(size_t) - 4), kShape); }),
              "a batch of windows is more than memory can hold")
        << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Backends,
                         testing::Values("reference", "cpu"
#if defined(DT_OPENVINO_MODULE)
                                         ,
                                         "openvino"
#endif
                                         ),
                         [](const testing::TestParamInfo<const char*>& info) { return info.param; });

}  // namespace
}  // namespace dt::test
