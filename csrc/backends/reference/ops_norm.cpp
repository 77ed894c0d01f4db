// LayerNormalization, RMSNormalization, InstanceNormalization, BatchNormalization, Softmax, LogSoftmax; sums
// in double.
#include <algorithm>
#include <cmath>

#include "backends/reference/op.h"

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

// Ba, Kiros, Hinton, arXiv 1607.06450. Outputs: Y, and on request Mean and InvStdDev.
std::vector<Tensor> layer_norm(const OpArgs& args) {
  const Tensor &in = args.float_input(0), &scale = args.float_input(1);
  const Tensor* bias = args.has(2) ? &args.float_input(2) : nullptr;
  const size_t axis = normalized_axis(args.int_attribute("axis", -1), in.rank());
  const Rows rows = rows_from(in, axis);
  args.require(
      scale.size() == rows.length && (!bias || bias->size() == rows.length),
      "a scale of shape " + to_string(scale.shape) + " does not fit the input " + to_string(in.shape));
  const double epsilon = static_cast<double>(args.float_attribute("epsilon", 1e-5f));
  Shape reduced = in.shape;
  for (size_t d = axis; d < reduced.size(); ++d) reduced[d] = 1;
  std::vector<Tensor> outputs = one(Tensor::zeros(DType::kFloat, in.shape));
  for (size_t i = 1; i < std::min<size_t>(args.n_outputs(), 3); ++i) {
    outputs.push_back(Tensor::zeros(DType::kFloat, reduced));
  }
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* x = in.floats.data() + r * rows.length;
    float* y = outputs[0].floats.data() + r * rows.length;
    const Moments m = moments(x, rows.length);
    const double inverse = 1.0 / std::sqrt(m.variance + epsilon);
    for (int64_t i = 0; i < rows.length; ++i) {
      const size_t c = static_cast<size_t>(i);
      y[i] =
          static_cast<float>((x[i] - m.mean) * inverse * scale.floats[c] + (bias ? bias->floats[c] : 0.0f));
    }
    if (outputs.size() > 1) outputs[1].floats[static_cast<size_t>(r)] = static_cast<float>(m.mean);
    if (outputs.size() > 2) outputs[2].floats[static_cast<size_t>(r)] = static_cast<float>(inverse);
  }
  return outputs;
}

// Zhang, Sennrich, arXiv 1910.07467.
std::vector<Tensor> rms_norm(const OpArgs& args) {
  const Tensor &in = args.float_input(0), &scale = args.float_input(1);
  const Rows rows = rows_from(in, normalized_axis(args.int_attribute("axis", -1), in.rank()));
  args.require(scale.size() == rows.length, "a scale of shape " + to_string(scale.shape) + " does not fit");
  const double epsilon = static_cast<double>(args.float_attribute("epsilon", 1e-5f));
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* x = in.floats.data() + r * rows.length;
    double squares = 0;
    for (int64_t i = 0; i < rows.length; ++i) squares += static_cast<double>(x[i]) * x[i];
    const double inverse = 1.0 / std::sqrt(squares / static_cast<double>(rows.length) + epsilon);
    for (int64_t i = 0; i < rows.length; ++i) {
      out.floats[static_cast<size_t>(r * rows.length + i)] =
          static_cast<float>(x[i] * inverse * scale.floats[static_cast<size_t>(i)]);
    }
  }
  return one(std::move(out));
}

// y = (x - mean) / sqrt(variance + epsilon) * scale + bias per channel (axis 1), where moments_of(batch,
// channel) gives the mean and variance.
template <class F>
Tensor normalize_channels(const OpArgs& args, F moments_of) {
  const Tensor &in = args.float_input(0), &scale = args.float_input(1), &bias = args.float_input(2);
  args.require(
      in.rank() >= 2 && scale.size() == in.shape[1] && bias.size() == in.shape[1],
      "a scale of shape " + to_string(scale.shape) + " does not fit the input " + to_string(in.shape));
  const double epsilon = static_cast<double>(args.float_attribute("epsilon", 1e-5f));
  const Rows rows = rows_from(in, 2);
  Tensor out = Tensor::zeros(DType::kFloat, in.shape);
  for (int64_t r = 0; r < rows.count; ++r) {
    const size_t channel = static_cast<size_t>(r % in.shape[1]);
    const float* x = in.floats.data() + r * rows.length;
    const Moments m = moments_of(x, rows.length, channel);
    const double factor = scale.floats[channel] / std::sqrt(m.variance + epsilon);
    for (int64_t i = 0; i < rows.length; ++i) {
      out.floats[static_cast<size_t>(r * rows.length + i)] =
          static_cast<float>((x[i] - m.mean) * factor + bias.floats[channel]);
    }
  }
  return out;
}

std::vector<Tensor> instance_norm(const OpArgs& args) {
  return one(normalize_channels(args, [](const float* x, int64_t n, size_t) { return moments(x, n); }));
}

std::vector<Tensor> batch_norm(const OpArgs& args) {
  const Tensor &mean = args.float_input(3), &variance = args.float_input(4);
  args.require(args.int_attribute("training_mode", 0) == 0, "training mode is not implemented");
  args.require(mean.size() == args.float_input(1).size() && variance.size() == mean.size(),
               "its inputs do not fit");
  return one(normalize_channels(
      args, [&](const float*, int64_t, size_t c) { return Moments{mean.floats[c], variance.floats[c]}; }));
}

// Along one axis; the maximum is taken off first, so that no exponential overflows.
template <bool kLog>
std::vector<Tensor> softmax(const OpArgs& args) {
  const Tensor& in = args.float_input(0);
  const size_t axis = normalized_axis(args.int_attribute("axis", -1), in.rank());
  const int64_t n = in.shape[axis], step = strides_of(in.shape)[axis];
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
    for (int64_t i = 0; i < n; ++i) {
      y[i * step] = static_cast<float>(kLog ? static_cast<double>(x[i * step] - peak) - std::log(sum)
                                            : y[i * step] / sum);
    }
  }
  return one(std::move(out));
}

}  // namespace

void add_norm_ops(OpTable& table) {
  table["LayerNormalization"] = layer_norm;
  table["RMSNormalization"] = rms_norm;
  table["InstanceNormalization"] = instance_norm;
  table["BatchNormalization"] = batch_norm;
  table["Softmax"] = softmax<false>;
  table["LogSoftmax"] = softmax<true>;
}

}  // namespace dt::reference
