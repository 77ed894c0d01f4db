// Add, Sub, Mul, Div, Pow, Mod, Min, Max: with broadcasting, on float32 and int64.
#include <algorithm>
#include <cmath>

#include "backends/reference/broadcast.h"
#include "backends/reference/op.h"

namespace dt::reference {
namespace {

// Integer arithmetic wraps, as in NumPy; done unsigned because signed overflow is undefined in C++.
uint64_t u(int64_t value) { return static_cast<uint64_t>(value); }
int64_t s(uint64_t value) { return static_cast<int64_t>(value); }

struct Add {
  static float on(float a, float b) { return a + b; }
  static int64_t on(int64_t a, int64_t b) { return s(u(a) + u(b)); }
};
struct Sub {
  static float on(float a, float b) { return a - b; }
  static int64_t on(int64_t a, int64_t b) { return s(u(a) - u(b)); }
};
struct Mul {
  static float on(float a, float b) { return a * b; }
  static int64_t on(int64_t a, int64_t b) { return s(u(a) * u(b)); }
};
struct Div {
  static float on(float a, float b) { return a / b; }
  // Truncates. Division by zero gives 0, and by -1 is negation (the quotient of the smallest number
  // overflows).
  static int64_t on(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? s(0 - u(a)) : a / b; }
};
// A NaN on either side stays NaN, as in NumPy.
struct Min {
  static float on(float a, float b) { return a < b || std::isnan(a) ? a : b; }
  static int64_t on(int64_t a, int64_t b) { return std::min(a, b); }
};
struct Max {
  static float on(float a, float b) { return a > b || std::isnan(a) ? a : b; }
  static int64_t on(int64_t a, int64_t b) { return std::max(a, b); }
};
// Sign of the divisor (Python's %).
struct FloorMod {
  static float on(float a, float b) {
    const float r = std::fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
  static int64_t on(int64_t a, int64_t b) {
    if (b == 0 || b == -1) return 0;
    const int64_t r = a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
  }
};
// Sign of the dividend (C's fmod).
struct TruncatedMod {
  static float on(float a, float b) { return std::fmod(a, b); }
  static int64_t on(int64_t a, int64_t b) { return b == 0 || b == -1 ? 0 : a % b; }
};
struct Power {
  static float on(float a, float b) { return b == 2.0f ? a * a : std::pow(a, b); }
  static int64_t on(int64_t a, int64_t b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    uint64_t result = 1, base = u(a);
    for (uint64_t e = u(b); e > 0; e /= 2, base *= base) {
      if (e % 2) result *= base;
    }
    return s(result);
  }
};

template <class F>
Tensor combine(const OpArgs& args, const Tensor& a, const Tensor& b) {
  args.require(a.dtype == b.dtype, std::string("its inputs are ") + dtype_name(a.dtype) + " and " +
                                       dtype_name(b.dtype) + ", expected one type");
  return broadcast_tensors(
      a, b, [](float x, float y) { return F::on(x, y); }, [](int64_t x, int64_t y) { return F::on(x, y); });
}

template <class F>
std::vector<Tensor> binary(const OpArgs& args) {
  return one(combine<F>(args, args.input(0), args.input(1)));
}

// Min and Max take any number of inputs.
template <class F>
std::vector<Tensor> variadic(const OpArgs& args) {
  Tensor result = args.input(0);
  for (size_t i = 1; i < args.n_inputs(); ++i) result = combine<F>(args, result, args.input(i));
  return one(std::move(result));
}

std::vector<Tensor> mod(const OpArgs& args) {
  return args.int_attribute("fmod", 0) ? binary<TruncatedMod>(args) : binary<FloorMod>(args);
}

// The exponent may have another type than the base; the result has the type of the base.
std::vector<Tensor> pow(const OpArgs& args) {
  const Tensor &base = args.input(0), &exponent = args.input(1);
  if (base.dtype == exponent.dtype) return one(combine<Power>(args, base, exponent));
  args.require(base.dtype == DType::kFloat, "an int64 base with a float32 exponent is not implemented");
  Tensor converted = Tensor::zeros(DType::kFloat, exponent.shape);
  std::transform(exponent.ints.begin(), exponent.ints.end(), converted.floats.begin(),
                 [](int64_t v) { return static_cast<float>(v); });
  return one(combine<Power>(args, base, converted));
}

}  // namespace

void add_arithmetic_ops(OpTable& table) {
  table["Add"] = binary<Add>;
  table["Sub"] = binary<Sub>;
  table["Mul"] = binary<Mul>;
  table["Div"] = binary<Div>;
  table["Pow"] = pow;
  table["Mod"] = mod;
  table["Min"] = variadic<Min>;
  table["Max"] = variadic<Max>;
  table["Sum"] = variadic<Add>;
}

}  // namespace dt::reference
