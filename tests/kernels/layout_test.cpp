// Kernels that only move values: gather, scatter, carry of the past.
#include "place.h"

namespace dt::test {
namespace {

class Layout : public OnEveryPlace {
 protected:
  // Rows somewhere in memory, of which every second is not aligned.
  std::vector<float*> rows_of(const std::vector<std::vector<float>>& values) {
    std::vector<float*> rows;
    for (size_t i = 0; i < values.size(); ++i) rows.push_back(place().put(values[i], i % 2));
    return rows;
  }
  std::vector<std::vector<float>> random_rows(size_t n, size_t size) {
    std::vector<std::vector<float>> rows;
    for (size_t i = 0; i < n; ++i) rows.push_back(random_floats(size, &engine_));
    return rows;
  }
  RaggedArgs args(const std::vector<float*>& rows, uint32_t n, size_t places,
                  const std::vector<float>& dense) {
    RaggedArgs a;
    a.rows = place().put(rows);
    a.n_rows = place().put(std::vector<uint32_t>{n});
    a.dense = place().put(dense);
    a.places = places, a.row_size = dense.size() / places;
    return a;
  }
  std::mt19937 engine_{test_seed()};
};

TEST_P(Layout, GatherRepeatsTheFirstRowInFreePlaces) {
  for (const size_t size : {1u, 3u, 4u, 1404u, 16000u}) {
    const auto rows = random_rows(3, size);
    const RaggedArgs a = args(rows_of(rows), 3, 5, std::vector<float>(5 * size, -1));
    place().gather(a);
    const std::vector<float> got = place().get(a.dense, 5 * size);
    for (size_t p = 0; p < 5; ++p) {
      const std::vector<float>& expected = rows[p < 3 ? p : 0];
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(), got.begin() + static_cast<long>(p * size)))
          << p;
    }
  }
}

TEST_P(Layout, ScatterWritesTheRowsThereAreAndNoOther) {
  const size_t size = 1405;
  const auto rows = random_rows(4, size);
  const std::vector<float*> memory = rows_of(rows);
  const std::vector<float> dense = random_floats(4 * size, &engine_);
  place().scatter(args(memory, 3, 4, dense));
  for (size_t p = 0; p < 4; ++p) {
    const auto begin = dense.begin() + static_cast<long>(p * size);
    const std::vector<float> expected = p < 3 ? std::vector<float>(begin, begin + size) : rows[p];
    EXPECT_EQ(place().get(memory[p], size), expected) << p;
  }
}

TEST_P(Layout, WithoutRowsNothingMoves) {
  const std::vector<float> dense{1, 2, 3, 4};
  const RaggedArgs a = args({nullptr, nullptr}, 0, 2, dense);
  place().gather(a);
  place().scatter(a);
  EXPECT_EQ(place().get(a.dense, 4), dense);
}

// Through two windows the past is what the shift by a hop says, also where it overlaps itself.
TEST_P(Layout, ThePastIsTheWindowOneHopOn) {
  const size_t batch = 3, window = 9, past = 6, hop = 2, channels = 5;
  const std::vector<float> x_t = random_floats(batch * window * channels, &engine_);
  PastCarryArgs a;
  a.x_t = place().put(x_t);
  a.past = place().put(std::vector<float>(batch * past * channels));
  a.batch = batch, a.window = window, a.past_frames = past, a.hop = hop, a.channels = channels;
  place().keep_past(a);
  place().put_past(a);
  const std::vector<float> got = place().get(a.x_t, x_t.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const bool is_past = i / channels % window < past;
    EXPECT_EQ(got[i], is_past ? x_t[i + hop * channels] : x_t[i]) << i;
  }
}

DT_ON_EVERY_PLACE(Layout);

}  // namespace
}  // namespace dt::test
