#include "backends/cpu/lowering.h"

#include <algorithm>
#include <numeric>

#include "common/error.h"

namespace dt::cpu {
namespace {

size_t u(int i) { return static_cast<size_t>(i); }

}  // namespace

Lowering::Lowering(const OnnxGraph& onnx, const Weights& weights, const Kernels& kernels,
                   const PlanRequest& request)
    : onnx_(onnx), weights_(weights), kernels_(kernels), request_(request) {
  result_.graph = std::make_unique<StaticGraph>(onnx, request.shapes, request.batch);
  const size_t n = result_.graph->values.size();
  views_.resize(n), second_views_.resize(n), cut_.resize(n, 0);
}

LoweredNetwork Lowering::run() {
  const StaticGraph& g = *result_.graph;
  for (const auto& [name, v] : g.inputs) {
    const Shape& shape = g.value(v).shape;
    View view = dense(shape);
    PlanBuffer& buffer = buffers_[u(view.buffer)];
    buffer.input = request_.inputs.at(name);
    buffer.varies = request_.varying.count(name) != 0;
    define(v, std::move(view));
  }
  const std::vector<Part> parts = fuse(g, weights_);
  for (const Part& part : parts) {
    const int64_t width = part.attention.heads * part.attention.d;
    // Queries of fewer rows than keys: the product that gives all three may leave the rest of the queries
    // out.
    if (part.kind == Part::Kind::kAttention && width % kernels_.panel == 0 &&
        g.only_user(part.attention.joined) >= 0)
      cut_[u(part.attention.joined)] = width;
  }
  for (const Part& part : parts) lower_part(part);
  View output = float_view(g.output);
  const PlanBuffer& last = buffers_[u(output.buffer)];
  const bool has_own_rows = output.shape.size() == 3 ? is_row_buffer(output) : last.rows == 0;
  const bool is_alone = output.offset == 0 && output.is_dense() && last.input == nullptr && has_own_rows;
  if (!is_alone) output = copied(output);
  result_.plan = std::make_unique<Plan>(std::move(buffers_), std::move(steps_), output.buffer,
                                        request_.outputs, scratch_floats_, request_.n_threads);
  return std::move(result_);
}

int Lowering::add_buffer(int64_t floats, int64_t rows, int64_t pitch) {
  buffers_.push_back({floats, rows, pitch, nullptr, false});
  return static_cast<int>(buffers_.size()) - 1;
}

View Lowering::dense(const Shape& shape) {
  const bool has_rows = shape.size() == 3;
  const int buffer =
      add_buffer(reference::n_elements(shape), has_rows ? shape[1] : 0, has_rows ? shape[2] : 0);
  return {buffer, 0, shape, reference::strides_of(shape)};
}

// So that what is done to each element leaves frames with their channels side by side.
View Lowering::dense_like(const View& like) {
  std::vector<int64_t> order(like.shape.size()), back(like.shape.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return like.strides[static_cast<size_t>(a)] > like.strides[static_cast<size_t>(b)];
  });
  Shape sorted;
  for (size_t d = 0; d < order.size(); ++d) {
    sorted.push_back(like.shape[static_cast<size_t>(order[d])]);
    back[static_cast<size_t>(order[d])] = static_cast<int64_t>(d);
  }
  return dense(sorted).transposed(back);
}

View Lowering::constant(const Tensor& tensor) {
  View view = dense(tensor.shape);
  // A tensor without elements has no address, and nobody reads it.
  static const float kNothing = 0;
  buffers_[u(view.buffer)].input = tensor.floats.empty() ? &kNothing : tensor.floats.data();
  return view;
}

int Lowering::table(std::vector<float> values) {
  result_.tables.push_back(std::make_unique<Floats>(values.size() + 32));
  std::copy(values.begin(), values.end(), result_.tables.back()->data());
  const int buffer = add_buffer(static_cast<int64_t>(values.size()));
  buffers_[u(buffer)].input = result_.tables.back()->data();
  return buffer;
}

const View& Lowering::view(int v) {
  if (views_[u(v)].buffer >= 0) return views_[u(v)];
  const auto& known = result_.graph->value(v).known;
  if (known == nullptr || known->is_outline || known->dtype != reference::DType::kFloat)
    throw Error(DT_UNSUPPORTED, "a value is not of floats, or its weights are laid out for another use");
  result_.constants.push_back(known);
  return views_[u(v)] = constant(*known);
}

View Lowering::float_view(int v) {
  if (result_.graph->value(v).dtype != reference::DType::kFloat)
    throw Error(DT_UNSUPPORTED, "it computes integers from what it is given");
  return view(v);
}

void Lowering::define(int v, View view) {
  if (result_.graph->value(v).dtype != reference::DType::kFloat)
    throw Error(DT_UNSUPPORTED, "it computes integers from what it is given");
  views_[u(v)] = std::move(view);
}

