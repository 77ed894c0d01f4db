// ReduceSum, ReduceMean, ReduceL2; sums of float32 in double.
#include <cmath>

#include "backends/reference/ops.h"

namespace dt::reference {
namespace {

// add(total, x): folds one element in.  finish(total, n): the result.
struct Sum {
  static double add(double total, double x) { return total + x; }
  static double finish(double total, double) { return total; }
};
struct Mean : Sum {
  static double finish(double total, double n) { return total / n; }
};
struct L2 {
  static double add(double total, double x) { return total + x * x; }
  static double finish(double total, double) { return std::sqrt(total); }
};

// Integers go through double too: exact up to 2^53, far beyond any shape. What does not fit becomes 0.
int64_t to_int(double v) { return std::fabs(v) < 0x1p62 ? static_cast<int64_t>(v) : 0; }

template <class R>
std::vector<Tensor> reduce(const OpArgs& args) {
  const Tensor& in = args.input(0);
  const std::vector<int64_t> axes = args.axes(1);
  if (axes.empty() && args.int_attribute("noop_with_empty_axes", 0)) return one(in);
  std::vector<bool> reduced(in.shape.size(), axes.empty());
  for (int64_t axis : axes) reduced[normalized_axis(axis, in.rank())] = true;
  Shape kept = in.shape, shape;  // with reduced axes as 1, and the result's
  for (size_t d = 0; d < in.shape.size(); ++d) {
    if (reduced[d]) kept[d] = 1;
    if (!reduced[d] || args.int_attribute("keepdims", 1)) shape.push_back(kept[d]);
  }
  args.count_numbers(in.size());  // what is read, since little is written
  if (args.wants_outline(shape)) return one(Tensor::outline(in.dtype, shape));
  Tensor out = Tensor::zeros(in.dtype, shape);
  std::vector<double> totals(static_cast<size_t>(out.size()), 0.0);
  for_each_row<1>(in.shape, {broadcast_strides(kept, in.shape)},
                  [&](const auto& offsets, const auto& steps, int64_t at, int64_t n) {
                    for (int64_t i = 0; i < n; ++i) {
                      const size_t from = static_cast<size_t>(at + i);
                      double& total = totals[static_cast<size_t>(offsets[0] + i * steps[0])];
                      total = R::add(total, in.dtype == DType::kFloat ? static_cast<double>(in.floats[from])
                                                                      : static_cast<double>(in.ints[from]));
                    }
                  });
  const double n = out.size() > 0 ? static_cast<double>(in.size()) / static_cast<double>(out.size()) : 0.0;
  for (size_t i = 0; i < totals.size(); ++i) {
    const double value = R::finish(totals[i], n);
    if (in.dtype == DType::kFloat) {
      out.floats[i] = static_cast<float>(value);
    } else {
      out.ints[i] = to_int(value);
    }
  }
  return one(std::move(out));
}

}  // namespace

namespace ops {

std::vector<Tensor> reduce_sum(const OpArgs& args) { return reduce<Sum>(args); }
std::vector<Tensor> reduce_mean(const OpArgs& args) { return reduce<Mean>(args); }
std::vector<Tensor> reduce_l2(const OpArgs& args) { return reduce<L2>(args); }

}  // namespace ops
}  // namespace dt::reference
