#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "backends/reference/gemm.h"
#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

Tensor random_tensor(const Shape& shape) {
  static std::mt19937 generator(11);
  std::normal_distribution<float> normal;
  Tensor t = Tensor::zeros(DType::kFloat, shape);
  for (float& v : t.floats) v = normal(generator);
  return t;
}

// Sizes around the tile of 4 x 16. The sums are exact to
// double, so one rounding to float is all that may differ.
TEST(ReferenceMatMul, EqualsTheTripleLoop) {
  for (int64_t m : {1, 3, 4, 9}) {
    for (int64_t n : {1, 15, 16, 33}) {
      for (int64_t k : {0, 1, 7}) {
        const Tensor a = random_tensor({m, k}), b = random_tensor({k, n});
        Tensor expected = Tensor::zeros(DType::kFloat, {m, n});
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (int64_t p = 0; p < k; ++p) {
              sum += static_cast<double>(a.floats[static_cast<size_t>(i * k + p)]) *
                     static_cast<double>(b.floats[static_cast<size_t>(p * n + j)]);
            }
            expected.floats[static_cast<size_t>(i * n + j)] = static_cast<float>(sum);
          }
        }
        expect_equal(run_op("MatMul", {a, b})[0], expected);
      }
    }
  }
}

// Four rows of 2^62 are none in 64 bits; a 32-bit size has the same at 2^30.
TEST(ReferenceMatMul, RefusesWhatNoMemoryHolds) {
  const float one = 1;
  float out = 0;
  GemmWorkspace workspace;
  try {
    gemm(1, 1, int64_t{1} << 62, {&one, 0, 0}, {&one, 0, 0}, &out, workspace);
    FAIL() << "it was computed";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_OUT_OF_MEMORY);
    EXPECT_STREQ(e.what(), "a product of matrices is more than memory can hold");
  }
}

TEST(ReferenceMatMul, BatchesAndVectors) {
  const Tensor a = f32({2, 1, 2}, {1, 2, 3, 4}), b = f32({2, 2, 1}, {1, 1, 10, 100});
  expect_equal(run_op("MatMul", {a, b})[0], f32({2, 1, 1}, {3, 430}));
  expect_equal(run_op("MatMul", {f32({1, 2}, {1, 2}), b})[0], f32({2, 1, 1}, {3, 210}));
  expect_equal(run_op("MatMul", {a, f32({2, 1}, {1, 10})})[0], f32({2, 1, 1}, {21, 43}));
  expect_equal(run_op("MatMul", {f32({2}, {1, 2}), f32({2}, {3, 4})})[0], f32({}, {11}));
  expect_equal(run_op("MatMul", {f32({2}, {1, 2}), b})[0], f32({2, 1}, {3, 210}));
  EXPECT_THROW(run_op("MatMul", {a, f32({3}, {1, 2, 3})}), Error);
}

TEST(ReferenceMatMul, Gemm) {
  const Tensor a = f32({2, 1}, {1, 2}), b = f32({3, 2}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("Gemm", {a, b, f32({3}, {1, 1, 1})},
                      {{"transA", 1}, {"transB", 1}, {"alpha", 2.0f}, {"beta", 10.0f}})[0],
               f32({1, 3}, {20, 32, 44}));
  EXPECT_THROW(run_op("Gemm", {a, b}), Error);
}

