// Functions of one element: activations, powers, trigonometry, Clip, Cast.
#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/onnx_tensor.h"
#include "backends/reference/ops.h"

namespace dt::reference {
namespace {

template <class F>
Tensor map_floats(const OpArgs& args, const Tensor& in, F f) {
  if (args.wants_outline(in.shape)) return Tensor::outline(DType::kFloat, in.shape);
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  std::transform(in.floats.begin(), in.floats.end(), out.floats.begin(), f);
  return out;
}

template <float (*F)(float)>
std::vector<Tensor> unary(const OpArgs& args) {
  return one(map_floats(args, args.float_input(0), F));
}

float sigmoid_of(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float sqrt_of(float x) { return std::sqrt(x); }
float sin_of(float x) { return std::sin(x); }
float cos_of(float x) { return std::cos(x); }
float tanh_of(float x) { return std::tanh(x); }

// float32 to int64 truncates; what does not fit (NaN too) becomes the smallest integer, as x86 does.
int64_t float_to_int(float v) {
  return v >= -0x1p63f && v < 0x1p63f ? static_cast<int64_t>(v) : std::numeric_limits<int64_t>::min();
}

Tensor cast_to(const Tensor& in, DType to) {
  Tensor out = Tensor::zeros(to, in.shape);
  const bool from_float = in.dtype == DType::kFloat;
  for (size_t i = 0; i < static_cast<size_t>(in.size()); ++i) {
    if (to == DType::kFloat) {
      out.floats[i] = from_float ? in.floats[i] : static_cast<float>(in.ints[i]);
    } else if (to == DType::kBool) {
      out.ints[i] = from_float ? in.floats[i] != 0 : in.ints[i] != 0;
    } else {
      out.ints[i] = from_float ? float_to_int(in.floats[i]) : in.ints[i];
    }
  }
  return out;
}

}  // namespace

namespace ops {

std::vector<Tensor> sqrt(const OpArgs& args) { return unary<sqrt_of>(args); }
std::vector<Tensor> sin(const OpArgs& args) { return unary<sin_of>(args); }
std::vector<Tensor> cos(const OpArgs& args) { return unary<cos_of>(args); }
std::vector<Tensor> tanh(const OpArgs& args) { return unary<tanh_of>(args); }
std::vector<Tensor> sigmoid(const OpArgs& args) { return unary<sigmoid_of>(args); }

// Used on shapes too.
std::vector<Tensor> neg(const OpArgs& args) {
  const Tensor& in = args.input(0);
  if (in.dtype == DType::kFloat) return one(map_floats(args, in, [](float x) { return -x; }));
  Tensor out = in;
  for (int64_t& v : out.ints) v = static_cast<int64_t>(0 - static_cast<uint64_t>(v));  // may wrap
  return one(std::move(out));
}

// min and max are optional scalars; where min > max, max wins.
std::vector<Tensor> clip(const OpArgs& args) {
  const float lo = args.has(1) ? args.real_input(1) : -INFINITY,
              hi = args.has(2) ? args.real_input(2) : INFINITY;
  return one(map_floats(args, args.float_input(0), [=](float x) { return std::min(std::max(x, lo), hi); }));
}

// From float16 and double nothing is left to do: they are float32 here.
std::vector<Tensor> cast(const OpArgs& args) {
  constexpr int64_t kOnnxFloat16 = 10;
  args.require(args.attribute("to") != nullptr, "attribute to is missing");
  const int64_t to = args.int_attribute("to", 0);
  args.require(to != kOnnxFloat16, "a cast to float16 is not implemented");
  const Tensor& in = args.input(0);
  const DType type = dtype_of_onnx(to);
  return one(args.wants_outline(in.shape) ? Tensor::outline(type, in.shape) : cast_to(in, type));
}

}  // namespace ops
}  // namespace dt::reference
