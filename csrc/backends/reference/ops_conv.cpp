// Conv with one or two spatial axes: groups, strides, dilations, padding.
#include <algorithm>

#include "backends/reference/gemm.h"
#include "backends/reference/ops.h"

namespace dt::reference {
namespace {

// A 1-D convolution is a 2-D one of height 1.
struct ConvPlan {
  int64_t groups, in_channels, out_channels;  // channels per group
  int64_t in_h, in_w, out_h, out_w;
  int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
};

// Values of an attribute with one entry per spatial axis (two per axis for pads), brought to two axes.
std::vector<int64_t> spatial(const OpArgs& args, const std::string& name, size_t n_axes, size_t per_axis,
                             int64_t otherwise) {
  std::vector<int64_t> values = args.ints_attribute(name);
  if (values.empty()) values.assign(n_axes * per_axis, otherwise);
  args.require(values.size() == n_axes * per_axis, name + " is " + to_string(values));
  for (int64_t v : values) {
    args.require(v >= (name == "pads" ? 0 : 1) && v <= (1 << 24), name + " is " + to_string(values));
  }
  if (n_axes == 1) {
    for (size_t i = 0; i < per_axis; ++i)
      values.insert(values.begin() + static_cast<int64_t>(2 * i), otherwise);
  }
  return values;
}

int64_t output_length(const OpArgs& args, int64_t in, int64_t pads, int64_t kernel, int64_t dilation,
                      int64_t stride) {
  const int64_t covered = in + pads - dilation * (kernel - 1) - 1;
  args.require(covered >= 0, "the kernel is longer than the padded input");
  return covered / stride + 1;
}

// auto_pad SAME_UPPER and SAME_LOWER: as much padding as gives ceil(in / stride) outputs.
void same_pads(const std::string& mode, const ConvPlan& p, std::vector<int64_t>& pads) {
  const auto total = [](int64_t in, int64_t kernel, int64_t dilation, int64_t stride) {
    const int64_t out = (in + stride - 1) / stride;
    return std::max<int64_t>(0, (out - 1) * stride + dilation * (kernel - 1) + 1 - in);
  };
  const int64_t h = total(p.in_h, p.kernel_h, p.dilation_h, p.stride_h);
  const int64_t w = total(p.in_w, p.kernel_w, p.dilation_w, p.stride_w);
  const int64_t top = mode == "SAME_UPPER" ? h / 2 : h - h / 2,
                left = mode == "SAME_UPPER" ? w / 2 : w - w / 2;
  pads = {top, left, h - top, w - left};
}

ConvPlan plan(const OpArgs& args) {
  const Tensor &in = args.float_input(0), &weight = args.float_input(1);
  args.require(in.rank() == 3 || in.rank() == 4,
               "its input has shape " + to_string(in.shape) + "; 1-D and 2-D only");
  args.require(weight.rank() == in.rank(), "weights of shape " + to_string(weight.shape) + " do not fit");
  const size_t n_axes = in.shape.size() - 2;
  ConvPlan p{};
  p.groups = args.int_attribute("group", 1);
  p.in_channels = weight.shape[1];
  args.require(p.groups >= 1 && p.groups <= weight.shape[0] && weight.shape[0] % p.groups == 0 &&
                   p.in_channels <= in.shape[1] && in.shape[1] == p.in_channels * p.groups,
               "input " + to_string(in.shape) + ", weights " + to_string(weight.shape) + " and " +
                   std::to_string(p.groups) + " groups do not fit");
  p.out_channels = weight.shape[0] / p.groups;
  p.in_w = in.shape.back();
  p.kernel_w = weight.shape.back();
  p.in_h = n_axes == 2 ? in.shape[2] : 1;
  p.kernel_h = n_axes == 2 ? weight.shape[2] : 1;
  args.require(p.kernel_h >= 1 && p.kernel_w >= 1, "its kernel is empty");
  const std::vector<int64_t> strides = spatial(args, "strides", n_axes, 1, 1);
  const std::vector<int64_t> dilations = spatial(args, "dilations", n_axes, 1, 1);
  p.stride_h = strides[0], p.stride_w = strides[1];
  p.dilation_h = dilations[0], p.dilation_w = dilations[1];
  std::vector<int64_t> pads = spatial(args, "pads", n_axes, 2, 0);  // top, left, bottom, right
  const std::string auto_pad = args.string_attribute("auto_pad", "NOTSET");
  if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") same_pads(auto_pad, p, pads);
  p.pad_top = pads[0], p.pad_left = pads[1];
  p.out_h = output_length(args, p.in_h, pads[0] + pads[2], p.kernel_h, p.dilation_h, p.stride_h);
  p.out_w = output_length(args, p.in_w, pads[1] + pads[3], p.kernel_w, p.dilation_w, p.stride_w);
  return p;
}

// columns[(channel, ky, kx), (y, x)]: the input value that
// tap (ky, kx) sees at output (y, x); 0 in the padding.
void gather_columns(const ConvPlan& p, const float* in, std::vector<float>& columns) {
  float* to = columns.data();
  for (int64_t c = 0; c < p.in_channels; ++c) {
    for (int64_t ky = 0; ky < p.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < p.kernel_w; ++kx) {
        for (int64_t y = 0; y < p.out_h; ++y) {
          const int64_t in_y = y * p.stride_h + ky * p.dilation_h - p.pad_top;
          const bool row_inside = in_y >= 0 && in_y < p.in_h;
          for (int64_t x = 0; x < p.out_w; ++x) {
            const int64_t in_x = x * p.stride_w + kx * p.dilation_w - p.pad_left;
            *to++ = row_inside && in_x >= 0 && in_x < p.in_w ? in[(c * p.in_h + in_y) * p.in_w + in_x] : 0.0f;
          }
        }
      }
    }
  }
}

}  // namespace

