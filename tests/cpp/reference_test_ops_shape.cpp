#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

Tensor counting(const Shape& shape) {
  Tensor t = Tensor::zeros(DType::kFloat, shape);
  std::iota(t.floats.begin(), t.floats.end(), 0.0f);
  return t;
}

TEST(ReferenceShape, Reshape) {
  const Tensor x = counting({2, 3, 4});
  EXPECT_EQ(run_op("Reshape", {x, i64({3}, {0, -1, 2})})[0].shape, (Shape{2, 6, 2}));
  EXPECT_EQ(run_op("Reshape", {x, i64({1}, {-1})})[0].floats, x.floats);
  EXPECT_EQ(run_op("Reshape", {counting({0, 3}), i64({2}, {0, 3})}, {{"allowzero", 1}})[0].shape,
            (Shape{0, 3}));
  EXPECT_THROW(run_op("Reshape", {x, i64({2}, {-1, -1})}), Error);
  EXPECT_THROW(run_op("Reshape", {x, i64({2}, {5, -1})}), Error);
  EXPECT_THROW(run_op("Reshape", {x, i64({2}, {0, -2})}), Error);
  EXPECT_THROW(run_op("Reshape", {counting({2}), i64({2}, {1, 0})}), Error);
}

TEST(ReferenceShape, SqueezeUnsqueeze) {
  const Tensor x = counting({1, 2, 1});
  EXPECT_EQ(run_op("Squeeze", {x})[0].shape, (Shape{2}));
  EXPECT_EQ(run_op("Squeeze", {x, i64({1}, {-1})})[0].shape, (Shape{1, 2}));
  EXPECT_THROW(run_op("Squeeze", {x, i64({1}, {1})}), Error);
  EXPECT_EQ(run_op("Unsqueeze", {counting({2, 3}), i64({2}, {0, -1})})[0].shape, (Shape{1, 2, 3, 1}));
  EXPECT_THROW(run_op("Unsqueeze", {x, i64({2}, {0, 0})}), Error);
}

TEST(ReferenceShape, Transpose) {
  const Tensor x = counting({2, 3});
  expect_equal(run_op("Transpose", {x})[0], f32({3, 2}, {0, 3, 1, 4, 2, 5}));
  expect_equal(run_op("Transpose", {counting({1, 2, 3})}, {{"perm", std::vector<int64_t>{2, 0, 1}}})[0],
               f32({3, 1, 2}, {0, 3, 1, 4, 2, 5}));
  EXPECT_THROW(run_op("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 0}}}), Error);
}

TEST(ReferenceShape, Expand) {
  expect_equal(run_op("Expand", {f32({2, 1}, {1, 2}), i64({3}, {2, 1, 2})})[0],
               f32({2, 2, 2}, {1, 1, 2, 2, 1, 1, 2, 2}));
}

TEST(ReferenceParts, Slice) {
  const Tensor x = counting({2, 5});
  const auto slice = [&](int64_t start, int64_t end, int64_t step) {
    return run_op("Slice", {x, i64({1}, {start}), i64({1}, {end}), i64({1}, {-1}), i64({1}, {step})})[0];
  };
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  expect_equal(slice(1, 3, 1), f32({2, 2}, {1, 2, 6, 7}));
  expect_equal(slice(-2, kFar, 1), f32({2, 2}, {3, 4, 8, 9}));
  expect_equal(slice(0, 5, 2), f32({2, 3}, {0, 2, 4, 5, 7, 9}));
  expect_equal(slice(kFar, -kFar, -2), f32({2, 3}, {4, 2, 0, 9, 7, 5}));
  expect_equal(slice(3, 2, 1), f32({2, 0}, {}));
  expect_equal(slice(1, 5, kFar), f32({2, 1}, {1, 6}));
  EXPECT_THROW(slice(0, 5, 0), Error);
  expect_equal(run_op("Slice", {x, i64({2}, {1, 1}), i64({2}, {2, 2})})[0], f32({1, 1}, {6}));
}

TEST(ReferenceParts, SplitConcat) {
  const Tensor x = counting({2, 3});
  const std::vector<Tensor> parts = run_op("Split", {x, i64({2}, {1, 2})}, {{"axis", 1}}, 2);
  expect_equal(parts[0], f32({2, 1}, {0, 3}));
  expect_equal(parts[1], f32({2, 2}, {1, 2, 4, 5}));
  expect_equal(run_op("Split", {x}, {{"axis", -1}, {"num_outputs", 2}}, 2)[1], f32({2, 1}, {2, 5}));
  EXPECT_THROW(run_op("Split", {x, i64({2}, {1, 3})}, {{"axis", 1}}, 2), Error);
  EXPECT_THROW(run_op("Split", {x, i64({1}, {3})}, {{"axis", 1}}, 2), Error);
  expect_equal(run_op("Concat", {parts[1], parts[0]}, {{"axis", 1}})[0], f32({2, 3}, {1, 2, 0, 4, 5, 3}));
  EXPECT_THROW(run_op("Concat", {parts[1], parts[0]}, {{"axis", 0}}), Error);
}

}  // namespace
}  // namespace dt::reference
