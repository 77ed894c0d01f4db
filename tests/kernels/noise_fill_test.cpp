// Noise of many windows: the stream's own noise, alike on host and device, and its elementary functions.
#include <cmath>
#include <cstring>

#include "place.h"

namespace dt::test {
namespace {

using NoiseFill = OnEveryPlace;

TEST_P(NoiseFill, GivesEveryWindowItsOwnNoise) {
  const size_t batch = 5, window = 11, past = 4, channels = 7;
  const std::vector<uint64_t> seed{0, 1, 1, ~uint64_t{0}, 0x123456789abcdefull};
  const std::vector<int64_t> first{0, 0, 3, int64_t{1} << 40, 4294967290};
  std::mt19937 engine(test_seed());
  const std::vector<float> scale = random_floats(channels, &engine);
  const std::vector<float> before = random_floats(batch * window * channels, &engine);
  NoiseFillArgs a;
  a.seed = place().put(seed);
  a.first_frame = place().put(first);
  a.scale = place().put(scale);
  a.x_t = place().put(before);
  a.batch = batch, a.window = window, a.past = past, a.channels = channels;
  place().noise_fill(a);
  std::vector<float> expected = before;
  for (size_t b = 0; b < batch; ++b) {
    float* out = expected.data() + (b * window + past) * channels;
    fill_noise(seed[b], first[b], window - past, static_cast<int>(channels), out);
    for (size_t i = 0; i < (window - past) * channels; ++i) out[i] *= scale[i % channels];
  }
  EXPECT_EQ(place().get(a.x_t, expected.size()), expected);
}

// Enough draws to meet every branch of the reduction many times.
TEST_P(NoiseFill, GivesTheBitsOfTheHost) {
  NoiseFillArgs a;
  a.batch = 16, a.window = 200, a.channels = 52;
  std::vector<uint64_t> seed(a.batch);
  for (size_t b = 0; b < a.batch; ++b) seed[b] = test_seed() * 1000u + b;
  const size_t n = a.batch * a.window * a.channels;
  std::vector<float> got[2];
  Place* const places[] = {&place(), &host()};
  for (size_t i = 0; i < 2; ++i) {
    a.seed = places[i]->put(seed);
    a.first_frame = places[i]->put(std::vector<int64_t>(a.batch, 77));
    a.scale = places[i]->put(std::vector<float>(a.channels, 1.0f));
    a.x_t = places[i]->put(std::vector<float>(n));
    places[i]->noise_fill(a);
    got[i] = places[i]->get(a.x_t, n);
  }
  EXPECT_EQ(std::memcmp(got[0].data(), got[1].data(), n * sizeof(float)), 0);
}

DT_ON_EVERY_PLACE(NoiseFill);

// Against the C library, whose own error is below one unit in the last place.
TEST(NoiseMath, LogarithmIsThatOfTheLibrary) {
  std::mt19937_64 engine(test_seed());
  for (int i = 0; i < 200000; ++i) {
    const uint32_t r = static_cast<uint32_t>(engine());
    const double u =
        ((i < 64 ? (i % 2 == 0 ? 0xFFFFFFFFu - i : static_cast<uint32_t>(i)) : r) + 0.5) * 0x1p-32;
    const double expected = std::log(u);
    ASSERT_TRUE(std::fabs(noise_log(u) - expected) <= 3 * 0x1p-53 * std::fabs(expected)) << u;
  }
}

TEST(NoiseMath, SineAndCosineAreThoseOfTheLibrary) {
  std::mt19937_64 engine(test_seed());
  for (int i = 0; i < 200000; ++i) {
    const double u = (static_cast<uint32_t>(engine()) + 0.5) * 0x1p-32;
    double s, c;
    noise_sincos(u, &s, &c);
    const long double turn = 6.283185307179586476925286766559005768L * u;
    ASSERT_TRUE(std::fabs(s - static_cast<double>(std::sin(turn))) <= 2.3e-16) << u;
    ASSERT_TRUE(std::fabs(c - static_cast<double>(std::cos(turn))) <= 2.3e-16) << u;
  }
}

}  // namespace
}  // namespace dt::test
