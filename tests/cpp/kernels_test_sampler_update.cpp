#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/sampler_update.h"

namespace dt {
namespace {

TEST(SamplerCoefficients, LastStepReturnsX0) {
  const SamplerCoefficients c = sampler_coefficients(0.9, 1.0);
  EXPECT_EQ(c.c_x, 0.0f);
  EXPECT_EQ(c.c_x0, 1.0f);
}

TEST(SamplerCoefficients, FirstStepFromPureNoise) {
  const SamplerCoefficients c = sampler_coefficients(0.0, 0.36);
  EXPECT_FLOAT_EQ(c.c_x, 0.8f);
  EXPECT_FLOAT_EQ(c.c_x0, 0.6f);
}

// x_t = sqrt(a) x0 + sqrt(1 - a) eps must go to sqrt(a') x0 + sqrt(1 - a') eps: eq. 12 with sigma = 0.
TEST(SamplerCoefficients, KeepTheNoiseDirection) {
  const double alpha_bar = 0.3, alpha_bar_prev = 0.7, x0 = 0.4, eps = -1.3;
  const SamplerCoefficients c = sampler_coefficients(alpha_bar, alpha_bar_prev);
  const double x_t = std::sqrt(alpha_bar) * x0 + std::sqrt(1 - alpha_bar) * eps;
  const double expected = std::sqrt(alpha_bar_prev) * x0 + std::sqrt(1 - alpha_bar_prev) * eps;
  const float got = sampler_update(static_cast<float>(x_t), static_cast<float>(x0), c);
  EXPECT_TRUE(std::fabs(got - expected) <= 1e-6) << got << " " << expected;
}

TEST(SamplerUpdateRef, ClampsAndLeavesThePastAlone) {
  // Two windows of three frames (one of them past), two channels.
  std::vector<float> x_t = {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6};
  const std::vector<float> x0 = {9, 9, 0.5f, -9, 9, 0.25f, 9, 9, 0, 0, -9, 9};
  const float lo[] = {-1, -2}, hi[] = {1, 2};
  sampler_update_ref(x_t.data(), x0.data(), lo, hi, 2, 3, 1, 2, {0.5f, 2.0f});
  EXPECT_EQ(x_t, (std::vector<float>{1, 2, 2.5f, -2, 4.5f, 3.5f, -1, -2, -1.5f, -2, -4.5f, 1}));
}

TEST(SamplerUpdateRef, PastOfTheWholeWindowChangesNothing) {
  std::vector<float> x_t = {1, 2, 3};
  const std::vector<float> x0 = {0, 0, 0}, lo = {-9}, hi = {9};
  sampler_update_ref(x_t.data(), x0.data(), lo.data(), hi.data(), 1, 3, 3, 1, {0.0f, 1.0f});
  EXPECT_EQ(x_t, (std::vector<float>{1, 2, 3}));
}

TEST(SamplerUpdateRef, NanPredictionsNeverPass) {
  std::vector<float> x_t = {1};
  const std::vector<float> x0 = {std::numeric_limits<float>::quiet_NaN()}, lo = {-3}, hi = {3};
  sampler_update_ref(x_t.data(), x0.data(), lo.data(), hi.data(), 1, 1, 0, 1, {0.0f, 1.0f});
  EXPECT_EQ(x_t[0], -3.0f);
}

}  // namespace
}  // namespace dt
