// Comparisons, logic, Where, IsNaN, IsInf: results are bool.
#include <algorithm>
#include <cmath>
#include <functional>

#include "backends/reference/broadcast.h"
#include "backends/reference/op.h"

namespace dt::reference {
namespace {

template <class Compare>
std::vector<Tensor> compare(const OpArgs& args) {
  const Tensor &a = args.input(0), &b = args.input(1);
  args.require((a.dtype == DType::kFloat) == (b.dtype == DType::kFloat),
               std::string("its inputs are ") + dtype_name(a.dtype) + " and " + dtype_name(b.dtype));
  Tensor out = Tensor::zeros(DType::kBool, broadcast(a.shape, b.shape));
  const auto f = [](auto x, auto y) -> int64_t { return Compare()(x, y) ? 1 : 0; };
  if (a.dtype == DType::kFloat) {
    broadcast_apply(a.shape, a.floats, b.shape, b.floats, out.shape, out.ints, f);
  } else {
    broadcast_apply(a.shape, a.ints, b.shape, b.ints, out.shape, out.ints, f);
  }
  return one(std::move(out));
}

struct And {
  bool operator()(int64_t a, int64_t b) const { return a && b; }
};
struct Or {
  bool operator()(int64_t a, int64_t b) const { return a || b; }
};
struct Xor {
  bool operator()(int64_t a, int64_t b) const { return !a != !b; }
};

template <class Logic>
std::vector<Tensor> logic(const OpArgs& args) {
  const std::vector<int64_t>&a = args.ints_input(0), &b = args.ints_input(1);
  Tensor out = Tensor::zeros(DType::kBool, broadcast(args.input(0).shape, args.input(1).shape));
  broadcast_apply(args.input(0).shape, a, args.input(1).shape, b, out.shape, out.ints,
                  [](int64_t x, int64_t y) -> int64_t { return Logic()(x, y) ? 1 : 0; });
  return one(std::move(out));
}

std::vector<Tensor> logical_not(const OpArgs& args) {
  const std::vector<int64_t>& in = args.ints_input(0);
  Tensor out = Tensor::zeros(DType::kBool, args.input(0).shape);
  std::transform(in.begin(), in.end(), out.ints.begin(), [](int64_t v) -> int64_t { return v == 0; });
  return one(std::move(out));
}

template <class F>
std::vector<Tensor> test_floats(const OpArgs& args, F f) {
  const Tensor& in = args.float_input(0);
  Tensor out = Tensor::zeros(DType::kBool, in.shape);
  std::transform(in.floats.begin(), in.floats.end(), out.ints.begin(),
                 [f](float v) -> int64_t { return f(v); });
  return one(std::move(out));
}

std::vector<Tensor> is_nan(const OpArgs& args) {
  return test_floats(args, [](float v) { return std::isnan(v); });
}

std::vector<Tensor> is_inf(const OpArgs& args) {
  const bool negative = args.int_attribute("detect_negative", 1) != 0;
  const bool positive = args.int_attribute("detect_positive", 1) != 0;
  return test_floats(args, [=](float v) { return std::isinf(v) && (v < 0 ? negative : positive); });
}

template <class T>
void select(const std::vector<int64_t>& condition, const std::vector<T>& a, const std::vector<T>& b,
            const std::array<Shape, 3>& strides, const Shape& shape, std::vector<T>& out) {
  for_each_row<3>(shape, strides, [&](const auto& offsets, const auto& steps, int64_t at, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      out[static_cast<size_t>(at + i)] = condition[static_cast<size_t>(offsets[0] + i * steps[0])]
                                             ? a[static_cast<size_t>(offsets[1] + i * steps[1])]
                                             : b[static_cast<size_t>(offsets[2] + i * steps[2])];
    }
  });
}

std::vector<Tensor> where(const OpArgs& args) {
  const std::vector<int64_t>& condition = args.ints_input(0);
  const Tensor &a = args.input(1), &b = args.input(2);
  args.require(a.dtype == b.dtype,
               std::string("its values are ") + dtype_name(a.dtype) + " and " + dtype_name(b.dtype));
  const Shape shape = broadcast(args.input(0).shape, broadcast(a.shape, b.shape));
  const std::array<Shape, 3> strides = {broadcast_strides(args.input(0).shape, shape),
                                        broadcast_strides(a.shape, shape), broadcast_strides(b.shape, shape)};
  Tensor out = Tensor::zeros(a.dtype, shape);
  if (a.dtype == DType::kFloat) {
    select(condition, a.floats, b.floats, strides, shape, out.floats);
  } else {
    select(condition, a.ints, b.ints, strides, shape, out.ints);
  }
  return one(std::move(out));
}

}  // namespace

void add_logic_ops(OpTable& table) {
  table["Equal"] = compare<std::equal_to<>>;
  table["Less"] = compare<std::less<>>;
  table["LessOrEqual"] = compare<std::less_equal<>>;
  table["Greater"] = compare<std::greater<>>;
  table["GreaterOrEqual"] = compare<std::greater_equal<>>;
  table["And"] = logic<And>;
  table["Or"] = logic<Or>;
  table["Xor"] = logic<Xor>;
  table["Not"] = logical_not;
  table["IsNaN"] = is_nan;
  table["IsInf"] = is_inf;
  table["Where"] = where;
}

}  // namespace dt::reference
