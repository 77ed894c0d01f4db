#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <vector>

#include "audio/resampler.h"
#include "common/error.h"

namespace dt {
namespace {

constexpr double kPiValue = 3.14159265358979323846;

Vector<float> resample(const Vector<float>& in, int rate_in, int rate_out, size_t chunk = SIZE_MAX) {
  Resampler resampler(rate_in, rate_out);
  Vector<float> out;
  for (size_t i = 0; i < in.size(); i += std::min(chunk, in.size() - i)) {
    resampler.push(in.data() + i, std::min(chunk, in.size() - i), out);
  }
  resampler.flush(out);
  return out;
}

Vector<float> white_noise(size_t n) {
  std::mt19937 generator(7);
  std::uniform_real_distribution<float> value(-1, 1);
  Vector<float> x(n);
  for (float& v : x) v = value(generator);
  return x;
}

Vector<float> tone(double hz, int rate, size_t n) {
  Vector<float> x(n);
  for (size_t i = 0; i < n; ++i)
    x[i] = static_cast<float>(std::cos(2 * kPiValue * hz * static_cast<double>(i) / rate + 0.3));
  return x;
}

class ResamplerRates : public testing::TestWithParam<std::tuple<int, int>> {
 protected:
  int rate_in() const { return std::get<0>(GetParam()); }
  int rate_out() const { return std::get<1>(GetParam()); }
  double nyquist() const { return 0.5 * std::min(rate_in(), rate_out()); }
};

TEST_P(ResamplerRates, GivesCeilOfTheRatioOfSamples) {
  for (size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{160}, size_t{1001}}) {
    const size_t expected = (n * static_cast<size_t>(rate_out()) + static_cast<size_t>(rate_in()) - 1) /
                            static_cast<size_t>(rate_in());
    EXPECT_EQ(resample(white_noise(n), rate_in(), rate_out()).size(), expected) << n << " samples";
  }
}

TEST_P(ResamplerRates, ChunkingNeverMatters) {
  const Vector<float> in = white_noise(20000), whole = resample(in, rate_in(), rate_out());
  for (size_t chunk : {1, 7, 160, 999, 16000}) {
    EXPECT_EQ(resample(in, rate_in(), rate_out(), chunk), whole) << "chunks of " << chunk;
  }
}

// Float coefficients and sums stay below 1e-6; the
// interpolated tables of awkward rates add 1.2e-6 of the peak.
TEST_P(ResamplerRates, EqualsTheSincSumInDouble) {
  if (rate_in() == rate_out()) return;
  const Vector<float> in = white_noise(3000), out = resample(in, rate_in(), rate_out());
  const double ratio = std::min(1.0, static_cast<double>(rate_out()) / rate_in());
  for (size_t j = 0; j < out.size(); j += 1 + out.size() / 97) {
    const double time = static_cast<double>(j) * rate_in() / rate_out();
    double expected = 0;
    for (size_t i = 0; i < in.size(); ++i)
      expected += in[i] * resampler_impulse(static_cast<double>(i) - time, ratio);
    EXPECT_TRUE(std::fabs(out[j] - expected) <= 8e-6) << "output " << j;
  }
}

// 0.05 dB of a unit tone is 5.8e-3; the filter does much better.
TEST_P(ResamplerRates, TonesInThePassBandKeepAmplitudeAndPhase) {
  const size_t n = static_cast<size_t>(rate_in()) / 4 + static_cast<size_t>(400 * rate_in() / nyquist());
  for (double part : {0.02, 0.5, 0.91}) {
    const Vector<float> out = resample(tone(part * nyquist(), rate_in(), n), rate_in(), rate_out());
    const Vector<float> expected = tone(part * nyquist(), rate_out(), out.size());
    for (size_t j = out.size() / 3; j < out.size() * 2 / 3; ++j) {
      ASSERT_TRUE(std::fabs(out[j] - expected[j]) <= 2e-5) << part << " of Nyquist, output " << j;
    }
  }
}

TEST_P(ResamplerRates, TonesAboveTheOutputNyquistAre100DecibelsDown) {
  if (rate_in() <= rate_out()) return;
  const size_t n = static_cast<size_t>(rate_in()) / 4 + static_cast<size_t>(400 * rate_in() / nyquist());
  for (double hz = nyquist(); hz < 0.5 * rate_in(); hz = 1.17 * hz + 10) {
    const Vector<float> out = resample(tone(hz, rate_in(), n), rate_in(), rate_out());
    for (size_t j = out.size() / 3; j < out.size() * 2 / 3; ++j) {
      ASSERT_TRUE(std::fabs(out[j]) <= 1e-5) << hz << " Hz, output " << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, ResamplerRates,
                         testing::Values(std::tuple(16000, 16000), std::tuple(44100, 16000),
                                         std::tuple(48000, 16000), std::tuple(8000, 16000),
                                         std::tuple(22051, 16000), std::tuple(16000, 22050),
                                         std::tuple(15999, 16000), std::tuple(96000, 11025)));

TEST(Resampler, ExtremeRatesWork) {
  for (auto [rate_in, rate_out] :
       {std::tuple(1000, 768000), std::tuple(767999, 16000), std::tuple(768000, 1000)}) {
    const Vector<float> in = white_noise(5000), out = resample(in, rate_in, rate_out);
    EXPECT_EQ(out.size(),
              (5000 * static_cast<size_t>(rate_out) + rate_in - 1) / static_cast<size_t>(rate_in));
    EXPECT_EQ(resample(in, rate_in, rate_out, 37), out);
  }
}

TEST(Resampler, EqualRatesCopy) {
  const Vector<float> in = white_noise(1000);
  EXPECT_EQ(resample(in, 16000, 16000), in);
  EXPECT_EQ(Resampler(16000, 16000).latency_in_samples(), 0);
}

TEST(Resampler, DoesNotDrift) {
  const size_t rate_in = 44100, rate_out = 16000, seconds = 40;
  Vector<float> in(rate_in * (seconds + 1));
  in[rate_in] = in[rate_in * seconds] = 1.0f;
  const Vector<float> out = resample(in, static_cast<int>(rate_in), static_cast<int>(rate_out));
  for (size_t j = 0; j < 200; ++j) EXPECT_EQ(out[rate_out - 100 + j], out[rate_out * seconds - 100 + j]);
  EXPECT_EQ(std::max_element(out.begin() + rate_out * 2, out.end()) - out.begin(), rate_out * seconds);
}

TEST(Resampler, FlushAndResetStartAgain) {
  const Vector<float> in = white_noise(3000), expected = resample(in, 44100, 16000);
  Resampler resampler(44100, 16000);
  Vector<float> dropped, again;
  resampler.push(in.data(), 1234, dropped);
  resampler.reset();
  resampler.push(in.data(), in.size(), again);
  resampler.flush(again);
  EXPECT_EQ(again, expected);
  again.clear();
  resampler.push(in.data(), in.size(), again);
  resampler.flush(again);
  EXPECT_EQ(again, expected);
}

TEST(Resampler, LatencyIsWhatAnOutputWaitsFor) {
  Resampler resampler(48000, 16000);
  const int64_t latency = resampler.latency_in_samples();
  const Vector<float> in(static_cast<size_t>(latency) + 1, 0.5f);
  Vector<float> out;
  resampler.push(in.data(), static_cast<size_t>(latency), out);
  EXPECT_EQ(out.size(), 0u);
  resampler.push(in.data(), 1, out);
  EXPECT_EQ(out.size(), 1u);
}

TEST(Resampler, RefusesRatesOutOfRange) {
  for (int rate : {0, -1, 999, 768001}) {
    EXPECT_THROW(Resampler(rate, 16000), Error) << rate;
    EXPECT_THROW(Resampler(16000, rate), Error) << rate;
  }
}

}  // namespace
}  // namespace dt
