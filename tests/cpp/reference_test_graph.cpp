#include <gtest/gtest.h>

#include <string>

#include "backends/reference/ops.h"
#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

// Status and message of what f throws.
template <class F>
std::pair<dt_status, std::string> error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {DT_OK, ""};
}

TEST(OnnxGraph, RunsChainsWithSharedAndUnusedValues) {
  OnnxBuilder b;
  b.input("x", {-1}).initializer("two", f32({}, {2}));
  b.node("Mul", {"x", "two"}, {"y"}).node("Add", {"y", "x"}, {"z"}).node("Tanh", {"y"}, {"unused"});
  b.output("z").output("x").output("two").output("z");
  const OnnxGraph graph = load(b.model());
  ASSERT_EQ(graph.inputs().size(), 1u);
  EXPECT_EQ(graph.inputs()[0].name, "x");
  EXPECT_EQ(graph.inputs()[0].shape, (Shape{-1}));
  EXPECT_EQ(graph.inputs()[0].symbolic_names, (std::vector<std::string>{"n"}));
  for (int pass = 0; pass < 2; ++pass) {
    const std::vector<Tensor> out = graph.run({{"x", f32({2}, {1, 5})}});
    ASSERT_EQ(out.size(), 4u);
    expect_equal(out[0], f32({2}, {3, 15}));
    expect_equal(out[1], f32({2}, {1, 5}));
    expect_equal(out[2], f32({}, {2}));
    expect_equal(out[3], out[0]);
  }
}

TEST(OnnxGraph, ComputesConstantsAtLoad) {
  OnnxBuilder b;
  b.initializer("a", f32({2}, {1, 2})).node("Neg", {"a"}, {"b"}).output("b");
  expect_equal(load(b.model()).run({})[0], f32({2}, {-1, -2}));
  OnnxBuilder impossible;
  impossible.initializer("a", f32({2}, {1, 2})).initializer("b", f32({3}, {1, 2, 3}));
  impossible.node("Add", {"a", "b"}, {"c"}).output("c");
  EXPECT_EQ(error_of([&] { load(impossible.model()); }).first, DT_BAD_BUNDLE);
}

TEST(OnnxGraph, ChecksItsInputs) {
  OnnxBuilder b;
  b.input("x", {-1, 3}).node("Tanh", {"x"}, {"y"}).output("y");
  const OnnxGraph graph = load(b.model());
  const auto status = [&](const std::map<std::string, Tensor>& inputs) {
    return error_of([&] { graph.run(inputs); }).first;
  };
  EXPECT_EQ(status({{"x", f32({1, 3}, {1, 2, 3})}}), DT_OK);
  EXPECT_EQ(status({}), DT_INVALID_ARGUMENT);
  EXPECT_EQ(status({{"x", f32({3}, {1, 2, 3})}}), DT_INVALID_ARGUMENT);
  EXPECT_EQ(status({{"x", f32({3, 1}, {1, 2, 3})}}), DT_INVALID_ARGUMENT);
  EXPECT_EQ(status({{"x", i64({1, 3}, {1, 2, 3})}}), DT_INVALID_ARGUMENT);
}

TEST(OnnxGraph, NamesOperatorsItLacks) {
  OnnxBuilder b;
  b.input("x", {1}).node("Einsum", {"x"}, {"y"}).output("y");
  const auto [status, message] = error_of([&] { load(b.model(20)); });
  EXPECT_EQ(status, DT_BAD_BUNDLE);
  EXPECT_EQ(message,
            "operator Einsum (opset 20) is not one that a bundle may use (docs/bundle-format.md lists them)");
  OnnxBuilder custom;
  custom.input("x", {1}).node("Tanh", {"x"}, {"y"}, {}, "com.example").output("y");
  EXPECT_NE(error_of([&] { load(custom.model()); }).second.find("com.example.Tanh"), std::string::npos);
}

TEST(OnnxGraph, SaysWhichOperatorFailed) {
  OnnxBuilder b;
  b.input("x", {-1}).initializer("w", f32({3}, {1, 2, 3})).node("Add", {"x", "w"}, {"y"}).output("y");
  const OnnxGraph graph = load(b.model());
  const auto [status, message] = error_of([&] { graph.run({{"x", f32({2}, {1, 2})}}); });
  EXPECT_EQ(status, DT_BAD_BUNDLE);
  EXPECT_EQ(message, "operator Add ('n') of the ONNX file: shapes [2] and [3] do not broadcast");
}

TEST(OnnxGraph, RefusesBrokenGraphs) {
  OnnxBuilder undefined, twice, no_output, never, old;
  undefined.input("x", {1}).node("Add", {"x", "ghost"}, {"y"}).output("y");
  twice.input("x", {1}).node("Tanh", {"x"}, {"x"}).output("x");
  no_output.input("x", {1}).node("Tanh", {"x"}, {"y"});
  never.input("x", {1}).output("y");
  old.input("x", {1}).output("x");
  for (const OnnxBuilder* b : {&undefined, &twice, &no_output, &never}) {
    EXPECT_EQ(error_of([&] { load(b->model()); }).first, DT_BAD_BUNDLE);
  }
  EXPECT_EQ(error_of([&] { load(old.model(12)); }).first, DT_BAD_BUNDLE);
  EXPECT_EQ(error_of([&] { load(""); }).first, DT_BAD_BUNDLE);
  EXPECT_EQ(error_of([&] { load("this is not a model"); }).first, DT_BAD_BUNDLE);
}

TEST(OnnxGraph, MissingInputsOfEveryOperatorAreErrors) {
  for (const auto& [name, function] : op_table()) {
    OnnxBuilder b;
    b.input("x", {1, 1, 1}).node(name, {"x", "", ""}, {"y", "z"}).output("y");
    error_of(
        [&] { load(b.model()).run({{"x", f32({1, 1, 1}, {1})}}); });  // an Error or a result, never a crash
    OnnxBuilder none;
    none.node(name, {}, {"y"}).output("y");
    EXPECT_EQ(error_of([&] { load(none.model()); }).first, DT_BAD_BUNDLE) << name;
  }
}

}  // namespace
}  // namespace dt::reference
