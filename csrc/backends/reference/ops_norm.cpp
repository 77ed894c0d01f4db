// LayerNormalization and Softmax; sums in double.
#include <algorithm>
#include <cmath>

#include "backends/reference/ops.h"

namespace dt::reference {
namespace {

struct Moments {
  double mean, variance;
};

Moments moments(const float* x, int64_t n) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i) sum += x[i];
  const double mean = sum / static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, squares / static_cast<double>(n)};
}

// Rows for normalisation over the axes from `axis` on.
struct Rows {
  int64_t count, length;
};

Rows rows_from(const Tensor& in, size_t axis) {
  Rows rows{1, 1};
  for (size_t d = 0; d < in.shape.size(); ++d) (d < axis ? rows.count : rows.length) *= in.shape[d];
  return rows;
}

}  // namespace

namespace ops {

// Ba, Kiros, Hinton, arXiv 1607.06450. Of its outputs only the first.
std::vector<Tensor> layer_norm(const OpArgs& args) {
  const Tensor &in = args.float_input(0), &scale = args.float_input(1);
  const Tensor* bias = args.has(2) ? &args.float_input(2) : nullptr;
  const size_t axis = normalized_axis(args.int_attribute("axis", -1), in.rank());
  const Rows rows = rows_from(in, axis);
  args.require(
      scale.size() == rows.length && (!bias || bias->size() == rows.length),
      "a scale of shape " + to_string(scale.shape) + " does not fit the input " + to_string(in.shape));
  const double epsilon = static_cast<double>(args.float_attribute("epsilon", 1e-5f));
  if (args.wants_outline(in.shape)) return one(Tensor::outline(DType::kFloat, in.shape));
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* x = in.floats.data() + r * rows.length;
    float* y = out.floats.data() + r * rows.length;
    const Moments m = moments(x, rows.length);
    const double inverse = 1.0 / std::sqrt(m.variance + epsilon);
    for (int64_t i = 0; i < rows.length; ++i) {
      const size_t c = static_cast<size_t>(i);
      y[i] =
          static_cast<float>((x[i] - m.mean) * inverse * scale.floats[c] + (bias ? bias->floats[c] : 0.0f));
    }
  }
  return one(std::move(out));
}

// Along one axis; the maximum is taken off first, so that no exponential overflows.
std::vector<Tensor> softmax(const OpArgs& args) {
  const Tensor& in = args.float_input(0);
  const size_t axis = normalized_axis(args.int_attribute("axis", -1), in.rank());
  const int64_t n = in.shape[axis], step = strides_of(in.shape)[axis];
  if (args.wants_outline(in.shape)) return one(Tensor::outline(DType::kFloat, in.shape));
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  for (int64_t line = 0; n > 0 && line < in.size() / n; ++line) {
    const int64_t base = line / step * step * n + line % step;
    const float* x = in.floats.data() + base;
    float* y = out.floats.data() + base;
    float peak = x[0];
    for (int64_t i = 1; i < n; ++i) peak = std::max(peak, x[i * step]);
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) {
      y[i * step] = std::exp(x[i * step] - peak);
      sum += y[i * step];
    }
    for (int64_t i = 0; i < n; ++i) y[i * step] = static_cast<float>(y[i * step] / sum);
  }
  return one(std::move(out));
}

}  // namespace ops
}  // namespace dt::reference
