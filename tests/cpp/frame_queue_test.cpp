// The frames between windows and pulls: their order, the ring's ends, the easing, where pulled frames go.
#include "runtime/frame_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "runtime/post.h"

namespace dt::test {
namespace {

constexpr int kHop = 3;
using Floats = std::vector<float>;

// Two weights at rest {0.5, 0}, and with a head pose three more values at rest 0.
MotionSpec motion_of(bool has_head_pose) {
  MotionSpec motion;
  motion.rest = {0.5f, 0};
  motion.has_head_pose = has_head_pose;
  motion.rest.resize(has_head_pose ? 5 : 2);
  motion.mean.resize(motion.rest.size());
  return motion;
}

const MotionSpec& two_weights() {
  static const MotionSpec motion = motion_of(false);
  return motion;
}

// Frame i is {i, -i}.
void add(FrameQueue* queue, int first, int n) {
  for (int i = first; i < first + n; ++i) {
    float* const frame = queue->add();
    frame[0] = static_cast<float>(i);
    frame[1] = -static_cast<float>(i);
  }
}

Floats take(FrameQueue* queue, size_t capacity) {
  Floats weights(2 * capacity);
  FrameQueue::Target to{weights.data(), nullptr};
  weights.resize(2 * queue->take(&to, capacity));
  return weights;
}

TEST(FrameQueue, GivesFramesInOrderAroundTheEndOfTheRing) {
  FrameQueue queue(two_weights(), kHop);
  int n_taken = 0;
  for (int hop = 0; hop < 5; ++hop) {
    ASSERT_TRUE(queue.has_room());
    add(&queue, hop * kHop, kHop);
    const size_t n = hop % 2 == 0 ? 2 : 4;  // never in step with the ring
    const Floats weights = take(&queue, n);
    ASSERT_EQ(weights.size(), 2 * n);
    for (size_t i = 0; i < n; ++i, ++n_taken) EXPECT_EQ(weights[2 * i], static_cast<float>(n_taken));
  }
  EXPECT_EQ(queue.n_taken(), n_taken);
  EXPECT_EQ(queue.n_added(), 5 * kHop);
}

TEST(FrameQueue, HasRoomForOneHopWhileAtMostOneWaits) {
  FrameQueue queue(two_weights(), kHop);
  add(&queue, 0, kHop);
  EXPECT_TRUE(queue.has_room());
  add(&queue, kHop, 1);
  EXPECT_FALSE(queue.has_room());
  take(&queue, 1);
  EXPECT_TRUE(queue.has_room());
}

TEST(FrameQueue, EasesFromThePoseTakenLastToRestBeforeWhatIsAdded) {
  FrameQueue queue(two_weights(), kHop);
  add(&queue, 3, 2);
  take(&queue, 2);  // {4, -4} is the pose that is shown
  queue.restart();
  queue.ease(4);
  add(&queue, 7, 1);
  EXPECT_EQ(queue.n_easing(), 4);
  const Floats weights = take(&queue, 10);
  ASSERT_EQ(weights.size(), 2u * 5);
  for (size_t i = 0; i < 4; ++i) {
    const auto keep = static_cast<float>(1.0 - smooth_step(static_cast<double>(i + 1) / 4));
    EXPECT_EQ(weights[2 * i], 0.5f + (4 - 0.5f) * keep);
    EXPECT_EQ(weights[2 * i + 1], -4 * keep);
  }
  EXPECT_EQ(weights[2 * 3], 0.5f);  // at rest
  EXPECT_EQ(weights[2 * 4], 7);
  EXPECT_TRUE(queue.is_empty());
}

TEST(FrameQueue, AnEasingThatIsInterruptedGoesOnFromWhereItIs) {
  FrameQueue queue(two_weights(), kHop);
  add(&queue, 4, 1);
  take(&queue, 1);
  queue.ease(4);
  const Floats half = take(&queue, 2);
  queue.ease(1000000);
  const Floats next = take(&queue, 1);
  EXPECT_NEAR(next[0], half[2], 1e-6);
  EXPECT_NEAR(next[1], half[3], 1e-6);
}

TEST(FrameQueue, StartsAtRest) {
  FrameQueue queue(two_weights(), kHop);
  add(&queue, 4, 1);
  take(&queue, 1);
  queue.start_at_rest();
  queue.ease(2);
  EXPECT_EQ(take(&queue, 2), (Floats{0.5f, 0, 0.5f, 0}));
}

TEST(FrameQueue, GivesZerosForThePoseOfAMotionWithoutOne) {
  FrameQueue queue(two_weights(), kHop);
  add(&queue, 1, 2);
  Floats weights(4, 9.0f), pose(6, 9.0f);
  FrameQueue::Target to{weights.data(), pose.data()};
  EXPECT_EQ(queue.take(&to, 2), 2u);
  EXPECT_EQ(weights, (Floats{1, -1, 2, -2}));
  EXPECT_EQ(pose, Floats(6, 0.0f));
  EXPECT_EQ(to.weights, weights.data() + 4);
  EXPECT_EQ(to.head_pose, pose.data() + 6);
}

TEST(FrameQueue, GivesTheHeadPoseApartFromTheWeights) {
  const MotionSpec motion = motion_of(true);
  FrameQueue queue(motion, kHop);
  const Floats frame{1, 2, 3, 4, 5};
  std::copy(frame.begin(), frame.end(), queue.add());
  std::copy(frame.begin(), frame.end(), queue.add());
  Floats weights(4), pose(3);
  FrameQueue::Target to{weights.data(), pose.data()};
  EXPECT_EQ(queue.take(&to, 1), 1u);
  to.head_pose = nullptr;  // nobody wants it
  EXPECT_EQ(queue.take(&to, 1), 1u);
  EXPECT_EQ(weights, (Floats{1, 2, 1, 2}));
  EXPECT_EQ(pose, (Floats{3, 4, 5}));
}

}  // namespace
}  // namespace dt::test
