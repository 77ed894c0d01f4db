// The carry of the past, which only moves values.
#include "place.h"

namespace dt::test {
namespace {

using Layout = OnEveryPlace;

// Through two windows the past is what the shift by a hop says, also where it overlaps itself.
TEST_P(Layout, ThePastIsTheWindowOneHopOn) {
  const size_t batch = 3, window = 9, past = 6, hop = 2, channels = 5;
  std::mt19937 engine(test_seed());
  const std::vector<float> x_t = random_floats(batch * window * channels, &engine);
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
