// Damaged files: every truncation and every changed byte of a small model gives a dt::Error or works; it
// never crashes. Run with -fsanitize=address,undefined to see reads out of bounds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "backends/reference/half.h"
#include "common/error.h"
#include "onnx_builder.h"

namespace dt::reference {
namespace {

std::string small_model() {
  OnnxBuilder b;
  b.input("x", {-1, 2, 4}).initializer("w", f32({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}));
  b.initializer("bias", f32({2}, {1, 2})).initializer("shape", i64({3}, {0, -1, 2}));
  b.initializer("starts", i64({1}, {1}))
      .initializer("ends", i64({1}, {3}))
      .initializer("axes", i64({1}, {1}));
  b.node("Conv", {"x", "w", "bias"}, {"c"}, {{"pads", std::vector<int64_t>{1, 1}}, {"auto_pad", "NOTSET"}});
  b.node("Reshape", {"c", "shape"}, {"r"}).node("Slice", {"r", "starts", "ends", "axes"}, {"s"});
  b.node("Transpose", {"s"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1}}})
      .node("MatMul", {"s", "t"}, {"m"});
  b.node("Softmax", {"m"}, {"p"}, {{"axis", -1}}).initializer("k", f32({1}, {0.5f}));
  b.node("Mul", {"p", "k"}, {"y"}).output("y");
  return b.model();
}

// Loads and runs from an exactly sized heap block, so that a sanitizer sees one byte too many.
void try_model(const std::string& model) {
  const std::unique_ptr<uint8_t[]> block(new uint8_t[model.size()]);
  if (!model.empty()) std::memcpy(block.get(), model.data(), model.size());
  try {
    OnnxGraph::load(block.get(), model.size()).run({{"x", f32({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8})}});
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()), "");
  }
}

TEST(OnnxFile, TheWholeModelRuns) {
  const std::vector<Tensor> y = load(small_model()).run({{"x", f32({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8})}});
  EXPECT_EQ(y[0].shape, (Shape{1, 2, 2}));
}

TEST(OnnxFile, EveryTruncationIsAnErrorOrRuns) {
  const std::string model = small_model();
  for (size_t n = 0; n < model.size(); ++n) try_model(model.substr(0, n));
}

TEST(OnnxFile, EveryChangedByteIsAnErrorOrRuns) {
  const std::string model = small_model();
  for (size_t i = 0; i < model.size(); ++i) {
    for (int change : {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      std::string changed = model;
      changed[i] = static_cast<char>(changed[i] ^ change);
      try_model(changed);
    }
  }
}

// Numbers that overflow when multiplied or negated without care.
TEST(OnnxFile, HugeDimensionsAndAttributesAreErrors) {
  for (int64_t huge :
       {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), int64_t{1} << 32}) {
    const Tensor x = f32({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}), w = f32({2, 2, 1}, {1, 2, 3, 4});
    const std::vector<int64_t> one = {huge}, two = {huge, huge};
    EXPECT_THROW(run_op("Reshape", {x, i64({2}, two)}), Error);
    EXPECT_THROW(run_op("Expand", {x, i64({2}, two)}), Error);
    EXPECT_THROW(run_op("Split", {x, i64({2}, two)}, {{"axis", 1}}, 2), Error);
    EXPECT_THROW(run_op("Split", {x}, {{"axis", 1}, {"num_outputs", huge}}, 2), Error);
    EXPECT_THROW(run_op("Transpose", {x}, {{"perm", std::vector<int64_t>{0, 1, huge}}}), Error);
    EXPECT_THROW(run_op("Softmax", {x}, {{"axis", huge}}), Error);
    EXPECT_THROW(run_op("Conv", {x, w}, {{"strides", one}}), Error);
    EXPECT_THROW(run_op("Conv", {x, w}, {{"dilations", one}}), Error);
    EXPECT_THROW(run_op("Conv", {x, w}, {{"pads", two}}), Error);
    EXPECT_THROW(run_op("Conv", {x, w}, {{"group", huge}}), Error);
    run_op("Shape", {x}, {{"start", huge}, {"end", huge}});
    run_op("Slice", {x, i64({1}, one), i64({1}, one), i64({1}, {0}), i64({1}, one)});
  }
}

// IEEE 754, binary16: (-1)^sign * 2^(exponent - 15) * 1.fraction; subnormal without the 1; all ones: not
// finite.
TEST(Half, EveryValueIsThatOfTheStandard) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float got = half_to_float(static_cast<uint16_t>(bits));
    const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
    const float sign = bits >> 15 ? -1.0f : 1.0f;
    if (exponent == 31) {
      ASSERT_TRUE(fraction == 0 ? got == sign * INFINITY : std::isnan(got)) << bits;
    } else if (exponent == 0) {
      ASSERT_EQ(got, sign * std::ldexp(static_cast<float>(fraction), -24)) << bits;
    } else {
      ASSERT_EQ(got, sign * std::ldexp(static_cast<float>(1024 + fraction), exponent - 25)) << bits;
    }
    ASSERT_TRUE(std::isnan(got) || std::signbit(got) == (bits >> 15 == 1)) << bits;
  }
}

}  // namespace
}  // namespace dt::reference
