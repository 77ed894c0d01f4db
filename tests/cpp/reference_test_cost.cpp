// What a graph would cost, found from shapes alone, and the limits that keep a small file small.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "backends/reference/network_limits.h"
#include "backends/reference/ops.h"
#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

OnnxGraph outline(const std::string& model) {
  return OnnxGraph::outline(reinterpret_cast<const uint8_t*>(model.data()), model.size());
}

template <typename Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), DT_BAD_BUNDLE);
    return e.what();
  }
  return "";
}

void expect_has(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

// A convolution, products of both kinds, and shapes that are computed from the input's.
OnnxBuilder network() {
  OnnxBuilder b;
  b.input("x", {-1, 4, -1}).initializer("w", f32({6, 4, 3}, std::vector<float>(72, 0.5f)));
  b.initializer("m", f32({6, 2000}, std::vector<float>(12000, 0.25f)));
  b.initializer("minus", i64({1}, {-1}))
      .initializer("axis", i64({1}, {2}))
      .initializer("half", i64({1}, {2}));
  b.node("Conv", {"x", "w"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1}}});
  b.node("Transpose", {"c"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1}}})
      .node("MatMul", {"t", "m"}, {"big"});
  b.node("Softmax", {"big"}, {"p"}).node("ReduceMean", {"p", "axis"}, {"mean"}, {{"keepdims", 1}});
  b.node("Shape", {"x"}, {"sizes"}, {{"start", 0}, {"end", 1}})
      .node("Concat", {"sizes", "minus"}, {"shape"}, {{"axis", 0}});
  b.node("Reshape", {"mean", "shape"}, {"flat"}).node("Mul", {"flat", "flat"}, {"y"}).output("y");
  return b;
}

TEST(OnnxCost, ShapesAreThoseOfARun) {
  const std::string model = network().model();
  const OnnxGraph read = load(model), outlined = outline(model);
  for (const int64_t batch : {1, 3}) {
    for (const int64_t n : {1, 7, 50}) {
      const Shape shape{batch, 4, n};
      const std::vector<Tensor> run = read.run({{"x", Tensor::zeros(DType::kFloat, shape)}});
      EXPECT_EQ(read.estimate({{"x", shape}}).outputs, std::vector<Shape>{run[0].shape});
      EXPECT_EQ(outlined.estimate({{"x", shape}}).outputs, std::vector<Shape>{run[0].shape});
    }
  }
}

TEST(OnnxCost, CountsNumbersAndProducts) {
  const NetworkCost cost = outline(network().model()).estimate({{"x", {1, 4, 10}}}).cost;
  // Conv 6 x 10 x 12 taps, MatMul 10 x 2000 x 6.
  EXPECT_EQ(cost.products, 6u * 10 * 12 + 10u * 2000 * 6);
  // Columns 12 x 10; c, t: 60 each; big, p: 20000 each; what the mean reads: 20000; mean, flat, y: 10 each;
  // sizes 1, shape 2.
  EXPECT_EQ(cost.numbers, 120u + 2 * 60 + 3 * 20000 + 3 * 10 + 3);
}

// Each writes one number only, and reads a million.
TEST(OnnxCost, ManyReductionsOfOneValueAreRefused) {
  OnnxBuilder b;
  b.input("x", {-1}).initializer("axis", i64({1}, {0})).node("ReduceSum", {"x", "axis"}, {"s0"});
  for (int i = 1; i < 80; ++i) {
    b.node("ReduceSum", {"x", "axis"}, {"r" + std::to_string(i)});
    b.node("Add", {"s" + std::to_string(i - 1), "r" + std::to_string(i)}, {"s" + std::to_string(i)});
  }
  const OnnxGraph graph = outline(b.output("s79").model());
  EXPECT_LT(graph.estimate({{"x", {1000}}}).cost.numbers, 100000u);
  EXPECT_THROW(graph.estimate({{"x", {1 << 20}}}), Error);
}

struct Case {
  const char* op;
  std::vector<Tensor> inputs;  // the first one is an input of the graph, the others are constants
  std::vector<TestAttribute> attributes;
  size_t n_outputs = 1;
};

