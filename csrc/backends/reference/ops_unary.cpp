// Functions of one element: activations, powers, trigonometry, rounding, Clip.
#include <algorithm>
#include <cmath>

#include "backends/reference/op.h"

namespace dt::reference {
namespace {

template <class F>
Tensor map_floats(const Tensor& in, F f) {
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  std::transform(in.floats.begin(), in.floats.end(), out.floats.begin(), f);
  return out;
}

template <float (*F)(float)>
std::vector<Tensor> unary(const OpArgs& args) {
  return one(map_floats(args.float_input(0), F));
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float swish(float x) { return x * sigmoid(x); }
float relu(float x) { return x < 0 ? 0.0f : x; }
// For large x the exponential overflows and softplus is x.
float softplus(float x) { return x > 20.0f ? x : std::log1p(std::exp(x)); }
float mish(float x) { return x * std::tanh(softplus(x)); }
float reciprocal(float x) { return 1.0f / x; }
// Hendrycks, Gimpel, arXiv 1606.08415: exact, and with the tanh approximation.
float gelu(float x) { return 0.5f * x * (1.0f + std::erf(x * 0.70710678118654752f)); }
float gelu_tanh(float x) {
  return 0.5f * x * (1.0f + std::tanh(0.79788456080286536f * (x + 0.044715f * x * x * x)));
}

float exp_of(float x) { return std::exp(x); }
float log_of(float x) { return std::log(x); }
float sqrt_of(float x) { return std::sqrt(x); }
float sin_of(float x) { return std::sin(x); }
float cos_of(float x) { return std::cos(x); }
float tan_of(float x) { return std::tan(x); }
float atan_of(float x) { return std::atan(x); }
float tanh_of(float x) { return std::tanh(x); }
float erf_of(float x) { return std::erf(x); }
float floor_of(float x) { return std::floor(x); }
float ceil_of(float x) { return std::ceil(x); }
float round_of(float x) { return std::nearbyint(x); }  // ties to even
float softsign(float x) { return x / (1.0f + std::fabs(x)); }

std::vector<Tensor> gelu_op(const OpArgs& args) {
  const std::string approximate = args.string_attribute("approximate", "none");
  args.require(approximate == "none" || approximate == "tanh", "approximate is '" + approximate + "'");
  return one(map_floats(args.float_input(0), approximate == "tanh" ? gelu_tanh : gelu));
}

std::vector<Tensor> leaky_relu(const OpArgs& args) {
  const float alpha = args.float_attribute("alpha", 0.01f);
  return one(map_floats(args.float_input(0), [alpha](float x) { return x < 0 ? alpha * x : x; }));
}

std::vector<Tensor> elu(const OpArgs& args) {
  const float alpha = args.float_attribute("alpha", 1.0f);
  return one(map_floats(args.float_input(0), [alpha](float x) { return x < 0 ? alpha * std::expm1(x) : x; }));
}

std::vector<Tensor> hard_sigmoid(const OpArgs& args) {
  const float alpha = args.float_attribute("alpha", 0.2f), beta = args.float_attribute("beta", 0.5f);
  return one(map_floats(args.float_input(0),
                        [=](float x) { return std::min(1.0f, std::max(0.0f, alpha * x + beta)); }));
}

float hard_swish(float x) { return x * std::min(1.0f, std::max(0.0f, x / 6.0f + 0.5f)); }

// Neg, Abs and Sign are used on shapes too.
template <class FloatF, class IntF>
Tensor map_signed(const Tensor& in, FloatF on_floats, IntF on_ints) {
  if (in.dtype == DType::kFloat) return map_floats(in, on_floats);
  Tensor out = Tensor::zeros(in.dtype, in.shape);
  std::transform(in.ints.begin(), in.ints.end(), out.ints.begin(), on_ints);
  return out;
}

int64_t negated(int64_t v) { return static_cast<int64_t>(0 - static_cast<uint64_t>(v)); }

std::vector<Tensor> neg(const OpArgs& args) {
  return one(map_signed(args.input(0), [](float x) { return -x; }, negated));
}

std::vector<Tensor> abs(const OpArgs& args) {
  return one(map_signed(
      args.input(0), [](float x) { return std::fabs(x); }, [](int64_t v) { return v < 0 ? negated(v) : v; }));
}

std::vector<Tensor> sign(const OpArgs& args) {
  return one(map_signed(
      args.input(0), [](float x) { return x > 0   ? 1.0f
                                          : x < 0 ? -1.0f
                                                  : x; },
      [](int64_t v) -> int64_t { return v > 0   ? 1
                                        : v < 0 ? -1
                                                : 0; }));
}

// min and max are optional scalars; where min > max, max wins.
std::vector<Tensor> clip(const OpArgs& args) {
  if (args.input(0).dtype != DType::kFloat) {
    Tensor out = args.input(0);
    for (int64_t& v : out.ints) {
      if (args.has(1)) v = std::max(v, args.int_input(1));
      if (args.has(2)) v = std::min(v, args.int_input(2));
    }
    return one(std::move(out));
  }
  const float lo = args.has(1) ? args.real_input(1) : -INFINITY,
              hi = args.has(2) ? args.real_input(2) : INFINITY;
  return one(map_floats(args.input(0), [=](float x) { return std::min(std::max(x, lo), hi); }));
}

}  // namespace

void add_unary_ops(OpTable& table) {
  table["Exp"] = unary<exp_of>;
  table["Log"] = unary<log_of>;
  table["Sqrt"] = unary<sqrt_of>;
  table["Sin"] = unary<sin_of>;
  table["Cos"] = unary<cos_of>;
  table["Tan"] = unary<tan_of>;
  table["Atan"] = unary<atan_of>;
  table["Tanh"] = unary<tanh_of>;
  table["Erf"] = unary<erf_of>;
  table["Floor"] = unary<floor_of>;
  table["Ceil"] = unary<ceil_of>;
  table["Round"] = unary<round_of>;
  table["Sigmoid"] = unary<sigmoid>;
  table["Swish"] = unary<swish>;
  table["Relu"] = unary<relu>;
  table["Softplus"] = unary<softplus>;
  table["Softsign"] = unary<softsign>;
  table["Mish"] = unary<mish>;
  table["Reciprocal"] = unary<reciprocal>;
  table["Gelu"] = gelu_op;
  table["LeakyRelu"] = leaky_relu;
  table["Elu"] = elu;
  table["HardSigmoid"] = hard_sigmoid;
  table["HardSwish"] = unary<hard_swish>;
  table["Neg"] = neg;
  table["Abs"] = abs;
  table["Sign"] = sign;
  table["Clip"] = clip;
}

}  // namespace dt::reference
