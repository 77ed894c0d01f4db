// The gate in front of the backends: networks that none of them is to see.
#include "backends/reference/network_gate.h"

#include <gtest/gtest.h>

#include "backend_support.h"

namespace dt::test {
namespace {

using reference::f32;
using reference::i64;
using reference::OnnxBuilder;
using reference::ProtoWriter;

std::string message(const Bundle& bundle) {
  return message_of([&] { check_networks(bundle); });
}

std::string with_denoiser(const std::string& onnx) {
  Bundle bundle = bundle_of_networks();
  bundle.denoiser = onnx;
  return message(bundle);
}

void expect_has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

// The inputs of a denoiser, and x_t as its output but for `change`.
OnnxBuilder denoiser() {
  OnnxBuilder b;
  b.input("x_t", {-1, -1, 2})
      .input("known", {-1, -1, 1})
      .input("audio", {-1, -1, 4})
      .input("condition", {-1, 3});
  return b;
}

TEST(NetworkGate, LetsGoodNetworksPass) {
  EXPECT_EQ(message(bundle_of_networks()), "");
  EXPECT_EQ(message(bundle_of_networks(false)), "");
  EXPECT_EQ(with_denoiser(denoiser().node("Tanh", {"x_t"}, {"x0"}).output("x0").model()), "");
}

// OpenVINO would read them: a file of its own format, whatever the name says, and others.
TEST(NetworkGate, RefusesWhatIsNoOnnx) {
  const std::string file = bundle_of_networks().manifest.denoiser_file + ": ";
  for (const std::string& text :
       {std::string("<?xml version=\"1.0\"?><net name=\"x\" version=\"11\"></net>"), std::string("TFL3"),
        std::string(), std::string(1000, '\0'), std::string("\x08\x09")}) {
    EXPECT_EQ(with_denoiser(text).find(file), 0u) << with_denoiser(text);
  }
}

// A tensor whose values lie in another file of the machine: an ONNX reader would open it.
TEST(NetworkGate, RefusesExternalData) {
  const auto entry = [](const char* key, const char* value) {
    return ProtoWriter().bytes(1, key).bytes(2, value).data();
  };
  ProtoWriter tensor;
  tensor.integer(1, 2).integer(2, 1).bytes(8, "w").bytes(13, entry("location", "/etc/passwd")).integer(14, 1);
  ProtoWriter graph;
  const std::string whole = denoiser().node("Add", {"x_t", "w"}, {"x0"}).output("x0").model();
  const std::string inside = ProtoWriter().bytes(5, tensor.data()).data();
  // Appended as a second graph message it is refused as well; so is only one of the two fields.
  expect_has(with_denoiser(whole + ProtoWriter().bytes(7, inside).data()), "two graphs");
  for (const std::string& one :
       {ProtoWriter().integer(1, 1).integer(2, 1).bytes(8, "w").integer(14, 1).data(),
        ProtoWriter().integer(1, 1).integer(2, 1).bytes(8, "w").bytes(13, entry("location", "x")).data(),
        tensor.data()}) {
    expect_has(with_denoiser(ProtoWriter().bytes(7, ProtoWriter().bytes(5, one).data()).data()),
               "keeps its data in another file");
    // Also as an attribute of a node.
    const std::string attribute = ProtoWriter().bytes(1, "value").bytes(5, one).data();
    const std::string node = ProtoWriter().bytes(4, "Constant").bytes(5, attribute).data();
    expect_has(with_denoiser(ProtoWriter().bytes(7, ProtoWriter().bytes(1, node).data()).data()),
               "keeps its data in another file");
  }
}

TEST(NetworkGate, RefusesOperatorsThatABundleMayNotUse) {
  for (const char* op :
       {"Loop", "If", "Scan", "ConstantOfShape", "Pad", "RandomNormal", "Einsum", "tanh", ""}) {
    expect_has(with_denoiser(denoiser().node(op, {"x_t"}, {"x0"}).output("x0").model()),
               "is not one that a bundle may use");
  }
  for (const char* domain : {"com.microsoft", "org.openvinotoolkit", "ai.onnx.ml"}) {
    expect_has(with_denoiser(denoiser().node("Tanh", {"x_t"}, {"x0"}, {}, domain).output("x0").model()),
               std::string(domain) + ".Tanh");
  }
  const std::string good = denoiser().node("Tanh", {"x_t"}, {"x0"}).output("x0").model();
  expect_has(with_denoiser(good + ProtoWriter().bytes(25, "").data()), "model-local functions");
  expect_has(with_denoiser(good + ProtoWriter().bytes(20, "").data()), "training information");
}

TEST(NetworkGate, RefusesOtherInputsAndOutputs) {
  OnnxBuilder more = denoiser();
  expect_has(with_denoiser(more.input("y", {1}).node("Tanh", {"x_t"}, {"x0"}).output("x0").model()),
             "unexpected input \"y\"");
  expect_has(with_denoiser(denoiser().node("Tanh", {"x_t"}, {"y"}).output("y").model()),
             "the one output \"x0\"");
  expect_has(with_denoiser(denoiser().node("Tanh", {"x_t"}, {"x0"}).output("x0").output("x_t").model()),
             "the one output \"x0\"");
  expect_has(with_denoiser(
                 OnnxBuilder().input("x_t", {-1, -1, 2}).node("Tanh", {"x_t"}, {"x0"}).output("x0").model()),
             "has no input");
  expect_has(with_denoiser(denoiser().node("Tanh", {"known"}, {"x0"}).output("x0").model()),
             "has shape [1, 3, 1], bundle.json asks for [1, 3, 2]");
  expect_has(with_denoiser(denoiser().node("Cast", {"x_t"}, {"x0"}, {{"to", 7}}).output("x0").model()),
             "is not float32");
}

// With the shapes of every profile, not only of the usual one.
TEST(NetworkGate, RefusesNetworksBeyondTheBudget) {
  OnnxBuilder b = denoiser();
  b.initializer("shape", i64({4}, {1 << 21, 1, 1, 1})).initializer("axis", i64({1}, {0}));
  b.node("Expand", {"x_t", "shape"}, {"big"}).node("ReduceSum", {"big", "axis"}, {"x0"}, {{"keepdims", 0}});
  const std::string text = with_denoiser(b.output("x0").model());
  EXPECT_EQ(text.find(bundle_of_networks().manifest.denoiser_file + ": operator Expand"), 0u) << text;
}

TEST(NetworkGate, RefusesWindowsThatTakeTooLong) {
  Bundle bundle = bundle_of_networks();
  OnnxBuilder b = denoiser();
  b.initializer("w", random_tensor({2, 4000}, 1, 0.1f)).initializer("v", random_tensor({4000, 2}, 1, 0.1f));
  b.node("MatMul", {"x_t", "w"}, {"h"}).node("MatMul", {"h", "v"}, {"x0"}).output("x0");
  bundle.denoiser = b.model();
  EXPECT_EQ(message(bundle), "");
  bundle.manifest.steps.resize(1 << 20, bundle.manifest.steps[0]);  // the parser allows 1000
  bundle.conditioner = OnnxBuilder()
                           .input("style", {-1, 2})
                           .input("t", {-1})
                           .initializer("w", f32({2, 3}, std::vector<float>(6)))
                           .node("MatMul", {"style", "w"}, {"condition"})
                           .output("condition")
                           .model();
  expect_has(message(bundle), "in all steps of the sampler");
}

}  // namespace
}  // namespace dt::test
