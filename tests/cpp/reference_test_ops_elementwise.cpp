#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::nanf("");

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
  expect_equal(run_op("Mod", {i64({4}, {7, -7, smallest, 5}), i64({4}, {3, 3, -1, 0})})[0],
               i64({4}, {1, 2, 0, 0}));
  expect_equal(run_op("Mod", {i64({1}, {-7}), i64({1}, {3})}, {{"fmod", 1}})[0], i64({1}, {-1}));
  expect_equal(run_op("Mod", {f32({2}, {-7.5f, 7.5f}), f32({1}, {2})}, {{"fmod", 1}})[0],
               f32({2}, {-1.5f, 1.5f}));
  expect_equal(run_op("Mul", {i64({1}, {int64_t{1} << 62}), i64({1}, {4})})[0], i64({1}, {0}));
  expect_equal(run_op("Pow", {i64({3}, {2, -1, 3}), i64({3}, {10, -3, -1})})[0], i64({3}, {1024, -1, 0}));
}

TEST(ReferenceArithmetic, PowMinMax) {
  expect_equal(run_op("Pow", {f32({3}, {2, 9, 3}), f32({3}, {3, 0.5f, 2})})[0], f32({3}, {8, 3, 9}));
  expect_equal(run_op("Pow", {f32({2}, {2, 4}), i64({}, {2})})[0], f32({2}, {4, 16}));
  expect_equal(run_op("Min", {f32({2}, {1, kNan}), f32({2}, {kNan, 1}), f32({}, {0})})[0],
               f32({2}, {kNan, kNan}));
  expect_equal(run_op("Max", {i64({2}, {1, 5}), i64({}, {3})})[0], i64({2}, {3, 5}));
}

TEST(ReferenceUnary, KnownValues) {
  const Tensor x = f32({3}, {-1, 0, 2});
  expect_equal(run_op("Sigmoid", {x})[0], f32({3}, {0.26894142f, 0.5f, 0.88079708f}));
  expect_equal(run_op("Tanh", {x})[0], f32({3}, {-0.76159416f, 0, 0.96402758f}));
  expect_equal(run_op("Erf", {x})[0], f32({3}, {-0.84270079f, 0, 0.99532227f}));
  expect_equal(run_op("Exp", {x})[0], f32({3}, {0.36787944f, 1, 7.3890561f}));
  expect_equal(run_op("Gelu", {x})[0], f32({3}, {-0.15865525f, 0, 1.9544997f}));
  expect_equal(run_op("Gelu", {x}, {{"approximate", "tanh"}})[0], f32({3}, {-0.15880801f, 0, 1.9545977f}));
  expect_equal(run_op("Relu", {x})[0], f32({3}, {0, 0, 2}));
  expect_equal(run_op("LeakyRelu", {x}, {{"alpha", 0.5f}})[0], f32({3}, {-0.5f, 0, 2}));
  expect_equal(run_op("Neg", {i64({2}, {3, -4})})[0], i64({2}, {-3, 4}));
  expect_equal(run_op("Floor", {f32({2}, {-1.5f, 1.5f})})[0], f32({2}, {-2, 1}));
  expect_equal(run_op("Round", {f32({3}, {0.5f, 1.5f, -2.5f})})[0], f32({3}, {0, 2, -2}));
  expect_equal(run_op("Sin", {f32({1}, {1})})[0], f32({1}, {0.84147098f}));
  expect_equal(run_op("Softplus", {f32({2}, {0, 100})})[0], f32({2}, {0.69314718f, 100}));
  EXPECT_THROW(run_op("Exp", {i64({1}, {1})}), Error);
}

