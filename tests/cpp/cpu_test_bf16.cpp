// Products in bfloat16, on processors that compute in it: exact for what bfloat16 holds, near float32 else,
// and the same bits whatever the number of threads and streams.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "cpu_support.h"

namespace dt::test {
namespace {

using reference::OnnxBuilder;
using reference::Shape;
using reference::Tensor;

// As bfloat16 holds it.
Tensor held(Tensor tensor) {
  for (float& value : tensor.floats) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x8000u) & 0xFFFF0000u;
    std::memcpy(&value, &bits, sizeof bits);
  }
  return tensor;
}

float worst_error(const Tensor& got, const Tensor& expected, cpu::RowRange rows = {0, 0}) {
  const auto n = static_cast<size_t>(expected.shape.back());
  float worst = 0;
  for (size_t i = 0; i < expected.floats.size(); ++i) {
    const auto row = static_cast<int64_t>(i / n) % expected.shape[1];
    if (!rows.is_empty() && (row < rows.first || row >= rows.last)) continue;
    const float error = std::fabs(got.floats[i] - expected.floats[i]);
    worst = error <= worst ? worst : error;
  }
  return worst;
}

class CpuBf16 : public testing::Test {
 protected:
  void SetUp() override {
    if (cpu::usable_bf16_kernels().empty()) GTEST_SKIP() << "this processor has no bf16 arithmetic";
    cpu::chosen_bf16_kernels();  // asks the system for tiles
  }
};

// Streams, rows, depth and columns below, at and above the tiles' 16, 32 and 32.
TEST_F(CpuBf16, ProductsOfWhatItHoldsAreThoseOfFloat32) {
  const std::vector<std::array<int64_t, 4>> sizes{{1, 1, 1, 1},    {1, 27, 56, 192}, {2, 14, 33, 55},
                                                  {3, 5, 7, 16},   {1, 60, 64, 31},  {2, 1, 19, 33},
                                                  {4, 29, 96, 100}};
  for (const auto& [streams, rows, k, n] : sizes) {
    OnnxBuilder b;
    b.input("a", {-1, -1, k}).input("gate", {-1, 1, n}).input("r", {-1, -1, n});
    b.initializer("w", held(noise({k, n}, 1, 0.2f))).initializer("bias", noise({n}, 2));
    b.node("MatMul", {"a", "w"}, {"p"}).node("Add", {"p", "bias"}, {"s"}).node("Sigmoid", {"s"}, {"c"});
    b.node("Mul", {"s", "c"}, {"act"}).node("Mul", {"gate", "act"}, {"g"}).node("Add", {"r", "g"}, {"out"});
    b.output("out");
    const Inputs inputs{{"a", held(noise({streams, rows, k}, 3))},
                        {"gate", noise({streams, 1, n}, 4)},
                        {"r", noise({streams, rows, n}, 5)}};
    const Tensor expected = reference::load(b.model()).run(inputs)[0];
    for (const cpu::Kernels* kernels : cpu::usable_bf16_kernels()) {
      const Planned got = run_planned(b.model(), inputs, *kernels);
      EXPECT_LE(worst_error(got.output, expected), 2e-5f)
          << kernels->name << ", " << rows << " x " << k << " x " << n;
    }
  }
}

// A convolution over all channels is a product whose rows overlap.
TEST_F(CpuBf16, ConvolutionsOverTime) {
  OnnxBuilder b;
  b.input("a", {-1, -1, 24})
      .initializer("w", held(noise({40, 24, 4}, 1, 0.3f)))
      .initializer("bias", noise({40}, 2));
  b.node("Transpose", {"a"}, {"t"}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
  b.node("Conv", {"t", "w", "bias"}, {"c"},
         {{"strides", std::vector<int64_t>{2}}, {"pads", std::vector<int64_t>{1, 1}}});
  b.node("Transpose", {"c"}, {"out"}, {{"perm", std::vector<int64_t>{0, 2, 1}}}).output("out");
  const Inputs inputs{{"a", held(noise({2, 31, 24}, 3))}};
  const Tensor expected = reference::load(b.model()).run(inputs)[0];
  for (const cpu::Kernels* kernels : cpu::usable_bf16_kernels()) {
    EXPECT_LE(worst_error(run_planned(b.model(), inputs, *kernels).output, expected), 2e-5f) << kernels->name;
  }
}

class CpuBf16Bundle : public CpuBf16 {
 protected:
  static std::string denoiser() {
    std::ifstream file(std::string(DT_BUNDLES) + "/base/denoiser.onnx", std::ios::binary);
    EXPECT_TRUE(file.good());
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static Inputs inputs(int64_t streams, int64_t frames) {
    return {{"x_t", noise({streams, frames, 55}, 1)},
            {"known", noise({streams, frames, 1}, 2)},
            {"audio", noise({streams, frames, 192}, 3)},
            {"condition", noise({streams, 1920}, 4)}};
  }
};

// Random inputs are wilder than speech, whose limit docs/speed.md states.
TEST_F(CpuBf16Bundle, TheDenoiserIsNearFloat32AndNotEqual) {
  const std::string model = denoiser();
  const Tensor expected = reference::load(model).run(inputs(1, 27))[0];
  for (const cpu::Kernels* kernels : cpu::usable_bf16_kernels()) {
    const float worst =
        worst_error(run_planned(model, inputs(1, 27), *kernels, {18, 27}).output, expected, {18, 27});
    EXPECT_LE(worst, 0.25f) << kernels->name;
    EXPECT_GT(worst, 1e-4f) << kernels->name << " computes in float32";
  }
}

TEST_F(CpuBf16Bundle, ThreadsAndStreamsNeverMatter) {
  const std::string model = denoiser();
  const Inputs alone = inputs(1, 27);
  Inputs together;
  for (const auto& [name, tensor] : alone) {  // the same stream third among others
    Shape shape = tensor.shape;
    shape[0] = 4;
    together[name] = noise(shape, 9);
    std::copy(tensor.floats.begin(), tensor.floats.end(),
              together[name].floats.begin() + 2 * static_cast<int64_t>(tensor.floats.size()));
  }
  for (const cpu::Kernels* kernels : cpu::usable_bf16_kernels()) {
    const auto part = [&](const Inputs& given, int n_threads, int64_t stream) {
      const Tensor all = run_planned(model, given, *kernels, {18, 27}, n_threads).output;
      const auto first = all.floats.begin() + (stream * 27 + 18) * 55;
      return std::vector<float>(first, first + 9 * 55);
    };
    const std::vector<float> expected = part(alone, 1, 0);
    EXPECT_EQ(part(alone, 3, 0), expected) << kernels->name;
    EXPECT_EQ(part(together, 1, 2), expected) << kernels->name;
    EXPECT_EQ(part(together, 2, 2), expected) << kernels->name;
  }
}

}  // namespace
}  // namespace dt::test