std::vector<Case> cases_of_all_operators() {
  const Tensor x = Tensor::zeros(DType::kFloat, {2, 6, 40, 5}), y = Tensor::zeros(DType::kFloat, {6, 1, 5});
  const Tensor line = Tensor::zeros(DType::kFloat, {40, 60}), column = Tensor::zeros(DType::kFloat, {60, 40});
  return {
      {"Add", {x, y}, {}},
      {"Sub", {x, y}, {}},
      {"Mul", {x, y}, {}},
      {"Div", {x, y}, {}},
      {"Pow", {x, f32({}, {2})}, {}},
      {"Pow", {x, i64({}, {2})}, {}},
      {"Neg", {x}, {}},
      {"Sqrt", {x}, {}},
      {"Sin", {x}, {}},
      {"Cos", {x}, {}},
      {"Tanh", {x}, {}},
      {"Sigmoid", {x}, {}},
      {"Clip", {x, f32({}, {0}), f32({}, {1})}, {}},
      {"Cast", {x}, {{"to", 7}}},
      {"Shape", {x}, {}},
      {"Reshape", {x, i64({3}, {0, -1, 5})}, {}},
      {"Squeeze", {Tensor::zeros(DType::kFloat, {3000, 1}), i64({1}, {1})}, {}},
      {"Unsqueeze", {x, i64({1}, {0})}, {}},
      {"Transpose", {x}, {{"perm", std::vector<int64_t>{3, 0, 1, 2}}}},
      {"Expand", {y, i64({4}, {40, 6, 20, 5})}, {}},
      {"Slice", {x, i64({1}, {1}), i64({1}, {30}), i64({1}, {2}), i64({1}, {3})}, {}},
      {"Split", {x, i64({2}, {10, 30})}, {{"axis", 2}}, 2},
      {"Concat", {x, x}, {{"axis", 1}}},
      {"MatMul", {x, Tensor::zeros(DType::kFloat, {5, 9})}, {}},
      {"Gemm", {line, column}, {}},
      {"Conv", {x, Tensor::zeros(DType::kFloat, {4, 3, 3, 3})}, {{"group", 2}}},
      {"LayerNormalization", {x, Tensor::zeros(DType::kFloat, {5}), Tensor::zeros(DType::kFloat, {5})}, {}},
      {"Softmax", {x}, {}},
      {"ReduceSum", {x, i64({1}, {1})}, {}},
      {"ReduceMean", {x, i64({2}, {0, 2})}, {{"keepdims", 0}}},
      {"ReduceL2", {x, i64({1}, {-1})}, {}}};
}

TEST(OnnxCost, EveryOperatorHasTheShapeOfItsRun) {
  std::set<std::string> seen;
  for (const Case& c : cases_of_all_operators()) {
    SCOPED_TRACE(c.op);
    seen.insert(c.op);
    OnnxBuilder b;
    std::vector<std::string> names, outputs;
    for (size_t i = 0; i < c.inputs.size(); ++i) {
      names.push_back("i" + std::to_string(i));
      if (i == 0) b.input("i0", Shape(c.inputs[0].shape.size(), -1));
      if (i > 0) b.initializer(names.back(), c.inputs[i]);
    }
    for (size_t i = 0; i < c.n_outputs; ++i) outputs.push_back("o" + std::to_string(i));
    b.node(c.op, names, outputs, c.attributes);
    for (const std::string& name : outputs) b.output(name);
    std::vector<Shape> expected;
    for (const Tensor& t : load(b.model()).run({{"i0", c.inputs[0]}})) expected.push_back(t.shape);
    EXPECT_EQ(outline(b.model()).estimate({{"i0", c.inputs[0].shape}}).outputs, expected);
  }
  for (const auto& [name, function] : op_table())
    EXPECT_EQ(seen.count(name), 1u) << name << " is not tried here";
}

// From a file of some hundred bytes. A shape is read, and nothing of that size is made.
TEST(OnnxCost, HugeConstantsAreRefusedBeforeTheyAreMade) {
  OnnxBuilder b;
  b.initializer("one", f32({1}, {1})).initializer("shape", i64({2}, {1 << 13, 1 << 14}));
  b.node("Expand", {"one", "shape"}, {"y"}).output("y");
  expect_has(message_of([&] { load(b.model()); }), "computes more than 67108864 numbers");
  OnnxBuilder many;
  many.initializer("one", f32({1}, {1})).initializer("shape", i64({1}, {1 << 24}));
  for (int i = 0; i < 8; ++i) many.node("Expand", {"one", "shape"}, {"y" + std::to_string(i)});
  many.output("y0");
  expect_has(message_of([&] { load(many.model()); }), "computes more than 67108864 numbers");
  OnnxBuilder product;
  product.initializer("one", f32({1, 1}, {1})).initializer("shape", i64({2}, {8000, 8000}));
  product.node("Expand", {"one", "shape"}, {"a"}).node("MatMul", {"a", "a"}, {"y"}).output("y");
  expect_has(message_of([&] { load(product.model()); }), "multiplies more than 17179869184 pairs");
}