TEST(ReferenceUnary, ClipWithMissingBounds) {
  OnnxBuilder builder;
  builder.input("x", {3}).initializer("hi", f32({}, {1})).node("Clip", {"x", "", "hi"}, {"y"}).output("y");
  expect_equal(load(builder.model()).run({{"x", f32({3}, {-5, 0.5f, 5})}})[0], f32({3}, {-5, 0.5f, 1}));
  expect_equal(run_op("Clip", {f32({2}, {-5, 5}), f32({}, {-1}), f32({}, {1})})[0], f32({2}, {-1, 1}));
  expect_equal(run_op("Clip", {i64({2}, {-5, 5}), i64({}, {0})})[0], i64({2}, {0, 5}));
}

TEST(ReferenceLogic, ComparisonsAndWhere) {
  const Tensor a = f32({3}, {1, 2, kNan}), b = f32({}, {2});
  expect_equal(run_op("Less", {a, b})[0], boolean({3}, {1, 0, 0}));
  expect_equal(run_op("GreaterOrEqual", {a, b})[0], boolean({3}, {0, 1, 0}));
  expect_equal(run_op("Equal", {i64({2}, {4, 5}), i64({1}, {5})})[0], boolean({2}, {0, 1}));
  expect_equal(run_op("And", {boolean({2}, {1, 1}), boolean({2}, {1, 0})})[0], boolean({2}, {1, 0}));
  expect_equal(run_op("Not", {boolean({2}, {1, 0})})[0], boolean({2}, {0, 1}));
  expect_equal(run_op("IsNaN", {a})[0], boolean({3}, {0, 0, 1}));
  expect_equal(run_op("IsInf", {f32({2}, {kInf, -kInf})}, {{"detect_negative", 0}})[0], boolean({2}, {1, 0}));
  expect_equal(run_op("Where", {boolean({2, 1}, {1, 0}), f32({2}, {1, 2}), f32({}, {9})})[0],
               f32({2, 2}, {1, 2, 9, 9}));
}

TEST(ReferenceCreate, ConstantsRangesShapesCasts) {
  expect_equal(run_op("ConstantOfShape", {i64({2}, {1, 2})}, {{"value", i64({1}, {7})}})[0],
               i64({1, 2}, {7, 7}));
  expect_equal(run_op("Range", {i64({}, {5}), i64({}, {0}), i64({}, {-2})})[0], i64({3}, {5, 3, 1}));
  expect_equal(run_op("Range", {f32({}, {0}), f32({}, {1}), f32({}, {0.25f})})[0],
               f32({4}, {0, 0.25f, 0.5f, 0.75f}));
  EXPECT_THROW(run_op("Range", {i64({}, {0}), i64({}, {5}), i64({}, {0})}), Error);
  EXPECT_THROW(run_op("ConstantOfShape", {i64({2}, {int64_t{1} << 40, int64_t{1} << 40})}), Error);
  const Tensor x = Tensor::zeros(DType::kFloat, {2, 3, 4});
  expect_equal(run_op("Shape", {x})[0], i64({3}, {2, 3, 4}));
  expect_equal(run_op("Shape", {x}, {{"start", 1}, {"end", -1}})[0], i64({1}, {3}));
  expect_equal(run_op("Size", {x})[0], i64({}, {24}));
  expect_equal(run_op("Cast", {f32({3}, {-1.7f, 0, 2.9f})}, {{"to", 7}})[0], i64({3}, {-1, 0, 2}));
  expect_equal(run_op("Cast", {f32({2}, {0, -3})}, {{"to", 9}})[0], boolean({2}, {0, 1}));
  expect_equal(run_op("Cast", {i64({1}, {-3})}, {{"to", 1}})[0], f32({1}, {-3}));
  // float16: ties to even, subnormals, overflow.
  expect_equal(
      run_op("Cast", {f32({5}, {1.00048828125f, 1.00146484375f, 1e-7f, 65519, 65520})}, {{"to", 10}})[0],
      f32({5}, {1.0f, 1.001953125f, 1.1920929e-7f, 65504, kInf}), 0.0f);
}

}  // namespace
}  // namespace dt::reference
