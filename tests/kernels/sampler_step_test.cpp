// The fused sampler step against its formula in double, and the device against the host bit by bit.
#include <cmath>
#include <cstring>
#include <limits>

#include "place.h"

namespace dt::test {
namespace {

struct Case {
  size_t batch, window, past, channels;
  size_t shift;  // values in front of the tensors, which spoil their alignment
};

// The live and offline windows of 52 weights; odd sizes; one element; nothing to do; a large one; groups of
// four elements that cross the end of a frame.
const Case kCases[] = {{1, 27, 18, 52, 0}, {8, 60, 12, 52, 0}, {3, 7, 2, 5, 0},   {2, 9, 3, 52, 1},
                       {1, 1, 0, 1, 0},    {2, 4, 4, 8, 0},    {5, 24, 21, 3, 0}, {64, 60, 12, 104, 0},
                       {2, 8, 4, 5, 0},    {3, 12, 4, 7, 0}};

class Problem {
 public:
  Problem(const Case& c, std::mt19937* engine) : c_(c) {
    const size_t n = c.batch * c.window * c.channels;
    x_t_ = random_floats(n, engine);
    x0_ = random_floats(n, engine, 2.0f);
    lo_ = random_floats(c.channels, engine);
    for (const float lo : lo_) hi_.push_back(lo + 1.5f);
  }

  std::vector<float> run(Place* place, std::vector<uint32_t>* faults) const {
    SamplerStepArgs a;
    a.x_t = place->put(x_t_, c_.shift);
    a.x0 = place->put(x0_, c_.shift);
    a.lo = place->put(lo_);
    a.hi = place->put(hi_);
    a.coefficients = place->put(std::vector<SamplerCoefficients>{kCoefficients});
    a.faults = place->put(std::vector<uint32_t>(c_.batch));
    a.batch = c_.batch, a.window = c_.window, a.past = c_.past, a.channels = c_.channels;
    place->sampler_step(a);
    *faults = place->get(a.faults, c_.batch);
    return place->get(a.x_t, x_t_.size());
  }

  void expect_formula(const std::vector<float>& got) const {
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t channel = i % c_.channels;
      const double x_t = x_t_[i];
      if (i / c_.channels % c_.window < c_.past) {
        ASSERT_EQ(got[i], x_t_[i]) << "past frame changed at " << i;
        continue;
      }
      const double x0 = std::fmin(std::fmax(x0_[i], lo_[channel]), hi_[channel]);
      const double expected = double{kCoefficients.c_x} * x_t + double{kCoefficients.c_x0} * x0;
      // Three roundings: two products and their sum.
      const double limit = 3 * (std::fabs(x_t) + std::fabs(x0)) * 0x1p-24;
      const double error = std::fabs(got[i] - expected);
      ASSERT_TRUE(error <= limit) << error << " at " << i << ", seed " << test_seed();
    }
  }

  std::vector<float>& x0() { return x0_; }

 private:
  static constexpr SamplerCoefficients kCoefficients{0.61f, 0.27f};
  Case c_;
  std::vector<float> x_t_, x0_;
  std::vector<float> lo_, hi_;
};

using SamplerStep = OnEveryPlace;

TEST_P(SamplerStep, FollowsTheFormula) {
  std::mt19937 engine(test_seed());
  for (const Case& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.batch << " x " << c.window << " x " << c.channels);
    const Problem problem(c, &engine);
    std::vector<uint32_t> faults;
    const std::vector<float> got = problem.run(&place(), &faults), judge = problem.run(&host(), &faults);
    problem.expect_formula(got);
    EXPECT_EQ(std::memcmp(got.data(), judge.data(), got.size() * sizeof(float)), 0);
    EXPECT_EQ(faults, std::vector<uint32_t>(c.batch));
  }
}

TEST_P(SamplerStep, ReportsTheWindowsWhosePredictionIsNotFinite) {
  std::mt19937 engine(test_seed());
  const Case c{4, 9, 3, 52, 0};
  Problem problem(c, &engine);
  const size_t row = 9 * 52;
  problem.x0()[0 * row + 5] = std::nanf("");  // of a past frame: nobody's
  problem.x0()[1 * row + 3 * 52] = std::nanf("");
  problem.x0()[3 * row + row - 1] = -std::numeric_limits<float>::infinity();
  std::vector<uint32_t> faults;
  const std::vector<float> got = problem.run(&place(), &faults);
  EXPECT_EQ(faults, (std::vector<uint32_t>{0, 1, 0, 1}));
  for (const float v : got) EXPECT_TRUE(std::isfinite(v));
}

DT_ON_EVERY_PLACE(SamplerStep);

}  // namespace
}  // namespace dt::test
