// Several channels as one: the mean, or the loudest channel where the mean loses the sound.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "audio/downmix.h"

namespace {

constexpr int kRate = 16000;

// A tone that begins after 0.1 s of silence, times a gain for every channel.
std::vector<float> tone(const std::vector<float>& gains, size_t n_frames, float hiss = 0) {
  std::vector<float> samples;
  unsigned state = 1;
  for (size_t i = 0; i < n_frames; ++i) {
    const double t = static_cast<double>(i) / kRate;
    const auto value = static_cast<float>(t < 0.1 ? 0 : 0.3 * std::sin(1500 * t));
    for (const float gain : gains) {
      state = state * 1664525u + 1013904223u;
      samples.push_back(gain * value + hiss * (static_cast<float>(state >> 16) / 32768.0f - 1));
    }
  }
  return samples;
}

std::vector<float> mixed(const std::vector<float>& samples, int n_channels, size_t chunk = 0) {
  const size_t n = samples.size() / static_cast<size_t>(n_channels);
  std::vector<float> mono(n);
  dt::Downmix downmix;
  for (size_t at = 0; at < n;) {
    const size_t size = chunk == 0 ? n : std::min(chunk, n - at);
    downmix.mix(samples.data() + at * static_cast<size_t>(n_channels), size, n_channels, kRate,
                mono.data() + at);
    at += size;
  }
  return mono;
}

double power(const std::vector<float>& mono, size_t from) {
  double sum = 0;
  for (size_t i = from; i < mono.size(); ++i) sum += mono[i] * mono[i];
  return sum / static_cast<double>(mono.size() - from);
}

}  // namespace

TEST(Downmix, OneChannelIsUntouched) {
  const auto samples = tone({1}, 4000);
  EXPECT_EQ(mixed(samples, 1), samples);
}

TEST(Downmix, EqualOrUncorrelatedChannelsGiveExactlyTheirMean) {
  for (const auto& samples : {tone({1, 1}, 8000), tone({1, 0}, 8000), tone({0.2f, 0.2f}, 8000, 0.3f)}) {
    const auto mono = mixed(samples, 2);
    for (size_t i = 0; i < mono.size(); ++i) {
      ASSERT_EQ(mono[i], static_cast<float>((static_cast<double>(samples[2 * i]) + samples[2 * i + 1]) / 2));
    }
  }
}

TEST(Downmix, InvertedChannelsGiveTheLouderOne) {
  for (const float right : {-1.0f, -0.95f, -1.05f}) {
    const auto mono = mixed(tone({1, right}, 8000), 2);
    EXPECT_NEAR(power(mono, 4000), 0.045, 0.006) << right;
  }
}

TEST(Downmix, InvertedChannelsWithHissAreFoundWhenTheVoiceBegins) {
  const auto mono = mixed(tone({1, -1}, 8000, 0.001f), 2);
  EXPECT_GT(power(mono, 2400), 0.03);  // from 50 ms after its beginning
}

TEST(Downmix, TheChannelDoesNotFlipBetweenEqualOnes) {
  const auto samples = tone({1, -1}, 8000, 0.0001f);
  const auto mono = mixed(samples, 2);
  int flips = 0;
  for (size_t i = 2400; i < mono.size(); ++i) {
    if (std::fabs(mono[i] - samples[2 * i]) > 0.01f) ++flips;
  }
  EXPECT_TRUE(flips == 0 || flips == static_cast<int>(mono.size()) - 2400) << flips;
}

TEST(Downmix, ManyChannelsWithOneVoiceGiveIt) {
  std::vector<float> gains(64, 0.0f);
  gains[17] = 1;
  EXPECT_GT(power(mixed(tone(gains, 8000), 64), 4000), 0.03);
}

TEST(Downmix, WhatComesOutDoesNotDependOnTheChunks) {
  const auto samples = tone({1, -0.97f}, 8000, 0.01f);
  const auto whole = mixed(samples, 2);
  for (const size_t chunk : {1, 7, 160, 4001}) EXPECT_EQ(mixed(samples, 2, chunk), whole);
}

TEST(Downmix, AResetForgetsAndAnotherNumberOfChannelsResets) {
  dt::Downmix downmix;
  const auto inverted = tone({1, -1}, 8000), plain = tone({1, 1, 1}, 8000);
  std::vector<float> mono(8000), again(8000);
  downmix.mix(inverted.data(), 8000, 2, kRate, again.data());
  downmix.mix(plain.data(), 8000, 3, kRate, mono.data());
  EXPECT_EQ(mono, mixed(plain, 3));
  downmix.reset();
  downmix.mix(inverted.data(), 8000, 2, kRate, mono.data());
  EXPECT_EQ(mono, again);
}

TEST(Downmix, HugeAndTinySamplesStayFinite) {
  const std::vector<float> samples = {3e38f, -3e38f, 3e38f, 3e38f, 1e-30f, 1e-30f, 0, 0};
  for (const float value : mixed(samples, 2)) {
    EXPECT_TRUE(std::isfinite(value));
    EXPECT_LE(std::fabs(value), 1e6f);
  }
}
