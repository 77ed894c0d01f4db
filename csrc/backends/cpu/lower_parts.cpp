// Steps of products and normalisations.
#include <algorithm>

#include "backends/cpu/lowering.h"
#include "common/error.h"

namespace dt::cpu {
namespace {

// As [streams, rows, n]: matrices are one stream, more axes are put together where that needs no copy.
bool as_rows(View& view) {
  if (view.shape.size() == 3) return true;
  const Shape rows(view.shape.begin(), view.shape.end() - 1);
  return view.reshape({1, reference::n_elements(rows), view.shape.back()});
}

}  // namespace

void Lowering::lower_part(const Part& part) {
  switch (part.kind) {
    case Part::Kind::kNode:
      return lower_node(result_.graph->nodes[static_cast<size_t>(part.node)]);
    case Part::Kind::kLinear:
      return lower_linear(part);
    case Part::Kind::kNorm:
      return lower_norm(part);
    case Part::Kind::kConv:
      return lower_conv(part);
    case Part::Kind::kAttention:
      return lower_attention(part);
    case Part::Kind::kElement:
      return lower_element(part);
  }
}

const float* Lowering::row_of(int v) const {
  const std::vector<float>* floats = v < 0 ? nullptr : result_.graph->floats(v);
  return floats == nullptr ? nullptr : floats->data();
}

void Lowering::lower_linear(const Part& part) {
  const StaticGraph& g = *result_.graph;
  const Shape shape = g.value(part.out).shape;
  View a = with_dense_rows(float_view(part.linear.a));
  if (!as_rows(a)) {
    a = copied(a);
    as_rows(a);
  }
  if (a.shape[2] != part.linear.weights->k) throw Error(DT_UNSUPPORTED, "a product does not fit its weights");
  const int64_t n = part.linear.weights->n, cut = cut_[static_cast<size_t>(part.out)];
  if (cut > 0 && part.linear.gate < 0 && part.linear.residual < 0) {
    View first = dense({a.shape[0], a.shape[1], cut}), second = dense({a.shape[0], a.shape[1], n - cut});
    emit_linear(part.linear, a, first, 0);
    emit_linear(part.linear, a, second, cut);
    second_views_[static_cast<size_t>(part.out)] = std::move(second);
    return define(part.out, std::move(first));
  }
  // By the value's own shape, so that its rows are known for rows; the step sees them as a has them.
  View out = dense(shape), seen = out;
  if (shape.size() != 3) seen.reshape({a.shape[0], a.shape[1], n});
  emit_linear(part.linear, a, seen, 0);
  define(part.out, std::move(out));
}

// Columns from first_column on, as many as out has.
void Lowering::emit_linear(const LinearPart& part, const View& a, const View& out, int64_t first_column) {
  PlanStep step = row_step(out.shape);
  step.reads = {read(a, step)};
  step.writes = {out.buffer};
  View gate, residual;
  if (part.gate >= 0) {
    gate = with_dense_rows(view(part.gate)).broadcast(out.shape);
    step.reads.push_back(read_all(gate));
  }
  if (part.residual >= 0) {
    residual = with_dense_rows(float_view(part.residual));
    if (residual.shape.size() != 3 && !residual.reshape(out.shape)) {
      residual = copied(residual);
      residual.reshape(out.shape);
    }
    step.reads.push_back(read(residual, step));
  }
  LinearArgs args;
  args.weights = part.weights->values + kernels_.weight_floats(part.weights->k, first_column);
  args.k = part.weights->k, args.n = out.shape[2];
  args.bias = row_of(part.bias) == nullptr ? nullptr : row_of(part.bias) + first_column;
  args.has_silu = part.has_silu;
  const Kernels* k = &kernels_;
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    LinearArgs bound = args;
    bound.a = const_rows(a, memory), bound.out = rows_of(out, memory);
    if (gate.buffer >= 0) bound.gate = stream_rows(gate, memory);
    if (residual.buffer >= 0) bound.residual = const_rows(residual, memory);
    return [=](const RowTask& task, float* scratch) {
      for_spans(task, [&](Span span) { k->linear(bound, span, scratch); });
    };
  };
  const int64_t n_rows = out.shape[0] * out.shape[1];
  scratch_floats_ = std::max(scratch_floats_, kernels_.linear_scratch_floats(n_rows, args.k));
  steps_.push_back(std::move(step));
}

void Lowering::lower_norm(const Part& part) {
  View a = with_dense_rows(float_view(part.norm.a));
  if (!as_rows(a)) {
    a = copied(a);
    as_rows(a);
  }
  View out = dense(result_.graph->value(part.out).shape), seen = out;
  if (out.shape.size() != 3) seen.reshape(a.shape);
  PlanStep step = row_step(seen.shape);
  step.reads = {read(a, step)};
  step.writes = {out.buffer};
  View scale, shift;
  if (part.norm.mod_scale >= 0) {
    scale = with_dense_rows(view(part.norm.mod_scale)).broadcast(seen.shape);
    step.reads.push_back(read_all(scale));
  }
  if (part.norm.mod_shift >= 0) {
    shift = with_dense_rows(view(part.norm.mod_shift)).broadcast(seen.shape);
    step.reads.push_back(read_all(shift));
  }
  NormArgs args;
  args.n = a.shape[2], args.epsilon = part.norm.epsilon;
  const std::vector<float>& factors = *result_.graph->floats(part.norm.scale);
  if (std::any_of(factors.begin(), factors.end(), [](float f) { return f != 1.0f; }))
    args.scale = factors.data();
  args.bias = row_of(part.norm.bias);
  const Kernels* k = &kernels_;
  step.make = [=](const PlanMemory& memory) -> PlanStep::Runner {
    NormArgs bound = args;
    bound.a = const_rows(a, memory), bound.out = rows_of(seen, memory);
    if (scale.buffer >= 0) bound.mod_scale = stream_rows(scale, memory);
    if (shift.buffer >= 0) bound.mod_shift = stream_rows(shift, memory);
    return [=](const RowTask& task, float*) { for_spans(task, [&](Span span) { k->norm(bound, span); }); };
  };
  steps_.push_back(std::move(step));
  define(part.out, std::move(out));
}

void Lowering::lower_element(const Part& part) {
  const View a = view(part.element.a), b = view(part.element.b);
  const Kernels* k = &kernels_;
  const bool is_silu = part.element.a == part.element.b;
  const View out = dense_like(a);
  const View other = with_dense_rows(b);
  const auto apply = [=](const float* const* in, const ptrdiff_t* steps, float* to, int64_t n) {
    if (is_silu && steps[0] == 1) return k->unary(Unary::kSilu, in[0], to, n);
    if (steps[0] <= 1 && steps[1] <= 1)
      return k->binary(Binary::kMulSigmoid, in[0], steps[0], in[1], steps[1], to, n);
    for (int64_t i = 0; i < n; ++i)
      k->binary(Binary::kMulSigmoid, in[0] + i * steps[0], 0, in[1] + i * steps[1], 0, to + i, 1);
  };
  elementwise(out, {a, other}, apply);
  define(part.out, out);
}

}  // namespace dt::cpu
