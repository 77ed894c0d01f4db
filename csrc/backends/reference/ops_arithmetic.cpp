// Add, Sub, Mul, Div, Pow: with broadcasting, on float32 and int64.
#include <algorithm>
#include <cmath>

#include "backends/reference/broadcast.h"
#include "backends/reference/ops.h"

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
  // Truncates. Division by zero gives 0, and by -1 is
  // negation (the quotient of the smallest number overflows).
  static int64_t on(int64_t a, int64_t b) { return b == 0 ? 0 : b == -1 ? s(0 - u(a)) : a / b; }
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
      args, a, b, [](float x, float y) { return F::on(x, y); },
      [](int64_t x, int64_t y) { return F::on(x, y); });
}

template <class F>
std::vector<Tensor> binary(const OpArgs& args) {
  return one(combine<F>(args, args.input(0), args.input(1)));
}

}  // namespace

namespace ops {

std::vector<Tensor> add(const OpArgs& args) { return binary<Add>(args); }
std::vector<Tensor> sub(const OpArgs& args) { return binary<Sub>(args); }
std::vector<Tensor> mul(const OpArgs& args) { return binary<Mul>(args); }
std::vector<Tensor> div(const OpArgs& args) { return binary<Div>(args); }

// The exponent may have another type than the base; the result has the type of the base.
std::vector<Tensor> pow(const OpArgs& args) {
  const Tensor &base = args.input(0), &exponent = args.input(1);
  if (base.dtype == exponent.dtype) return one(combine<Power>(args, base, exponent));
  args.require(base.dtype == DType::kFloat, "an int64 base with a float32 exponent is not implemented");
  if (args.wants_outline(exponent.shape)) {
    return one(combine<Power>(args, base, Tensor::outline(DType::kFloat, exponent.shape)));
  }
  Tensor converted = Tensor::zeros(DType::kFloat, exponent.shape);
  std::transform(exponent.ints.begin(), exponent.ints.end(), converted.floats.begin(),
                 [](int64_t v) { return static_cast<float>(v); });
  return one(combine<Power>(args, base, converted));
}

}  // namespace ops
}  // namespace dt::reference
