// The parts that a plan computes by one kernel, on random shapes, against the interpreter.
#include <gtest/gtest.h>

#include <random>

#include "backends/cpu/weights.h"
#include "common/error.h"
#include "cpu_support.h"

namespace dt::test {
namespace {

using reference::f32;
using reference::i64;
using reference::OnnxBuilder;
using reference::Shape;

// Rows below, at and above the blocks of every instruction set; widths that fill vectors and that do not.
struct Size {
  int64_t streams, rows, k, n;
};
const std::vector<Size> kSizes{{1, 1, 1, 1},    {1, 27, 56, 192}, {2, 14, 33, 55}, {3, 5, 7, 16},
                               {1, 60, 64, 31}, {2, 1, 19, 33},   {1, 29, 12, 100}};

// 2^62 of four bytes each are 0 bytes in 64 bits; a 32-bit size has the same at 2^30.
TEST(CpuMemory, CountsWithoutWrapping) {
  EXPECT_THROW(cpu::Floats(uint64_t{1} << 62), Error);
  EXPECT_EQ(cpu::Floats(3).size(), 3u);
}

TEST(CpuPlan, ProductsWithBiasActivationGateAndResidual) {
  for (const auto& [streams, rows, k, n] : kSizes) {
    OnnxBuilder b;
    b.input("a", {-1, -1, k}).input("gate", {-1, 1, n}).input("r", {-1, -1, n});
    b.initializer("w", noise({k, n}, 1, 0.2f)).initializer("bias", noise({n}, 2));
    b.node("MatMul", {"a", "w"}, {"p"}).node("Add", {"p", "bias"}, {"s"}).node("Sigmoid", {"s"}, {"c"});
    b.node("Mul", {"s", "c"}, {"act"}).node("Mul", {"gate", "act"}, {"g"}).node("Add", {"r", "g"}, {"out"});
    b.output("out");
    const Inputs inputs{{"a", noise({streams, rows, k}, 3)},
                        {"gate", noise({streams, 1, n}, 4)},
                        {"r", noise({streams, rows, n}, 5)}};
    const Planned got = expect_parity(b.model(), inputs);
    EXPECT_TRUE(got.interpreted.empty());
    // A gate that is no row of its stream is an operation of its own.
    EXPECT_EQ(got.n_steps, rows > 1 ? 1u : got.n_steps) << rows;
  }
}

TEST(CpuPlan, MatricesAndTransposedWeights) {
  OnnxBuilder b;
  b.input("a", {-1, 20}).initializer("w", noise({33, 20}, 1)).initializer("c", noise({33}, 2));
  b.node("Gemm", {"a", "w", "c"}, {"out"}, {{"transB", 1}}).output("out");
  EXPECT_EQ(expect_parity(b.model(), {{"a", noise({9, 20}, 3)}}, 2e-5f).n_steps, 1u);
}

// One constant that two nodes read in two ways cannot be laid out for both.
TEST(CpuPlan, WeightsThatAreReadInTwoWays) {
  OnnxBuilder b;
  b.input("a", {-1, 20}).initializer("w", noise({20, 20}, 1));
  b.node("Gemm", {"a", "w"}, {"x"}, {{"transB", 1}}).node("MatMul", {"x", "w"}, {"y"});
  b.node("Add", {"y", "x"}, {"out"}).output("out");
  expect_parity(b.model(), {{"a", noise({9, 20}, 3)}}, 1e-4f);
}

TEST(CpuPlan, NormalisationWithModulation) {
  for (const auto& [streams, rows, k, n] : kSizes) {
    OnnxBuilder b;
    b.input("a", {-1, -1, n}).input("m", {-1, 1, n}).input("s", {-1, 1, n});
    b.initializer("scale", noise({n}, 1)).initializer("bias", noise({n}, 2));
    b.node("LayerNormalization", {"a", "scale", "bias"}, {"x"}, {{"axis", -1}, {"epsilon", 1e-5f}});
    b.node("Mul", {"x", "m"}, {"y"}).node("Add", {"y", "s"}, {"out"}).output("out");
    const Inputs inputs{{"a", noise({streams, rows, n}, 3, 4.0f)},
                        {"m", noise({streams, 1, n}, 4)},
                        {"s", noise({streams, 1, n}, 5)}};
    expect_parity(b.model(), inputs, 2e-5f);
  }
}

// taps, stride, dilation, pads
TEST(CpuPlan, ConvolutionsOverTime) {
  for (const int64_t groups : {int64_t{1}, int64_t{24}}) {
    for (const auto& [taps, stride, pad] :
         {std::tuple{3, 1, 1}, {4, 2, 1}, {7, 5, 1}, {5, 1, 2}, {1, 1, 0}}) {
      OnnxBuilder b;
      b.input("a", {-1, -1, 24}).initializer("w", noise({24, 24 / groups, taps}, 1, 0.3f));
      b.initializer("bias", noise({24}, 2));
      b.node("Transpose", {"a"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
      b.node("Conv", {"t", "w", "bias"}, {"c"},
             {{"group", groups},
              {"strides", std::vector<int64_t>{stride}},
              {"pads", std::vector<int64_t>{pad, pad}}});
      b.node("Transpose", {"c"}, {"u"}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
      b.node("Sigmoid", {"u"}, {"s"}).node("Mul", {"u", "s"}, {"out"}).output("out");
      EXPECT_TRUE(expect_parity(b.model(), {{"a", noise({2, 31, 24}, 3)}}).interpreted.empty());
    }
  }
}

// Frames that are not asked for may differ, those that are do not: a convolution reaches beyond them.
TEST(CpuPlan, ComputesTheRowsThatAreAskedFor) {
  OnnxBuilder b;
  b.input("a", {-1, -1, 24})
      .initializer("w", noise({24, 1, 5}, 1, 0.3f))
      .initializer("v", noise({24, 40}, 2));
  b.node("Transpose", {"a"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  b.node("Conv", {"t", "w"}, {"c"}, {{"group", 24}, {"pads", std::vector<int64_t>{2, 2}}});
  b.node("Transpose", {"c"}, {"u"}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  b.node("MatMul", {"u", "v"}, {"out"}).output("out");
  const Inputs inputs{{"a", noise({3, 31, 24}, 3)}};
  for (const cpu::RowRange rows : {cpu::RowRange{0, 4}, {11, 12}, {28, 31}, {5, 27}}) {
    expect_parity(b.model(), inputs, 1e-5f, rows);
  }
}

// As PyTorch exports attention with rotary positions.
std::string attention_model(int64_t heads, int64_t d, int64_t max_rows) {
  OnnxBuilder b;
  const int64_t width = heads * d;
  b.input("a", {-1, -1, 20}).initializer("w", noise({20, 3 * width}, 1, 0.3f));
  b.initializer("cos", noise({max_rows, d}, 2)).initializer("sin", noise({max_rows, d}, 3));
  b.initializer("cut", i64({4}, {0, 0, 3 * heads, d})).initializer("back", i64({3}, {0, 0, width}));
  b.initializer("zero", i64({1}, {0}))
      .initializer("one", i64({1}, {1}))
      .initializer("half", i64({1}, {d / 2}));
  b.initializer("end", i64({1}, {INT64_MAX})).initializer("last", i64({1}, {3}));
  b.initializer("scale", f32({}, {0.3f}));
  b.node("Shape", {"a"}, {"frames"}, {{"start", 1}, {"end", 2}});
  b.node("Slice", {"cos", "zero", "frames", "zero"}, {"c"})
      .node("Slice", {"sin", "zero", "frames", "zero"}, {"s"});
  b.node("MatMul", {"a", "w"}, {"p"}).node("Reshape", {"p", "cut"}, {"r"});
  b.node("Transpose", {"r"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  b.node("Split", {"t"}, {"q", "k", "v"}, {{"axis", 1}, {"num_outputs", 3}});
  for (const std::string x : {"q", "k"}) {
    b.node("Slice", {x, "half", "end", "last"}, {x + "2"}).node("Neg", {x + "2"}, {x + "n"});
    b.node("Slice", {x, "zero", "half", "last"}, {x + "1"});
    b.node("Concat", {x + "n", x + "1"}, {x + "t"}, {{"axis", -1}});
    b.node("Mul", {x, "c"}, {x + "c"}).node("Mul", {x + "t", "s"}, {x + "s"});
    b.node("Add", {x + "c", x + "s"}, {x + "r"});
  }
  b.node("Mul", {"qr", "scale"}, {"qq"});
  b.node("Transpose", {"kr"}, {"turned"}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
  b.node("MatMul", {"qq", "turned"}, {"scores"}).node("Softmax", {"scores"}, {"soft"}, {{"axis", -1}});
  b.node("MatMul", {"soft", "v"}, {"o"});
  b.node("Transpose", {"o"}, {"ot"}, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  b.node("Reshape", {"ot", "back"}, {"out"}).output("out");
  return b.model();
}

TEST(CpuPlan, AttentionOverAWindow) {
  for (const auto& [heads, d] : {std::pair{4, 48}, {2, 32}, {3, 10}, {1, 64}}) {
    for (const int64_t rows : {2, 9, 27, 33, 61}) {
      const Planned got =
          expect_parity(attention_model(heads, d, 64), {{"a", noise({2, rows, 20}, 7)}}, 1e-4f);
      EXPECT_TRUE(got.interpreted.empty()) << heads << " x " << d << ", " << rows;
    }
    expect_parity(attention_model(heads, d, 64), {{"a", noise({2, 27, 20}, 7)}}, 1e-4f, {18, 24});
  }
}

// What has no kernel is computed by the interpreter's operator.
TEST(CpuPlan, InterpretsTheRest) {
  OnnxBuilder b;
  b.input("a", {-1, -1, 6}).initializer("axis", i64({1}, {1})).initializer("two", f32({}, {2}));
  b.node("Pow", {"a", "two"}, {"t"})
      .node("ReduceMean", {"t", "axis"}, {"m"})
      .node("Sub", {"t", "m"}, {"out"});
  b.output("out");
  const Planned got = expect_parity(b.model(), {{"a", noise({2, 5, 6}, 1)}});
  EXPECT_EQ(got.interpreted, (std::vector<std::string>{"Pow", "ReduceMean"}));
}

TEST(CpuPlan, FunctionsOfOneElement) {
  for (const char* op : {"Tanh", "Sin", "Cos", "Sqrt", "Sigmoid", "Neg"}) {
    OnnxBuilder b;
    b.input("a", {-1, -1, 7}).node("Mul", {"a", "a"}, {"squares"}).node(op, {"squares"}, {"x"});
    b.node("Transpose", {"x"}, {"out"}, {{"perm", std::vector<int64_t>{0, 2, 1}}}).output("out");
    EXPECT_TRUE(expect_parity(b.model(), {{"a", noise({2, 5, 7}, 1)}}).interpreted.empty()) << op;
  }
}

TEST(CpuPlan, ViewsAndArithmeticWithBroadcasting) {
  OnnxBuilder b;
  b.input("a", {-1, -1, 6}).input("b", {-1, 6}).initializer("axis", i64({1}, {1}));
  b.initializer("from", i64({1}, {-1}))
      .initializer("to", i64({1}, {-100}))
      .initializer("step", i64({1}, {-2}));
  b.initializer("pair", i64({4}, {0, -1, 2, 3})).initializer("flat", i64({3}, {0, -1, 6}));
  b.initializer("wide", i64({3}, {1, 5, 6}));
  b.node("Unsqueeze", {"b", "axis"}, {"row"}).node("Expand", {"row", "wide"}, {"rows"});
  b.node("Slice", {"a", "from", "to", "axis", "step"}, {"odd"});
  b.node("Concat", {"odd", "a"}, {"more"}, {{"axis", 1}})
      .node("Concat", {"a", "rows"}, {"wider"}, {{"axis", 2}});
  b.node("Split", {"wider"}, {"x", "y"}, {{"axis", 2}, {"num_outputs", 2}});
  b.node("Reshape", {"x", "pair"}, {"cut"});
  b.node("Transpose", {"cut"}, {"turned"}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
  b.node("Reshape", {"turned", "flat"}, {"again"});
  b.node("Div", {"again", "row"}, {"d"}).node("Mul", {"d", "y"}, {"m"}).node("Add", {"m", "a"}, {"s"});
  b.node("Concat", {"s", "more"}, {"all"}, {{"axis", 1}}).node("Neg", {"all"}, {"out"}).output("out");
  const Planned got = expect_parity(b.model(), {{"a", noise({2, 5, 6}, 1)}, {"b", noise({2, 6}, 2)}}, 1e-4f);
  EXPECT_TRUE(got.interpreted.empty());
}

}  // namespace
}  // namespace dt::test