bool Lowering::is_row_buffer(const View& view) const {
  const PlanBuffer& buffer = buffers_[u(view.buffer)];
  return view.shape.size() == 3 && buffer.rows == view.shape[1] && buffer.rows > 0 &&
         (view.shape[1] == 1 || view.strides[1] == buffer.pitch) && view.offset < buffer.pitch;
}

PlanStep Lowering::row_step(const Shape& shape) {
  PlanStep step;
  step.by_rows = shape.size() == 3;
  step.streams = step.by_rows ? shape[0] : 1;
  step.rows = step.by_rows ? shape[1] : 1;
  return step;
}

PlanStep::Read Lowering::read(const View& view, const PlanStep& step, int64_t before, int64_t after) const {
  if (!is_row_buffer(view) || view.shape[1] != step.rows) return read_all(view);
  return {view.buffer, before, after, false};
}

View Lowering::copied(const View& from) {
  View out = dense(from.shape);
  elementwise(out, {from},
              [k = &kernels_](const float* const* in, const ptrdiff_t* steps, float* to, int64_t n) {
                if (steps[0] == 1) return k->unary(Unary::kCopy, in[0], to, n);
                for (int64_t i = 0; i < n; ++i) to[i] = in[0][i * steps[0]];
              });
  return out;
}

View Lowering::with_dense_rows(const View& from) {
  const bool is_good = from.shape.empty() || from.shape.back() == 1 || from.strides.back() == 1;
  return is_good ? from : copied(from);
}

namespace {

// Walks over all but the last axis of `out`, or over some rows of its second one.
struct Walker {
  View out;
  std::vector<View> in;  // broadcast to the shape of out
  std::function<void(const float* const*, const ptrdiff_t*, float*, int64_t)> f;
  float* to = nullptr;
  std::vector<const float*> from;

  void visit(size_t axis, float* at, const float* const* sources, const RowRange* rows) const {
    const size_t last = out.shape.size() - 1;
    if (axis == last) {
      ptrdiff_t steps[2] = {0, 0};
      for (size_t i = 0; i < in.size(); ++i) steps[i] = in[i].strides[last];
      if (out.strides[last] == 1) return f(sources, steps, at, out.shape[last]);
      for (int64_t i = 0; i < out.shape[last]; ++i) {
        const float* one[2] = {sources[0] + i * steps[0],
                               in.size() > 1 ? sources[1] + i * steps[1] : nullptr};
        f(one, steps, at + i * out.strides[last], 1);
      }
      return;
    }
    const int64_t first = rows != nullptr && axis == 1 ? rows->first : 0;
    const int64_t end = rows != nullptr && axis == 1 ? rows->last : out.shape[axis];
    for (int64_t i = first; i < end; ++i) {
      const float* next[2] = {sources[0] + i * in[0].strides[axis],
                              in.size() > 1 ? sources[1] + i * in[1].strides[axis] : nullptr};
      visit(axis + 1, at + i * out.strides[axis], next, rows);
    }
  }

  void run_stream(int64_t stream, RowRange rows) const {
    const float* sources[2] = {from[0] + stream * in[0].strides[0],
                               in.size() > 1 ? from[1] + stream * in[1].strides[0] : nullptr};
    visit(1, to + stream * out.strides[0], sources, &rows);
  }
};

}  // namespace

// f: on n neighbours of the result, whose inputs are steps[i] apart. One or two inputs, of shapes that
// broadcast to that of out.
void Lowering::elementwise(const View& out, const std::vector<View>& in,
                           std::function<void(const float* const*, const ptrdiff_t*, float*, int64_t)> f) {
  Walker walker{out, {}, std::move(f), nullptr, {}};
  PlanStep step = row_step(out.shape);
  // Rows are of the second axis in the buffer too.
  step.by_rows = step.by_rows && is_row_buffer(out);
  for (const View& view : in) {
    walker.in.push_back(view.broadcast(out.shape));
    step.reads.push_back(step.by_rows && view.shape.size() == 3 ? read(view, step) : read_all(view));
  }
  step.writes = {out.buffer};
  if (out.shape.empty()) {
    walker.out.shape = {1}, walker.out.strides = {1};
    for (View& view : walker.in) view.shape = {1}, view.strides = {1};
  }
  const bool by_rows = step.by_rows;
  step.make = [walker, by_rows](const PlanMemory& memory) -> PlanStep::Runner {
    Walker bound = walker;
    bound.to = memory.at(bound.out.buffer) + bound.out.offset;
    for (const View& view : bound.in) bound.from.push_back(memory.at(view.buffer) + view.offset);
    return [bound, by_rows](const RowTask& task, float*) {
      if (!by_rows) return bound.visit(0, bound.to, bound.from.data(), nullptr);
      for_spans(task, [&](Span span) {
        for (int64_t stream = span.first_stream; stream < span.last_stream; ++stream)
          bound.run_stream(stream, {span.first, span.last});
      });
    };
  };
  steps_.push_back(std::move(step));
}

}  // namespace dt::cpu