TEST(OnnxCost, HugeResultsOfSmallInputsAreRefused) {
  OnnxBuilder b;
  b.input("x", {-1}).initializer("shape", i64({3}, {1 << 10, 1 << 10, 1}));
  b.node("Expand", {"x", "shape"}, {"y"}).output("y");
  const OnnxGraph graph = outline(b.model());
  EXPECT_EQ(graph.estimate({{"x", {60}}}).cost.numbers, (uint64_t{60} << 20));
  expect_has(message_of([&] { graph.estimate({{"x", {65}}}); }), "computes more than");
  EXPECT_EQ(message_of([&] { graph.estimate({{"x", {65}}}, 2); }), "");  // two streams may take twice as much
  for (const auto& [pad, is_allowed] :
       {std::pair{int64_t{1} << 23, true}, std::pair{int64_t{1} << 24, false}}) {
    OnnxBuilder padded;
    padded.input("x", {1, 1, -1}).initializer("w", f32({1, 1, 1}, {1}));
    padded.node("Conv", {"x", "w"}, {"y"}, {{"pads", std::vector<int64_t>{pad, pad}}}).output("y");
    const std::string message = message_of([&] { outline(padded.model()).estimate({{"x", {1, 1, 1}}}); });
    EXPECT_EQ(message.empty(), is_allowed) << message;
  }
}

TEST(OnnxCost, SizesMayNotDependOnValuesOfTheInput) {
  OnnxBuilder b;
  b.input("x", {1}).node("Cast", {"x"}, {"n"}, {{"to", 7}}).initializer("one", f32({1}, {1}));
  b.node("Expand", {"one", "n"}, {"y"}).output("y");
  expect_has(message_of([&] { outline(b.model()).estimate({{"x", {1}}}); }), "input 1 sets a size");
}

TEST(OnnxCost, PartsOfAFileAreCounted) {
  OnnxBuilder nodes;
  nodes.input("x0", {1});
  for (int i = 0; i < 4097; ++i) nodes.node("Tanh", {"x" + std::to_string(i)}, {"x" + std::to_string(i + 1)});
  nodes.output("x1");
  expect_has(message_of([&] { load(nodes.model()); }), "more than 4096 nodes");
  OnnxBuilder wide;
  wide.input("x", {1}).node("Concat", std::vector<std::string>(70000, "x"), {"y"}, {{"axis", 0}}).output("y");
  expect_has(message_of([&] { load(wide.model()); }), "more than 65536 inputs and outputs");
  OnnxBuilder constants;
  for (int i = 0; i < 16385; ++i) constants.initializer("c" + std::to_string(i), f32({1}, {1}));
  expect_has(message_of([&] { load(constants.output("c0").model()); }), "more than 16384 initializers");
  OnnxBuilder deep;
  deep.input("x", Shape(9, 1)).output("x");
  expect_has(message_of([&] { load(deep.model()); }), "more than 8 dimensions");
  OnnxBuilder rank;
  rank.initializer("c", Tensor::from(Shape(8, 1), {1})).initializer("axis", i64({1}, {0}));
  rank.node("Unsqueeze", {"c", "axis"}, {"y"}).output("y");
  expect_has(message_of([&] { load(rank.model()); }), "9 dimensions");
}

TEST(OnnxCost, NamesThatAreTwiceAreRefused) {
  OnnxBuilder constants, attributes;
  constants.initializer("c", f32({1}, {1})).initializer("c", f32({1}, {2})).output("c");
  expect_has(message_of([&] { load(constants.model()); }), "two initializers that are called 'c'");
  attributes.input("x", {1, 1}).node("Softmax", {"x"}, {"y"}, {{"axis", 0}, {"axis", 1}}).output("y");
  expect_has(message_of([&] { load(attributes.model()); }),
             "two attributes of one node that are called 'axis'");
}

}  // namespace
}  // namespace dt::reference