TEST(ReferenceConv, OneDimension) {
  const Tensor x = f32({1, 1, 5}, {1, 2, 3, 4, 5}), w = f32({1, 1, 3}, {1, 0, -1});
  using Ints = std::vector<int64_t>;
  expect_equal(run_op("Conv", {x, w})[0], f32({1, 1, 3}, {-2, -2, -2}));
  expect_equal(run_op("Conv", {x, w, f32({1}, {10})}, {{"pads", Ints{1, 1}}, {"strides", Ints{2}}})[0],
               f32({1, 1, 3}, {8, 8, 14}));
  expect_equal(run_op("Conv", {x, w}, {{"dilations", Ints{2}}})[0], f32({1, 1, 1}, {-4}));
  expect_equal(run_op("Conv", {x, w}, {{"auto_pad", "SAME_UPPER"}})[0], f32({1, 1, 5}, {-2, -2, -2, -2, 4}));
  EXPECT_THROW(run_op("Conv", {x, f32({1, 1, 6}, {1, 1, 1, 1, 1, 1})}), Error);
  EXPECT_THROW(run_op("Conv", {x, w}, {{"strides", Ints{0}}}), Error);
  EXPECT_THROW(run_op("Conv", {x, w}, {{"group", 2}}), Error);
}

TEST(ReferenceConv, GroupsAndBatches) {
  const Tensor x = f32({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor depthwise = f32({2, 1, 2}, {1, 1, 1, -1});
  expect_equal(run_op("Conv", {x, depthwise, f32({2}, {0, 100})}, {{"group", 2}})[0],
               f32({2, 2, 1}, {3, 99, 11, 99}));
  const Tensor pointwise = f32({1, 2, 1}, {1, 10});
  expect_equal(run_op("Conv", {x, pointwise})[0], f32({2, 1, 2}, {31, 42, 75, 86}));
}

TEST(ReferenceConv, TwoDimensions) {
  const Tensor x = f32({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}), w = f32({1, 1, 2, 2}, {1, 0, 0, 1});
  expect_equal(run_op("Conv", {x, w})[0], f32({1, 1, 1, 2}, {6, 8}));
  expect_equal(run_op("Conv", {x, w}, {{"pads", std::vector<int64_t>{1, 0, 0, 0}}})[0],
               f32({1, 1, 2, 2}, {2, 3, 6, 8}));
}

TEST(ReferenceNorm, LayerNormalization) {
  const Tensor x = f32({2, 2}, {1, 3, -5, 5}), scale = f32({2}, {2, 1}), bias = f32({2}, {10, 20});
  const std::vector<Tensor> y = run_op("LayerNormalization", {x, scale, bias}, {{"epsilon", 0.0f}});
  expect_equal(y[0], f32({2, 2}, {8, 21, 8, 21}));
  EXPECT_THROW(run_op("LayerNormalization", {x, f32({3}, {1, 1, 1})}), Error);
}

TEST(ReferenceNorm, SoftmaxOnAnyAxisWithoutOverflow) {
  const float e = std::exp(1.0f), low = 1 / (1 + e), high = e / (1 + e);
  expect_equal(run_op("Softmax", {f32({1, 2}, {1000, 1001})})[0], f32({1, 2}, {low, high}));
  expect_equal(run_op("Softmax", {f32({2, 2}, {0, 1, 1, 0})}, {{"axis", 0}})[0],
               f32({2, 2}, {low, high, high, low}));
}

TEST(ReferenceReduce, SumsMeansLengths) {
  const Tensor x = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  expect_equal(run_op("ReduceSum", {x, i64({1}, {1})})[0], f32({2, 1}, {6, 15}));
  expect_equal(run_op("ReduceMean", {x, i64({1}, {0})}, {{"keepdims", 0}})[0], f32({3}, {2.5f, 3.5f, 4.5f}));
  expect_equal(run_op("ReduceMean", {x}, {{"axes", std::vector<int64_t>{-1}}})[0], f32({2, 1}, {2, 5}));
  expect_equal(run_op("ReduceSum", {x}, {{"keepdims", 0}})[0], f32({}, {21}));
  expect_equal(run_op("ReduceSum", {x}, {{"noop_with_empty_axes", 1}})[0], x);
  expect_equal(run_op("ReduceSum", {i64({3}, {2, 3, 4})}, {{"keepdims", 0}})[0], i64({}, {9}));
  expect_equal(run_op("ReduceL2", {f32({2}, {3, 4})}, {{"keepdims", 0}})[0], f32({}, {5}));
}

}  // namespace
}  // namespace dt::reference