namespace ops {

std::vector<Tensor> conv(const OpArgs& args) {
  const Tensor &in = args.float_input(0), &weight = args.float_input(1);
  const ConvPlan p = plan(args);
  const int64_t n_batch = in.shape[0], n_out = p.out_h * p.out_w, n_in = p.in_h * p.in_w;
  const int64_t n_taps = p.in_channels * p.kernel_h * p.kernel_w;
  Shape shape = {n_batch, p.groups * p.out_channels, p.out_h, p.out_w};
  if (in.rank() == 3) shape.erase(shape.begin() + 2);
  args.count_numbers(n_elements({n_taps, n_out}));
  args.count_products(p.out_channels, n_out, n_taps, n_elements({n_batch, p.groups}));
  args.require(!args.has(2) || args.float_input(2).size() == p.groups * p.out_channels,
               "its bias does not fit " + std::to_string(p.groups * p.out_channels) + " channels");
  if (args.wants_outline(shape)) return one(Tensor::outline(DType::kFloat, std::move(shape)));
  Tensor out = Tensor::zeros(DType::kFloat, std::move(shape));
  std::vector<float> columns(static_cast<size_t>(n_elements({n_taps, n_out})));
  GemmWorkspace workspace;
  for (int64_t b = 0; b < n_batch; ++b) {
    for (int64_t g = 0; g < p.groups; ++g) {
      gather_columns(p, in.floats.data() + (b * p.groups + g) * p.in_channels * n_in, columns);
      reference::gemm(p.out_channels, n_out, n_taps,
                      {weight.floats.data() + g * p.out_channels * n_taps, n_taps, 1},
                      {columns.data(), n_out, 1},
                      out.floats.data() + (b * p.groups + g) * p.out_channels * n_out, workspace);
    }
  }
  if (!args.has(2)) return one(std::move(out));
  const Tensor& bias = args.float_input(2);
  for (int64_t row = 0; row < n_batch * bias.size(); ++row) {
    const float add = bias.floats[static_cast<size_t>(row % bias.size())];
    for (int64_t i = 0; i < n_out; ++i) out.floats[static_cast<size_t>(row * n_out + i)] += add;
  }
  return one(std::move(out));
}

}  // namespace ops
}  // namespace dt::reference
