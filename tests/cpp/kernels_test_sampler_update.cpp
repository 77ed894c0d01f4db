#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/sampler_step.h"

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

// The past is the condition, not the sample; a NaN becomes the lower limit, so that none passes.
TEST(SamplerStepRef, ClampsAndLeavesThePastAlone) {
  // Two windows of three frames (one of them past), two channels.
  std::vector<float> x_t = {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6};
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x0 = {9, 9, 0.5f, -9, 9, 0.25f, 9, 9, 0, 0, nan, 9};
  const float lo[] = {-1, -2}, hi[] = {1, 2};
  const SamplerCoefficients coefficients{0.5f, 2.0f};
  std::vector<uint32_t> faults(2);
  SamplerStepArgs step;
  step.x_t = x_t.data(), step.x0 = x0.data(), step.lo = lo, step.hi = hi;
  step.coefficients = &coefficients, step.faults = faults.data();
  step.batch = 2, step.window = 3, step.past = 1, step.channels = 2;
  sampler_step_ref(step);
  EXPECT_EQ(x_t, (std::vector<float>{1, 2, 2.5f, -2, 4.5f, 3.5f, -1, -2, -1.5f, -2, -4.5f, 1}));
  EXPECT_EQ(faults, (std::vector<uint32_t>{0, 1}));
}

}  // namespace
}  // namespace dt
