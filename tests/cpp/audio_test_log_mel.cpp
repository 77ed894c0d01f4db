#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <vector>

#include "audio/fft.h"
#include "audio/log_mel.h"
#include "common/error.h"

namespace dt {
namespace {

constexpr double kPi = 3.14159265358979323846;
const MelSpec kSpec{16000, 80, 400, 160, 512, 20.0, 8000.0, 1e-5};

Vector<float> log_mel(const Vector<float>& audio, const MelSpec& spec, size_t chunk = SIZE_MAX) {
  LogMel mel(spec);
  Vector<float> rows;
  for (size_t i = 0; i < audio.size(); i += std::min(chunk, audio.size() - i)) {
    mel.push(audio.data() + i, std::min(chunk, audio.size() - i), rows);
  }
  mel.flush(rows);
  return rows;
}

// A tone that glides through the band, plus noise.
Vector<float> test_audio(size_t n) {
  std::mt19937 generator(3);
  std::normal_distribution<float> noise(0, 0.01f);
  Vector<float> x(n);
  for (size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) / 16000;
    x[i] = 0.3f * static_cast<float>(std::sin(2 * kPi * (100 * t + 4000 * t * t))) + noise(generator);
  }
  return x;
}

// The definition of docs/bundle-format.md, word for word and slow.
double direct_feature(const Vector<float>& audio, const MelSpec& s, int row, int filter) {
  const auto mel = [](double f) { return 2595 * std::log10(1 + f / 700); };
  const auto edge = [&](int i) {
    const double m = mel(s.f_min_hz) + (mel(s.f_max_hz) - mel(s.f_min_hz)) * i / (s.n_mels + 1);
    return 700 * (std::pow(10.0, m / 2595) - 1);
  };
  const double low = edge(filter), mid = edge(filter + 1), high = edge(filter + 2);
  double energy = 0;
  for (int b = 0; b <= s.n_fft / 2; ++b) {
    const double hz = static_cast<double>(b) * s.sample_rate_hz / s.n_fft;
    const double weight = std::max(0.0, std::min((hz - low) / (mid - low), (high - hz) / (high - mid)));
    if (weight == 0) continue;
    std::complex<double> sum = 0;
    for (int i = 0; i < s.window_length; ++i) {
      const int at = row * s.hop_length - s.window_length / 2 + i;
      if (at < 0 || at >= static_cast<int>(audio.size())) continue;
      const double hann = 0.5 - 0.5 * std::cos(2 * kPi * i / s.window_length);
      sum += static_cast<double>(audio[static_cast<size_t>(at)]) * hann *
             std::polar(1.0, -2 * kPi * b * i / s.n_fft);
    }
    energy += weight * std::norm(sum);
  }
  return std::log(energy + s.log_floor);
}

TEST(RealFft, EqualsTheDirectTransform) {
  for (size_t n : {4, 8, 64, 512}) {
    std::mt19937 generator(1);
    std::uniform_real_distribution<double> value(-1, 1);
    Vector<double> x(n), work(n), power(n / 2 + 1);
    for (double& v : x) v = value(generator);
    RealFft(n).power_spectrum(x.data(), work.data(), power.data());
    for (size_t b = 0; b <= n / 2; ++b) {
      std::complex<double> sum = 0;
      for (size_t i = 0; i < n; ++i)
        sum += x[i] * std::polar(1.0, -2 * kPi * static_cast<double>(b * i % n) / n);
      EXPECT_TRUE(std::fabs(power[b] - std::norm(sum)) <= 1e-10) << n << " bin " << b;
    }
  }
}

// The result is rounded to float once, 1e-6 for features up to 10.
TEST(LogMel, EqualsTheDefinition) {
  const MelSpec specs[] = {kSpec, {16000, 40, 401, 137, 1024, 0.0, 7600.0, 1e-3}};
  for (const MelSpec& spec : specs) {
    const Vector<float> audio = test_audio(2500), rows = log_mel(audio, spec);
    const int n_rows = (2500 + spec.hop_length - 1) / spec.hop_length;
    ASSERT_EQ(rows.size(), static_cast<size_t>(n_rows * spec.n_mels));
    for (int row = 0; row < n_rows; row += 3) {
      for (int f = 0; f < spec.n_mels; f += 7) {
        const double got = static_cast<double>(rows[static_cast<size_t>(row * spec.n_mels + f)]);
        EXPECT_TRUE(std::fabs(got - direct_feature(audio, spec, row, f)) <= 2e-6) << row << " " << f;
      }
    }
  }
}

TEST(LogMel, ChunkingNeverMatters) {
  const Vector<float> audio = test_audio(20000), whole = log_mel(audio, kSpec);
  for (size_t chunk : {1, 7, 160, 999, 16000}) EXPECT_EQ(log_mel(audio, kSpec, chunk), whole) << chunk;
}

TEST(LogMel, GivesOneRowPerStartedHop) {
  for (size_t n : {0, 1, 159, 160, 161, 199, 200, 201, 399, 400, 401, 4800}) {
    EXPECT_EQ(log_mel(test_audio(n), kSpec).size(), (n + 159) / 160 * 80) << n << " samples";
  }
}

// Row m is complete with sample m * 160 + 199: the latency that docs/bundle-format.md promises.
TEST(LogMel, ARowLeavesWithItsLastSample) {
  const Vector<float> audio = test_audio(1000);
  LogMel mel(kSpec);
  Vector<float> rows;
  mel.push(audio.data(), 3 * 160 + 199, rows);
  EXPECT_EQ(rows.size(), 3u * 80u);
  mel.push(audio.data() + 3 * 160 + 199, 1, rows);
  EXPECT_EQ(rows.size(), 4u * 80u);
}

TEST(LogMel, SilenceIsTheFloor) {
  for (float v : log_mel(Vector<float>(1600, 0.0f), kSpec)) EXPECT_EQ(v, std::log(1e-5f));
}

TEST(LogMel, FlushAndResetStartAgain) {
  const Vector<float> audio = test_audio(3000), expected = log_mel(audio, kSpec);
  LogMel mel(kSpec);
  Vector<float> rows;
  mel.push(audio.data(), 777, rows);
  mel.reset();
  for (int pass = 0; pass < 2; ++pass) {
    rows.clear();
    mel.push(audio.data(), audio.size(), rows);
    mel.flush(rows);
    EXPECT_EQ(rows, expected) << pass;
  }
}

TEST(LogMel, RefusesImpossibleSpecs) {
  const auto with = [](auto change) {
    MelSpec spec = kSpec;
    change(spec);
    return spec;
  };
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.n_fft = 500; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.n_fft = 256; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.hop_length = 0; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.n_mels = -1; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.f_max_hz = 10; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.log_floor = 0; })), Error);
  EXPECT_THROW(LogMel(with([](MelSpec& s) { s.log_floor = std::numeric_limits<double>::quiet_NaN(); })),
               Error);
}

}  // namespace
}  // namespace dt
