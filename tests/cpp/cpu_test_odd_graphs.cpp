// Graphs that no exporter writes and a file may hold: each gives what the interpreter gives, and nothing
// outside of its memory is touched (tests/sanitize.sh looks).
#include <gtest/gtest.h>

#include "common/error.h"
#include "cpu_support.h"

namespace dt::test {
namespace {

using reference::f32;
using reference::i64;
using reference::OnnxBuilder;
using reference::TestAttribute;

// A row that is multiplied or added has more axes than the [streams, rows, n] of the part before it.
TEST(CpuOddGraphs, RowsOfMoreAxesThanAPartHas) {
  OnnxBuilder b;
  b.input("a", {-1, -1, -1, 8})
      .initializer("w", noise({8, 8}, 1))
      .initializer("gate", noise({1, 1, 1, 8}, 2));
  b.initializer("one", f32({8}, std::vector<float>(8, 1.0f)));
  b.node("MatMul", {"a", "w"}, {"p"}).node("Mul", {"p", "gate"}, {"g"});
  b.node("LayerNormalization", {"g", "one"}, {"n"}, {{"axis", -1}});
  b.node("Mul", {"n", "gate"}, {"m"}).node("Add", {"m", "gate"}, {"out"}).output("out");
  expect_parity(b.model(), {{"a", noise({2, 3, 5, 8}, 3)}});
}

TEST(CpuOddGraphs, ValuesWithoutElements) {
  for (const bool of_rows : {true, false}) {
    OnnxBuilder b;
    b.input("a", {-1, 6}).initializer("from", i64({1}, {0})).initializer("none", i64({1}, {0}));
    b.initializer("axis", i64({1}, {of_rows ? 0 : 1})).initializer("w", noise({6, 4}, 1));
    b.initializer("one", f32({of_rows ? 6 : 0}, std::vector<float>(of_rows ? 6 : 0, 1.0f)));
    b.node("Slice", {"a", "from", "none", "axis"}, {"empty"});
    b.node("LayerNormalization", {"empty", "one"}, {"n"}, {{"axis", -1}});
    b.node(of_rows ? "MatMul" : "Neg",
           of_rows ? std::vector<std::string>{"n", "w"} : std::vector<std::string>{"n"}, {"p"});
    b.node("MatMul", {"a", "w"}, {"q"});
    b.node("Concat", {"p", "q"}, {"out"}, {{"axis", of_rows ? 0 : 1}}).output("out");
    expect_parity(b.model(), {{"a", noise({3, 6}, 1)}});
  }
}

TEST(CpuOddGraphs, ReshapesOfNothing) {
  OnnxBuilder b;
  b.input("a", {-1, 6}).initializer("from", i64({1}, {0})).initializer("none", i64({1}, {0}));
  b.initializer("axis", i64({1}, {0}))
      .initializer("to", i64({3}, {3, 0, 2}))
      .initializer("row", noise({6}, 2));
  b.initializer("back", i64({2}, {0, 6}));
  b.node("Slice", {"a", "from", "none", "axis"}, {"empty"});
  b.node("Reshape", {"empty", "to"}, {"cut"}, {{"allowzero", 1}}).node("Neg", {"cut"}, {"negative"});
  b.node("Reshape", {"negative", "back"}, {"again"}, {{"allowzero", 1}});
  b.node("Add", {"again", "row"}, {"sum"});
  b.node("Concat", {"sum", "a"}, {"out"}, {{"axis", 0}}).output("out");
  expect_parity(b.model(), {{"a", noise({3, 6}, 1)}});
}

TEST(CpuOddGraphs, GatesOfOneNumber) {
  OnnxBuilder b;
  b.input("a", {-1, 6}).initializer("axes", i64({2}, {0, 1}));
  b.node("ReduceMean", {"a", "axes"}, {"x"}, {{"keepdims", 0}})
      .node("ReduceSum", {"a", "axes"}, {"y"}, {{"keepdims", 0}});
  b.node("Sigmoid", {"y"}, {"curve"}).node("Mul", {"x", "curve"}, {"one"});
  b.node("Add", {"a", "one"}, {"out"}).output("out");
  expect_parity(b.model(), {{"a", noise({3, 6}, 1)}});
}

// Weights that a plan reads in one way, beside a node that reads the same weights in a way that it cannot.
TEST(CpuOddGraphs, WeightsThatAPlainNodeSharesWithAnother) {
  OnnxBuilder conv;
  conv.input("a", {-1, 4, -1}).initializer("w", noise({4, 4, 3}, 1));
  conv.node("Conv", {"a", "w"}, {"x"}, {{"pads", std::vector<int64_t>{1, 1}}});
  conv.node("Conv", {"x", "w"}, {"y"}, {{"auto_pad", "SAME_UPPER"}})
      .node("Add", {"x", "y"}, {"out"})
      .output("out");
  expect_parity(conv.model(), {{"a", noise({2, 4, 9}, 2)}}, 1e-4f);
  for (const TestAttribute& other : {TestAttribute("alpha", 2.0f), TestAttribute("transA", 1)}) {
    OnnxBuilder gemm;
    gemm.input("a", {6, 6}).initializer("w", noise({6, 6}, 1));
    gemm.node("Gemm", {"a", "w"}, {"x"}).node("Gemm", {"x", "w"}, {"y"}, {other});
    gemm.node("Add", {"x", "y"}, {"out"}).output("out");
    expect_parity(gemm.model(), {{"a", noise({6, 6}, 2)}}, 1e-4f);
  }
}

// A plan would write the padding into memory.
TEST(CpuOddGraphs, PaddingBeyondTheReachIsLeftToTheInterpreter) {
  constexpr int64_t kFar = 1 << 22;
  OnnxBuilder b;
  b.input("a", {-1, 2, -1}).initializer("w", noise({2, 2, 3}, 1));
  b.node("Conv", {"a", "w"}, {"out"},
         {{"pads", std::vector<int64_t>{kFar, 0}}, {"strides", std::vector<int64_t>{kFar}}});
  b.output("out");
  try {
    run_planned(b.model(), {{"a", noise({1, 2, 5}, 2)}}, cpu::portable_kernels());
    ADD_FAILURE() << "it was planned";
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_UNSUPPORTED);
  }
}

// One column of weights would fill a panel of eight and more.
TEST(CpuOddGraphs, WeightsThatWouldBeMostlyPaddingAreLeftToTheInterpreter) {
  constexpr int64_t kMany = 1 << 21;
  OnnxBuilder b;
  b.input("a", {-1, kMany})
      .initializer("w", noise({kMany, 1}, 1))
      .node("MatMul", {"a", "w"}, {"out"})
      .output("out");
  const Planned got = run_planned(b.model(), {{"a", noise({1, kMany}, 2)}}, cpu::chosen_kernels());
  EXPECT_EQ(got.interpreted, std::vector<std::string>{"MatMul"});
}

}  // namespace
}  // namespace dt::test
