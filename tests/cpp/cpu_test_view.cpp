// Views: which shapes they take without a copy.
#include <gtest/gtest.h>

#include "backends/cpu/view.h"

namespace dt::cpu {
namespace {

View dense(const Shape& shape) { return {0, 0, shape, reference::strides_of(shape)}; }

TEST(CpuView, ReshapesWhatIsDense) {
  View view = dense({2, 6, 5});
  ASSERT_TRUE(view.reshape({2, 2, 3, 5}));
  EXPECT_EQ(view.strides, (Shape{30, 15, 5, 1}));
  ASSERT_TRUE(view.reshape({4, 15}));
  EXPECT_EQ(view.strides, (Shape{15, 1}));
  EXPECT_TRUE(view.is_dense());
}

TEST(CpuView, CutsAnAxisOfAPartAndJoinsNone) {
  View part = dense({2, 4, 6});
  part.shape[2] = 4;  // of 6: gaps between rows
  View cut = part;
  ASSERT_TRUE(cut.reshape({2, 4, 2, 2}));
  EXPECT_EQ(cut.strides, (Shape{24, 6, 2, 1}));
  EXPECT_FALSE(cut.is_dense());
  EXPECT_FALSE(part.reshape({2, 16}));
}

TEST(CpuView, TransposedAxesCannotBeJoined) {
  View turned = dense({2, 3, 4}).transposed({0, 2, 1});
  EXPECT_EQ(turned.shape, (Shape{2, 4, 3}));
  EXPECT_EQ(turned.strides, (Shape{12, 1, 4}));
  EXPECT_FALSE(turned.reshape({2, 12}));
}

TEST(CpuView, AxesOfLengthOneNeverMatter) {
  View view = dense({1, 4, 1});
  ASSERT_TRUE(view.reshape({4}));
  ASSERT_TRUE(view.reshape({1, 1, 4, 1}));
  EXPECT_TRUE(view.is_dense());
}

TEST(CpuView, BroadcastRepeatsByStridesOfZero) {
  const View view = dense({3, 1}).broadcast({2, 3, 5});
  EXPECT_EQ(view.strides, (Shape{0, 1, 0}));
}

}  // namespace
}  // namespace dt::cpu
