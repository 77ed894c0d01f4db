// A bundle's real engines on a real GPU, against the reference backend: $DT_TEST_BUNDLE, $DT_TEST_ENGINES,
// $DT_TEST_PRECISION (f16).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backend_support.h"
#include "backends/reference/reference_backend.h"
#include "common/error.h"
#include "gpu_target.h"

namespace dt::test {
namespace {

namespace fs = std::filesystem;

BenchTarget target_of_environment() {
  const auto get = [](const char* name) { return std::string(std::getenv(name) ? std::getenv(name) : ""); };
  return {get("DT_TEST_BUNDLE"), get("DT_TEST_ENGINES"), get("DT_TEST_PRECISION")};
}

class Trt : public testing::Test {
 protected:
  void SetUp() override {
    given_ = target_of_environment();
    if (given_.bundle.empty() || given_.engines.empty()) GTEST_SKIP() << "DT_TEST_BUNDLE, DT_TEST_ENGINES";
    if (given_.precision.empty()) given_.precision = "f16";
    target_ = std::make_unique<GpuTarget>(given_);
    shape_ = shape_of(target_->bundle().manifest.profile(nullptr));
  }
  // Results of n streams, `batch` at a time.
  std::vector<std::vector<float>> frames_of(Backend* backend, size_t n, size_t batch) {
    const Streams streams(target_->bundle(), backend, n, shape_);
    const auto session = backend->make_session(batch, shape_);
    for (size_t first = 0; first < n; first += batch) {
      PhaseTimes times;
      session->run({std::min(batch, n - first), shape_, streams.windows.data() + first}, &times);
    }
    return streams.results();
  }
  static double largest_error(const std::vector<std::vector<float>>& a,
                              const std::vector<std::vector<float>>& b) {
    double worst = 0;
    for (size_t s = 0; s < a.size(); ++s) {
      for (size_t i = 0; i < a[s].size(); ++i) {
        const double error = std::fabs(double{a[s][i]} - b[s][i]);
        if (!(error <= worst)) worst = error;  // a NaN stays
      }
    }
    return worst;
  }

  BenchTarget given_;
  std::unique_ptr<GpuTarget> target_;
  WindowShape shape_;
};

// Weights, and the past in normalised units. f32: TensorRT may use TF32 (10 bits) in its products unless told
// not to; f16: 11 bits through some twenty layers and eight steps. The error is reported; the tighter judge,
// twice the error of PyTorch in half precision, is trt_build's verify.
TEST_F(Trt, AgreesWithTheReference) {
  const auto backend = target_->backend();
  const auto judge = reference_backend_factory().create(target_->bundle(), {});
  const double error = largest_error(frames_of(backend.get(), 4, 1), frames_of(judge.get(), 4, 1));
  RecordProperty("largest_error", std::to_string(error));
  EXPECT_TRUE(error <= 0.1) << error;
}

TEST_F(Trt, ReplayIsEagerBitByBit) {
  EXPECT_EQ(frames_of(target_->backend().get(), 9, 1),
            frames_of(target_->backend({false, false}).get(), 9, 1));
  EXPECT_EQ(frames_of(target_->backend().get(), 9, 8),
            frames_of(target_->backend({false, false}).get(), 9, 8));
}

// Another batch is another set of kernels, which round differently.
TEST_F(Trt, BatchesAgree) {
  const auto backend = target_->backend();
  const double error = largest_error(frames_of(backend.get(), 20, 20), frames_of(backend.get(), 20, 1));
  RecordProperty("largest_error", std::to_string(error));
  EXPECT_TRUE(error <= 0.1) << error;
}

TEST_F(Trt, ADamagedEngineIsOneSentence) {
  const fs::path copy = fs::path(testing::TempDir()) / "dt_damaged_engines";
  fs::remove_all(copy);
  fs::copy(given_.engines, copy, fs::copy_options::recursive);
  for (const auto& file : fs::directory_iterator(copy)) {
    if (file.path().extension() != ".plan") continue;
    std::fstream plan(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    plan.seekp(static_cast<std::streamoff>(fs::file_size(file.path()) / 2));
    plan.put('\x55').put('\xAA');
  }
  BenchTarget damaged = given_;
  damaged.engines = copy.string();
  const GpuTarget target(damaged);
  EXPECT_NE(message_of([&] { target.backend()->make_session(1, shape_); }).find("is damaged"),
            std::string::npos);
  fs::remove_all(copy);
}

}  // namespace
}  // namespace dt::test
