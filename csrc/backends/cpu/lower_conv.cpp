// Steps of convolutions over time. Frames lie with their channels side by side, so that one over all channels
// is a product whose rows overlap.
#include <algorithm>

#include "backends/cpu/lowering.h"
#include "common/error.h"

namespace dt::cpu {

// [streams, before + rows + after, n], 0 outside of a.
View Lowering::padded(const View& a, int64_t before, int64_t after) {
  const View out = dense({a.shape[0], before + a.shape[1] + after, a.shape[2]});
  PlanStep step = row_step(out.shape);
  step.reads = {read_all(a)};
  step.writes = {out.buffer};
  const Kernels* k = &kernels_;
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    const ConstRows from = const_rows(a, memory);
    const Rows to = rows_of(out, memory);
    const int64_t n = a.shape[2], n_rows = a.shape[1];
    return [=](const RowTask& task, float*) {
      for_spans(task, [&](Span span) {
        for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream) {
          for (int64_t t = span.first; t < span.last; ++t) {
            float* row = to.data + stream * to.batch + t * to.row;
            if (t < before || t >= before + n_rows) {
              std::fill_n(row, n, 0.0f);
            } else {
              k->unary(Unary::kCopy, from.data + stream * from.batch + (t - before) * from.row, row, n);
            }
          }
        }
      });
    };
  };
  steps_.push_back(std::move(step));
  return out;
}

void Lowering::emit_depthwise(const ConvPart& part, const View& a, const View& out) {
  PlanStep step = row_step(out.shape);
  const int64_t reach = (part.taps - 1) * part.dilation;
  const bool is_local = part.stride == 1 && a.shape[1] == out.shape[1];
  step.reads = {is_local ? read(a, step, part.pad_before, std::max<int64_t>(reach - part.pad_before, 0))
                         : read_all(a)};
  step.writes = {out.buffer};
  DepthwiseArgs args;
  args.n_in = a.shape[1], args.n = part.weights->n, args.taps = part.taps;
  args.stride = part.stride, args.dilation = part.dilation, args.pad = part.pad_before;
  args.weights = part.weights->values, args.bias = row_of(part.bias), args.has_silu = part.has_silu;
  const Kernels* k = &kernels_;
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    DepthwiseArgs bound = args;
    bound.a = const_rows(a, memory), bound.out = rows_of(out, memory);
    return
        [=](const RowTask& task, float*) { for_spans(task, [&](Span span) { k->depthwise(bound, span); }); };
  };
  steps_.push_back(std::move(step));
}

void Lowering::lower_conv(const Part& part) {
  const ConvPart& conv = part.conv;
  const Shape& shape = result_.graph->value(part.out).shape;
  const int64_t n = conv.weights->n, rows = conv.is_transposed ? shape[1] : shape[2];
  View a = with_dense_rows(float_view(conv.a).transposed({0, 2, 1}));
  View out = dense({shape[0], rows, n});
  if (conv.weights->form == PackedWeights::Form::kDepthwise) {
    emit_depthwise(conv, a, out);
  } else {
    if (conv.dilation != 1) throw Error(DT_UNSUPPORTED, "a convolution over all channels is dilated");
    if (conv.pad_before >= conv.taps || conv.pad_after >= conv.taps)  // the padding is memory
      throw Error(DT_UNSUPPORTED, "a convolution is padded by more than it reaches");
    const bool is_dense = a.strides[1] == a.shape[2];
    if (conv.pad_before > 0 || conv.pad_after > 0 || !is_dense)
      a = padded(a, conv.pad_before, conv.pad_after);
    View windows{
        a.buffer, a.offset, {shape[0], rows, conv.weights->k}, {a.strides[0], conv.stride * a.shape[2], 1}};
    LinearPart linear;
    linear.weights = conv.weights, linear.bias = conv.bias, linear.has_silu = conv.has_silu;
    if (conv.stride * a.shape[2] == conv.weights->k) {
      emit_linear(linear, windows, out, 0);
    } else {
      emit_linear(linear, windows, out, 0);
      steps_.back().reads = {read_all(a)};  // rows overlap, and are others than those of the buffer
    }
  }
  define(part.out, conv.is_transposed ? out : out.transposed({0, 2, 1}));
}

}  // namespace dt::cpu
