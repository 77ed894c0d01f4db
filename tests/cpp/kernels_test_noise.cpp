#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/noise.h"
#include "kernels/philox.h"

namespace dt {
namespace {

struct KnownAnswer {
  Philox4x32 counter;
  PhiloxKey key;
  Philox4x32 expected;
};

// kat_vectors of Random123 (D. E. Shaw Research), philox4x32-10.
TEST(Philox, MatchesThePublishedVectors) {
  const KnownAnswer answers[] = {
      {{{0, 0, 0, 0}}, {{0, 0}}, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}}},
      {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}},
       {{0xffffffff, 0xffffffff}},
       {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}}},
      {{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}},
       {{0xa4093822, 0x299f31d0}},
       {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}},
  };
  for (const KnownAnswer& a : answers) {
    const Philox4x32 got = philox_4x32_10(a.counter, a.key);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(got.v[i], a.expected.v[i]) << "word " << i;
  }
}

std::vector<float> noise(uint64_t seed, int64_t first, size_t n_frames, int n_channels) {
  std::vector<float> out(n_frames * static_cast<size_t>(n_channels));
  fill_noise(seed, first, n_frames, n_channels, out.data());
  return out;
}

// Limits: five standard deviations of each estimator for n independent normals.
TEST(Noise, IsStandardNormal) {
  const std::vector<float> x = noise(1234, 0, 20000, 52);
  const double n = static_cast<double>(x.size());
  double sum = 0, squares = 0, fourth = 0;
  for (float v : x) sum += v;
  const double mean = sum / n;
  for (float v : x) {
    const double d = v - mean;
    squares += d * d;
    fourth += d * d * d * d;
  }
  const double variance = squares / n, kurtosis = fourth / n / (variance * variance);
  EXPECT_TRUE(std::fabs(mean) <= 5 / std::sqrt(n)) << mean;
  EXPECT_TRUE(std::fabs(variance - 1) <= 5 * std::sqrt(2 / n)) << variance;
  EXPECT_TRUE(std::fabs(kurtosis - 3) <= 5 * std::sqrt(24 / n)) << kurtosis;
}

TEST(Noise, NeighbouringFramesAndChannelsAreUncorrelated) {
  const size_t n_frames = 20000, n_channels = 8;
  const std::vector<float> x = noise(5, 1000, n_frames, n_channels);
  double along_time = 0, along_channels = 0;
  const size_t n = (n_frames - 1) * (n_channels - 1);
  for (size_t i = 0; i + 1 < n_frames; ++i) {
    for (size_t c = 0; c + 1 < n_channels; ++c) {
      const float here = x[i * n_channels + c];
      along_time += here * x[(i + 1) * n_channels + c];
      along_channels += here * x[i * n_channels + c + 1];
    }
  }
  const double limit = 5 / std::sqrt(static_cast<double>(n));
  EXPECT_TRUE(std::fabs(along_time / static_cast<double>(n)) <= limit);
  EXPECT_TRUE(std::fabs(along_channels / static_cast<double>(n)) <= limit);
}

TEST(Noise, DoesNotDependOnTheOriginOfTheWindow) {
  const int64_t origins[] = {0, 1, 4000000000, int64_t{1} << 40};  // on both sides of 32 bits
  for (int64_t first : origins) {
    const std::vector<float> whole = noise(99, first, 40, 52), tail = noise(99, first + 15, 25, 52);
    EXPECT_EQ(std::memcmp(whole.data() + 15 * 52, tail.data(), tail.size() * sizeof(float)), 0) << first;
  }
}

TEST(Noise, AChannelDoesNotDependOnTheNumberOfChannels) {
  const std::vector<float> few = noise(7, 3, 10, 5), many = noise(7, 3, 10, 52);
  for (size_t i = 0; i < 10; ++i) {
    for (size_t c = 0; c < 5; ++c) EXPECT_EQ(few[i * 5 + c], many[i * 52 + c]);
  }
}

TEST(Noise, EveryBitOfTheSeedMatters) {
  const std::vector<float> base = noise(0, 0, 1, 4);
  for (int bit = 0; bit < 64; ++bit) EXPECT_NE(noise(uint64_t{1} << bit, 0, 1, 4), base) << "bit " << bit;
}

// First values of python/diffusiontalker/spec/noise.py, seed 2^32 + 7, frame 2^32 + 1, rounded to float.
TEST(Noise, MatchesTheSpecification) {
  const std::vector<float> x = noise((uint64_t{1} << 32) + 7, (int64_t{1} << 32) + 1, 1, 6);
  const float expected[] = {-1.34545529f, 0.367432207f,  0.166820332f,
                            0.122344345f, 0.0453379266f, -1.25271773f};
  for (size_t i = 0; i < 6; ++i) EXPECT_TRUE(std::fabs(x[i] - expected[i]) <= 2e-7f) << i << " " << x[i];
}

}  // namespace
}  // namespace dt
