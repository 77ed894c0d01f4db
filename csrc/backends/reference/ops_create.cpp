// Operators that make tensors: Constant, ConstantOfShape, Range, Shape, Size, Cast, Identity.
#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/reference/onnx_tensor.h"
#include "backends/reference/op.h"
#include "kernels/half.h"

namespace dt::reference {
namespace {

std::vector<Tensor> constant(const OpArgs& args) {
  if (const Attribute* a = args.attribute("value")) {
    args.require(a->tensors.size() == 1, "its value is not a tensor");
    return one(a->tensors[0]);
  }
  if (const Attribute* a = args.attribute("value_float")) return one(Tensor::from({}, {a->f}));
  if (const Attribute* a = args.attribute("value_int")) return one(Tensor::from_ints({}, {a->i}));
  if (const Attribute* a = args.attribute("value_floats")) {
    return one(Tensor::from({static_cast<int64_t>(a->floats.size())}, a->floats));
  }
  if (const Attribute* a = args.attribute("value_ints")) {
    return one(Tensor::from_ints({static_cast<int64_t>(a->ints.size())}, a->ints));
  }
  args.fail("it has no numeric value");
}

std::vector<Tensor> constant_of_shape(const OpArgs& args) {
  Tensor fill = Tensor::zeros(DType::kFloat, {1});
  if (const Attribute* a = args.attribute("value")) {
    args.require(a->tensors.size() == 1 && a->tensors[0].size() == 1, "its value is not one number");
    fill = a->tensors[0];
  }
  Tensor out = Tensor::zeros(fill.dtype, args.ints_input(0));
  if (fill.dtype == DType::kFloat) {
    std::fill(out.floats.begin(), out.floats.end(), fill.floats[0]);
  } else {
    std::fill(out.ints.begin(), out.ints.end(), fill.ints[0]);
  }
  return one(std::move(out));
}

int64_t range_length(const OpArgs& args, double start, double limit, double delta) {
  args.require(delta != 0, "its step is 0");
  const double n = std::ceil((limit - start) / delta);
  args.require(!std::isnan(n) && n < 1e9, "it has too many elements");
  return n > 0 ? static_cast<int64_t>(n) : 0;
}

std::vector<Tensor> range(const OpArgs& args) {
  if (args.input(0).dtype == DType::kFloat) {
    const float start = args.real_input(0), delta = args.real_input(2);
    Tensor out = Tensor::zeros(DType::kFloat, {range_length(args, start, args.real_input(1), delta)});
    for (size_t i = 0; i < out.floats.size(); ++i) out.floats[i] = start + static_cast<float>(i) * delta;
    return one(std::move(out));
  }
  const int64_t start = args.int_input(0), limit = args.int_input(1), delta = args.int_input(2);
  const int64_t n =
      range_length(args, static_cast<double>(start), static_cast<double>(limit), static_cast<double>(delta));
  Tensor out = Tensor::zeros(DType::kInt64, {n});
  uint64_t value = static_cast<uint64_t>(start);  // unsigned: may wrap behind the last element
  for (int64_t& v : out.ints) {
    v = static_cast<int64_t>(value);
    value += static_cast<uint64_t>(delta);
  }
  return one(std::move(out));
}

// The dimensions from `start` to `end` (opset 15), both counted from the end when negative and then clamped.
std::vector<Tensor> shape(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const auto clamped = [&](int64_t i) {
    return std::clamp<int64_t>(i < 0 ? i + in.rank() : i, 0, in.rank());
  };
  const int64_t start = clamped(std::max(args.int_attribute("start", 0), -in.rank()));
  const int64_t end = std::max(
      start, args.attribute("end") ? clamped(std::max(args.int_attribute("end", 0), -in.rank())) : in.rank());
  return one(Tensor::from_ints({end - start}, Shape(in.shape.begin() + start, in.shape.begin() + end)));
}

std::vector<Tensor> size(const OpArgs& args) { return one(Tensor::from_ints({}, {args.input(0).size()})); }

// float32 to int64 truncates; what does not fit (NaN too) becomes the smallest integer, as x86 does.
int64_t float_to_int(float v) {
  return v >= -0x1p63f && v < 0x1p63f ? static_cast<int64_t>(v) : std::numeric_limits<int64_t>::min();
}

Tensor cast_to(const Tensor& in, int64_t onnx_type) {
  constexpr int64_t kOnnxFloat16 = 10;
  const DType to = dtype_of_onnx(onnx_type);
  Tensor out = Tensor::zeros(to, in.shape);
  for (size_t i = 0; i < static_cast<size_t>(in.size()); ++i) {
    const bool from_float = in.dtype == DType::kFloat;
    if (to == DType::kFloat) {
      const float v = from_float ? in.floats[i] : static_cast<float>(in.ints[i]);
      out.floats[i] = onnx_type == kOnnxFloat16 ? round_to_half(v) : v;
    } else if (to == DType::kBool) {
      out.ints[i] = from_float ? in.floats[i] != 0 : in.ints[i] != 0;
    } else {
      out.ints[i] = from_float ? float_to_int(in.floats[i]) : in.ints[i];
    }
  }
  return out;
}

std::vector<Tensor> cast(const OpArgs& args) {
  args.require(args.attribute("to") != nullptr, "attribute to is missing");
  return one(cast_to(args.input(0), args.int_attribute("to", 0)));
}

// Tensors held as one DType here may differ in ONNX (float16); that a value came from float16 is already in
// the value.
std::vector<Tensor> cast_like(const OpArgs& args) {
  const DType to = args.input(1).dtype;
  return one(cast_to(args.input(0), to == DType::kFloat ? 1 : to == DType::kInt64 ? 7 : 9));
}

std::vector<Tensor> identity(const OpArgs& args) { return one(args.input(0)); }

}  // namespace

void add_create_ops(OpTable& table) {
  table["Constant"] = constant;
  table["ConstantOfShape"] = constant_of_shape;
  table["Range"] = range;
  table["Shape"] = shape;
  table["Size"] = size;
  table["Cast"] = cast;
  table["CastLike"] = cast_like;
  table["Identity"] = identity;
  table["Dropout"] = identity;  // inference
}

}  // namespace dt::reference
