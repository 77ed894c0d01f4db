// The fused sampler step against its formula in double, and the device against the host bit by bit.
#include <cmath>
#include <cstring>
#include <limits>

#include "place.h"

namespace dt::test {
namespace {

struct Case {
  size_t batch, window, past, channels;
  bool guided;
  size_t shift;  // values in front of the tensors, which spoil their alignment
};

// The live and offline windows of 52 weights; odd sizes; one element; nothing to do; a large one.
const Case kCases[] = {{1, 27, 18, 52, false, 0}, {8, 60, 12, 52, true, 0},  {3, 7, 2, 5, true, 0},
                       {2, 9, 3, 52, false, 1},   {1, 1, 0, 1, false, 0},    {2, 4, 4, 8, true, 0},
                       {5, 24, 21, 3, false, 0},  {64, 60, 12, 104, true, 0}};

std::vector<float> as(const std::vector<float>& v, const float*) { return v; }
std::vector<Half> as(const std::vector<float>& v, const Half*) {
  std::vector<Half> out(v.size());
  for (size_t i = 0; i < v.size(); ++i) store_float(v[i], &out[i]);
  return out;
}

// Half a unit in the last place of the stored type, and of its smallest subnormal.
double rounding(const float*, double magnitude) { return magnitude * 0x1p-24; }
double rounding(const Half*, double magnitude) { return magnitude * 0x1p-11 + 0x1p-25; }

template <typename T, typename T0>
class Problem {
 public:
  Problem(const Case& c, std::mt19937* engine) : c_(c) {
    const size_t n = c.batch * c.window * c.channels;
    const T* t = nullptr;
    const T0* t0 = nullptr;
    x_t_ = as(random_floats(n, engine), t);
    x0_ = as(random_floats(n, engine, 2.0f), t0);
    uncond_ = as(random_floats(n, engine, 2.0f), t0);
    lo_ = random_floats(c.channels, engine);
    for (const float lo : lo_) hi_.push_back(lo + 1.5f);
  }

  std::vector<T> run(Place* place, std::vector<uint32_t>* faults) const {
    SamplerStepArgs<T, T0> a;
    a.x_t = place->put(x_t_, c_.shift);
    a.x0 = place->put(x0_, c_.shift);
    if (c_.guided) a.x0_uncond = place->put(uncond_, c_.shift);
    a.guidance = kGuidance;
    a.lo = place->put(lo_);
    a.hi = place->put(hi_);
    a.coefficients = place->put(std::vector<SamplerCoefficients>{kCoefficients});
    a.faults = place->put(std::vector<uint32_t>(c_.batch));
    a.batch = c_.batch, a.window = c_.window, a.past = c_.past, a.channels = c_.channels;
    place->sampler_step(a);
    *faults = place->get(a.faults, c_.batch);
    return place->get(a.x_t, x_t_.size());
  }

  void expect_formula(const std::vector<T>& got) const {
    for (size_t i = 0; i < got.size(); ++i) {
      const size_t channel = i % c_.channels;
      const double x_t = to_float(x_t_[i]);
      if (i / c_.channels % c_.window < c_.past) {
        ASSERT_EQ(to_float(got[i]), x_t) << "past frame changed at " << i;
        continue;
      }
      double x0 = to_float(x0_[i]), span = std::fabs(x0);
      if (c_.guided) {
        const double uncond = to_float(uncond_[i]);
        span += (1 + kGuidance) * (std::fabs(x0) + std::fabs(uncond));
        x0 = uncond + double{kGuidance} * (x0 - uncond);
      }
      x0 = std::fmin(std::fmax(x0, lo_[channel]), hi_[channel]);
      const double expected = double{kCoefficients.c_x} * x_t + double{kCoefficients.c_x0} * x0;
      // Three roundings of the guidance, three of the update, one of the store.
      const double sum = std::fabs(x_t) + std::fabs(x0) + span;
      const double limit = 6 * sum * 0x1p-24 + rounding(got.data(), std::fabs(expected) + 1e-6);
      const double error = std::fabs(to_float(got[i]) - expected);
      ASSERT_TRUE(error <= limit) << error << " at " << i << ", seed " << test_seed();
    }
  }

  std::vector<T0>& x0() { return x0_; }

 private:
  static constexpr float kGuidance = 1.75f;
  static constexpr SamplerCoefficients kCoefficients{0.61f, 0.27f};
  Case c_;
  std::vector<T> x_t_;
  std::vector<T0> x0_, uncond_;
  std::vector<float> lo_, hi_;
};

class SamplerStep : public OnEveryPlace {
 protected:
  template <typename T, typename T0>
  void check_all() {
    std::mt19937 engine(test_seed());
    for (const Case& c : kCases) {
      SCOPED_TRACE(testing::Message() << c.batch << " x " << c.window << " x " << c.channels);
      const Problem<T, T0> problem(c, &engine);
      std::vector<uint32_t> faults;
      const std::vector<T> got = problem.run(&place(), &faults), judge = problem.run(&host(), &faults);
      problem.expect_formula(got);
      EXPECT_EQ(std::memcmp(got.data(), judge.data(), got.size() * sizeof(T)), 0);
      EXPECT_EQ(faults, std::vector<uint32_t>(c.batch));
    }
  }
};

TEST_P(SamplerStep, FloatFollowsTheFormula) { check_all<float, float>(); }
TEST_P(SamplerStep, HalfFollowsTheFormula) { check_all<Half, Half>(); }
TEST_P(SamplerStep, FloatOfHalfPredictionsFollowsTheFormula) { check_all<float, Half>(); }

TEST_P(SamplerStep, ReportsTheWindowsWhosePredictionIsNotFinite) {
  std::mt19937 engine(test_seed());
  const Case c{4, 9, 3, 52, false, 0};
  Problem<float, float> problem(c, &engine);
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
