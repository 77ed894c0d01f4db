#include <gtest/gtest.h>

#include <limits>

#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

TEST(ReferenceArithmetic, BroadcastsBothWays) {
  const Tensor column = f32({3, 1}, {10, 20, 30}), row = f32({2}, {1, 2});
  expect_equal(run_op("Add", {column, row})[0], f32({3, 2}, {11, 12, 21, 22, 31, 32}));
  expect_equal(run_op("Sub", {row, column})[0], f32({3, 2}, {-9, -8, -19, -18, -29, -28}));
  expect_equal(run_op("Mul", {f32({}, {3}), row})[0], f32({2}, {3, 6}));
  expect_equal(run_op("Div", {column, f32({1, 1, 1}, {4})})[0], f32({1, 3, 1}, {2.5f, 5, 7.5f}));
  expect_equal(run_op("Add", {f32({0, 2}, {}), row})[0], f32({0, 2}, {}));
  EXPECT_THROW(run_op("Add", {f32({3}, {1, 2, 3}), row}), Error);
  EXPECT_THROW(run_op("Add", {row, i64({2}, {1, 2})}), Error);
}

TEST(ReferenceArithmetic, IntegersNeverTrap) {
  const int64_t smallest = std::numeric_limits<int64_t>::min();
  expect_equal(run_op("Div", {i64({4}, {7, -7, smallest, 5}), i64({4}, {2, 2, -1, 0})})[0],
               i64({4}, {3, -3, smallest, 0}));
  expect_equal(run_op("Mul", {i64({1}, {int64_t{1} << 62}), i64({1}, {4})})[0], i64({1}, {0}));
  expect_equal(run_op("Pow", {i64({3}, {2, -1, 3}), i64({3}, {10, -3, -1})})[0], i64({3}, {1024, -1, 0}));
}

TEST(ReferenceArithmetic, Pow) {
  expect_equal(run_op("Pow", {f32({3}, {2, 9, 3}), f32({3}, {3, 0.5f, 2})})[0], f32({3}, {8, 3, 9}));
  expect_equal(run_op("Pow", {f32({2}, {2, 4}), i64({}, {2})})[0], f32({2}, {4, 16}));
}

TEST(ReferenceUnary, KnownValues) {
  const Tensor x = f32({3}, {-1, 0, 2});
  expect_equal(run_op("Sigmoid", {x})[0], f32({3}, {0.26894142f, 0.5f, 0.88079708f}));
  expect_equal(run_op("Tanh", {x})[0], f32({3}, {-0.76159416f, 0, 0.96402758f}));
  expect_equal(run_op("Neg", {i64({2}, {3, -4})})[0], i64({2}, {-3, 4}));
  expect_equal(run_op("Neg", {x})[0], f32({3}, {1, 0, -2}));
  expect_equal(run_op("Sqrt", {f32({2}, {2, 9})})[0], f32({2}, {1.4142135f, 3}));
  expect_equal(run_op("Cos", {f32({1}, {1})})[0], f32({1}, {0.54030231f}));
  expect_equal(run_op("Sin", {f32({1}, {1})})[0], f32({1}, {0.84147098f}));
  EXPECT_THROW(run_op("Sqrt", {i64({1}, {1})}), Error);
}

TEST(ReferenceUnary, ClipWithMissingBounds) {
  OnnxBuilder builder;
  builder.input("x", {3}).initializer("hi", f32({}, {1})).node("Clip", {"x", "", "hi"}, {"y"}).output("y");
  expect_equal(load(builder.model()).run({{"x", f32({3}, {-5, 0.5f, 5})}})[0], f32({3}, {-5, 0.5f, 1}));
  expect_equal(run_op("Clip", {f32({2}, {-5, 5}), f32({}, {-1}), f32({}, {1})})[0], f32({2}, {-1, 1}));
  EXPECT_THROW(run_op("Clip", {i64({2}, {-5, 5}), i64({}, {0})}), Error);
}

TEST(ReferenceShape, OfAnInput) {
  const Tensor x = Tensor::zeros(DType::kFloat, {2, 3, 4});
  expect_equal(run_op("Shape", {x})[0], i64({3}, {2, 3, 4}));
  expect_equal(run_op("Shape", {x}, {{"start", 1}, {"end", -1}})[0], i64({1}, {3}));
}

TEST(ReferenceCast, BetweenTheTypes) {
  expect_equal(run_op("Cast", {f32({3}, {-1.7f, 0, 2.9f})}, {{"to", 7}})[0], i64({3}, {-1, 0, 2}));
  expect_equal(run_op("Cast", {f32({2}, {0, -3})}, {{"to", 9}})[0], boolean({2}, {0, 1}));
  expect_equal(run_op("Cast", {i64({1}, {-3})}, {{"to", 1}})[0], f32({1}, {-3}));
  EXPECT_THROW(run_op("Cast", {f32({1}, {1})}, {{"to", 10}}), Error);  // float16
}

}  // namespace
}  // namespace dt::reference
