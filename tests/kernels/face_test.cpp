// What comes after the sampler: weights, and vertices of a sparse rig.
#include <algorithm>
#include <cmath>

#include "place.h"

namespace dt::test {
namespace {

using Face = OnEveryPlace;

TEST_P(Face, DenormaliseFollowsTheFormula) {
  DenormaliseArgs a;
  a.batch = 3, a.window = 27, a.past = 18, a.hop = 6, a.channels = 52;
  std::mt19937 engine(test_seed());
  std::vector<float> x_t = random_floats(a.batch * a.window * a.channels, &engine, 3.0f);
  x_t[18 * 52] = std::nanf("");
  const std::vector<float> std = random_floats(52, &engine), mean = random_floats(52, &engine);
  const std::vector<float> lo(52, -0.5f), hi(52, 1.0f);
  const size_t n = a.batch * a.hop * a.channels;
  std::vector<float> got[2];
  Place* const places[] = {&place(), &host()};
  for (size_t i = 0; i < 2; ++i) {
    a.x_t = places[i]->put(x_t);
    a.std = places[i]->put(std), a.mean = places[i]->put(mean);
    a.lo = places[i]->put(lo), a.hi = places[i]->put(hi);
    a.w = places[i]->put(std::vector<float>(n));
    places[i]->denormalise(a);
    got[i] = places[i]->get(a.w, n);
  }
  EXPECT_EQ(got[0], got[1]);
  EXPECT_EQ(got[0][0], -0.5f) << "a NaN must not reach a weight";
  for (size_t i = 1; i < n; ++i) {
    const size_t b = i / (6 * 52), c = i % 52;
    const double z = x_t[(b * 27 + 18) * 52 + i % (6 * 52)], w = z * std[c] + mean[c];
    const double limit = 3 * 0x1p-24 * (std::fabs(z * std[c]) + std::fabs(mean[c]));
    ASSERT_TRUE(std::fabs(got[0][i] - std::clamp(w, -0.5, 1.0)) <= limit) << i;
  }
}

// A rig of which every vertex has its own number of deltas, some none, against dense arithmetic in double.
TEST_P(Face, RigIsTheDenseSumOfShapes) {
  const size_t n_vertices = 301, channels = 17, n_frames = 4;
  std::mt19937 engine(test_seed());
  std::vector<uint32_t> row{0}, channel;
  for (size_t v = 0; v < n_vertices; ++v) {
    for (uint32_t c = 0; c < channels; ++c) {
      if (engine() % 8 < v % 4) channel.push_back(c);
    }
    row.push_back(static_cast<uint32_t>(channel.size()));
  }
  const std::vector<float> delta = random_floats(3 * channel.size(), &engine);
  const std::vector<float> neutral = random_floats(3 * n_vertices, &engine);
  const std::vector<float> weights = random_floats(n_frames * channels, &engine);
  std::vector<float> got[2];
  Place* const places[] = {&place(), &host()};
  for (size_t i = 0; i < 2; ++i) {
    RigArgs a;
    a.rig.neutral = places[i]->put(neutral);
    a.rig.row = places[i]->put(row), a.rig.channel = places[i]->put(channel);
    a.rig.delta = places[i]->put(delta), a.rig.n_vertices = n_vertices;
    a.weights = places[i]->put(weights);
    a.vertices = places[i]->put(std::vector<float>(n_frames * n_vertices * 3));
    a.n_frames = n_frames, a.channels = channels;
    places[i]->rig(a);
    got[i] = places[i]->get(a.vertices, n_frames * n_vertices * 3);
  }
  EXPECT_EQ(got[0], got[1]);
  for (size_t i = 0; i < got[0].size(); ++i) {
    const size_t f = i / (3 * n_vertices), v = i / 3 % n_vertices, axis = i % 3;
    double sum = neutral[3 * v + axis], magnitude = std::fabs(sum);
    for (uint32_t k = row[v]; k < row[v + 1]; ++k) {
      const double term = double{weights[f * channels + channel[k]]} * delta[3 * k + axis];
      sum += term;
      magnitude += std::fabs(term);
    }
    // One rounding per product and per sum of a row.
    ASSERT_TRUE(std::fabs(got[0][i] - sum) <= (row[v + 1] - row[v] + 1) * 0x1p-23 * magnitude) << i;
  }
}

DT_ON_EVERY_PLACE(Face);

}  // namespace
}  // namespace dt::test
