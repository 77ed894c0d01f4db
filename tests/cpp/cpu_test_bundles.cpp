// The bundles that are shipped, network by network: parity with the interpreter on every instruction set, and
// the same bits whatever the number of threads and streams.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "cpu_support.h"

namespace dt::test {
namespace {

std::string read_file(const std::string& bundle, const std::string& name) {
  std::ifstream file(std::string(DT_BUNDLES) + "/" + bundle + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << bundle << "/" << name;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Inputs denoiser_inputs(int64_t streams, int64_t frames) {
  return {{"x_t", noise({streams, frames, 55}, 1)},
          {"known", noise({streams, frames, 1}, 2)},
          {"audio", noise({streams, frames, 192}, 3)},
          {"condition", noise({streams, 1920}, 4)}};
}

class CpuBundles : public testing::TestWithParam<const char*> {};

// 1e-4 is the stated limit; random inputs are wilder than speech.
TEST_P(CpuBundles, AudioEncoderAgrees) {
  const std::string model = read_file(GetParam(), "audio_encoder.onnx");
  for (const int64_t groups : {1, 9}) {
    const Planned got = expect_parity(model, {{"mel", noise({1, 10 * groups, 80}, 5, 2.0f)}}, 1e-4f);
    EXPECT_TRUE(got.interpreted.empty());
  }
}

TEST_P(CpuBundles, DenoiserAgrees) {
  const std::string model = read_file(GetParam(), "denoiser.onnx");
  for (const auto& [streams, frames] : {std::pair<int64_t, int64_t>{1, 27}, {2, 24}, {1, 60}, {1, 3}}) {
    EXPECT_TRUE(expect_parity(model, denoiser_inputs(streams, frames), 1e-4f).interpreted.empty());
  }
  expect_parity(model, denoiser_inputs(2, 27), 1e-4f, {18, 27});
  expect_parity(model, denoiser_inputs(1, 60), 1e-4f, {12, 48});
}

TEST_P(CpuBundles, ConditionerAndStyleEncoderAgree) {
  expect_parity(read_file(GetParam(), "conditioner.onnx"),
                {{"style", noise({8, 64}, 1)}, {"t", noise({8}, 2, 200)}}, 1e-4f);
  expect_parity(read_file(GetParam(), "style_encoder.onnx"), {{"mel", noise({1, 131, 80}, 3)}}, 1e-4f);
}

TEST_P(CpuBundles, ThreadsAndStreamsNeverMatter) {
  const std::string model = read_file(GetParam(), "denoiser.onnx");
  const Inputs alone = denoiser_inputs(1, 27);
  Inputs together;
  for (const auto& [name, tensor] : alone) {  // the same stream third among others
    reference::Shape shape = tensor.shape;
    shape[0] = 4;
    together[name] = noise(shape, 9);
    std::copy(tensor.floats.begin(), tensor.floats.end(),
              together[name].floats.begin() + 2 * static_cast<int64_t>(tensor.floats.size()));
  }
  for (const cpu::Kernels* kernels : cpu::usable_kernels()) {
    const auto part = [&](const Inputs& inputs, int n_threads, int64_t stream) {
      const reference::Tensor all = run_planned(model, inputs, *kernels, {18, 27}, n_threads).output;
      const auto first = all.floats.begin() + (stream * 27 + 18) * 55;
      return std::vector<float>(first, first + 9 * 55);
    };
    const std::vector<float> expected = part(alone, 1, 0);
    EXPECT_EQ(part(alone, 3, 0), expected) << kernels->name;
    EXPECT_EQ(part(together, 1, 2), expected) << kernels->name;
    EXPECT_EQ(part(together, 2, 2), expected) << kernels->name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CpuBundles, testing::Values("base", "base-2step"), [](const auto& info) {
  return std::string(info.param) == "base" ? "base" : "base_2step";
});

}  // namespace
}  // namespace dt::test
